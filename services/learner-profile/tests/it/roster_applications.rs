//! Applications reach what their agreements cover, from one call to the next.

use tonic::Code;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{DataClass, Relation, WhoAmIRequest};
use trellis_contracts::profile::application_service_client::ApplicationServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{
    Agreement, AgreementBasis, Application, ApplicationState, CreateAgreementRequest,
    CreateApplicationRequest, GetPersonRequest, ListAgreementsRequest, ListApplicationsRequest,
    ListPeopleRequest, ListRelationshipsRequest, RevokeAgreementRequest, SuspendApplicationRequest,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, School, Suite, on_each_database, refused, violations};

use crate::roster_files::DISTRICT;

fn client(caller: &Caller) -> ApplicationServiceClient<Caller> {
    ApplicationServiceClient::new(caller.clone())
}

fn new_application(school: &School, request_id: &str) -> CreateApplicationRequest {
    CreateApplicationRequest {
        parent: school.parent(),
        application: Some(Application {
            display_name: "Portfolio".to_owned(),
            vendor: "Acme".to_owned(),
            ..Application::default()
        }),
        request_id: request_id.to_owned(),
    }
}

fn terms(school: &School, application: &Application, classes: &[DataClass]) -> CreateAgreementRequest {
    let agreement = Agreement {
        application: application.name.clone(),
        basis: AgreementBasis::SchoolOfficial.into(),
        data_classes: classes.iter().map(|class| i32::from(*class)).collect(),
        organizations: vec![school.school.clone()],
        purpose: "Keeps portfolios".to_owned(),
        expire_time: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 }),
        ..Agreement::default()
    };
    CreateAgreementRequest {
        parent: school.parent(),
        agreement: Some(agreement),
        ..CreateAgreementRequest::default()
    }
}

fn as_application(suite: &Suite, application: &Application) -> Caller {
    suite.application(DISTRICT, application.uid.parse::<Uuid>().unwrap())
}

async fn reads(caller: &Caller, name: String) -> bool {
    RosterServiceClient::new(caller.clone()).get_person(GetPersonRequest { name }).await.is_ok()
}

async fn lists(caller: &Caller) -> Vec<String> {
    let request =
        ListPeopleRequest { parent: format!("districts/{DISTRICT}"), ..ListPeopleRequest::default() };
    let page = RosterServiceClient::new(caller.clone()).list_people(request).await.unwrap().into_inner();
    page.people.into_iter().map(|person| person.name).collect()
}

on_each_database!(
    async fn an_application_reaches_the_people_of_its_agreement_until_it_is_revoked(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(DISTRICT);
        let application =
            client(&operator).create_application(new_application(&school, "")).await.unwrap().into_inner();
        let caller = as_application(&suite, &application);
        assert!(!reads(&caller, school.person(school.learner)).await, "nothing without an agreement");

        let agreement =
            client(&operator).create_agreement(terms(&school, &application, &[DataClass::Directory])).await;
        let agreement = agreement.unwrap().into_inner();
        assert!(reads(&caller, school.person(school.learner)).await);
        assert!(!reads(&caller, school.person(school.other_learner)).await, "another school's");
        let mut expected = [school.principal, school.educator, school.learner, school.classmate]
            .map(|id| school.person(id))
            .to_vec();
        let mut found = lists(&caller).await;
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        let sensitive = ListRelationshipsRequest {
            parent: school.person(school.learner),
            ..ListRelationshipsRequest::default()
        };
        let answer = RosterServiceClient::new(caller.clone()).list_relationships(sensitive).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");

        let who =
            IdentityServiceClient::new(caller.clone()).who_am_i(WhoAmIRequest {}).await.unwrap().into_inner();
        assert_eq!(who.application, application.name);
        assert_eq!(who.agreements, std::slice::from_ref(&agreement.name));
        assert_eq!(who.relations().collect::<Vec<_>>(), [Relation::Application]);

        let revoke = RevokeAgreementRequest { name: agreement.name, ..RevokeAgreementRequest::default() };
        let revoked = client(&operator).revoke_agreement(revoke.clone()).await.unwrap().into_inner();
        assert!(revoked.revoke_time.is_some());
        assert!(!reads(&caller, school.person(school.learner)).await, "from the next call on");
        let again = client(&operator).revoke_agreement(revoke).await.unwrap().into_inner();
        assert_eq!(again, revoked, "revoking again changes nothing");
    }
);

