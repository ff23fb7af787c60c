use std::ops::ControlFlow;

use super::Requirement::{Away, Facilitator, Rule, Section as Must, Space, SpaceClosed};
use super::{Conflict, Requirement, conflict};
use crate::Cost;
use crate::model::{
    Builder, FacilitatorId, Fault, Horizon, Kind, Pattern, Problem, RuleId, Section, SectionId, SpaceId,
    Weight,
};
use crate::plan::Plan;
use crate::search::{Aim, Budget, Dice, Effort, Options, Round, construct, solve};

mod brute;
mod large;

/// Enough for anything small.
const EFFORT: u64 = 10_000_000;

/// A plan that a first try makes.
fn first(problem: &Problem) -> Plan {
    Plan::of(problem, &construct(problem, &mut Dice::new(1, 0, 0)).keep())
}

/// What cannot hold together in a problem of which every plan breaks something.
fn told_within(problem: &Problem, effort: u64) -> Vec<Requirement> {
    match conflict(problem, &first(problem), effort).unwrap() {
        Conflict::Proven { requirements, minimal: true } => requirements,
        other => panic!("{other:?}"),
    }
}

fn told(problem: &Problem) -> Vec<Requirement> {
    told_within(problem, EFFORT)
}

fn horizon() -> Horizon {
    Horizon::new(1, 5, 9).unwrap()
}

/// So many slots of a day, from a slot.
fn slots(day: u32, from: u16, count: u16) -> Vec<Pattern> {
    (from..from + count).map(|slot| horizon().weekly(day, slot, 1).unwrap()).collect()
}

/// The first slots of so many days.
fn days(count: u32) -> Vec<Pattern> {
    (0..count).flat_map(|day| slots(day, 0, 1)).collect()
}

fn led(by: FacilitatorId, times: Vec<Pattern>) -> Section {
    Section { facilitators: vec![(by, 0)], ..Section::at(times) }
}

fn housed(spaces: &[SpaceId], times: Vec<Pattern>) -> Section {
    Section { spaces: spaces.iter().map(|id| (*id, 0)).collect(), ..Section::at(times) }
}

/// So many sections, all alike.
fn alike(builder: &mut Builder, count: usize, section: &Section) -> Vec<SectionId> {
    (0..count).map(|_| builder.section(section.clone())).collect()
}

fn hard(builder: &mut Builder, kind: Kind, sections: &[SectionId]) -> Requirement {
    Rule(builder.rule(kind, Weight::Hard, sections.to_vec()))
}

/// That sections must be, and the rest.
fn all(sections: &[SectionId], others: &[Requirement]) -> Vec<Requirement> {
    sections.iter().copied().map(Must).chain(others.iter().copied()).collect()
}

#[test]
fn ten_sections_of_a_facilitator_in_nine_slots_are_the_conflict_and_nothing_else() {
    let mut builder = Builder::new(horizon());
    let [busy, idle] = [(); 2].map(|()| builder.facilitator(slots(4, 0, 9)));
    let room = builder.space(slots(3, 0, 9));
    let before = alike(&mut builder, 4, &Section { spaces: vec![(room, 0)], ..led(idle, slots(0, 0, 9)) });
    let many = alike(&mut builder, 10, &Section { spaces: vec![(room, 0)], ..led(busy, slots(0, 0, 9)) });
    let roomy = slots(0, 0, 9).into_iter().chain(slots(1, 0, 9)).collect();
    let others = alike(&mut builder, 4, &led(busy, roomy));
    hard(&mut builder, Kind::NotOverlap, &[&before[..], &others[..]].concat());
    // Ten that share the room cannot be either: which of both is told does not matter, but only one is.
    let told = told_within(&builder.build().unwrap(), 100_000);
    assert!(told == all(&many, &[Facilitator(busy)]) || told.last() == Some(&Space(room)), "{told:?}");
    assert_eq!(told.len(), 11);
}

