//! A sandbox: emptied in all services, and the journey in it leaves the same traces each time.

use trellis_contracts::common::sandbox_service_client::SandboxServiceClient;
use trellis_contracts::common::{GetSandboxRequest, ResetSandboxRequest, Sandbox, SandboxState};
use trellis_contracts::experience::ListDesignsRequest;
use trellis_contracts::experience::design_service_client::DesignServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::{ListFrameworksRequest, SearchOutcomesRequest};
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::token_service_client::TokenServiceClient;
use trellis_contracts::profile::{ListOrganizationsRequest, ListRevokedTokensRequest, RevokeTokenRequest};
use trellis_contracts::scheduling::ListCalendarsRequest;
use trellis_contracts::scheduling::calendar_service_client::CalendarServiceClient;
use trellis_contracts::values;
use trellis_kernel::Timestamp;
use trellis_suite::journey::Traces;
use trellis_testkit::nats::Nats;
use trellis_testkit::{Backend, Caller, Extra, School, Setup, Shape, Suite, run};

use super::replicas::until;
use super::{SMALL, walk};

const SANDBOX: &str = "sandbox";
const NAME: &str = "districts/sandbox";

/// A year ago and a half, as a school may keep its tests.
fn then() -> Timestamp {
    "2025-05-01T08:00:00Z".parse().expect("a moment")
}

async fn reset(operator: &Caller, request_id: &str) -> Sandbox {
    let request = ResetSandboxRequest {
        name: NAME.to_owned(),
        clock_time: Some(values::timestamp(then())),
        request_id: request_id.to_owned(),
    };
    let answer = SandboxServiceClient::new(operator.clone()).reset_sandbox(request).await;
    answer.expect("a reset").into_inner()
}

/// Walks the journey at the sandbox's own time, and tells what it left.
async fn traces(suite: &Suite) -> String {
    let traces = walk(suite, School::journey(SANDBOX, SMALL.to_vec(), then())).await;
    // The import of the framework is named by its request_id, which is new each time.
    let traces = Traces { framework_transfer: String::new(), ..traces };
    serde_json::to_string_pretty(&traces).expect("traces")
}

/// How many there are of some that each service has.
async fn held(operator: &Caller) -> [usize; 4] {
    let parent = NAME.to_owned();
    let frameworks = ListFrameworksRequest { parent: parent.clone(), ..ListFrameworksRequest::default() };
    let frameworks = FrameworkServiceClient::new(operator.clone()).list_frameworks(frameworks).await;
    let organizations =
        ListOrganizationsRequest { parent: parent.clone(), ..ListOrganizationsRequest::default() };
    let organizations = RosterServiceClient::new(operator.clone()).list_organizations(organizations).await;
    let designs = ListDesignsRequest { parent: parent.clone(), ..ListDesignsRequest::default() };
    let designs = DesignServiceClient::new(operator.clone()).list_designs(designs).await;
    let calendars = ListCalendarsRequest { parent, ..ListCalendarsRequest::default() };
    let calendars = CalendarServiceClient::new(operator.clone()).list_calendars(calendars).await;
    [
        frameworks.expect("frameworks").into_inner().frameworks.len(),
        organizations.expect("organizations").into_inner().organizations.len(),
        designs.expect("designs").into_inner().designs.len(),
        calendars.expect("calendars").into_inner().calendars.len(),
    ]
}

/// What a search finds. A process that did not empty the sandbox remembers it for a moment.
async fn found(operator: &Caller) -> usize {
    let search = SearchOutcomesRequest {
        parent: NAME.to_owned(),
        query: "a".to_owned(),
        ..SearchOutcomesRequest::default()
    };
    let matches = OutcomeServiceClient::new(operator.clone()).search_outcomes(search).await;
    matches.expect("matches").into_inner().matches.len()
}

/// Walks the journey, empties the sandbox at once, while events are on their way, and walks it again.
async fn the_same_again(suite: &Suite) {
    let operator = suite.operator(SANDBOX);
    let ours = suite.operator("grand-bend");
    walk(suite, School::journey("grand-bend", SMALL.to_vec(), suite.now())).await;
    reset(&operator, "").await;
    let first = traces(suite).await;
    for turn in 2..4 {
        let sandbox = reset(&operator, "").await;
        assert_eq!((sandbox.state(), sandbox.reset_count), (SandboxState::Open, turn));
        assert_eq!(sandbox.clock_time, Some(values::timestamp(then())));
        assert_eq!(held(&operator).await, [0; 4], "nothing is left of it");
        until(0, async || found(&operator).await).await;
        assert_eq!(traces(suite).await, first);
    }
    let request = ListFrameworksRequest { parent: "districts/grand-bend".to_owned(), ..Default::default() };
    let others = FrameworkServiceClient::new(ours).list_frameworks(request).await.expect("frameworks");
    assert!(!others.into_inner().frameworks.is_empty(), "what another district has is left alone");
}

fn with(backend: Backend, shape: Shape, more: &[&str]) {
    let flags = [&["--sandbox", SANDBOX], more].concat();
    run(async {
        let extra = Extra { flags: &flags, ..Extra::default() };
        let suite = Suite::started(Setup { backend, shape, clock: None }, &extra).await;
        the_same_again(&suite).await;
    });
}

#[test]
fn in_one_process_on_sqlite() {
    with(Backend::Sqlite, Shape::Program, &[]);
}

#[test]
fn with_each_service_in_its_own_process_on_sqlite() {
    with(Backend::Sqlite, Shape::ProgramPerService, &[]);
}

#[test]
fn with_each_service_in_two_processes_by_way_of_a_broker() {
    let nats = Nats::start();
    with(Backend::Postgres, Shape::TwoPerService, &["--nats-url", &nats.url()]);
}

#[test]
fn a_reset_is_repeated_once_and_a_token_that_was_taken_back_stays_so() {
    run(async {
        let extra = Extra { flags: &["--sandbox", SANDBOX], ..Extra::default() };
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::Program, clock: None };
        let suite = Suite::started(setup, &extra).await;
        let operator = suite.operator(SANDBOX);
        let revoke = RevokeTokenRequest {
            parent: NAME.to_owned(),
            token_id: "lost".to_owned(),
            ..RevokeTokenRequest::default()
        };
        let mut tokens = TokenServiceClient::new(operator.clone());
        tokens.revoke_token(revoke).await.expect("taken back");
        let id = "0198a1b2-0000-7000-8000-000000000000";
        let once = reset(&operator, id).await;
        assert_eq!(reset(&operator, id).await, once);
        let name = NAME.to_owned();
        let shown = SandboxServiceClient::new(operator.clone()).get_sandbox(GetSandboxRequest { name }).await;
        assert_eq!(shown.expect("the sandbox").into_inner(), once);
        assert_eq!(once.reset_count, 1);
        let list =
            ListRevokedTokensRequest { parent: NAME.to_owned(), ..ListRevokedTokensRequest::default() };
        let kept = tokens.list_revoked_tokens(list).await.expect("tokens").into_inner();
        assert_eq!(kept.revoked_tokens.len(), 1);
    });
}
