//! The effect of final assessments, on both databases, through the consumer's own door.

use std::sync::Arc;

use prost::Message;
use prost_types::Any;
use trellis_contracts::experience::{AssessmentFinalized, FinalRating};
use trellis_events::{Apply, Event};
use trellis_kernel::{District, Kind, Name, PageRequest, RandomIds, SystemClock, Timestamp, Uuid};
use trellis_store::{Change, Options, Sealer, SealingKey, Store, Write};

use super::Assessed;
use crate::app::growth::{explain, level, levels, ratings};
use crate::app::growth_rules;
use crate::domain::entry_words::{Word, Words};
use crate::domain::growth::{Exclusion, Level};
use crate::domain::growth_rule::{GrowthRule, Method, MethodKind};
use crate::events::growth::level_name;

const LEARNER: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const READING: u128 = 11;
const WRITING: u128 = 12;

struct Place {
    store: Store,
    district: District,
}

/// Runs a test on both databases.
fn each<F: AsyncFn(Place)>(test: F) {
    trellis_testkit::run(async {
        let directory = tempfile::tempdir().unwrap();
        test(Place::open(format!("sqlite://{}", directory.path().display())).await).await;
        let url = tokio::task::spawn_blocking(trellis_testkit::postgres::database).await.unwrap();
        test(Place::open(url).await).await;
    });
}

impl Place {
    async fn open(url: String) -> Self {
        let sealer = Sealer::new(vec![SealingKey::generate(1)]).unwrap();
        let options = Options::new(url, sealer);
        let migrations = crate::store::migrations::all();
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        let store = Store::open(&options, crate::NAME, migrations, clock, ids).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, district: district() }
    }

    /// Lets an event take effect, as the consumer does.
    async fn apply(&self, message: &AssessmentFinalized) {
        let Write::Begin(mut tx) = self.store.write::<()>(self.change()).await.unwrap() else {
            panic!("no request_id, no repetition")
        };
        Assessed.apply(&mut tx, &event(message)).await.unwrap();
        tx.commit(()).await.unwrap();
    }

    async fn rule(&self, kind: MethodKind, last_count: i32, next_weight: f64) -> GrowthRule {
        let title =
            Words::parse("title", vec![Word { language: "en".into(), text: kind.key().into() }]).unwrap();
        let method = Method::parse(kind, last_count, next_weight).unwrap();
        growth_rules::create(&self.store, self.change(), title, method).await.unwrap()
    }

    async fn levels(&self) -> Vec<Level> {
        self.filtered("").await
    }

    async fn filtered(&self, filter: &str) -> Vec<Level> {
        levels(&self.store, &self.parent(), filter, &everything()).await.unwrap().items
    }

    fn parent(&self) -> Name {
        Name::district(self.district.clone()).child("learners", LEARNER)
    }

    fn change(&self) -> Change {
        Change {
            district: self.district.clone(),
            actor: "services/profile".into(),
            idempotency: None,
            grounds: None,
            since: None,
        }
    }
}

fn district() -> District {
    District::parse("grand-bend").unwrap()
}

fn everything() -> PageRequest {
    PageRequest::parse(0, String::new()).unwrap()
}

fn event(message: &AssessmentFinalized) -> Event {
    let payload = Any {
        type_url: "type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized".into(),
        value: message.encode_to_vec(),
    };
    Event {
        position: 1,
        uid: Uuid::from_u128(99),
        district: district(),
        kind: "assessment.finalized".into(),
        resource: message.assessment.clone(),
        actor: "people/01900000-0000-7000-8000-00000000000e".into(),
        time: Timestamp::UNIX_EPOCH,
        payload: Some(payload),
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | number)
}

fn assessment_name(number: u128) -> String {
    format!("districts/grand-bend/assessments/{}", id(0x0a00 + number))
}

fn outcome(number: u128, revision: u32) -> String {
    format!("districts/grand-bend/frameworks/{}@{revision}/outcomes/{}", id(0x0f00), id(number))
}

