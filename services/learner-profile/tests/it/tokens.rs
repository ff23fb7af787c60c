//! Tokens are taken back, and from the next call on prove nobody.

use tonic::Code;
use trellis_auth::Claims;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::outcome::ListFrameworksRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::token_service_client::TokenServiceClient;
use trellis_contracts::profile::{
    ListRevokedTokensRequest, RevokeTokenRequest, RevokedToken, WatchChangesRequest,
};
use trellis_testkit::{Caller, Role, on_each_database, refused, violations};

use crate::roster_files::DISTRICT;

fn client(caller: &Caller) -> TokenServiceClient<Caller> {
    TokenServiceClient::new(caller.clone())
}

fn jti(caller: &Caller) -> String {
    Claims::unverified(caller.token()).expect("a token").jti.expect("its name")
}

fn taking_back(district: &str, token_id: &str) -> RevokeTokenRequest {
    RevokeTokenRequest {
        parent: format!("districts/{district}"),
        token_id: token_id.to_owned(),
        ..RevokeTokenRequest::default()
    }
}

/// Whether the token opens anything: its own identity, and what another service holds.
async fn believed(caller: &Caller) -> bool {
    let who = IdentityServiceClient::new(caller.clone()).who_am_i(WhoAmIRequest {}).await;
    let list = ListFrameworksRequest { parent: format!("districts/{DISTRICT}"), ..Default::default() };
    let frameworks = FrameworkServiceClient::new(caller.clone()).list_frameworks(list).await;
    let (who, frameworks) = (who.map(drop), frameworks.map(drop));
    for refused in [&who, &frameworks].into_iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
    }
    assert_eq!(who.is_ok(), frameworks.is_ok());
    who.is_ok()
}

async fn list(caller: &Caller, page_size: i32, page_token: String) -> (Vec<RevokedToken>, String) {
    let parent = format!("districts/{DISTRICT}");
    let request = ListRevokedTokensRequest { parent, page_size, page_token };
    let page = client(caller).list_revoked_tokens(request).await.expect("a page").into_inner();
    (page.revoked_tokens, page.next_page_token)
}

on_each_database!(
    async fn a_token_that_was_taken_back_is_refused_by_the_very_next_call(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(DISTRICT);
        let learner = || suite.person(DISTRICT, school.learner, Role::Learner);
        let (lost, other) = (learner(), learner());
        assert!(believed(&lost).await && believed(&other).await);
        let elsewhere = suite.operator("elsewhere");
        // A district takes back its own tokens, whatever they are called.
        client(&elsewhere).revoke_token(taking_back("elsewhere", &jti(&lost))).await.expect("of its own");
        let answer = client(&elsewhere).revoke_token(taking_back(DISTRICT, &jti(&lost))).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        assert!(believed(&lost).await);

        let revoked = client(&operator).revoke_token(taking_back(DISTRICT, &jti(&lost))).await;
        let revoked = revoked.expect("taken back").into_inner();
        assert!(!believed(&lost).await);
        assert!(believed(&other).await, "the person has another");
        let admin = suite.person(DISTRICT, school.administrator, Role::Administrator);
        let again = client(&admin).revoke_token(taking_back(DISTRICT, &jti(&lost))).await;
        assert_eq!(without_end(again.expect("once more").into_inner()), without_end(revoked));
        // Whoever takes tokens back can take back their own.
        client(&operator).revoke_token(taking_back(DISTRICT, &jti(&operator))).await.expect("taken back");
        assert!(!believed(&operator).await);
    }
);

/// What stays of a record when its token is taken back again.
fn without_end(revoked: RevokedToken) -> RevokedToken {
    RevokedToken { expire_time: None, ..revoked }
}

fn end(revoked: &RevokedToken) -> (i64, i32) {
    revoked.expire_time.map(|end| (end.seconds, end.nanos)).expect("an end")
}

on_each_database!(
    async fn of_a_token_that_is_taken_back_twice_the_later_end_is_kept(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let year = 365 * 24 * 3600;
        let now = suite.now().as_second();
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let again = async |expire_time, request_id: &str| {
            let request_id = request_id.to_owned();
            let request = RevokeTokenRequest { expire_time, request_id, ..taking_back(DISTRICT, "misread") };
            client(&operator).revoke_token(request).await.expect("taken back").into_inner()
        };
        let id = "01900000-0000-7000-8000-00000000000c";
        let first = again(at(now + 3600), id).await;
        assert_eq!(end(&first), (now + 3600, 0));
        for (stated, kept) in
            [(now + 2 * year, now + 2 * year), (now + 60, now + 2 * year), (now + 3 * year, now + 3 * year)]
        {
            let revoked = again(at(stated), "").await;
            assert_eq!(end(&revoked), (kept, 0));
            assert_eq!(without_end(revoked), without_end(first.clone()));
        }
        assert_eq!(end(&again(None, "").await), (now + 3 * year, 0), "a year is less");
        assert_eq!(again(at(now + 3600), id).await, first, "the first reply");
        let (page, _) = list(&operator, 0, String::new()).await;
        assert_eq!(page.iter().map(end).collect::<Vec<_>>(), [(now + 3 * year, 0)]);
    }
);

on_each_database!(
    async fn the_list_holds_each_token_once_in_pages(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let request_id = "01900000-0000-7000-8000-00000000000b".to_owned();
        let first = RevokeTokenRequest { request_id, ..taking_back(DISTRICT, "first") };
        let made = client(&operator).revoke_token(first.clone()).await.expect("taken back").into_inner();
        let again = client(&operator).revoke_token(first).await.expect("a repetition").into_inner();
        assert_eq!(made, again);
        // Two at one moment leave one record.
        let (caller, other) = (operator.clone(), operator.clone());
        let (one, two) = tokio::join!(
            async { client(&caller).revoke_token(taking_back(DISTRICT, "second")).await },
            async { client(&other).revoke_token(taking_back(DISTRICT, "second")).await },
        );
        let (one, two) = (one.expect("taken back").into_inner(), two.expect("taken back").into_inner());
        assert_eq!(without_end(one.clone()), without_end(two.clone()));
        let later = if end(&one) < end(&two) { two } else { one };
        let (page, next) = list(&operator, 1, String::new()).await;
        assert_eq!(page, [made]);
        let (page, next) = list(&operator, 1, next).await;
        assert_eq!((page, next), (vec![later], String::new()));

        let ended = Some(prost_types::Timestamp { seconds: 1_577_836_800, nanos: 0 });
        let answer = client(&operator)
            .revoke_token(RevokeTokenRequest { expire_time: ended, ..taking_back(DISTRICT, "x") })
            .await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "expire_time");
    }
);

on_each_database!(
    async fn a_stream_ends_when_its_token_is_taken_back(suite: Suite) {
        let school = suite.school().await;
        let watcher = suite.person(DISTRICT, school.educator, Role::Educator);
        let request = WatchChangesRequest { parent: school.parent(), snapshot: true, ..Default::default() };
        let stream = ChangeServiceClient::new(watcher.clone()).watch_changes(request).await;
        let mut stream = stream.expect("a stream").into_inner();
        stream.message().await.expect("it is told").expect("something");
        client(&suite.operator(DISTRICT))
            .revoke_token(taking_back(DISTRICT, &jti(&watcher)))
            .await
            .expect("taken back");
        // What was on its way may still arrive.
        let ended = loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream says why it ends"),
                Err(status) => break status,
            }
        };
        assert_eq!(ended.code(), Code::Unauthenticated);
    }
);
