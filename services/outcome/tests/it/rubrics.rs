//! Rubrics, made here.

mod packages;

use tonic::Code;
use trellis_contracts::common::{ChangeKind, LocalizedText};
use trellis_contracts::outcome::diff_framework_revisions_response::Part;
use trellis_contracts::outcome::outcome_change::Body;
use trellis_contracts::outcome::{
    CreateRubricRequest, DeleteFrameworkRequest, DeleteOutcomeRequest, DeleteRubricRequest, DifferenceKind,
    GetRubricRequest, ListRubricsRequest, Rubric, RubricCriterion, RubricLevel, RubricOutcome,
    UpdateRubricRequest, WatchChangesRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::changes::all_until;
use crate::revisions::diff;
use crate::support::{Clients, DISTRICT, english, metadata};

fn both(en: &str, es: &str) -> Vec<LocalizedText> {
    let text =
        |language: &str, text: &str| LocalizedText { language: language.to_owned(), text: text.to_owned() };
    vec![text("en", en), text("es", es)]
}

fn level(quality: &str, score: &str) -> RubricLevel {
    RubricLevel {
        quality: english(quality),
        description: both("I can tell it.", "Puedo contarlo."),
        feedback: english("Try it on a friend."),
        score: score.to_owned(),
        ..RubricLevel::default()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the field has it")]
fn held(resource: &str) -> Option<RubricOutcome> {
    Some(RubricOutcome { resource: resource.to_owned(), ..RubricOutcome::default() })
}

fn criterion(outcome: Option<RubricOutcome>, levels: Vec<RubricLevel>) -> RubricCriterion {
    RubricCriterion {
        category: "Content".to_owned(),
        description: english("Order"),
        weight: "1.50".to_owned(),
        outcome,
        levels,
        ..RubricCriterion::default()
    }
}

fn rubric(criteria: Vec<RubricCriterion>) -> Rubric {
    Rubric { title: both("Story", "Cuento"), criteria, ..Rubric::default() }
}

fn create(draft: &str, rubric: Rubric) -> CreateRubricRequest {
    CreateRubricRequest { parent: draft.to_owned(), rubric: Some(rubric), request_id: String::new() }
}

fn update(rubric: Rubric, paths: &[&str]) -> UpdateRubricRequest {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    UpdateRubricRequest {
        rubric: Some(rubric),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: String::new(),
    }
}

impl Clients {
    async fn rubric(&mut self, draft: &str, rubric: Rubric) -> Rubric {
        self.rubrics.create_rubric(create(draft, rubric)).await.expect("a rubric").into_inner()
    }

    async fn read_rubric(&mut self, name: &str) -> Rubric {
        let request = GetRubricRequest { name: name.to_owned() };
        self.rubrics.get_rubric(request).await.expect("a rubric").into_inner()
    }

    /// The names of the rubrics of a framework, for an outcome or (empty) all.
    async fn rubrics_of(&mut self, parent: &str, outcome: &str) -> Vec<String> {
        let request = ListRubricsRequest {
            parent: parent.to_owned(),
            outcome: outcome.to_owned(),
            ..ListRubricsRequest::default()
        };
        let page = self.rubrics.list_rubrics(request).await.expect("a list").into_inner();
        page.rubrics.into_iter().map(|rubric| rubric.name).collect()
    }
}

on_each_database!(
    async fn a_rubric_is_made_read_listed_and_stays_as_published(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let telling = clients.outcome(&draft, "I tell my story.", "").await.name;
        let listening = clients.outcome(&draft, "I listen.", "").await;
        let second = RubricCriterion { position: Some(1), ..criterion(None, Vec::new()) };
        let criteria =
            vec![criterion(held(&telling), vec![level("Beginning", "1"), level("Growing", "2")]), second];
        let made = clients.rubric(&draft, rubric(criteria)).await;
        assert_eq!(made.criteria[0].position, Some(1), "those with a position stand first");
        let first = &made.criteria[1];
        assert_eq!((first.weight.as_str(), &first.outcome), ("1.5", &held(&telling)));
        assert_eq!(first.levels[0].description, both("I can tell it.", "Puedo contarlo."));
        assert!(made.criteria.iter().all(|criterion| !criterion.uid.is_empty()));
        assert!(made.case_identity.is_none());
        assert_eq!(clients.read_rubric(&made.name).await, made);
        let other = clients.rubric(&draft, rubric(vec![criterion(held(&listening.name), Vec::new())])).await;

        assert_eq!(clients.rubrics_of(&draft, "").await, [made.name.clone(), other.name.clone()]);
        assert_eq!(clients.rubrics_of(&draft, &listening.name).await, std::slice::from_ref(&other.name));
        let page =
            ListRubricsRequest { parent: draft.clone(), page_size: 1, ..ListRubricsRequest::default() };
        let page = clients.rubrics.list_rubrics(page).await.expect("a page").into_inner();
        assert_eq!(page.rubrics, std::slice::from_ref(&made));
        let rest = ListRubricsRequest {
            parent: draft.clone(),
            page_size: 1,
            page_token: page.next_page_token,
            ..ListRubricsRequest::default()
        };
        assert_eq!(
            clients.rubrics.list_rubrics(rest).await.expect("the rest").into_inner().rubrics,
            std::slice::from_ref(&other)
        );

        let revision = clients.publish(&draft).await.name;
        let pinned = clients.read_rubric(&format!("{revision}/rubrics/{}", made.uid)).await;
        let outcome = format!("{revision}/outcomes/{}", telling.rsplit('/').next().expect("an id"));
        assert_eq!(pinned.criteria[1].outcome, held(&outcome));
        assert_eq!(clients.rubrics_of(&revision, &outcome).await, std::slice::from_ref(&pinned.name));
        let new = Rubric { name: pinned.name.clone(), title: english("New"), ..Rubric::default() };
        let answer = clients.rubrics.update_rubric(update(new, &["title"])).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let delete = DeleteRubricRequest { name: pinned.name.clone(), ..DeleteRubricRequest::default() };
        let answer = clients.rubrics.delete_rubric(delete).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let answer = clients.rubrics.create_rubric(create(&revision, rubric(Vec::new()))).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let delete = DeleteRubricRequest { name: made.name.clone(), ..DeleteRubricRequest::default() };
        clients.rubrics.delete_rubric(delete).await.expect("it goes from the draft");
        assert_eq!(clients.read_rubric(&pinned.name).await, pinned);
    }
);

on_each_database!(
    async fn a_rubric_changes_by_its_mask_and_against_its_etag(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let made = clients.rubric(&draft, rubric(vec![criterion(None, vec![level("Beginning", "")])])).await;
        clients.publish(&draft).await;
        let mut criteria = made.criteria.clone();
        criteria[0].levels.push(level("Growing", "-0.25"));
        let new = Rubric { criteria, title: english("Not in the mask"), ..made.clone() };
        let changed = clients.rubrics.update_rubric(update(new.clone(), &["criteria"])).await;
        let changed = changed.expect("a draft changes").into_inner();
        assert_eq!(changed.title, made.title);
        assert_eq!(changed.criteria[0].levels[0], made.criteria[0].levels[0], "it keeps its identity");
        assert_eq!(changed.criteria[0].levels[1].score, "-0.25");
        assert!(clients.framework(&draft).await.unpublished_changes);
        let stale = clients.rubrics.update_rubric(update(new, &["criteria"])).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");
        let same = clients.rubrics.update_rubric(update(changed.clone(), &["*"])).await;
        assert_eq!(same.expect("nothing changes").into_inner(), changed);
        let unknown = clients.rubrics.update_rubric(update(changed.clone(), &["levels"])).await;
        refused(unknown, Code::InvalidArgument, "FIELD_VIOLATION");

        let delete = |etag: &str| DeleteRubricRequest {
            name: made.name.clone(),
            etag: etag.to_owned(),
            request_id: String::new(),
        };
        refused(clients.rubrics.delete_rubric(delete(&made.etag)).await, Code::Aborted, "ETAG_MISMATCH");
        clients.rubrics.delete_rubric(delete(&changed.etag)).await.expect("it goes");
        refused(clients.rubrics.delete_rubric(delete("")).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn what_no_rubric_may_be_is_refused_with_the_field(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let mut commons = Clients::of(&suite.operator("commons"));
        let draft = clients.portrait().await.name;
        let shared = commons.portrait_in("districts/commons").await.name;
        let common = commons.outcome(&shared, "I read.", "").await.name;
        let made = clients.rubric(&draft, rubric(vec![criterion(held(&common), Vec::new())])).await;
        assert_eq!(made.criteria[0].outcome, held(&common));
        assert_eq!(clients.rubrics_of(&draft, &common).await, std::slice::from_ref(&made.name));

        let nowhere = format!("{draft}/outcomes/01900000-0000-7000-8000-0000000000aa");
        let dangling = create(&draft, rubric(vec![criterion(held(&nowhere), Vec::new())]));
        let status = refused(
            clients.rubrics.create_rubric(dangling).await,
            Code::FailedPrecondition,
            "REFERENCE_NOT_FOUND",
        );
        assert_eq!(violations(&status)[0].0, "rubric.criteria[0].outcome.resource");
        let foreign = held(&common.replace("commons", "other-district"));
        let twice = RubricCriterion { uid: made.criteria[0].uid.clone(), ..criterion(None, Vec::new()) };
        for (rubric, field) in [
            (Rubric { title: Vec::new(), ..rubric(Vec::new()) }, "rubric.title"),
            (rubric(vec![criterion(foreign, Vec::new())]), "rubric.criteria[0].outcome.resource"),
            (
                rubric(vec![criterion(Some(RubricOutcome::default()), Vec::new())]),
                "rubric.criteria[0].outcome",
            ),
            (rubric(vec![twice.clone(), twice]), "rubric.criteria[1].uid"),
            (rubric(vec![criterion(None, vec![level("One", "1e3")])]), "rubric.criteria[0].levels[0].score"),
        ] {
            let answer = clients.rubrics.create_rubric(create(&draft, rubric)).await;
            let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
            assert_eq!(violations(&status)[0].0, field);
        }
    }
);

on_each_database!(
    async fn an_outcome_that_a_rubric_looks_at_is_not_deleted_unnoticed(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let telling = clients.outcome(&draft, "I tell my story.", "").await.name;
        let listening = clients.outcome(&draft, "I listen.", "").await.name;
        let criteria = vec![criterion(held(&telling), Vec::new()), criterion(held(&listening), Vec::new())];
        let made = clients.rubric(&draft, rubric(criteria)).await;
        let delete =
            |force| DeleteOutcomeRequest { name: telling.clone(), force, ..DeleteOutcomeRequest::default() };
        let answer = clients.outcomes.delete_outcome(delete(false)).await;
        let hanging = metadata(&refused(answer, Code::FailedPrecondition, "STATE_CONFLICT"));
        assert_eq!(
            (hanging["rubrics"].as_str(), hanging["rubrics_count"].as_str()),
            (made.name.as_str(), "1")
        );
        clients.outcomes.delete_outcome(delete(true)).await.expect("it goes");
        let after = clients.read_rubric(&made.name).await;
        assert_eq!((&after.criteria[0].outcome, &after.criteria[1].outcome), (&None, &held(&listening)));
        assert_ne!(after.etag, made.etag);
    }
);

on_each_database!(
    async fn a_diff_and_the_feed_tell_of_rubrics(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let watch = WatchChangesRequest {
            parent: DISTRICT.to_owned(),
            snapshot: true,
            ..WatchChangesRequest::default()
        };
        let mut feed = clients.changes.watch_changes(watch).await.expect("a feed").into_inner();
        let draft = clients.portrait().await.name;
        let kept = clients.rubric(&draft, rubric(Vec::new())).await;
        let gone = clients.rubric(&draft, rubric(Vec::new())).await;
        let revision = clients.publish(&draft).await.name;
        let new = Rubric { title: english("Other"), ..kept.clone() };
        let changed =
            clients.rubrics.update_rubric(update(new, &["title"])).await.expect("changed").into_inner();
        let delete = DeleteRubricRequest { name: gone.name.clone(), ..DeleteRubricRequest::default() };
        clients.rubrics.delete_rubric(delete).await.expect("it goes");
        let came = clients.rubric(&draft, rubric(Vec::new())).await;

        let (parts, summary) = diff(&mut clients, &revision, &draft).await;
        let counts = summary.rubrics.expect("counts");
        assert_eq!((counts.added, counts.removed, counts.changed, counts.moved), (1, 1, 1, 0));
        let mut told = Vec::new();
        for part in parts {
            let Part::Rubric(part) = part else { panic!("only rubrics differ") };
            let name = part.after.as_ref().or(part.before.as_ref()).expect("a side").name.clone();
            told.push((part.kind(), name, part.changed_paths.join(",")));
        }
        let removed = format!("{revision}/rubrics/{}", gone.uid);
        assert_eq!(told.len(), 3);
        assert!(told.contains(&(DifferenceKind::Changed, kept.name.clone(), "title".to_owned())));
        assert!(told.contains(&(DifferenceKind::Removed, removed, String::new())));
        assert!(told.contains(&(DifferenceKind::Added, came.name.clone(), String::new())));

        let listed = all_until(&mut feed, &gone.name, ChangeKind::Deleted).await;
        let of_kept = listed.iter().rfind(|change| change.resource == kept.name).expect("it is told");
        assert_eq!(of_kept.body, Some(Body::Rubric(changed)));
        assert_eq!(of_kept.resource_type, "trellis.dev/Rubric");

        let never = clients.portrait().await.name;
        let lost = clients.rubric(&never, rubric(Vec::new())).await.name;
        let delete = DeleteFrameworkRequest { name: never, ..DeleteFrameworkRequest::default() };
        clients.frameworks.delete_framework(delete).await.expect("the draft goes");
        let answer = clients.rubrics.get_rubric(GetRubricRequest { name: lost.clone() }).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        all_until(&mut feed, &lost, ChangeKind::Deleted).await;
    }
);
