//! Progressions.

use tonic::Code;
use trellis_contracts::outcome::{
    CreateProgressionRequest, DeleteProgressionRequest, GetProgressionRequest, ListProgressionsRequest,
    Progression, ProgressionIndicator, ProgressionLevel, UpdateProgressionRequest,
};
use trellis_testkit::{on_each_database, refused};

use crate::proficiency_scales::level as step;
use crate::support::{Clients, DISTRICT, english};

fn level(title: &str, description: &str) -> ProgressionLevel {
    ProgressionLevel {
        title: english(title),
        description: english(description),
        ..ProgressionLevel::default()
    }
}

on_each_database!(
    async fn a_progression_is_in_the_learners_voice_and_stays_as_published(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "I tell my story.", "").await;
        let other = clients.outcome(&draft, "I listen.", "").await;
        let request = |levels: Vec<ProgressionLevel>, outcome: &str| CreateProgressionRequest {
            parent: draft.clone(),
            progression: Some(Progression {
                outcomes: vec![outcome.to_owned()],
                levels,
                ..Progression::default()
            }),
            request_id: String::new(),
        };
        let levels = vec![
            level("Beginning", "I can tell what happened."),
            level("Growing", "I can tell it so that others listen."),
        ];
        let made = clients.progressions.create_progression(request(levels.clone(), &outcome.name)).await;
        let made = made.expect("a progression").into_inner();
        let numbers: Vec<i32> = made.levels.iter().map(|level| level.number).collect();
        assert_eq!(numbers, [1, 2]);

        let list = |parent: &str, outcome: &str| ListProgressionsRequest {
            parent: parent.to_owned(),
            outcome: outcome.to_owned(),
            ..ListProgressionsRequest::default()
        };
        let of = clients.progressions.list_progressions(list(&draft, &outcome.name)).await;
        assert_eq!(of.expect("a list").into_inner().progressions, std::slice::from_ref(&made));
        let of_other = clients.progressions.list_progressions(list(&draft, &other.name)).await;
        assert!(of_other.expect("a list").into_inner().progressions.is_empty());

        let revision = clients.publish(&draft).await;
        assert_eq!(revision.progression_count, 1);
        let pinned = GetProgressionRequest { name: format!("{}/progressions/{}", revision.name, made.uid) };
        let pinned = clients.progressions.get_progression(pinned).await.expect("as published").into_inner();
        assert_eq!(pinned.levels, made.levels);
        assert_eq!(pinned.outcomes, [format!("{}/outcomes/{}", revision.name, outcome.uid)]);

        let one = clients.progressions.create_progression(request(levels[..1].to_vec(), &outcome.name)).await;
        refused(one, Code::InvalidArgument, "FIELD_VIOLATION");
        let nowhere = format!("{draft}/outcomes/01900000-0000-7000-8000-0000000000aa");
        let dangling = clients.progressions.create_progression(request(levels, &nowhere)).await;
        refused(dangling, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
    }
);

fn two_levels() -> Vec<ProgressionLevel> {
    vec![level("Beginning", "I can tell what happened."), level("Growing", "I can make others listen.")]
}

fn update(progression: Progression, path: &str) -> UpdateProgressionRequest {
    UpdateProgressionRequest {
        progression: Some(progression),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
        request_id: String::new(),
    }
}

