use proptest::prelude::*;
use trellis_kernel::Timestamp;

use super::{at, id, is_conflict, text};
use crate::domain::design::{Design, Draft, Field, Kind, Plan, Revision};
use crate::domain::experience::{Experience, State, Terms};
use crate::domain::text::{Text, Wording};

fn draft(title: &str) -> Draft {
    Draft { kind: Some(Kind::Project), title: text(title), ..Draft::default() }
}

fn plan(title: &str) -> Plan {
    Plan::of(draft(title)).expect("a plan")
}

fn terms(start_day: i8, end_day: i8) -> Terms {
    Terms {
        facilitators: vec![id(9)],
        organization: None,
        start_date: jiff::civil::date(2026, 9, start_day),
        end_date: jiff::civil::date(2026, 9, end_day),
        capacity: 12,
    }
}

#[test]
fn a_plan_needs_a_kind_a_title_and_group_sizes_that_agree() {
    let field = |draft: Draft| Plan::of(draft).expect_err("refused").violations()[0].field.clone();
    assert_eq!(field(Draft { kind: None, ..draft("River") }), "design.kind");
    assert_eq!(field(Draft { title: Text::default(), ..draft("River") }), "design.title");
    let sizes = Draft { min_group_size: 5, max_group_size: 4, ..draft("River") };
    assert_eq!(field(sizes), "design.max_group_size");
    assert!(Plan::of(Draft { min_group_size: 5, max_group_size: 0, ..draft("River") }).is_ok());
}

#[test]
fn a_text_says_each_language_once_and_nothing_blank() {
    let wording = |language: &str, text: &str| Wording { language: language.into(), text: text.into() };
    let refused =
        |wordings| Text::parse("title", wordings).expect_err("refused").violations()[0].field.clone();
    assert_eq!(refused(vec![wording("en", "River"), wording("EN", "Rivers")]), "title[1].language");
    assert_eq!(refused(vec![wording("en", " \n")]), "title[0].text");
    assert!(Text::parse("title", vec![wording("en", "River"), wording("es", "Río")]).is_ok());
}

#[test]
fn a_patch_changes_the_named_fields_and_no_other() {
    let from = Draft { min_group_size: 3, ..draft("Bridge") };
    let patched = plan("River").patched(&from, &[Field::MinGroupSize]).expect("a plan");
    assert_eq!((patched.title, patched.min_group_size), (text("River"), 3));
    assert!(plan("River").patched(&Draft::default(), &[Field::Title]).is_err(), "a title cannot be cleared");
}

#[test]
fn what_did_not_change_is_not_published_again() {
    let mut design = Design::new(id(1), plan("River"), at(0));
    design.publish(at(1)).expect("the first revision");
    assert!(is_conflict(&design.publish(at(2)).expect_err("nothing changed")));
    assert!(!design.edit(plan("River"), at(3)), "the same plan is no change");
    assert!(is_conflict(&design.publish(at(4)).expect_err("still nothing changed")));
    assert!(design.edit(plan("Bridge"), at(5)));
    assert_eq!(design.publish(at(6)).expect("the second revision").published.revision, 2);
}

#[test]
fn an_experience_is_cancelled_once() {
    let mut design = Design::new(id(1), plan("River"), at(0));
    let revision = design.publish(at(1)).expect("a revision");
    let mut experience = Experience::open(id(2), revision, terms(1, 30).checked().expect("terms"), at(2));
    assert_eq!((experience.state, experience.title.clone()), (State::Open, text("River")));
    experience.cancel(at(3)).expect("open before");
    assert_eq!((experience.state, experience.version), (State::Cancelled, 2));
    assert!(is_conflict(&experience.cancel(at(4)).expect_err("cancelled before")));
    assert!(terms(2, 1).checked().is_err(), "the end is before the beginning");
}

proptest! {
    /// Whatever is edited and published, revisions count upwards, keep the plan of their moment, and
    /// every change has a version of its own.
    #[test]
    fn revisions_count_upwards_and_keep_their_plan(steps in prop::collection::vec(prop::option::of(0..4_u8), 1..40)) {
        let mut design = Design::new(id(1), plan("0"), at(0));
        let mut kept: Vec<(Revision, Plan)> = Vec::new();
        let mut version = design.version;
        for (second, step) in (1..).zip(steps) {
            let now: Timestamp = at(second);
            let changed = match step {
                Some(title) => design.edit(plan(&title.to_string()), now),
                None => match design.publish(now) {
                    Ok(revision) => {
                        kept.push((revision, design.plan.clone()));
                        true
                    }
                    Err(_) => false,
                },
            };
            prop_assert_eq!(design.version, version + i64::from(changed));
            version = design.version;
        }
        for (place, (revision, plan)) in kept.iter().enumerate() {
            prop_assert_eq!(revision.published.revision as usize, place + 1);
            prop_assert_eq!(&revision.plan, plan);
        }
        for pair in kept.windows(2) {
            prop_assert!(pair[0].0.published.version < pair[1].0.published.version);
        }
    }
}
