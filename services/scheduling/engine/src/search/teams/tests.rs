use super::Teams;
use crate::model::{Builder, Horizon, Kind, Pattern, Problem, Section, SectionId, Weight};
use crate::search::dice::Dice;
use crate::search::moves::Trial;
use crate::state::{Change, Place, State};

/// Sections of a rule that all have these slots, and two spaces.
fn held(kind: Kind, sections: usize, slots: impl Fn(usize) -> u16) -> Problem {
    let horizon = Horizon::new(1, 1, 9).unwrap();
    let mut builder = Builder::new(horizon);
    let spaces = [builder.space(Vec::new()), builder.space(Vec::new())];
    let made: Vec<SectionId> = (0..sections)
        .map(|number| {
            let times = (0..slots(number)).map(|slot| horizon.weekly(0, slot, 1).unwrap());
            let times: Vec<(Pattern, u32)> = times.map(|time| (time, 0)).collect();
            let spaces =
                if kind == Kind::SameRoom { spaces.map(|space| (space, 0)).to_vec() } else { Vec::new() };
            builder.section(Section { times, spaces, ..Section::at([]) })
        })
        .collect();
    builder.rule(kind, Weight::Hard, made);
    builder.build().unwrap()
}

/// Whether all come along with the first, and what that breaks.
fn bring(problem: &Problem, from: Place, to: Place) -> (bool, i64) {
    let mut state = State::new(problem, vec![from; problem.sections()]);
    let before = state.cost;
    let (mut trial, mut teams, mut dice) = (Trial::default(), Teams::new(problem), Dice::new(1, 0, 0));
    let change = Change { section: 0, to };
    assert!(teams.parts(&state, change));
    let come = teams.bring(&mut state, &mut trial, &[change], &mut dice);
    let broken = trial.delta.hard;
    trial.undo(&mut state);
    assert_eq!(state.cost, before);
    assert!(problem.all_sections().all(|section| state.place(section) == from));
    (come, broken)
}

#[test]
fn all_that_must_be_at_one_time_go_to_another_together() {
    let to = Place { time: 5, ..Place::default() };
    for kind in [Kind::SameTime, Kind::SameStart, Kind::Overlap] {
        assert_eq!(bring(&held(kind, 12, |_| 9), Place::default(), to), (true, 0));
    }
}

#[test]
fn all_that_must_be_in_one_space_go_to_another_together() {
    let from = Place::default();
    let problem = held(Kind::SameRoom, 3, |_| 9);
    let apart = |section: u32| Change { section, to: Place { time: section, ..from } };
    let mut state = State::new(&problem, vec![from; 3]);
    problem.all_sections().for_each(|section| {
        state.make(apart(section));
    });
    let (mut trial, mut teams, mut dice) = (Trial::default(), Teams::new(&problem), Dice::new(1, 0, 0));
    let change = Change { section: 0, to: Place { space: 1, ..from } };
    assert!(teams.bring(&mut state, &mut trial, &[change], &mut dice));
    assert_eq!(state.cost.hard, 0);
    assert!(problem.all_sections().all(|section| state.place(section).space == 1));
    assert!(problem.all_sections().all(|section| state.place(section).time == section));
}

#[test]
fn none_go_where_one_cannot_come_along() {
    let to = Place { time: 5, ..Place::default() };
    let problem = held(Kind::SameTime, 12, |number| if number == 7 { 5 } else { 9 });
    assert!(!bring(&problem, Place::default(), to).0);
}
