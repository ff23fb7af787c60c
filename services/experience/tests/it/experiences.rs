//! Experiences: opened from a revision, read one by one and together, cancelled.

use tonic::Code;
use trellis_contracts::experience::experience_service_client::ExperienceServiceClient;
use trellis_contracts::experience::{
    BatchGetExperiencesRequest, CancelExperienceRequest, Experience, ExperienceState, GetExperienceRequest,
    ListExperiencesRequest, OpenExperienceRequest,
};

use crate::designs::{published, river};
use crate::house::{EDUCATOR, HOME, House, LEARNER, SCHOOL, each, name, refused, refused_field};

/// Terms under which the given revision may be opened.
fn terms(revision: &str) -> Experience {
    Experience {
        design: revision.to_owned(),
        facilitators: vec![name("people", EDUCATOR)],
        organization: name("organizations", SCHOOL),
        start_date: "2026-09-01".to_owned(),
        end_date: "2026-12-18".to_owned(),
        capacity: 12,
        ..Experience::default()
    }
}

fn opening(experience: Experience) -> OpenExperienceRequest {
    OpenExperienceRequest { parent: HOME.to_owned(), experience: Some(experience), request_id: String::new() }
}

/// An open experience.
pub(crate) async fn opened(house: &House) -> Experience {
    let revision = published(house).await.latest_revision;
    let mut client = ExperienceServiceClient::new(house.person(EDUCATOR));
    client.open_experience(opening(terms(&revision))).await.expect("opened").into_inner()
}

#[test]
fn an_experience_tells_what_its_revision_says() {
    each(async |house| {
        let opened = opened(&house).await;
        assert_eq!(opened.state(), ExperienceState::Open);
        let plan = river();
        assert_eq!((opened.kind, &opened.title, &opened.outcomes), (plan.kind, &plan.title, &plan.outcomes));
        let expected = Experience {
            name: opened.name.clone(),
            uid: opened.uid.clone(),
            kind: plan.kind,
            title: plan.title,
            outcomes: plan.outcomes,
            state: opened.state,
            create_time: opened.create_time,
            update_time: opened.update_time,
            etag: "W/1".to_owned(),
            ..terms(&opened.design)
        };
        assert_eq!(opened, expected);
        let mut learner = ExperienceServiceClient::new(house.person(LEARNER));
        let read = learner.get_experience(GetExperienceRequest { name: opened.name.clone() }).await;
        assert_eq!(read.expect("a member reads").into_inner(), opened);
        let list = ListExperiencesRequest { parent: HOME.to_owned(), ..ListExperiencesRequest::default() };
        let listed = learner.list_experiences(list).await.expect("a list").into_inner();
        assert_eq!(listed.experiences, [opened]);
    });
}

#[test]
fn what_it_names_must_exist() {
    each(async |house| {
        let mut client = ExperienceServiceClient::new(house.person(EDUCATOR));
        let design = published(&house).await;
        let sound = terms(&design.latest_revision);
        for (experience, code, reason, field) in [
            (
                Experience { design: format!("{}@2", design.name), ..sound.clone() },
                Code::FailedPrecondition,
                "REFERENCE_NOT_FOUND",
                "experience.design",
            ),
            (
                Experience { design: design.name.clone(), ..sound.clone() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "experience.design",
            ),
            (
                Experience {
                    facilitators: vec![name("people", EDUCATOR), name("people", 0xee)],
                    ..sound.clone()
                },
                Code::FailedPrecondition,
                "REFERENCE_NOT_FOUND",
                "experience.facilitators[1]",
            ),
            (
                Experience { organization: name("organizations", 0xee), ..sound.clone() },
                Code::FailedPrecondition,
                "REFERENCE_NOT_FOUND",
                "experience.organization",
            ),
            (
                Experience { end_date: "2026-08-31".to_owned(), ..sound.clone() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "experience.end_date",
            ),
            (
                Experience { start_date: "2026-02-30".to_owned(), ..sound.clone() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "experience.start_date",
            ),
        ] {
            refused_field(client.open_experience(opening(experience)).await, code, reason, field);
        }
    });
}

#[test]
fn several_are_read_in_the_order_asked_for_or_not_at_all() {
    each(async |house| {
        let (first, second) = (opened(&house).await, opened(&house).await);
        let mut client = ExperienceServiceClient::new(house.application());
        let asking = |names: Vec<String>| BatchGetExperiencesRequest { parent: HOME.to_owned(), names };
        let names = vec![second.name.clone(), first.name.clone(), second.name.clone()];
        let found = client.batch_get_experiences(asking(names.clone())).await.expect("all").into_inner();
        assert_eq!(found.experiences.into_iter().map(|e| e.name).collect::<Vec<_>>(), names);
        let unknown = asking(vec![first.name.clone(), name("experiences", 0xee)]);
        refused(client.batch_get_experiences(unknown).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    });
}

#[test]
fn what_is_cancelled_stays_cancelled() {
    each(async |house| {
        let opened = opened(&house).await;
        let cancel = |etag: &str| CancelExperienceRequest {
            name: opened.name.clone(),
            etag: etag.to_owned(),
            request_id: String::new(),
        };
        let mut learner = ExperienceServiceClient::new(house.person(LEARNER));
        refused(learner.cancel_experience(cancel("")).await, Code::PermissionDenied, "ACCESS_DENIED");
        let mut client = ExperienceServiceClient::new(house.person(EDUCATOR));
        refused(client.cancel_experience(cancel("W/9")).await, Code::Aborted, "ETAG_MISMATCH");
        let cancelled = client.cancel_experience(cancel(&opened.etag)).await.expect("cancelled").into_inner();
        assert_eq!(cancelled.state(), ExperienceState::Cancelled);
        refused(client.cancel_experience(cancel("")).await, Code::FailedPrecondition, "STATE_CONFLICT");
    });
}

#[test]
fn without_the_other_services_nothing_is_written_and_reads_go_on() {
    trellis_testkit::run(async {
        let house = House::new(None, false).await;
        let mut client = ExperienceServiceClient::new(house.person(EDUCATOR));
        let answer = client.open_experience(opening(terms(&(name("designs", 1) + "@1")))).await;
        refused(answer, Code::Unavailable, "PEER_UNAVAILABLE");
        let list = ListExperiencesRequest { parent: HOME.to_owned(), ..ListExperiencesRequest::default() };
        assert_eq!(client.list_experiences(list).await.expect("a list").into_inner().experiences, []);
        assert_eq!(house.told().await.len(), 0);
    });
}
