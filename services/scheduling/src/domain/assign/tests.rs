//! The promises of the assignment, over random timetables.

use proptest::prelude::*;

use super::super::blocks::Overlaps;
use super::super::calendar::tests::{block, term};
use super::*;

/// A timetable of a few blocks, some of which overlap, with offerings and demands over them.
#[derive(Clone, Debug)]
struct Case {
    offerings: Vec<Seats>,
    demands: Vec<Demand>,
    seed: i64,
}

fn offering(n: usize) -> Uuid {
    Uuid::from_u128(1000 + n as u128)
}

fn learner(n: usize) -> Uuid {
    Uuid::from_u128(1 + n as u128)
}

/// `a1` and `a2` are halves of `a`; `b` is apart; `c` overlaps the second half on another set of days.
fn overlaps() -> Overlaps {
    let term = term(
        vec![
            block("a", &[1, 2], (9, 0), (11, 0)),
            block("a1", &[1, 2], (9, 0), (10, 0)),
            block("a2", &[1, 2], (10, 0), (11, 0)),
            block("b", &[3], (9, 0), (11, 0)),
            block("c", &[2, 3], (10, 30), (12, 0)),
        ],
        &[],
    );
    Overlaps::of(&term.expect("consistent"))
}

fn cases() -> impl Strategy<Value = Case> {
    let offerings = prop::collection::vec((1_u32..4, prop::collection::btree_set(0_usize..5, 1..3)), 1..7);
    (offerings, 1_usize..9, any::<i64>()).prop_flat_map(|(offerings, learners, seed)| {
        let count = offerings.len();
        let overlaps = overlaps();
        let offerings: Vec<Seats> = offerings
            .into_iter()
            .enumerate()
            .map(|(n, (capacity, places))| Seats {
                offering: offering(n),
                capacity,
                meeting: overlaps.meeting(places),
            })
            .collect();
        let list = (Just((0..count).collect::<Vec<_>>()).prop_shuffle(), 0..=count);
        let wishes = (list, prop::collection::btree_set(0..count, 0..3));
        prop::collection::vec(wishes, learners).prop_map(move |wishes| {
            let mut demands = Vec::new();
            for (n, ((list, length), required)) in wishes.into_iter().enumerate() {
                let demand = |kind, o| Demand { learner: learner(n), kind, offering: offering(o) };
                demands.extend(required.into_iter().map(|o| demand(Kind::Required, o)));
                let ranked = list.into_iter().take(length);
                demands.extend((1..).map(Kind::Ranked).zip(ranked).map(|(kind, o)| demand(kind, o)));
            }
            Case { offerings: offerings.clone(), demands, seed }
        })
    })
}

fn run(case: &Case) -> Vec<Decision> {
    assign(&case.offerings, &case.demands, case.seed).expect("every offering is known")
}

fn seats(case: &Case, id: Uuid) -> &Seats {
    case.offerings.iter().find(|seats| seats.offering == id).expect("an offering of the case")
}

fn taken(decisions: &[Decision], offering: Uuid) -> usize {
    decisions.iter().filter(|d| d.demand.offering == offering && d.verdict == Verdict::Placed).count()
}

/// The places of a learner, with the kind of the demand that gave each.
fn places(decisions: &[Decision], learner: Uuid) -> Vec<Demand> {
    let placed = |d: &&Decision| d.demand.learner == learner && d.verdict == Verdict::Placed;
    decisions.iter().filter(placed).map(|d| d.demand).collect()
}

