use proptest::prelude::*;
use trellis_kernel::{Reason, Relation, Relations};

use super::{at, child, id, is_conflict};
use crate::domain::assessment::{Assessment, Criterion, Judgement, State};
use crate::domain::voice::Voice;

const FRAMEWORK: &str = "districts/grand-bend/frameworks/01900000-0000-7000-8000-000000000001@3";

fn criterion(outcome: u8, level: u32) -> Criterion {
    let under = |collection: &str| {
        child(&format!("{FRAMEWORK}/{collection}/01900000-0000-7000-8000-0000000000{outcome:02}"))
    };
    Criterion {
        outcome: under("outcomes"),
        progression: under("progressions"),
        level,
        level_count: 4,
        comment: String::new(),
    }
}

fn judgement(voice: Voice, criteria: Vec<Criterion>) -> Judgement {
    let (learner, assessor) = (id(1), if voice == Voice::Own { id(1) } else { id(2) });
    Judgement {
        learner,
        evidence: vec![id(5)],
        voice,
        assessor,
        criteria,
        comment: String::new(),
        supersedes: None,
    }
}

fn assessment(voice: Voice) -> Assessment {
    Assessment::new(id(8), judgement(voice, vec![criterion(1, 2)]).checked().expect("sound"), at(0))
}

#[test]
fn a_judgement_names_each_outcome_once_and_only_levels_that_exist() {
    let refused = |criteria| judgement(Voice::Educator, criteria).checked().expect_err("refused");
    let twice = refused(vec![criterion(1, 1), criterion(1, 2)]);
    assert_eq!(twice.violations()[0].field, "assessment.criteria[1].outcome");
    for level in [0, 5] {
        let failure = refused(vec![criterion(1, 1), criterion(2, level)]);
        assert_eq!(failure.reason(), Reason::ReferenceNotFound);
        assert_eq!(failure.violations()[0].field, "assessment.criteria[1].level");
    }
    assert!(judgement(Voice::Educator, vec![criterion(1, 4), criterion(2, 1)]).checked().is_ok());
}

#[test]
fn a_self_assessment_stands_and_never_becomes_final() {
    let mut own = assessment(Voice::Own);
    assert_eq!(own.state, State::Standing);
    assert!(is_conflict(&own.respond("Yes.".to_owned(), at(1)).expect_err("one's own")));
    assert!(is_conflict(&own.finalize(at(1)).expect_err("no rating")));
    assert!(is_conflict(&own.supersede(id(9), at(1)).expect_err("not final")));
    let mut correcting = judgement(Voice::Own, vec![criterion(1, 2)]);
    correcting.supersedes = Some(id(3));
    let failure = correcting.checked().expect_err("only an educator corrects");
    assert_eq!(failure.violations()[0].field, "assessment.supersedes");
}

#[test]
fn only_its_assessor_makes_it_final() {
    let open = assessment(Voice::Educator);
    assert!(open.require_assessor(id(2)).is_ok());
    assert_eq!(open.require_assessor(id(3)).expect_err("another").reason(), Reason::AccessDenied);
}

#[test]
fn an_open_assessment_is_seen_by_the_learner_and_the_school_alone() {
    let sees = |relation, assessment: &Assessment| assessment.is_open_to(Relations::NONE.with(relation));
    let mut open = assessment(Voice::Educator);
    for relation in [Relation::Own, Relation::Educator, Relation::School, Relation::District] {
        assert!(sees(relation, &open), "{relation:?}");
    }
    for relation in [Relation::Guardian, Relation::Application] {
        assert!(!sees(relation, &open), "{relation:?} before it is final");
        assert!(sees(relation, &assessment(Voice::Own)), "{relation:?} sees a self-assessment");
    }
    open.finalize(at(1)).expect("open before");
    assert!(sees(Relation::Guardian, &open) && sees(Relation::Application, &open));
}

#[test]
fn the_voice_is_found_from_the_relations() {
    let voice = |relations: &[Relation]| Voice::of_assessor(relations.iter().copied().collect()).ok();
    assert_eq!(voice(&[Relation::Own]), Some(Voice::Own));
    assert_eq!(voice(&[Relation::Educator, Relation::Member]), Some(Voice::Educator));
    assert_eq!(voice(&[Relation::Guardian, Relation::School, Relation::District]), None);
    let adviser = |relations: &[Relation]| Voice::of_adviser(relations.iter().copied().collect()).ok();
    assert_eq!(adviser(&[Relation::Guardian, Relation::Educator]), Some(Voice::Educator));
    assert_eq!(adviser(&[Relation::Guardian]), Some(Voice::Guardian));
    assert_eq!(adviser(&[Relation::Own]), None);
}

proptest! {
    /// Whatever happens to an assessment, what it judges never changes, what is refused changes
    /// nothing, a response changes the etag, and after it is final only its being superseded is new.
    #[test]
    fn what_is_judged_never_changes(steps in prop::collection::vec(0..3_u8, 1..12)) {
        let mut assessment = assessment(Voice::Educator);
        let judged = assessment.judgement.clone();
        for (second, step) in (1..).zip(steps) {
            let before = assessment.clone();
            let done = match step {
                0 => assessment.respond(format!("answer {second}"), at(second)),
                1 => assessment.finalize(at(second)),
                _ => assessment.supersede(id(9), at(second)),
            };
            prop_assert_eq!(&assessment.judgement, &judged);
            let allowed = match step {
                2 => before.state == State::Final,
                _ => before.state == State::Open,
            };
            prop_assert_eq!(done.is_ok(), allowed);
            if allowed {
                prop_assert_eq!(assessment.version, before.version + 1);
            } else {
                prop_assert_eq!(&assessment, &before);
            }
            if before.state != State::Open {
                prop_assert_eq!(&assessment.response, &before.response);
                prop_assert_eq!(assessment.finalize_time, before.finalize_time);
            }
        }
    }
}