/// An assessment at its own second, with a level for each outcome.
fn assessed(number: u128, levels: &[(u128, i32)]) -> AssessmentFinalized {
    let rating = |(on, level): &(u128, i32)| FinalRating {
        outcome: outcome(*on, 1),
        progression: format!("districts/grand-bend/frameworks/{}@1/progressions/{}", id(0x0f00), id(0x0b00)),
        level: *level,
        level_count: 4,
    };
    AssessmentFinalized {
        assessment: assessment_name(number),
        learner: format!("districts/grand-bend/learners/{LEARNER}"),
        supersedes: String::new(),
        assess_time: Some(prost_types::Timestamp { seconds: i64::try_from(number).unwrap(), nanos: 0 }),
        ratings: levels.iter().map(rating).collect(),
    }
}

#[track_caller]
fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-9, "{left} is not {right}");
}

#[test]
fn a_district_without_rules_is_given_the_latest() {
    each(async |place| {
        place.apply(&assessed(1, &[(READING, 2)])).await;
        place.apply(&assessed(2, &[(READING, 3)])).await;
        let levels = place.levels().await;
        assert_eq!(levels.len(), 1);
        close(levels[0].value, 3.0);
        assert_eq!(levels[0].rule, GrowthRule::BUILT_IN);
        assert_eq!(levels[0].outcome.to_string(), outcome(READING, 1));
        assert_eq!((levels[0].rating_count, levels[0].version), (2, 2));
        let parent = Name::district(district());
        let rules = growth_rules::list(&place.store, &parent, &everything()).await.unwrap();
        assert_eq!(rules.items.iter().map(|rule| rule.id).collect::<Vec<_>>(), [GrowthRule::BUILT_IN]);
    });
}

#[test]
fn an_event_that_comes_twice_takes_effect_once() {
    each(async |place| {
        place.rule(MethodKind::Mean, 0, 0.0).await;
        for _ in 0..3 {
            place.apply(&assessed(1, &[(READING, 2)])).await;
        }
        place.apply(&assessed(2, &[(READING, 4)])).await;
        place.apply(&assessed(1, &[(READING, 2)])).await;
        let found = ratings(&place.store, &place.parent(), &everything()).await.unwrap();
        assert_eq!(found.items.iter().map(|rating| rating.level).collect::<Vec<_>>(), [2, 4]);
        close(place.levels().await[0].value, 3.0);
    });
}

#[test]
fn every_rule_makes_its_level_and_each_explains_itself() {
    each(async |place| {
        for (kind, count, weight) in [
            (MethodKind::Latest, 0, 0.0),
            (MethodKind::Highest, 0, 0.0),
            (MethodKind::Mean, 2, 0.0),
            (MethodKind::DecayingAverage, 0, 0.65),
        ] {
            place.rule(kind, count, weight).await;
        }
        // The last to be told of was assessed first.
        for (number, level) in [(2, 3), (3, 4), (1, 2)] {
            place.apply(&assessed(number, &[(READING, level)])).await;
        }
        let mut found = Vec::new();
        for level in place.levels().await {
            let name = level_name(&place.district, LEARNER, level.id);
            let explained = explain(&place.store, &name).await.unwrap();
            close(explained.explanation.value, level.value);
            close(explained.explanation.counted.iter().map(|(_, weight)| weight).sum(), 1.0);
            let order: Vec<u16> = explained.explanation.counted.iter().map(|(r, _)| r.level).collect();
            assert_eq!(order, [2, 3, 4]);
            found.push((explained.rule.method.kind(), level.value));
        }
        let value = |kind| found.iter().find(|(of, _)| *of == kind).expect("a level by each rule").1;
        assert_eq!(found.len(), 4);
        close(value(MethodKind::Latest), 4.0);
        close(value(MethodKind::Highest), 4.0);
        close(value(MethodKind::Mean), 3.5);
        close(value(MethodKind::DecayingAverage), 3.5275);
    });
}