proptest! {
    #[test]
    fn no_offering_gets_more_learners_than_it_has_places(case in cases()) {
        let decisions = run(&case);
        for seats in &case.offerings {
            prop_assert!(taken(&decisions, seats.offering) <= seats.capacity as usize);
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
                    prop_assert!(one.offering != other.offering);
                    let (one, other) = (seats(&case, one.offering), seats(&case, other.offering));
                    prop_assert!(!one.meeting.clashes(&other.meeting));
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

    #[test]
    fn a_refusal_is_true_at_the_end_too(case in cases()) {
        let decisions = run(&case);
        for Decision { demand, verdict } in &decisions {
            let wanted = seats(&case, demand.offering);
            let held = places(&decisions, demand.learner);
            match verdict {
                Verdict::Placed => {}
                Verdict::Held => prop_assert!(held
                    .iter()
                    .any(|place| place.offering == demand.offering && place.kind < demand.kind)),
                Verdict::Full => {
                    prop_assert_eq!(taken(&decisions, demand.offering), wanted.capacity as usize);
                }
                Verdict::Clash(with) => {
                    let place = held.iter().find(|place| place.offering == *with);
                    let place = place.expect("a clash is with a place that the learner has");
                    prop_assert!(place.kind <= demand.kind);
                    prop_assert!(wanted.meeting.clashes(&seats(&case, *with).meeting));
                }
            }
        }
    }

    #[test]
    fn nobody_could_do_better_with_a_place_that_is_free(case in cases()) {
        let decisions = run(&case);
        for Decision { demand, verdict } in &decisions {
            if matches!(verdict, Verdict::Placed | Verdict::Held) {
                continue;
            }
            let wanted = seats(&case, demand.offering);
            let free = taken(&decisions, demand.offering) < wanted.capacity as usize;
            let open = places(&decisions, demand.learner)
                .iter()
                .filter(|place| place.kind <= demand.kind)
                .all(|place| !wanted.meeting.clashes(&seats(&case, place.offering).meeting));
            prop_assert!(!(free && open));
        }
    }

    #[test]
    fn a_place_never_goes_to_a_lower_claim_while_a_higher_one_is_refused_as_full(case in cases()) {
        let decisions = run(&case);
        for refused in decisions.iter().filter(|d| d.verdict == Verdict::Full) {
            let worst = decisions
                .iter()
                .filter(|d| d.verdict == Verdict::Placed && d.demand.offering == refused.demand.offering)
                .map(|d| d.demand.kind)
                .max();
            prop_assert!(worst.is_some_and(|worst| worst <= refused.demand.kind));
        }
    }
}

fn demand(learner: usize, kind: Kind, offering: Uuid) -> Demand {
    Demand { learner: self::learner(learner), kind, offering }
}

fn one_seat(n: usize, place: usize) -> Seats {
    Seats { offering: offering(n), capacity: 1, meeting: overlaps().meeting([place]) }
}

#[test]
fn what_is_required_comes_before_every_first_choice() {
    for seed in 0..50 {
        let demands = [demand(0, Kind::Ranked(1), offering(0)), demand(1, Kind::Required, offering(0))];
        let decisions = assign(&[one_seat(0, 1)], &demands, seed).expect("known");
        assert_eq!(decisions[0].verdict, Verdict::Full);
        assert_eq!(decisions[1].verdict, Verdict::Placed);
    }
}

#[test]
fn a_requirement_that_cannot_be_met_says_why() {
    let offerings = [one_seat(0, 0), one_seat(1, 1)];
    let demands = [demand(0, Kind::Required, offering(0)), demand(0, Kind::Required, offering(1))];
    let decisions = assign(&offerings, &demands, 1).expect("known");
    assert_eq!(decisions[1].verdict, Verdict::Clash(offering(0)));
}

#[test]
fn who_lost_a_draw_is_drawn_earlier_in_the_next() {
    // Two want the one place of the first offering, then both the one place of the second.
    let offerings = [one_seat(0, 1), one_seat(1, 3)];
    let mut winners = BTreeSet::new();
    for seed in 0..50 {
        let demands: Vec<Demand> = (0..2)
            .flat_map(|l| (0..2).map(move |o| demand(l, Kind::Ranked(u16::from(o == 1) + 1), offering(o))))
            .collect();
        let decisions = assign(&offerings, &demands, seed).expect("known");
        let got: Vec<usize> = (0..2).map(|l| places(&decisions, learner(l)).len()).collect();
        assert_eq!(got, [1, 1], "seed {seed}");
        winners.insert(places(&decisions, learner(0))[0].offering);
    }
    assert_eq!(winners.len(), 2, "the seed decides who wins the first draw");
}

#[test]
fn an_offering_that_the_timetable_lacks_is_a_defect() {
    assert!(assign(&[], &[demand(0, Kind::Required, offering(0))], 1).is_err());
}
