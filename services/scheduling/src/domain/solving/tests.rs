//! The promises of a plan, over random timetables.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use jiff::civil::date;
use proptest::prelude::*;
use trellis_kernel::{Timestamp, Uuid};
use trellis_timetable::{Aim, Budget, Effort, Options, Plan, Round, solve};

use super::super::Stamps;
use super::super::calendar::Term;
use super::super::calendar::tests::{block, term};
use super::super::decision::{Decision, Demand, Holders, Verdict};
use super::super::offering::{Offering, Particulars};
use super::super::request::Kind;
use super::fairness::{Figures, Grades, GroupFairness, GroupFigures};
use super::ground::{Dated, Ground, Inputs};
use super::weight;

/// A timetable of a few blocks, some of which overlap, with offerings and demands over them.
#[derive(Clone, Debug)]
struct Case {
    offerings: Vec<Offering>,
    demands: Vec<Demand>,
    seed: i64,
}

fn id(n: usize) -> Uuid {
    Uuid::from_u128(1000 + n as u128)
}

fn learner(n: usize) -> Uuid {
    Uuid::from_u128(1 + n as u128)
}

const BLOCKS: [&str; 5] = ["a", "a1", "a2", "b", "c"];

/// `a1` and `a2` are halves of `a`; `b` is apart; `c` overlaps the second half on another set of days.
fn week() -> Term {
    let blocks = vec![
        block("a", &[1, 2], (9, 0), (11, 0)),
        block("a1", &[1, 2], (9, 0), (10, 0)),
        block("a2", &[1, 2], (10, 0), (11, 0)),
        block("b", &[3], (9, 0), (11, 0)),
        block("c", &[2, 3], (10, 30), (12, 0)),
    ];
    term(blocks, &[]).expect("consistent")
}

/// In the first half of the term, the second, or all of it.
fn offering(n: usize, capacity: u32, blocks: &[usize], half: usize) -> Offering {
    let (first, last) = [
        (date(2026, 8, 31), date(2026, 10, 25)),
        (date(2026, 10, 26), date(2026, 12, 18)),
        (date(2026, 8, 1), date(2027, 6, 1)),
    ][half];
    Offering {
        id: id(n),
        stamps: Stamps::new(Timestamp::UNIX_EPOCH),
        timetable: Uuid::from_u128(1),
        experience: Uuid::from_u128(2),
        particulars: Particulars { title: Vec::new(), first, last },
        capacity,
        blocks: blocks.iter().map(|place| BLOCKS[*place].to_owned()).collect(),
    }
}

