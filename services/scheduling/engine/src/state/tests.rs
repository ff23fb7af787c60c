use proptest::prelude::*;

use super::{Change, Delta, Place, State, Ticket};
use crate::model::Problem;
use crate::plan::Plan;
use crate::search::Dice;
use crate::search::{any_place, any_ticket};
use crate::testing::any_problem;

fn counted(problem: &Problem, state: &State<'_>) -> crate::Cost {
    problem.cost_of(&Plan::of(problem, &state.keep())).unwrap()
}

proptest! {
    /// What changes cost, added up, is what the whole costs.
    #[test]
    fn differences_add_up_to_the_whole(seed: u64) {
        let problem = any_problem(seed);
        let mut dice = Dice::new(seed, 0, 0);
        let sections = problem.all_sections();
        let places: Vec<Place> = sections.clone().map(|section| any_place(&problem, section, &mut dice)).collect();
        let mut state = State::new(&problem, places);
        prop_assert_eq!(state.cost.cost(), counted(&problem, &state));
        for _ in 0..60 {
            if problem.requests() > 0 && dice.happens(500) {
                let request = dice.below(problem.all_requests().end);
                let ticket = any_ticket(&state, request, &mut dice).unwrap_or(Ticket::NOTHING);
                let delta = state.seat_delta(request, &ticket);
                state.seat(request, &ticket, delta);
            } else {
                let section = dice.below(sections.end);
                let to = any_place(&problem, section, &mut dice);
                state.make(Change { section, to });
            }
            prop_assert_eq!(state.cost.cost(), counted(&problem, &state));
        }
        let again = State::restored(&problem, &state.keep());
        prop_assert_eq!(again.cost, state.cost);
    }

    /// To make a change and go back costs nothing.
    #[test]
    fn a_change_undone_leaves_nothing(seed: u64) {
        let problem = any_problem(seed);
        let mut dice = Dice::new(seed, 1, 0);
        let places: Vec<Place> =
            problem.all_sections().map(|section| any_place(&problem, section, &mut dice)).collect();
        let mut state = State::new(&problem, places);
        for section in problem.all_sections() {
            let before = state.cost;
            let back = Change { section, to: state.place(section) };
            let to = any_place(&problem, section, &mut dice);
            let mut sum = state.make(Change { section, to });
            sum += state.make(back);
            prop_assert_eq!(sum, Delta::default());
            prop_assert_eq!(state.cost, before);
        }
    }
}