#[test]
fn a_facilitator_is_away_when_there_would_be_room() {
    let mut builder = Builder::new(horizon());
    let busy = builder.facilitator(slots(1, 0, 9));
    let many = alike(&mut builder, 10, &led(busy, [slots(0, 0, 9), slots(1, 0, 1)].concat()));
    let told = told_within(&builder.build().unwrap(), 100_000);
    assert_eq!(told, all(&many, &[Facilitator(busy), Away(busy)]));
}

#[test]
fn two_at_the_same_time_that_must_not_overlap() {
    let mut builder = Builder::new(horizon());
    let sections = alike(&mut builder, 3, &Section::at(slots(0, 0, 9)));
    let same = hard(&mut builder, Kind::SameTime, &sections[1..]);
    hard(&mut builder, Kind::SameStart, &sections[..2]);
    let apart = hard(&mut builder, Kind::NotOverlap, &[sections[2], sections[1]]);
    builder.rule(Kind::NotOverlap, Weight::Soft(3), sections[1..].to_vec());
    assert_eq!(told(&builder.build().unwrap()), all(&sections[1..], &[same, apart]));
}

#[test]
fn what_comes_before_what_goes_in_no_circle() {
    for length in [2, 3, 5] {
        let mut builder = Builder::new(horizon());
        let times = (0..5).flat_map(|day| slots(day, 0, 9)).collect::<Vec<_>>();
        let sections = alike(&mut builder, length, &Section::at(times));
        let after = sections.iter().zip(sections.iter().cycle().skip(1));
        let rules: Vec<Requirement> =
            after.map(|(a, b)| hard(&mut builder, Kind::Precedence, &[*a, *b])).collect();
        assert_eq!(told(&builder.build().unwrap()), all(&sections, &rules), "{length}");
    }
}

#[test]
fn a_space_is_closed_at_the_only_time_that_two_have_in_common() {
    let mut builder = Builder::new(horizon());
    let room = builder.space(slots(0, 1, 1));
    let one = builder.section(housed(&[room], slots(0, 0, 2)));
    let other = builder.section(Section::at(slots(0, 1, 2)));
    let rule = hard(&mut builder, Kind::Overlap, &[one, other]);
    assert_eq!(told(&builder.build().unwrap()), all(&[one, other], &[rule, SpaceClosed(room)]));
}

#[test]
fn three_spaces_of_four_slots_have_no_room_for_thirteen() {
    let mut builder = Builder::new(horizon());
    let rooms = [(); 4].map(|()| builder.space(Vec::new()));
    let many = alike(&mut builder, 13, &housed(&rooms[..3], slots(0, 0, 4)));
    alike(&mut builder, 4, &housed(&rooms, slots(0, 0, 4)));
    let spaces: Vec<Requirement> = rooms[..3].iter().copied().map(Space).collect();
    assert_eq!(told_within(&builder.build().unwrap(), 100_000), all(&many, &spaces));
}

#[test]
fn meetings_of_different_lengths_need_more_slots_than_there_are() {
    let mut builder = Builder::new(horizon());
    let coach = builder.facilitator(Vec::new());
    let starts = |length: u16| (0..=9 - length).map(move |from| horizon().weekly(0, from, length).unwrap());
    let long = alike(&mut builder, 4, &led(coach, starts(2).collect()));
    let short = alike(&mut builder, 2, &led(coach, starts(1).collect()));
    let told = told_within(&builder.build().unwrap(), 100_000);
    assert_eq!(told, all(&[long, short].concat(), &[Facilitator(coach)]));
}

#[test]
fn sections_that_exclude_each_other_for_different_reasons_share_the_slots() {
    let mut builder = Builder::new(horizon());
    let (coach, room) = (builder.facilitator(Vec::new()), builder.space(Vec::new()));
    let times = slots(0, 0, 3);
    let one = builder.section(led(coach, times.clone()));
    let two = builder.section(Section { spaces: vec![(room, 0)], ..led(coach, times.clone()) });
    let three = builder.section(housed(&[room], times.clone()));
    let four = builder.section(Section::at(times));
    let rules = [[one, three], [one, four], [two, four], [three, four]]
        .map(|pair| hard(&mut builder, Kind::NotOverlap, &pair));
    let expected = [&rules[..], &[Space(room), Facilitator(coach)]].concat();
    assert_eq!(told(&builder.build().unwrap()), all(&[one, two, three, four], &expected));
}