on_each_database!(
    async fn a_progression_changes_in_draft_and_goes(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "I tell my story.", "").await;
        let create = CreateProgressionRequest {
            parent: draft.clone(),
            progression: Some(Progression {
                title: english("Telling"),
                outcomes: vec![outcome.name.clone()],
                levels: two_levels(),
                ..Progression::default()
            }),
            request_id: String::new(),
        };
        let made = clients.progressions.create_progression(create).await.expect("made").into_inner();
        let revision = clients.publish(&draft).await;

        let mut levels = two_levels();
        levels[1].description.extend([trellis_contracts::common::LocalizedText {
            language: "es".to_owned(),
            text: "Puedo hacer que otros escuchen.".to_owned(),
        }]);
        levels[1].indicators = vec![ProgressionIndicator { description: english("Others ask for more.") }];
        let new = Progression {
            name: made.name.clone(),
            etag: made.etag.clone(),
            levels,
            ..Progression::default()
        };
        let changed = clients.progressions.update_progression(update(new.clone(), "levels")).await;
        let changed = changed.expect("a draft changes").into_inner();
        assert_eq!((&changed.title, &changed.outcomes), (&made.title, &made.outcomes));
        assert_eq!(changed.levels[1].description, new.levels[1].description);
        assert_eq!(changed.levels[1].indicators, new.levels[1].indicators);
        assert!(clients.framework(&draft).await.unpublished_changes);
        let stale = clients.progressions.update_progression(update(new.clone(), "levels")).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");

        let pinned = format!("{}/progressions/{}", revision.name, made.uid);
        let new = Progression { name: pinned.clone(), etag: String::new(), ..new };
        let answer = clients.progressions.update_progression(update(new, "levels")).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let get = GetProgressionRequest { name: pinned };
        let kept = clients.progressions.get_progression(get.clone()).await.expect("as it was").into_inner();
        assert_eq!(kept.levels, made.levels);

        let delete = |etag: &str| DeleteProgressionRequest {
            name: made.name.clone(),
            etag: etag.to_owned(),
            request_id: String::new(),
        };
        let answer = clients.progressions.delete_progression(delete(&made.etag)).await;
        refused(answer, Code::Aborted, "ETAG_MISMATCH");
        clients.progressions.delete_progression(delete(&changed.etag)).await.expect("it goes");
        assert_eq!(clients.framework(&draft).await.progression_count, 0);
        let answer = clients.progressions.delete_progression(delete("")).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        clients.progressions.get_progression(get).await.expect("the revision's stays");
    }
);

on_each_database!(
    async fn the_levels_of_a_progression_are_as_many_as_those_of_its_scale(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let mut commons = Clients::of(&suite.operator("commons"));
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "I tell my story.", "").await;
        let own = clients.scale(DISTRICT, vec![step("One", ""), step("Two", "")]).await;
        let three = vec![step("One", ""), step("Two", ""), step("Three", "")];
        let common = commons.scale("districts/commons", three).await;
        let (own, common) = (clients.published_scale(&own).await, commons.published_scale(&common).await);
        let create = |scale: &str| CreateProgressionRequest {
            parent: draft.clone(),
            progression: Some(Progression {
                outcomes: vec![outcome.name.clone()],
                levels: two_levels(),
                proficiency_scale: scale.to_owned(),
                ..Progression::default()
            }),
            request_id: String::new(),
        };
        let made =
            clients.progressions.create_progression(create(&own.name)).await.expect("made").into_inner();
        assert_eq!(made.proficiency_scale, own.name);
        let unpinned = own.name.trim_end_matches("@1");
        for (scale, code, reason) in [
            (unpinned, Code::InvalidArgument, "FIELD_VIOLATION"),
            (common.name.as_str(), Code::InvalidArgument, "FIELD_VIOLATION"),
            (&format!("{unpinned}@2"), Code::FailedPrecondition, "REFERENCE_NOT_FOUND"),
            (&own.name.replace("grand-bend", "elsewhere"), Code::InvalidArgument, "FIELD_VIOLATION"),
        ] {
            refused(clients.progressions.create_progression(create(scale)).await, code, reason);
        }

        let levels =
            vec![two_levels()[0].clone(), two_levels()[1].clone(), level("Leading", "I can teach it.")];
        let longer = Progression { name: made.name.clone(), levels, ..Progression::default() };
        let answer = clients.progressions.update_progression(update(longer.clone(), "levels")).await;
        refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        let both = UpdateProgressionRequest {
            progression: Some(Progression { proficiency_scale: common.name.clone(), ..longer }),
            ..UpdateProgressionRequest::default()
        };
        let changed = clients.progressions.update_progression(both).await.expect("they agree").into_inner();
        assert_eq!((changed.proficiency_scale, changed.levels.len()), (common.name, 3));
    }
);
