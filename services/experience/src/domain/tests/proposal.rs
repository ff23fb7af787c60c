use proptest::prelude::*;

use super::{at, id};
use crate::domain::proposal::{Idea, Proposal, State, Verdict};

fn proposal() -> Proposal {
    let idea = Idea {
        learner: id(1),
        title: "Bees".to_owned(),
        driving_question: String::new(),
        outcomes: Vec::new(),
        why: "The meadow behind the school is silent.".to_owned(),
    };
    Proposal::new(id(2), idea, at(0))
}

proptest! {
    /// Whatever is decided, the first decision that does not ask for changes is the last.
    #[test]
    fn the_first_final_decision_stays(verdicts in prop::collection::vec(0..3_u8, 1..12)) {
        let mut proposal = proposal();
        let mut last = None;
        for (second, number) in (1..).zip(verdicts) {
            let (verdict, state) = match number {
                0 => (Verdict::Accepted, State::Accepted),
                1 => (Verdict::Declined, State::Declined),
                _ => (Verdict::ChangesRequested, State::ChangesRequested),
            };
            let before = proposal.clone();
            let done = proposal.decide(verdict, "Because.".to_owned(), id(3), at(second));
            prop_assert_eq!(done.is_ok(), last.is_none());
            if done.is_err() {
                prop_assert_eq!(&proposal, &before);
                continue;
            }
            prop_assert_eq!(proposal.state, state);
            prop_assert_eq!(proposal.version, before.version + 1);
            prop_assert_eq!(proposal.decision.as_ref().map(|decision| decision.verdict), Some(verdict));
            if verdict != Verdict::ChangesRequested {
                last = Some(verdict);
            }
        }
    }
}