#[test]
fn a_corrected_rating_no_longer_counts() {
    each(async |place| {
        place.apply(&assessed(1, &[(READING, 4), (WRITING, 3)])).await;
        let correction =
            AssessmentFinalized { supersedes: assessment_name(1), ..assessed(2, &[(READING, 2)]) };
        place.apply(&correction).await;

        // Nothing supports the level in writing any more.
        let levels = place.levels().await;
        assert_eq!(levels.len(), 1);
        close(levels[0].value, 2.0);
        let explained =
            explain(&place.store, &level_name(&place.district, LEARNER, levels[0].id)).await.unwrap();
        let excluded: Vec<_> =
            explained.explanation.excluded.iter().map(|(r, why)| (r.level, *why)).collect();
        assert_eq!(excluded, [(4, Exclusion::Superseded)]);
        let found = ratings(&place.store, &place.parent(), &everything()).await.unwrap();
        let superseded: Vec<_> = found.items.iter().filter(|r| r.superseded_by.is_some()).collect();
        assert_eq!(superseded.len(), 2);
        assert!(superseded.iter().all(|r| r.superseded_by == Some(id(0x0a02)) && r.version == 2));
    });
}

#[test]
fn a_correction_that_is_told_first_still_corrects() {
    each(async |place| {
        let correction =
            AssessmentFinalized { supersedes: assessment_name(1), ..assessed(2, &[(READING, 2)]) };
        place.apply(&correction).await;
        place.apply(&assessed(1, &[(READING, 4)])).await;
        let levels = place.levels().await;
        close(levels[0].value, 2.0);
        assert_eq!((levels[0].rating_count, levels[0].version), (1, 1));
    });
}

#[test]
fn a_learner_corrects_nobody_elses_ratings() {
    each(async |place| {
        place.apply(&assessed(1, &[(READING, 4)])).await;
        let other = AssessmentFinalized {
            supersedes: assessment_name(1),
            learner: format!("districts/grand-bend/learners/{}", id(0x0c00)),
            ..assessed(2, &[(READING, 1)])
        };
        place.apply(&other).await;
        close(place.levels().await[0].value, 4.0);
    });
}

#[test]
fn ratings_of_any_revision_count_together_under_the_latest_name() {
    each(async |place| {
        place.rule(MethodKind::Mean, 0, 0.0).await;
        place.apply(&assessed(1, &[(READING, 2)])).await;
        let mut later = assessed(2, &[(READING, 4)]);
        later.ratings[0].outcome = outcome(READING, 2);
        place.apply(&later).await;
        let levels = place.levels().await;
        assert_eq!(levels.len(), 1);
        close(levels[0].value, 3.0);
        assert_eq!(levels[0].outcome.to_string(), outcome(READING, 2));
    });
}

#[test]
fn levels_are_found_by_outcome_and_by_rule() {
    each(async |place| {
        let latest = place.rule(MethodKind::Latest, 0, 0.0).await;
        place.rule(MethodKind::Highest, 0, 0.0).await;
        place.apply(&assessed(1, &[(READING, 4), (WRITING, 3)])).await;
        let reading = outcome(READING, 1).replace("@1", "");
        let rule = format!("districts/grand-bend/growthRules/{}", latest.id);
        assert_eq!(place.levels().await.len(), 4);
        assert_eq!(place.filtered(&format!("outcome = \"{reading}\"")).await.len(), 2);
        let one = place.filtered(&format!("outcome = \"{reading}\" AND rule = \"{rule}\"")).await;
        assert_eq!(one.iter().map(|level| level.rule).collect::<Vec<_>>(), [latest.id]);
        let refused = levels(&place.store, &place.parent(), "value > 3", &everything()).await;
        assert_eq!(
            refused.unwrap_err().kind(),
            Kind::InvalidArgument,
            "levels are not for sorting learners out"
        );
    });
}

#[test]
fn a_level_is_read_under_its_learner_and_its_district_only() {
    each(async |place| {
        place.apply(&assessed(1, &[(READING, 4)])).await;
        let found = place.levels().await.remove(0);
        let name = level_name(&place.district, LEARNER, found.id);
        assert_eq!(level(&place.store, &name).await.unwrap(), found);
        let elsewhere = District::parse("elsewhere").unwrap();
        for other in
            [level_name(&elsewhere, LEARNER, found.id), level_name(&district(), id(0x0c00), found.id)]
        {
            assert_eq!(level(&place.store, &other).await.unwrap_err().kind(), Kind::NotFound);
        }
    });
}
