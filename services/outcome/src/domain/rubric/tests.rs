//! What a rubric may be, and what its criteria look at.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + number)
}

fn text(language: &str, text: &str) -> Text {
    Text::new(language, text)
}

fn level(number: u128, position: Option<i32>) -> RubricLevel {
    RubricLevel {
        id: id(number),
        quality: vec![text("en", "Good")],
        description: Vec::new(),
        feedback: Vec::new(),
        score: None,
        position,
    }
}

fn criterion(number: u128, position: Option<i32>, levels: Vec<RubricLevel>) -> Criterion {
    Criterion {
        id: id(number),
        category: String::new(),
        description: Vec::new(),
        weight: None,
        position,
        outcome: None,
        levels,
    }
}

fn rubric(criteria: Vec<Criterion>) -> RubricContent {
    RubricContent { title: vec![text("en", "Story")], criteria, ..RubricContent::default() }
}

fn own(outcome: u128) -> Alignment {
    Alignment { held: Some(Held::Own(id(outcome))), ..Alignment::default() }
}

fn called(outcome: u128) -> Alignment {
    let uri = format!("https://a.example/CFItems/{}", id(outcome));
    Alignment { uri, identifier: id(outcome).to_string(), ..Alignment::default() }
}

fn looking_at(alignment: Alignment) -> RubricContent {
    rubric(vec![Criterion { outcome: Some(alignment), ..criterion(1, None, Vec::new()) }])
}

fn broken(content: &RubricContent) -> String {
    content.check().expect_err("no rubric").violations()[0].field.clone()
}

#[test]
fn criteria_and_levels_stand_by_position_and_those_without_one_last() {
    let levels = vec![level(10, None), level(11, Some(2)), level(12, Some(1)), level(13, None)];
    let content = rubric(vec![criterion(1, None, levels), criterion(2, Some(7), Vec::new())]).arranged();
    let criteria: Vec<Uuid> = content.criteria.iter().map(|criterion| criterion.id).collect();
    assert_eq!(criteria, [id(2), id(1)]);
    let levels: Vec<Uuid> = content.criteria[1].levels.iter().map(|level| level.id).collect();
    assert_eq!(levels, [id(12), id(11), id(10), id(13)]);
}

#[test]
fn what_no_rubric_may_be_is_refused() {
    let untitled = RubricContent { title: Vec::new(), ..rubric(Vec::new()) };
    assert_eq!(broken(&untitled), "rubric.title");
    let case = CaseIdentity { uri: String::new(), identifier: String::new(), last_change: None };
    assert!(RubricContent { case: Some(case), ..untitled }.check().is_ok());
    let twice = rubric(vec![criterion(1, None, Vec::new()), criterion(1, None, Vec::new())]);
    assert_eq!(broken(&twice), "rubric.criteria[1].uid");
    let twice = rubric(vec![criterion(1, None, vec![level(2, None), level(2, None)])]);
    assert_eq!(broken(&twice), "rubric.criteria[0].levels[1].uid");
    assert_eq!(broken(&looking_at(Alignment::default())), "rubric.criteria[0].outcome");
    let long = vec![text("en", &"x".repeat(MAX_TEXT))];
    assert_eq!(broken(&RubricContent { description: long, ..rubric(Vec::new()) }), "rubric");
    let many = (0..=MAX_CRITERIA as u128).map(|number| criterion(number, None, Vec::new()));
    assert_eq!(broken(&rubric(many.collect())), "rubric.criteria");
}

#[test]
fn what_others_call_an_outcome_is_about_the_one_that_is_held() {
    let kept = Alignment { held: Some(Held::Own(id(5))), ..called(5) };
    assert_eq!(kept.clone().settled(), kept);
    let other = Alignment { held: Some(Held::Own(id(6))), ..called(5) };
    assert_eq!(other.settled(), own(6));
    let by_code = Alignment { identifier: "SL.1".to_owned(), ..own(6) };
    assert_eq!(by_code.settled(), own(6), "a code may be anything's");
    assert_eq!(called(5).settled(), called(5));
}

#[test]
fn an_outcome_that_is_deleted_is_no_longer_looked_at() {
    let gone = |alignment: Alignment| {
        let mut content = looking_at(alignment);
        content.loosen(&[id(5)]);
        content.criteria.remove(0).outcome
    };
    assert_eq!(gone(own(5)), None);
    assert_eq!(gone(own(6)), Some(own(6)));
    let said = Alignment { held: Some(Held::Own(id(5))), ..called(5) };
    assert_eq!(gone(said), Some(called(5)), "what its package says of it stays");
}

#[test]
fn translations_stay_as_long_as_what_they_translate() {
    let with = |title: Vec<Text>, quality: Vec<Text>| RubricContent {
        title,
        ..rubric(vec![criterion(1, None, vec![RubricLevel { quality, ..level(2, None) }])])
    };
    let both = |en: &str, es: &str| vec![text("es", es), text("en", en)];
    let own = with(both("Story", "Cuento"), both("Good", "Bueno"));
    let new = with(vec![text("en", "Story")], vec![text("en", "Very good")]);
    let taken = own.taking(new, "en");
    assert_eq!(taken.title, both("Story", "Cuento"));
    assert_eq!(taken.criteria[0].levels[0].quality, [text("en", "Very good")]);
}

fn alignments() -> impl Strategy<Value = Alignment> {
    let held = prop_oneof![
        Just(None),
        (0..6_u128).prop_map(|outcome| Some(Held::Own(id(outcome)))),
        (0..6_u128).prop_map(|outcome| Some(Held::Other { name: "x".to_owned(), id: id(outcome) })),
    ];
    let said = prop_oneof![
        Just(Alignment::default()),
        (0..6_u128).prop_map(called),
        Just(Alignment { identifier: "SL.1".to_owned(), ..Alignment::default() }),
    ];
    (held, said).prop_map(|(held, said)| Alignment { held, ..said }.settled())
}

proptest! {
    #[test]
    fn what_is_looked_at_follows_what_is_held_whatever_was_held_before(
        alignment in alignments(),
        before in prop::collection::btree_set(0..6_u128, 0..6),
        after in prop::collection::btree_set(0..6_u128, 0..6),
    ) {
        let holds = |all: &BTreeSet<u128>| all.iter().map(|number| id(*number)).collect::<Vec<_>>();
        let (before, after) = (holds(&before), holds(&after));
        let mut content = looking_at(alignment.clone());
        content.realign(|outcome| before.contains(&outcome));
        content.realign(|outcome| after.contains(&outcome));
        prop_assert!(!content.clone().realign(|outcome| after.contains(&outcome)), "a second time changes nothing");
        let now = content.alignments().next().expect("an alignment");
        if let Some(own) = now.own() {
            prop_assert!(after.contains(&own));
        }
        prop_assert!(now.held.is_some() || now.outcome().is_none_or(|outcome| !after.contains(&outcome)));
        // By its GUID it is known in any case, unless its authors gave it none.
        prop_assert!(now.outcome() == alignment.outcome() || alignment.identifier == "SL.1");
    }
}
