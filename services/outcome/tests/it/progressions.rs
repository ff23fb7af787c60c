//! Progressions.

use tonic::Code;
use trellis_contracts::outcome::{
    CreateProgressionRequest, GetProgressionRequest, ListProgressionsRequest, Progression, ProgressionLevel,
};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, english};

fn level(title: &str, descriptor: &str) -> ProgressionLevel {
    ProgressionLevel { number: 0, title: english(title), descriptor: english(descriptor) }
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
