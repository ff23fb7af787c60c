//! Tokens: forged, borrowed, and with every scope there is.

use std::time::Duration;

use jiff::SignedDuration;
use tonic::Code;
use trellis_auth::{Claims, DEV_ISSUER, SERVICE_ISSUER, Signer};
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{CallerKind, DataClass, WhoAmIRequest};
use trellis_contracts::internal::StreamEventsRequest;
use trellis_contracts::internal::event_service_client::EventServiceClient;
use trellis_contracts::outcome::ListFrameworksRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::profile::access_service_client::AccessServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::token_service_client::TokenServiceClient;
use trellis_contracts::profile::{DecideAccessRequest, GetPersonRequest, RevokeTokenRequest};
use trellis_kernel::{District, Party, Scopes};
use trellis_testkit::{Backend, Caller, Setup, Shape, Suite, refused, run};

use super::Place;

async fn place() -> Place {
    Place::of(Suite::start(Backend::Sqlite).await).await
}

/// What the development issuer's key signs, whatever it says of itself.
fn forged(place: &Place, issuer: &str, party: &Party, change: impl FnOnce(&mut serde_json::Value)) -> Caller {
    let signer =
        Signer::open(&place.suite.directory().join("keys").join("dev.pem"), issuer).expect("the key");
    let district = District::parse(&place.school.district).expect("a district");
    let expire = place.suite.now() + SignedDuration::from_hours(1);
    let claims = Claims::new(issuer, district, party, &Scopes::parse("*"), expire);
    let mut claims = serde_json::to_value(claims).expect("JSON");
    change(&mut claims);
    let claims: Claims = serde_json::from_value(claims).expect("claims");
    place.suite.endpoint().with(&signer.mint(&claims).expect("a token"))
}

async fn who(caller: &Caller) -> Result<CallerKind, tonic::Status> {
    let answer = IdentityServiceClient::new(caller.clone()).who_am_i(WhoAmIRequest {}).await?;
    Ok(answer.into_inner().kind())
}

#[test]
fn nobody_but_the_suite_speaks_as_a_service() {
    run(async {
        let place = place().await;
        let service = Party::Service { name: "profile".to_owned(), on_behalf_of: None };
        for issuer in [DEV_ISSUER, SERVICE_ISSUER, "trellis:services "] {
            let caller = forged(&place, issuer, &service, |_| {});
            assert_eq!(who(&caller).await.expect_err("forged").code(), Code::Unauthenticated, "{issuer}");
        }
        // In the services' own name, for a person.
        let person = Party::Person(place.school.administrator);
        let caller = forged(&place, SERVICE_ISSUER, &person, |_| {});
        assert_eq!(who(&caller).await.expect_err("forged").code(), Code::Unauthenticated);
    });
}

#[test]
fn a_person_s_token_speaks_on_nobody_else_s_behalf() {
    run(async {
        let place = place().await;
        let classmate = Party::Person(place.school.classmate);
        let administrator = place.school.administrator.to_string();
        let caller = forged(&place, DEV_ISSUER, &classmate, |claims| {
            let mut behalf = claims.clone();
            behalf["trellis_id"] = administrator.clone().into();
            claims["trellis_on_behalf_of"] = behalf;
            claims["roles"] = serde_json::json!(["districtAdministrator"]);
        });
        assert_eq!(who(&caller).await.expect("believed as what it is"), CallerKind::Person);
        let request = GetPersonRequest { name: place.school.person(place.school.learner) };
        let answer = RosterServiceClient::new(caller).get_person(request).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
    });
}

#[test]
fn every_scope_there_is_opens_nothing_between_the_services() {
    run(async {
        let place = place().await;
        let parties = [
            Party::Person(place.school.administrator),
            Party::Operator,
            Party::Application(place.school.administrator),
        ];
        for party in parties {
            let caller = place.suite.caller(&place.school.district, &party, &Scopes::parse("* internal.*"));
            let request = DecideAccessRequest {
                district: place.school.parent(),
                party: format!("people/{}", place.school.educator),
                data_class: DataClass::EducationRecord.into(),
                learners: vec![place.school.learner.to_string()],
            };
            let answer = AccessServiceClient::new(caller.clone()).decide_access(request).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
            let answer = EventServiceClient::new(caller).stream_events(StreamEventsRequest::default()).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
    });
}

#[test]
fn every_process_refuses_a_token_that_was_taken_back_in_one() {
    run(async {
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::ProgramPerService, clock: None };
        let place = Place::of(Suite::with(setup).await).await;
        let educator = place.educator();
        let list = ListFrameworksRequest { parent: place.school.parent(), ..Default::default() };
        let lists =
            async || FrameworkServiceClient::new(educator.clone()).list_frameworks(list.clone()).await;
        // Its own process, and that of another service, which from now on remembers the token for a moment.
        who(&educator).await.expect("believed");
        lists().await.expect("believed");
        let token_id = Claims::unverified(educator.token()).expect("a token").jti.expect("its name");
        let request = RevokeTokenRequest { parent: place.school.parent(), token_id, ..Default::default() };
        let operator = place.suite.operator(&place.school.district);
        TokenServiceClient::new(operator).revoke_token(request).await.expect("taken back");
        let refused = who(&educator).await.expect_err("at once where the list is kept");
        assert_eq!(refused.code(), Code::Unauthenticated);
        let everywhere = async {
            // Whoever asks so often may be asked to wait in between.
            while lists().await.err().map(|refused| refused.code()) != Some(Code::Unauthenticated) {}
        };
        // What is promised is a second.
        tokio::time::timeout(Duration::from_secs(3), everywhere).await.expect("within a second");
    });
}
