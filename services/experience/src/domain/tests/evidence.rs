use super::{at, id, is_conflict};
use crate::domain::evidence::{Artifact, Evidence, State, Work};

fn work(text: &str) -> Work {
    let mut work = Work::new(id(1), vec![id(2)], "Water samples".to_owned());
    text.clone_into(&mut work.text);
    work
}

#[test]
fn who_makes_the_record_is_always_a_contributor() {
    assert_eq!(work("").contributors(), [id(1), id(2)]);
    let named = Work::new(id(1), vec![id(2), id(1)], "Water samples".to_owned());
    assert_eq!(named.contributors(), [id(2), id(1)]);
}

#[test]
fn a_draft_is_its_contributors_own_until_it_is_handed_in() {
    let mut evidence = Evidence::new(id(7), work("Nitrate was high."), at(0));
    assert!(evidence.is_open_to(Some(id(2))), "a contributor");
    assert!(!evidence.is_open_to(Some(id(3))), "another person");
    assert!(!evidence.is_open_to(None), "an application");
    evidence.submit(at(1)).expect("a draft with text");
    assert!(evidence.is_open_to(Some(id(3))) && evidence.is_open_to(None));
    assert_eq!((evidence.state, evidence.submit_time), (State::Submitted, Some(at(1))));
    assert!(is_conflict(&evidence.submit(at(2)).expect_err("handed in before")));
}

#[test]
fn what_shows_nothing_is_not_handed_in() {
    let mut empty = Evidence::new(id(7), work(" \n "), at(0));
    assert!(is_conflict(&empty.submit(at(1)).expect_err("blank")));
    assert_eq!((empty.state, empty.version), (State::Draft, 1));
    let mut linked = work("");
    linked.artifacts = vec![Artifact { title: "Video".to_owned(), uri: "https://example.org/v".to_owned() }];
    Evidence::new(id(7), linked, at(0)).submit(at(1)).expect("an artifact is enough");
}