/// Whether two offerings meet on a day at the same time, by the words of the calendar.
fn clash(one: &Offering, other: &Offering) -> bool {
    let term = week();
    let days = |offering: &Offering, id: &String| {
        let block = term.block(id).expect("a block");
        let days = term.meetings(block, offering.particulars.first, offering.particulars.last);
        days.collect::<BTreeSet<_>>()
    };
    one.blocks.iter().any(|a| {
        other.blocks.iter().any(|b| {
            let [x, y] = [a, b].map(|id| term.block(id).expect("a block"));
            x.overlaps(y) && !days(one, a).is_disjoint(&days(other, b))
        })
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let blocks = prop::collection::btree_set(0_usize..5, 1..3);
    let offerings = prop::collection::vec((1_u32..4, blocks, 0_usize..3), 1..7);
    (offerings, 1_usize..9, any::<i64>()).prop_flat_map(|(offerings, learners, seed)| {
        let count = offerings.len();
        let made = |(n, (capacity, places, half)): (usize, (u32, BTreeSet<usize>, usize))| {
            offering(n, capacity, &places.into_iter().collect::<Vec<_>>(), half)
        };
        let offerings: Vec<Offering> = offerings.into_iter().enumerate().map(made).collect();
        let list = (Just((0..count).collect::<Vec<_>>()).prop_shuffle(), 0..=count);
        let wishes = (list, prop::collection::btree_set(0..count, 0..3));
        prop::collection::vec(wishes, learners).prop_map(move |wishes| {
            let mut demands = Vec::new();
            for (n, ((list, length), required)) in wishes.into_iter().enumerate() {
                let demand = |kind, o| Demand { learner: learner(n), kind, offering: id(o) };
                demands.extend(required.into_iter().map(|o| demand(Kind::Required, o)));
                let ranked = list.into_iter().take(length);
                demands.extend((1..).map(Kind::Ranked).zip(ranked).map(|(kind, o)| demand(kind, o)));
            }
            Case { offerings: offerings.clone(), demands, seed }
        })
    })
}

fn lay(case: &Case) -> Option<Ground> {
    // The later in the list, the earlier it was asked.
    let demands = case.demands.iter().enumerate().map(|(n, demand)| Dated {
        demand: *demand,
        time: Timestamp::from_second(1000 - i64::try_from(n).expect("few")).expect("a moment"),
    });
    let inputs = Inputs::new(&week(), &case.offerings, demands.collect()).expect("every block is known");
    Ground::lay(inputs, case.seed).expect("every offering is known")
}

/// The plan of a search of so many epochs of each aim.
fn search(ground: &Ground, seed: i64, epochs: u64) -> Plan {
    let round = |aim| Round { aim, planned: epochs, done: vec![epochs] };
    let rounds = vec![round(Aim::Feasible), round(Aim::Survey), round(Aim::Descent)];
    let budget = Budget::Effort(Effort { rounds });
    let options =
        Options { seed: seed.cast_unsigned(), budget, enough: ground.enough(0), ..Options::default() };
    solve(&ground.problem, &options, |_| ControlFlow::Continue(())).expect("a plan").plan
}

fn run(case: &Case) -> Vec<Decision> {
    let Some(ground) = lay(case) else { return Vec::new() };
    ground.decide(&search(&ground, case.seed, 1))
}

fn find(case: &Case, id: Uuid) -> &Offering {
    case.offerings.iter().find(|offering| offering.id == id).expect("an offering of the case")
}

fn taken(decisions: &[Decision], offering: Uuid) -> Vec<Kind> {
    let placed = |d: &&Decision| d.demand.offering == offering && d.verdict == Verdict::Placed;
    decisions.iter().filter(placed).map(|d| d.demand.kind).collect()
}

/// The places of a learner, with the kind of the demand that gave each.
fn places(decisions: &[Decision], learner: Uuid) -> Vec<Demand> {
    let placed = |d: &&Decision| d.demand.learner == learner && d.verdict == Verdict::Placed;
    decisions.iter().filter(placed).map(|d| d.demand).collect()
}

/// What it counts to lose places; nothing where one of them is required.
fn worth(places: &[Demand]) -> Option<u32> {
    let weights = places.iter().map(|place| match place.kind {
        Kind::Required => None,
        Kind::Ranked(rank) => Some(weight(rank)),
    });
    weights.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_offering_gets_more_learners_than_it_has_places(case in cases()) {
        let decisions = run(&case);
        for offering in &case.offerings {
            prop_assert!(taken(&decisions, offering.id).len() <= offering.capacity as usize);
        }
    }

    #[test]
    fn nobody_is_in_two_places_at_once(case in cases()) {
        let decisions = run(&case);
        let learners: BTreeSet<Uuid> = case.demands.iter().map(|d| d.learner).collect();
        for learner in learners {
            let places = places(&decisions, learner);
            for (n, one) in places.iter().enumerate() {
                for other in &places[n + 1..] {
                    prop_assert!(!clash(find(&case, one.offering), find(&case, other.offering)));
                }
            }
        }
    }

    #[test]
    fn every_demand_is_decided_on_exactly_once(case in cases()) {
        let decided: Vec<Demand> = run(&case).iter().map(|d| d.demand).collect();
        let mut asked = case.demands.clone();
        asked.sort_unstable();
        prop_assert_eq!(decided, asked);
    }

    #[test]
    fn the_order_of_asking_does_not_matter(case in cases(), turn in any::<prop::sample::Index>()) {
        let decisions = run(&case);
        let mut other = case.clone();
        other.offerings.reverse();
        other.demands.reverse();
        if !other.demands.is_empty() {
            let by = turn.index(other.demands.len());
            other.demands.rotate_left(by);
        }
        prop_assert_eq!(run(&other), decisions.clone());
        prop_assert_eq!(run(&case), decisions);
    }

    /// What is said to be in the way is, and nothing else; and no more could be had with what is free.
    #[test]
    fn a_refusal_is_true(case in cases()) {
        let decisions = run(&case);
        for Decision { demand, verdict } in &decisions {
            let wanted = find(&case, demand.offering);
            let kinds = taken(&decisions, wanted.id);
            let held = places(&decisions, demand.learner);
            match verdict {
                Verdict::Placed => {}
                Verdict::Held => prop_assert!(held
                    .iter()
                    .any(|place| place.offering == demand.offering && place.kind == Kind::Required)),
                Verdict::Refused(refusal) => {
                    let is_full = kinds.len() == wanted.capacity as usize;
                    let clashing: Vec<Demand> =
                        held.into_iter().filter(|place| clash(wanted, find(&case, place.offering))).collect();
                    let mut ids: Vec<Uuid> = clashing.iter().map(|place| place.offering).collect();
                    ids.sort_unstable();
                    prop_assert_eq!(&refusal.clashes, &ids);
                    // What is also required, and cannot be had, is refused as that.
                    let also = Demand { kind: Kind::Required, ..*demand };
                    let by = if case.demands.contains(&also) { also } else { *demand };
                    let (won, lost) = (worth(&[by]), worth(&clashing));
                    let is_worth = lost.is_some_and(|lost| won.is_none_or(|won| won > lost));
                    prop_assert_eq!(refusal.holders.is_some(), is_full && is_worth);
                    prop_assert!(is_full || !is_worth, "it is free and worth what it takes");
                    if let Some(Holders { required, higher, same, lower }) = refusal.holders {
                        prop_assert_eq!(required + higher + same + lower, wanted.capacity);
                        prop_assert!(by.kind != Kind::Required || required == wanted.capacity);
                    }
                }
            }
        }
    }

    /// What is told to cost is what it costs, by the words of the contract; it is nothing when everyone has what they
    /// could have alone.
    #[test]
    fn the_price_is_what_is_lacked(case in cases()) {
        let Some(ground) = lay(&case) else { return Ok(()) };
        let plan = search(&ground, case.seed, 1);
        let decisions = ground.decide(&plan);
        let price = ground.price(&decisions);
        let learners: BTreeSet<Uuid> = case.demands.iter().map(|d| d.learner).collect();
        let (mut disappointment, mut inequality) = (0, 0);
        for learner in learners {
            let alone: Vec<Demand> = case.demands.iter().filter(|d| d.learner == learner).copied().collect();
            let offerings = case.offerings.iter().map(|o| Offering { capacity: 1, ..o.clone() }).collect();
            let alone = Case { offerings, demands: alone, seed: case.seed };
            let lacks = |decisions: &[Decision]| {
                let unmet = decisions.iter().filter(|d| d.demand.learner == learner && !d.verdict.is_met());
                let weights = unmet.filter_map(|d| worth(&[d.demand]));
                i64::from(weights.sum::<u32>())
            };
            let beyond = lacks(&decisions) - lacks(&run(&alone));
            disappointment += beyond.max(0);
            inequality += beyond.max(0).pow(2);
        }
        // A learner for whom more is required than can be had may lack other things than they would alone.
        let unmet = decisions.iter().any(|d| d.demand.kind == Kind::Required && !d.verdict.is_met());
        prop_assert!(unmet || (price.disappointment, price.inequality) == (disappointment, inequality));
    }

    #[test]
    fn figures_are_where_they_must_be(case in cases()) {
        let Some(ground) = lay(&case) else { return Ok(()) };
        let plan = search(&ground, case.seed, 1);
        let decisions = ground.decide(&plan);
        let fairness = ground.fairness(&plan, &decisions, case.seed, None).expect("figures");
        let lists: BTreeSet<Uuid> =
            case.demands.iter().filter(|d| d.kind != Kind::Required).map(|d| d.learner).collect();
        for figures in [fairness.plan, fairness.first_come, fairness.random_order] {
            let Figures { learners, first_choice, top_three, least, tenth, mean } = figures;
            prop_assert_eq!(learners as usize, lists.len());
            prop_assert!(first_choice <= top_three && top_three <= learners);
            prop_assert!(least <= tenth && least <= mean && mean <= 1000 && tenth <= 1000);
        }
        let first = decisions.iter().filter(|d| d.demand.kind == Kind::Ranked(1) && d.verdict.is_met());
        prop_assert_eq!(fairness.plan.first_choice as usize, first.count());
    }
}

fn demand(learner: usize, kind: Kind, offering: usize) -> Demand {
    Demand { learner: self::learner(learner), kind, offering: id(offering) }
}

fn decided(offerings: &[Offering], demands: &[Demand], seed: i64) -> Vec<Decision> {
    run(&Case { offerings: offerings.to_vec(), demands: demands.to_vec(), seed })
}

#[test]
fn what_is_required_comes_before_every_first_choice() {
    for seed in 0..50 {
        let demands = [demand(0, Kind::Ranked(1), 0), demand(1, Kind::Required, 0)];
        let decisions = decided(&[offering(0, 1, &[1], 2)], &demands, seed);
        assert!(!decisions[0].verdict.is_met());
        assert_eq!(decisions[1].verdict, Verdict::Placed);
    }
}

#[test]
fn of_two_requirements_that_exclude_each_other_that_one_is_met_which_others_lack_least() {
    // Bridges in the first half of the block, Choir in the second, Journalism in both.
    let offerings = [offering(0, 1, &[1], 2), offering(1, 5, &[2], 2), offering(2, 5, &[0], 2)];
    let demands = [
        demand(0, Kind::Ranked(1), 0),
        demand(0, Kind::Ranked(2), 1),
        demand(0, Kind::Ranked(3), 2),
        demand(1, Kind::Required, 0),
        demand(1, Kind::Required, 2),
    ];
    let case = Case { offerings: offerings.to_vec(), demands: demands.to_vec(), seed: 1 };
    let ground = lay(&case).expect("demands");
    for seed in 0..50 {
        let decisions = ground.decide(&search(&ground, seed, 20));
        let met: Vec<bool> = decisions.iter().map(|d| d.verdict.is_met()).collect();
        assert_eq!(met, [true, true, false, false, true], "seed {seed}");
        // A place would not help: what is required besides meets at the same time.
        let Verdict::Refused(refusal) = &decisions[3].verdict else { panic!("it is met") };
        assert_eq!((refusal.holders, &refusal.clashes[..]), (None, &[id(2)][..]));
    }
}

#[test]
fn of_two_who_ask_the_same_the_seed_decides() {
    let demands = [demand(0, Kind::Ranked(1), 0), demand(1, Kind::Ranked(1), 0)];
    let wins = |seed| decided(&[offering(0, 1, &[1], 2)], &demands, seed)[0].verdict.is_met();
    let won = (0..200).filter(|seed| wins(*seed)).count();
    assert!((70..=130).contains(&won), "the first learner wins {won} of 200 draws");
}

#[test]
fn who_lacks_one_thing_gets_the_other() {
    // Two want the one place of the first offering, then both the one place of the second.
    let offerings = [offering(0, 1, &[1], 2), offering(1, 1, &[3], 2)];
    for seed in 0..50 {
        let demands: Vec<Demand> =
            (0..2).flat_map(|l| [demand(l, Kind::Ranked(1), 0), demand(l, Kind::Ranked(2), 1)]).collect();
        let decisions = decided(&offerings, &demands, seed);
        let got: Vec<usize> = (0..2).map(|l| places(&decisions, learner(l)).len()).collect();
        assert_eq!(got, [1, 1], "seed {seed}");
    }
}

#[test]
fn halves_of_a_term_do_not_clash() {
    let offerings = [offering(0, 1, &[0], 0), offering(1, 1, &[0], 1), offering(2, 1, &[0], 2)];
    let demands =
        [demand(0, Kind::Ranked(1), 0), demand(0, Kind::Ranked(2), 1), demand(0, Kind::Ranked(3), 2)];
    let decisions = decided(&offerings, &demands, 1);
    let met: Vec<bool> = decisions.iter().map(|d| d.verdict.is_met()).collect();
    assert_eq!(met, [true, true, false]);
}

#[test]
fn nobody_gains_by_a_longer_list() {
    // Both want the first offering; one of them wants two more at the same time.
    let offerings = [offering(0, 1, &[1], 2), offering(1, 9, &[1], 2), offering(2, 9, &[1], 2)];
    let demands = [
        demand(0, Kind::Ranked(1), 0),
        demand(0, Kind::Ranked(2), 1),
        demand(0, Kind::Ranked(3), 2),
        demand(1, Kind::Ranked(1), 0),
    ];
    // Who lacks the first choice with a second at hand lacks less than who has none.
    for seed in 0..20 {
        let decisions = decided(&offerings, &demands, seed);
        assert!(!decisions[0].verdict.is_met() && decisions[1].verdict.is_met(), "seed {seed}");
        assert!(decisions[3].verdict.is_met(), "seed {seed}");
    }
}

#[test]
fn what_never_meets_clashes_with_nothing_and_has_its_places() {
    let mut late = offering(0, 1, &[0], 2);
    (late.particulars.first, late.particulars.last) = (date(2027, 5, 1), date(2027, 6, 1));
    let offerings = [late, offering(1, 1, &[0], 2)];
    let demands =
        [demand(0, Kind::Ranked(1), 0), demand(0, Kind::Ranked(2), 1), demand(1, Kind::Ranked(1), 0)];
    let decisions = decided(&offerings, &demands, 3);
    let placed = decisions.iter().filter(|d| d.verdict == Verdict::Placed).count();
    assert_eq!(placed, 2, "{decisions:?}");
}

#[test]
fn an_offering_that_the_timetable_lacks_is_a_defect() {
    let demands = vec![Dated { demand: demand(0, Kind::Required, 0), time: Timestamp::UNIX_EPOCH }];
    let inputs = Inputs::new(&week(), &[], demands).expect("inputs");
    assert!(Ground::lay(inputs, 1).is_err());
}

#[test]
fn nobody_asks_for_nothing() {
    let inputs = Inputs::new(&week(), &[offering(0, 1, &[0], 2)], Vec::new()).expect("inputs");
    assert!(Ground::lay(inputs, 1).expect("laid").is_none());
}

#[test]
fn first_come_is_by_when_a_list_was_submitted() {
    // The later in the list of demands, the earlier it was asked.
    let demands =
        vec![demand(0, Kind::Ranked(1), 0), demand(1, Kind::Ranked(2), 0), demand(1, Kind::Ranked(1), 1)];
    let case = Case { offerings: vec![offering(0, 1, &[1], 2), offering(1, 1, &[3], 2)], demands, seed: 1 };
    let ground = lay(&case).expect("demands");
    let plan = search(&ground, 1, 1);
    let fairness = ground.fairness(&plan, &ground.decide(&plan), 1, None).expect("figures");
    assert_eq!(fairness.plan.first_choice, 2);
    assert_eq!((fairness.first_come.first_choice, fairness.first_come.least), (1, 0));
}

#[test]
fn regret_is_told_by_grade_but_not_of_a_few() {
    // So many learners in each grade: six of the tenth have no place.
    let sizes = [("09", 12), ("10", 13), ("11", 14), ("12", 2)];
    let offerings = [offering(0, 7, &[1], 2), offering(1, 40, &[3], 2)];
    let (mut demands, mut grades) = (Vec::new(), Grades::new());
    for (grade, size) in sizes {
        for _ in 0..size {
            let number = demands.len();
            demands.push(demand(number, Kind::Ranked(1), usize::from(grade != "10")));
            grades.insert(learner(number), vec![grade.to_owned()]);
        }
    }
    // Of nobody knows whom.
    demands.push(demand(demands.len(), Kind::Ranked(1), 1));
    let case = Case { offerings: offerings.to_vec(), demands, seed: 1 };
    let ground = lay(&case).expect("demands");
    let plan = search(&ground, 1, 1);
    let fairness = ground.fairness(&plan, &ground.decide(&plan), 1, Some(&grades)).expect("figures");
    let told = |grade: &str, learners, first_choice, regret| GroupFairness {
        grades: vec![grade.to_owned()],
        figures: Some(GroupFigures {
            learners,
            first_choice,
            regret,
            first_come: regret,
            random_order: regret,
        }),
    };
    let withheld = |grades: &[&str]| GroupFairness {
        grades: grades.iter().map(|grade| (*grade).to_owned()).collect(),
        figures: None,
    };
    // The three that would be told of one by one are not to be found out from the others either.
    let expected =
        [withheld(&[]), withheld(&["09"]), told("10", 13, 7, 462), told("11", 14, 14, 0), withheld(&["12"])];
    assert_eq!(fairness.groups, expected);
}