#[test]
fn what_is_too_many_only_after_a_choice_is_counted_then() {
    let mut builder = Builder::new(horizon());
    let coach = builder.facilitator(Vec::new());
    let many = alike(&mut builder, 12, &led(coach, [slots(0, 0, 8), slots(1, 0, 8)].concat()));
    let other = builder.section(Section::at([slots(0, 8, 1), slots(1, 8, 1)].concat()));
    for one in &many {
        hard(&mut builder, Kind::DifferentDays, &[*one, other]);
    }
    // Of nine, on whichever day the other leaves them, with a rule each.
    let told = told_within(&builder.build().unwrap(), 2_000_000);
    assert_eq!((told.len(), told.last()), (20, Some(&Facilitator(coach))), "{told:?}");
}

/// Alike sections with a rule between all of them, of which the first so many and the rule are in conflict.
fn together(kind: Kind, count: usize, times: &[Pattern], told_of: usize) {
    let mut builder = Builder::new(horizon());
    let sections = alike(&mut builder, count, &Section::at(times.to_vec()));
    let rule = hard(&mut builder, kind, &sections);
    let told = told(&builder.build().unwrap());
    assert_eq!((told.len(), told.last()), (told_of + 1, Some(&rule)), "{kind:?} {told:?}");
}

#[test]
fn rules_of_several_sections_can_be_what_cannot_hold() {
    let week: Vec<Pattern> = (0..5).flat_map(|day| slots(day, 0, 9)).collect();
    together(Kind::MaxDayLoad(3), 18, &week, 16);
    together(Kind::MaxDayLoad(0), 2, &week, 1);
    together(Kind::MinDays(4), 3, &week, 3);
    together(Kind::MinDays(4), 6, &slots(2, 0, 9), 6);
    together(Kind::DifferentDays, 7, &week, 6);
    together(Kind::DifferentTime, 11, &week, 10);
    together(Kind::MinGap(2), 5, &slots(0, 0, 9), 4);
    together(Kind::MaxBlock(2, 1), 3, &[horizon().weekly(0, 2, 3).unwrap()], 2);
    together(Kind::DifferentRoom, 3, &slots(0, 0, 2), 2);

    // With the middle one there is no break; without it there might be, so that it is part of what is told.
    let mut builder = Builder::new(horizon());
    let times = [slots(0, 0, 1), slots(0, 4, 1), slots(0, 8, 1)];
    let sections = times.map(|times| builder.section(Section::at(times)));
    let rule = hard(&mut builder, Kind::MaxBreaks(1, 1), &sections);
    assert_eq!(told(&builder.build().unwrap()), all(&sections, &[rule]));

    let mut builder = Builder::new(horizon());
    let sections = alike(&mut builder, 4, &Section::at(slots(0, 0, 2)));
    let two_days = builder.section(Section::at(slots(1, 0, 1)));
    let apart = hard(&mut builder, Kind::NotOverlap, &sections[..3]);
    let of_days = hard(&mut builder, Kind::MaxDays(1), &[sections[0], two_days]);
    let told = told(&builder.build().unwrap());
    assert!(told == all(&sections[..3], &[apart]) || told == all(&[sections[0], two_days], &[of_days]));
}

#[test]
fn all_in_one_space_need_slots_there() {
    for kind in [Kind::FewSpaces, Kind::SameRoom] {
        let mut builder = Builder::new(horizon());
        let rooms = [(); 3].map(|()| builder.space(Vec::new()));
        let sections = alike(&mut builder, 5, &housed(&rooms, slots(0, 0, 4)));
        let rule = hard(&mut builder, kind, &sections);
        let spaces = rooms.map(Space);
        let told = told_within(&builder.build().unwrap(), 100_000);
        assert_eq!(told, all(&sections, &[&[rule][..], &spaces[..]].concat()));
    }
}

