//! An application's agreement ends: by the clock, by the district, and for what it never covered.

use std::sync::Arc;

use jiff::SignedDuration;
use tonic::Code;
use trellis_contracts::common::DataClass;
use trellis_contracts::profile::application_service_client::ApplicationServiceClient;
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{
    Agreement, AgreementBasis, Application, CreateAgreementRequest, CreateApplicationRequest,
    CreateEntryRequest, Entry, EntryAudience, EntryFacet, GetEntryRequest, ListChangesRequest,
    ListRelationshipsRequest, RevokeAgreementRequest, SuspendApplicationRequest,
};
use trellis_contracts::values;
use trellis_kernel::{FixedClock, Timestamp, Uuid};
use trellis_testkit::{Backend, Caller, Setup, Shape, Suite, refused, run};

use super::{Place, words};

/// How an application is stopped.
#[derive(Clone, Copy, Debug)]
enum End {
    Expired,
    Revoked,
    Suspended,
}

/// An application with an agreement on directory and education records of the high school, for a day.
pub(super) struct Vendor {
    pub(super) application: String,
    agreement: String,
    pub(super) caller: Caller,
}

pub(super) async fn vendor(place: &Place) -> Vendor {
    let mut client = ApplicationServiceClient::new(place.suite.operator(&place.school.district));
    let application = Application {
        display_name: "Garden log".to_owned(),
        vendor: "A vendor".to_owned(),
        ..Application::default()
    };
    let request = CreateApplicationRequest {
        parent: place.school.parent(),
        application: Some(application),
        ..CreateApplicationRequest::default()
    };
    let application = client.create_application(request).await.expect("an application").into_inner();
    let agreement = Agreement {
        application: application.name.clone(),
        basis: AgreementBasis::SchoolOfficial.into(),
        data_classes: vec![DataClass::Directory.into(), DataClass::EducationRecord.into()],
        organizations: vec![place.school.school.clone()],
        purpose: "To keep a log of a garden".to_owned(),
        expire_time: Some(values::timestamp(place.suite.now() + SignedDuration::from_hours(24))),
        ..Agreement::default()
    };
    let request = CreateAgreementRequest {
        parent: place.school.parent(),
        agreement: Some(agreement),
        ..CreateAgreementRequest::default()
    };
    let agreement = client.create_agreement(request).await.expect("an agreement").into_inner().name;
    let id: Uuid = application.uid.parse().expect("an id");
    let caller = place.suite.application(&place.school.district, id);
    Vendor { application: application.name, agreement, caller }
}

async fn entry(place: &Place, of: Uuid) -> String {
    let entry = Entry {
        facet: EntryFacet::Interest.into(),
        text: words("Bees"),
        audience: EntryAudience::MyEducators.into(),
        ..Entry::default()
    };
    let request = CreateEntryRequest {
        parent: place.school.learner(of),
        entry: Some(entry),
        ..CreateEntryRequest::default()
    };
    let learner = place.person(of, trellis_testkit::Role::Learner);
    LearnerServiceClient::new(learner).create_entry(request).await.expect("an entry").into_inner().name
}

/// The entries that the feed tells of, once the relay has come as far as `last`, which the learner sees.
async fn followed(place: &Place, vendor: &Vendor, last: &str) -> Result<Vec<String>, tonic::Status> {
    while !told(place, &place.learner(), last).await?.contains(&last.to_owned()) {
        tokio::task::yield_now().await;
    }
    let told = told(place, &vendor.caller, "").await?;
    Ok(told.into_iter().filter(|name| name.contains("/learners/")).collect())
}

async fn told(place: &Place, caller: &Caller, until: &str) -> Result<Vec<String>, tonic::Status> {
    let (mut names, mut resume_token) = (Vec::new(), String::new());
    loop {
        let request = ListChangesRequest {
            parent: place.school.parent(),
            resume_token,
            ..ListChangesRequest::default()
        };
        let page = ChangeServiceClient::new(caller.clone()).list_changes(request).await?.into_inner();
        names.extend(page.changes.into_iter().map(|change| change.resource));
        if !page.more || (!until.is_empty() && names.iter().any(|name| name == until)) {
            return Ok(names);
        }
        resume_token = page.resume_token;
    }
}

fn ends(backend: Backend, end: End) {
    run(async {
        let start: Timestamp = "2026-09-01T12:00:00Z".parse().expect("a moment");
        let clock = Arc::new(FixedClock::at(start));
        let setup = Setup { backend, shape: Shape::OneProcess, clock: Some(clock.clone()) };
        let place = Place::of(Suite::with(setup).await).await;
        let vendor = vendor(&place).await;
        let _elsewhere = entry(&place, place.school.other_learner).await;
        let first = entry(&place, place.school.learner).await;
        let get = |name: &str| GetEntryRequest { name: name.to_owned() };
        let mut entries = LearnerServiceClient::new(vendor.caller.clone());
        entries.get_entry(get(&first)).await.expect("covered");
        // The other school's learner is not covered, and what is sensitive is of nobody.
        assert_eq!(followed(&place, &vendor, &first).await.expect("changes"), [first.as_str()]);
        let parent = place.school.person(place.school.learner);
        let request = ListRelationshipsRequest { parent, ..ListRelationshipsRequest::default() };
        let answer = RosterServiceClient::new(vendor.caller.clone()).list_relationships(request).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");

        let operator = place.suite.operator(&place.school.district);
        let mut district = ApplicationServiceClient::new(operator);
        match end {
            End::Expired => {
                clock.advance(SignedDuration::from_hours(24));
            }
            End::Revoked => {
                let name = vendor.agreement.clone();
                let request = RevokeAgreementRequest { name, ..RevokeAgreementRequest::default() };
                district.revoke_agreement(request).await.expect("revoked");
            }
            End::Suspended => {
                let name = vendor.application.clone();
                let request = SuspendApplicationRequest { name, ..SuspendApplicationRequest::default() };
                district.suspend_application(request).await.expect("suspended");
            }
        }
        let vendor = Vendor {
            caller: place.suite.application(
                &place.school.district,
                vendor.application.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"),
            ),
            ..vendor
        };
        let mut entries = LearnerServiceClient::new(vendor.caller.clone());
        refused(entries.get_entry(get(&first)).await, Code::PermissionDenied, "ACCESS_DENIED");
        let second = entry(&place, place.school.learner).await;
        let status = followed(&place, &vendor, &second).await.expect_err("no feed without an agreement");
        assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    });
}

#[test]
fn expired_sqlite() {
    ends(Backend::Sqlite, End::Expired);
}

#[test]
fn expired_postgres() {
    ends(Backend::Postgres, End::Expired);
}

#[test]
fn revoked_sqlite() {
    ends(Backend::Sqlite, End::Revoked);
}

#[test]
fn revoked_postgres() {
    ends(Backend::Postgres, End::Revoked);
}

#[test]
fn suspended_sqlite() {
    ends(Backend::Sqlite, End::Suspended);
}

#[test]
fn suspended_postgres() {
    ends(Backend::Postgres, End::Suspended);
}
