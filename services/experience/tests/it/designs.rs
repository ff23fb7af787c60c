//! Designs: edited, published, read at a revision.

use prost_types::FieldMask;
use tonic::Code;
use trellis_contracts::experience::design_service_client::DesignServiceClient;
use trellis_contracts::experience::{
    Authenticity, CreateDesignRequest, Design, DesignState, ExperienceKind, GetDesignRequest,
    ListDesignsRequest, Milestone, PublishDesignRequest, UpdateDesignRequest,
};

use crate::house::{
    Caller, EDUCATOR, HOME, House, LEARNER, each, id, name, outcome, pinned, refused, refused_field, text,
};

/// A design that may be created.
pub(crate) fn river() -> Design {
    Design {
        kind: ExperienceKind::Project.into(),
        title: text("The river"),
        driving_question: text("Whose river is it?"),
        outcomes: vec![outcome(0), pinned(&outcome(1), 1)],
        milestones: vec![Milestone { title: text("First samples"), due_day: 7 }],
        min_group_size: 2,
        max_group_size: 5,
        authenticity: Some(Authenticity { partner: text("The water board"), ..Authenticity::default() }),
        ..Design::default()
    }
}

pub(crate) fn creating(design: Design) -> CreateDesignRequest {
    CreateDesignRequest { parent: HOME.to_owned(), design: Some(design), request_id: String::new() }
}

/// A published design; its `latest_revision` can be opened.
pub(crate) async fn published(house: &House) -> Design {
    let mut client = DesignServiceClient::new(house.person(EDUCATOR));
    let design = client.create_design(creating(river())).await.expect("created").into_inner();
    publish(&mut client, &design).await
}

async fn publish(client: &mut DesignServiceClient<Caller>, design: &Design) -> Design {
    let request = PublishDesignRequest {
        name: design.name.clone(),
        etag: design.etag.clone(),
        request_id: String::new(),
    };
    client.publish_design(request).await.expect("published").into_inner()
}

fn updating(design: Design, paths: &[&str]) -> UpdateDesignRequest {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    UpdateDesignRequest {
        design: Some(design),
        update_mask: Some(FieldMask { paths }),
        request_id: String::new(),
    }
}

#[test]
fn a_design_is_read_as_it_was_written() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let created = client.create_design(creating(river())).await.expect("created").into_inner();
        assert_eq!((created.state(), created.etag.as_str()), (DesignState::Draft, "W/1"));
        let expected = Design {
            name: created.name.clone(),
            uid: created.uid.clone(),
            state: created.state,
            create_time: created.create_time,
            update_time: created.update_time,
            etag: created.etag.clone(),
            ..river()
        };
        assert_eq!(created, expected);
        let mut reader = DesignServiceClient::new(house.person(LEARNER));
        let read = reader.get_design(GetDesignRequest { name: created.name.clone() }).await.expect("read");
        assert_eq!(read.into_inner(), created);
    });
}

#[test]
fn a_revision_stays_as_it_was_published() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let first = published(&house).await;
        assert_eq!(first.state(), DesignState::Published);
        assert_eq!(first.latest_revision, format!("{}@1", first.name));
        let edited = Design { name: first.name.clone(), title: text("The lake"), ..Design::default() };
        let edited = client.update_design(updating(edited, &["title"])).await.expect("edited").into_inner();
        assert_eq!(
            (edited.title.clone(), edited.driving_question.clone()),
            (text("The lake"), river().driving_question)
        );
        let second = publish(&mut client, &edited).await;
        assert_eq!(second.latest_revision, format!("{}@2", first.name));
        for (revision, title) in [(1, "The river"), (2, "The lake")] {
            let name = format!("{}@{revision}", first.name);
            let read =
                client.get_design(GetDesignRequest { name: name.clone() }).await.expect("read").into_inner();
            assert_eq!((read.name, read.title), (name, text(title)));
        }
        let third = GetDesignRequest { name: format!("{}@3", first.name) };
        refused(client.get_design(third).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    });
}

#[test]
fn an_update_changes_what_the_mask_names_or_what_is_populated() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let design = client.create_design(creating(river())).await.expect("created").into_inner();
        let cleared = Design { name: design.name.clone(), ..Design::default() };
        let changed =
            client.update_design(updating(cleared.clone(), &["milestones", "min_group_size"])).await;
        let changed = changed.expect("changed").into_inner();
        assert_eq!((changed.milestones.len(), changed.min_group_size, changed.max_group_size), (0, 0, 5));
        let populated = Design { max_group_size: 9, ..cleared.clone() };
        let request =
            UpdateDesignRequest { design: Some(populated), update_mask: None, request_id: String::new() };
        let changed = client.update_design(request).await.expect("changed").into_inner();
        assert_eq!((changed.title.clone(), changed.max_group_size), (river().title, 9));
        let same =
            client.update_design(updating(changed.clone(), &["*"])).await.expect("no change").into_inner();
        assert_eq!(same.etag, changed.etag, "what changes nothing leaves the etag");
        let answer = client.update_design(updating(cleared.clone(), &["title"])).await;
        refused_field(answer, Code::InvalidArgument, "FIELD_VIOLATION", "design.title");
        let answer = client.update_design(updating(cleared, &["state"])).await;
        refused_field(answer, Code::InvalidArgument, "FIELD_VIOLATION", "update_mask");
    });
}