#[test]
fn someone_has_no_time_to_get_from_one_to_the_other() {
    let mut builder = Builder::new(horizon());
    let [gym, pool, lake] = [(); 3].map(|()| builder.space(Vec::new()));
    builder.travel(gym, pool, 3);
    builder.travel(gym, lake, 2);
    let one = builder.section(housed(&[gym], slots(0, 0, 2)));
    let other = builder.section(housed(&[pool, lake], slots(0, 1, 2)));
    let rule = hard(&mut builder, Kind::SameAttendees, &[one, other]);
    assert_eq!(told(&builder.build().unwrap()), all(&[one, other], &[rule]));
}

#[test]
fn a_plan_that_keeps_all_has_no_conflict() {
    let mut builder = Builder::new(horizon());
    let coach = builder.facilitator(Vec::new());
    let sections = alike(&mut builder, 9, &led(coach, slots(0, 0, 9)));
    hard(&mut builder, Kind::Precedence, &sections[..3]);
    let problem = builder.build().unwrap();
    let round = |aim| Round { aim, planned: 3, done: vec![3] };
    let budget = Budget::Effort(Effort { rounds: vec![round(Aim::Feasible), round(Aim::Survey)] });
    let options = Options { budget, ..Options::default() };
    let solution = solve(&problem, &options, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(solution.cost, Cost::default());
    assert_eq!(conflict(&problem, &solution.plan, 0), Ok(Conflict::None));
}

#[test]
fn a_conflict_that_need_not_be_is_mended() {
    let mut builder = Builder::new(horizon());
    let coach = builder.facilitator(Vec::new());
    alike(&mut builder, 9, &led(coach, slots(0, 0, 9)));
    let problem = builder.build().unwrap();
    let mut plan = first(&problem);
    plan.placements[4] = plan.placements[7];
    let Conflict::Avoidable { placements } = conflict(&problem, &plan, EFFORT).unwrap() else {
        panic!("nine sections have nine slots")
    };
    assert_eq!(problem.cost_of(&Plan { placements, ..plan }), Ok(Cost::default()));
}

#[test]
fn without_effort_nothing_is_proven() {
    let mut builder = Builder::new(horizon());
    let coach = builder.facilitator(Vec::new());
    alike(&mut builder, 3, &Section::at(slots(0, 0, 9)));
    let two = alike(&mut builder, 2, &led(coach, slots(0, 0, 1)));
    let problem = builder.build().unwrap();
    let plan = first(&problem);
    assert_eq!(conflict(&problem, &plan, 0), Ok(Conflict::Unknown { sections: two.clone() }));
    // Just enough to see that it is so, and not what of it matters.
    let mut known = (0..1000).map(|effort| conflict(&problem, &plan, effort).unwrap());
    let some = known.find(|known| !matches!(known, Conflict::Unknown { .. }));
    let requirements = all(&two, &[Facilitator(coach)]);
    assert_eq!(some, Some(Conflict::Proven { requirements: requirements.clone(), minimal: false }));
    let enough = conflict(&problem, &plan, 100_000).unwrap();
    assert_eq!(enough, Conflict::Proven { requirements, minimal: true });
}

#[test]
fn a_plan_of_something_else_is_refused() {
    let mut builder = Builder::new(horizon());
    alike(&mut builder, 2, &Section::at(days(3)));
    let problem = builder.build().unwrap();
    let mut plan = first(&problem);
    plan.placements[1].time = slots(4, 0, 1)[0];
    assert_eq!(conflict(&problem, &plan, EFFORT), Err(Fault::NotThere(SectionId(1))));
    plan.placements.pop();
    assert!(conflict(&problem, &plan, EFFORT).is_err());
}

#[test]
fn requirements_are_in_an_order_that_tells_sections_first() {
    let mut some = [
        Away(FacilitatorId(0)),
        SpaceClosed(SpaceId(0)),
        Facilitator(FacilitatorId(0)),
        Space(SpaceId(0)),
        Rule(RuleId(0)),
        Must(SectionId(1)),
    ];
    some.sort_unstable();
    assert!(matches!(some, [Must(_), Rule(_), Space(_), Facilitator(_), SpaceClosed(_), Away(_)]));
}
