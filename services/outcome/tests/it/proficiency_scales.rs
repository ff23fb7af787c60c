//! Proficiency scales: drafts, revisions, and the values at which levels begin.

use prost_types::FieldMask;
use tonic::Code;
use trellis_contracts::outcome::{
    CreateProficiencyScaleRequest, DeleteProficiencyScaleRequest, GetProficiencyScaleRequest,
    ListProficiencyScaleRevisionsRequest, ListProficiencyScalesRequest, ProficiencyLevel, ProficiencyScale,
    PublishProficiencyScaleRequest, UpdateProficiencyScaleRequest,
};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, english};

/// A level that begins at a value, or (empty) at its number.
pub(crate) fn level(label: &str, cut_score: &str) -> ProficiencyLevel {
    ProficiencyLevel { label: english(label), cut_score: cut_score.to_owned(), ..ProficiencyLevel::default() }
}

fn create(parent: &str, levels: Vec<ProficiencyLevel>) -> CreateProficiencyScaleRequest {
    CreateProficiencyScaleRequest {
        parent: parent.to_owned(),
        proficiency_scale: Some(ProficiencyScale {
            title: english("Our levels"),
            levels,
            ..ProficiencyScale::default()
        }),
        request_id: String::new(),
    }
}

fn update(name: &str, scale: ProficiencyScale, path: &str) -> UpdateProficiencyScaleRequest {
    UpdateProficiencyScaleRequest {
        proficiency_scale: Some(ProficiencyScale { name: name.to_owned(), ..scale }),
        update_mask: Some(FieldMask { paths: vec![path.to_owned()] }),
        request_id: String::new(),
    }
}

impl Clients {
    /// A scale in draft.
    pub(crate) async fn scale(&mut self, parent: &str, levels: Vec<ProficiencyLevel>) -> ProficiencyScale {
        let made = self.scales.create_proficiency_scale(create(parent, levels)).await;
        made.expect("a scale is created").into_inner()
    }

    /// Publishes a scale as it was last read.
    pub(crate) async fn published_scale(&mut self, scale: &ProficiencyScale) -> ProficiencyScale {
        let request = PublishProficiencyScaleRequest {
            name: scale.name.clone(),
            etag: scale.etag.clone(),
            request_id: String::new(),
        };
        self.scales.publish_proficiency_scale(request).await.expect("it is published").into_inner()
    }
}

on_each_database!(
    async fn an_edited_cut_score_rewrites_no_history(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.scale(DISTRICT, vec![level("Beginning", "1"), level("Proficient", "1.50")]).await;
        assert_eq!((draft.levels[1].cut_score.as_str(), draft.highest_value.as_str()), ("1.5", "2"));
        let first = clients.published_scale(&draft).await;
        assert_eq!((first.name.clone(), first.revision), (format!("{}@1", draft.name), 1));

        let harder = vec![level("Beginning", "1"), level("Proficient", "1.75")];
        let harder = ProficiencyScale { levels: harder, ..ProficiencyScale::default() };
        let changed =
            clients.scales.update_proficiency_scale(update(&draft.name, harder.clone(), "levels")).await;
        let changed = changed.expect("a draft changes").into_inner();
        assert!(changed.unpublished_changes && changed.title == draft.title);
        let get = GetProficiencyScaleRequest { name: first.name.clone() };
        let pinned = clients.scales.get_proficiency_scale(get).await.expect("as it was").into_inner();
        assert_eq!(pinned, first);

        let answer =
            clients.scales.update_proficiency_scale(update(&first.name, harder.clone(), "levels")).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let stale = ProficiencyScale { etag: draft.etag.clone(), ..harder };
        let answer = clients.scales.update_proficiency_scale(update(&draft.name, stale, "levels")).await;
        refused(answer, Code::Aborted, "ETAG_MISMATCH");

        let second = clients.published_scale(&changed).await;
        let list = ListProficiencyScaleRevisionsRequest {
            name: draft.name.clone(),
            ..ListProficiencyScaleRevisionsRequest::default()
        };
        let listed =
            clients.scales.list_proficiency_scale_revisions(list).await.expect("a list").into_inner();
        assert_eq!(listed.proficiency_scales, [first, second]);
    }
);

on_each_database!(
    async fn a_scale_that_says_no_values_counts_as_growth_rules_do(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let colored = ProficiencyLevel { color: "#0a7fff".to_owned(), ..level("Proficient", "") };
        let made = clients.scale(DISTRICT, vec![level("Beginning", ""), colored, level("Leading", "")]).await;
        let told: Vec<(i32, &str)> =
            made.levels.iter().map(|level| (level.number, level.cut_score.as_str())).collect();
        assert_eq!(told, [(1, "1"), (2, "2"), (3, "3")]);
        assert_eq!((made.levels[1].color.as_str(), made.highest_value.as_str()), ("#0A7FFF", "3"));
    }
);

on_each_database!(
    async fn what_is_no_scale_is_refused_with_its_field(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        for levels in [
            vec![level("Beginning", "")],
            vec![level("Beginning", "1"), level("Proficient", "")],
            vec![level("Beginning", "2"), level("Proficient", "1.999999")],
            vec![level("Beginning", "1"), level("Proficient", "2.0000001")],
            vec![level("Same", ""), level("Same", "")],
            vec![
                level("Beginning", ""),
                ProficiencyLevel { color: "red".to_owned(), ..level("Leading", "") },
            ],
        ] {
            let answer = clients.scales.create_proficiency_scale(create(DISTRICT, levels)).await;
            refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        }
        let draft = clients.scale(DISTRICT, vec![level("Beginning", ""), level("Proficient", "")]).await;
        let mastery = ProficiencyScale { mastery_level: 3, ..ProficiencyScale::default() };
        let answer =
            clients.scales.update_proficiency_scale(update(&draft.name, mastery, "mastery_level")).await;
        refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn only_a_scale_that_was_never_published_can_be_deleted(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let levels = || vec![level("Beginning", ""), level("Proficient", "")];
        let (one, other) = (clients.scale(DISTRICT, levels()).await, clients.scale(DISTRICT, levels()).await);
        clients.published_scale(&other).await;
        let delete = |name: &str| DeleteProficiencyScaleRequest {
            name: name.to_owned(),
            ..DeleteProficiencyScaleRequest::default()
        };
        clients.scales.delete_proficiency_scale(delete(&one.name)).await.expect("the draft goes");
        let get = GetProficiencyScaleRequest { name: one.name };
        let answer = clients.scales.get_proficiency_scale(get).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let answer = clients.scales.delete_proficiency_scale(delete(&other.name)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let list = ListProficiencyScalesRequest {
            parent: DISTRICT.to_owned(),
            ..ListProficiencyScalesRequest::default()
        };
        let listed = clients.scales.list_proficiency_scales(list).await.expect("a list").into_inner();
        let names: Vec<&str> = listed.proficiency_scales.iter().map(|scale| scale.name.as_str()).collect();
        assert_eq!(names, [other.name]);
    }
);