on_each_database!(
    async fn a_suspended_application_reaches_nothing(suite: Suite) {
        let school = suite.school().await;
        let admin = suite.person(DISTRICT, school.administrator, Role::Administrator);
        let application =
            client(&admin).create_application(new_application(&school, "")).await.unwrap().into_inner();
        client(&admin)
            .create_agreement(terms(&school, &application, &[DataClass::Directory, DataClass::Sensitive]))
            .await
            .unwrap();
        let caller = as_application(&suite, &application);
        assert!(reads(&caller, school.person(school.learner)).await);
        let suspend = SuspendApplicationRequest {
            name: application.name.clone(),
            ..SuspendApplicationRequest::default()
        };
        let suspended = client(&admin).suspend_application(suspend).await.unwrap().into_inner();
        assert_eq!(suspended.state(), ApplicationState::Suspended);
        assert!(!reads(&caller, school.person(school.learner)).await);
        let answer =
            client(&admin).create_agreement(terms(&school, &application, &[DataClass::Directory])).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn agreements_are_refused_that_no_district_can_make(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(DISTRICT);
        let application =
            client(&operator).create_application(new_application(&school, "")).await.unwrap().into_inner();
        let good = terms(&school, &application, &[DataClass::Directory]);
        let with = |change: &dyn Fn(&mut Agreement)| {
            let mut request = good.clone();
            change(request.agreement.as_mut().unwrap());
            request
        };
        let cases = [
            (with(&|a| a.data_classes = vec![3]), None),
            (
                with(&|a| {
                    a.basis = AgreementBasis::Directory.into();
                    a.data_classes = vec![3];
                }),
                Some(("FIELD_VIOLATION", "agreement.data_classes")),
            ),
            (
                with(&|a| a.expire_time = Some(prost_types::Timestamp { seconds: 1, nanos: 0 })),
                Some(("FIELD_VIOLATION", "agreement.expire_time")),
            ),
            (with(&|a| a.expire_time = None), Some(("FIELD_VIOLATION", "agreement.expire_time"))),
            (with(&|a| a.organizations.clear()), Some(("FIELD_VIOLATION", "agreement.organizations"))),
            (
                with(&|a| {
                    a.organizations = vec![format!("districts/{DISTRICT}/organizations/{}", Uuid::nil())];
                }),
                Some(("REFERENCE_NOT_FOUND", "agreement.organizations")),
            ),
            (
                with(&|a| a.application = format!("districts/lake-side/applications/{}", application.uid)),
                Some(("REFERENCE_NOT_FOUND", "agreement.application")),
            ),
        ];
        for (request, refusal) in cases {
            let answer = client(&operator).create_agreement(request).await;
            match refusal {
                None => assert!(answer.is_ok(), "{answer:?}"),
                Some((because, field)) => {
                    let missing = because == "REFERENCE_NOT_FOUND";
                    let code = if missing { Code::FailedPrecondition } else { Code::InvalidArgument };
                    let status = refused(answer, code, because);
                    assert_eq!(violations(&status)[0].0, field);
                }
            }
        }
    }
);

on_each_database!(
    async fn applications_are_kept_by_the_district_alone_and_made_once(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(DISTRICT);
        let request = new_application(&school, "01900000-0000-7000-8000-00000000000a");
        let first = client(&operator).create_application(request.clone()).await.unwrap().into_inner();
        let again = client(&operator).create_application(request).await.unwrap().into_inner();
        assert_eq!(first, again);
        client(&operator).create_application(new_application(&school, "")).await.unwrap();
        let list = ListApplicationsRequest { parent: school.parent(), page_size: 1, ..Default::default() };
        let page = client(&operator).list_applications(list.clone()).await.unwrap().into_inner();
        assert_eq!(page.applications, std::slice::from_ref(&first));
        let rest = ListApplicationsRequest { page_token: page.next_page_token, ..list.clone() };
        let rest = client(&operator).list_applications(rest).await.unwrap().into_inner();
        assert_eq!((rest.applications.len(), rest.next_page_token.as_str()), (1, ""));

        let made = client(&operator).create_agreement(terms(&school, &first, &[DataClass::Directory])).await;
        let made = made.unwrap().into_inner();
        let agreements =
            |filter: String| ListAgreementsRequest { parent: school.parent(), filter, ..Default::default() };
        let of_first = agreements(format!("application = \"{}\"", first.name));
        assert_eq!(
            client(&operator).list_agreements(of_first).await.unwrap().into_inner().agreements,
            [made]
        );
        let of_other = agreements(format!("application = \"{}\"", rest.applications[0].name));
        assert!(
            client(&operator).list_agreements(of_other).await.unwrap().into_inner().agreements.is_empty()
        );

        let principal = suite.person(DISTRICT, school.principal, Role::Administrator);
        refused(client(&principal).list_applications(list).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);