#[test]
fn a_stale_etag_changes_nothing() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let design = client.create_design(creating(river())).await.expect("created").into_inner();
        let newer = Design { title: text("The lake"), ..design.clone() };
        let newer = client.update_design(updating(newer, &["title"])).await.expect("current").into_inner();
        let stale = Design { title: text("The sea"), ..design.clone() };
        refused(client.update_design(updating(stale, &["title"])).await, Code::Aborted, "ETAG_MISMATCH");
        let publish = |etag: &str| PublishDesignRequest {
            name: design.name.clone(),
            etag: etag.to_owned(),
            request_id: String::new(),
        };
        refused(client.publish_design(publish(&design.etag)).await, Code::Aborted, "ETAG_MISMATCH");
        let answer = client.publish_design(publish("")).await;
        refused_field(answer, Code::InvalidArgument, "ETAG_REQUIRED", "etag");
        let now = client.publish_design(publish(&newer.etag)).await.expect("current").into_inner();
        let again = client.publish_design(publish(&now.etag)).await;
        refused(again, Code::FailedPrecondition, "STATE_CONFLICT");
    });
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_written() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let unknown = name("frameworks", 0xee) + "/outcomes/" + &id(1).to_string();
        let foreign = outcome(0).replace("grand-bend", "elsewhere");
        for (design, code, reason, field) in [
            (
                Design { outcomes: vec![outcome(0), unknown], ..river() },
                Code::FailedPrecondition,
                "REFERENCE_NOT_FOUND",
                "design.outcomes[1]",
            ),
            (
                Design { outcomes: vec![foreign], ..river() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "design.outcomes[0]",
            ),
            (Design { kind: 0, ..river() }, Code::InvalidArgument, "FIELD_VIOLATION", "design.kind"),
            (Design { kind: 99, ..river() }, Code::InvalidArgument, "FIELD_VIOLATION", "design.kind"),
            (
                Design { title: Vec::new(), ..river() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "design.title",
            ),
            (
                Design { max_group_size: 1, ..river() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "design.max_group_size",
            ),
        ] {
            refused_field(client.create_design(creating(design)).await, code, reason, field);
        }
        let pinned = Design { name: name("designs", 1) + "@1", ..Design::default() };
        let answer = client.update_design(updating(pinned, &["title"])).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let list = ListDesignsRequest { parent: HOME.to_owned(), ..ListDesignsRequest::default() };
        assert_eq!(client.list_designs(list).await.expect("a list").into_inner().designs, []);
    });
}

#[test]
fn a_repeated_request_is_done_once() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let request = CreateDesignRequest { request_id: id(77).to_string(), ..creating(river()) };
        let first = client.create_design(request.clone()).await.expect("created").into_inner();
        let again = client.create_design(request.clone()).await.expect("the same").into_inner();
        assert_eq!(first, again);
        let other =
            CreateDesignRequest { design: Some(Design { title: text("The lake"), ..river() }), ..request };
        refused(client.create_design(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
        assert_eq!(house.told().await.len(), 1);
    });
}

#[test]
fn a_list_comes_by_pages_newest_first() {
    each(async |house| {
        let mut client = DesignServiceClient::new(house.person(EDUCATOR));
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(client.create_design(creating(river())).await.expect("created").into_inner().name);
        }
        made.reverse();
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListDesignsRequest { parent: HOME.to_owned(), page_size: 2, page_token };
            let page = client.list_designs(request).await.expect("a page").into_inner();
            assert!(page.designs.len() <= 2);
            listed.extend(page.designs.into_iter().map(|design| design.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, made);
    });
}

#[test]
fn only_educators_and_the_district_write() {
    each(async |house| {
        let mut learner = DesignServiceClient::new(house.person(LEARNER));
        let answer = learner.create_design(creating(river())).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let mut application = DesignServiceClient::new(house.application());
        let answer = application.create_design(creating(river())).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let list = ListDesignsRequest { parent: HOME.to_owned(), ..ListDesignsRequest::default() };
        application.list_designs(list).await.expect("an application reads");
    });
}
