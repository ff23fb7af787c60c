//! What is streamed to the suite: nothing is read of whom nobody knows.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status};
use trellis_auth::Claims;
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::ListFrameworksRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::profile::RevokeTokenRequest;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::token_service_client::TokenServiceClient;
use trellis_testkit::{Backend, Caller, Suite, on_each_database, refused, run};

use super::Place;
use crate::faults::imports;

/// The district that is imported into.
const DISTRICT: &str = "grand-bend";
const REQUEST: &str = "01900000-0000-7000-8000-0000000000c1";

/// Begins both imports and never sends a message. Were the first waited for, no answer would come.
async fn silent(caller: Caller, code: Code, because: &str) {
    async fn at_once<T>(
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<Response<T>, Status> {
        timeout(Duration::from_secs(20), call).await.expect("an answer without waiting for a message")
    }
    let mut frameworks = FrameworkTransferServiceClient::new(caller.clone());
    refused(at_once(frameworks.import_framework(tokio_stream::pending())).await, code, because);
    let mut rosters = RosterTransferServiceClient::new(caller);
    refused(at_once(rosters.import_roster(tokio_stream::pending())).await, code, because);
}

#[test]
fn nothing_of_a_stream_is_read_before_its_sender_is_known() {
    run(async {
        let place = Place::of(Suite::start(Backend::Sqlite).await).await;
        silent(place.suite.nobody(), Code::Unauthenticated, "UNAUTHENTICATED").await;
        silent(place.suite.endpoint().with("a.b.c"), Code::Unauthenticated, "UNAUTHENTICATED").await;
        silent(place.learner(), Code::PermissionDenied, "SCOPE_MISSING").await;
    });
}

/// The district takes the token of a caller back.
async fn take_back(suite: &Suite, caller: &Caller) {
    let token_id = Claims::unverified(caller.token()).expect("a token").jti.expect("its name");
    let request =
        RevokeTokenRequest { parent: format!("districts/{DISTRICT}"), token_id, ..Default::default() };
    TokenServiceClient::new(suite.operator(DISTRICT)).revoke_token(request).await.expect("taken back");
}

/// Imports a framework, whose sender's token is taken back once so many of its messages have come.
async fn framework_until(suite: &Suite, messages: usize) {
    let document = std::fs::read(imports::demonstration("mockMATH.json")).expect("the document");
    let (operator, watching) = (suite.operator(DISTRICT), suite.operator(DISTRICT));
    let (send, receive) = mpsc::channel(1);
    let import = imports::framework(&operator, receive);
    let all = imports::messages(REQUEST, &document);
    let messages = messages.min(all.len());
    let bytes: usize = all[..messages].iter().map(|message| message.chunk.len()).sum();
    let mut all = all.into_iter();
    for message in all.by_ref().take(messages) {
        send.send(message).await.expect("the import listens");
    }
    while imports::transfer(&watching, REQUEST)
        .await
        .map_or(0, |transfer| usize::try_from(transfer.into_inner().received_size).expect("a size"))
        < bytes
    {}
    take_back(suite, &operator).await;
    for message in all {
        // It may be refused by now.
        let _ = send.send(message).await;
    }
    drop(send);
    refused(import.await.expect("no panic"), Code::Unauthenticated, "UNAUTHENTICATED");
    let failed = imports::transfer(&watching, REQUEST).await.expect("it is known").into_inner();
    assert_eq!(failed.state(), JobState::Failed, "{failed:?}");
    let every = ListFrameworksRequest { parent: format!("districts/{DISTRICT}"), ..Default::default() };
    let left = FrameworkServiceClient::new(watching).list_frameworks(every).await.expect("a page");
    assert!(left.into_inner().frameworks.is_empty(), "nothing is half-written");
}

on_each_database!(
    async fn a_framework_whose_sender_s_token_is_taken_back_is_not_imported(suite: Suite) {
        framework_until(&suite, 5).await;
        // Nor where all of it had come.
        framework_until(&suite, usize::MAX).await;
        let document = std::fs::read(imports::demonstration("mockMATH.json")).expect("the document");
        let again = imports::whole(&suite.operator(DISTRICT), REQUEST, &document).await.expect("no panic");
        assert_eq!(again.expect("it is imported").into_inner().state(), JobState::Succeeded);
    }
);

on_each_database!(
    async fn a_roster_whose_sender_s_token_is_taken_back_is_not_imported(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        // More than a stream takes of which nothing is read: when all is sent, the import is under way.
        let archive = imports::archive_with(&vec![0; 4 << 20]);
        let (send, receive) = mpsc::channel(1);
        let mut client = RosterTransferServiceClient::new(operator.clone());
        let import = tokio::spawn(async move { client.import_roster(ReceiverStream::new(receive)).await });
        for message in imports::roster_messages(REQUEST, &archive) {
            send.send(message).await.expect("the import listens");
        }
        take_back(&suite, &operator).await;
        drop(send);
        refused(import.await.expect("no panic"), Code::Unauthenticated, "UNAUTHENTICATED");

        let messages = tokio_stream::iter(imports::roster_messages(REQUEST, &archive));
        let again = RosterTransferServiceClient::new(suite.operator(DISTRICT)).import_roster(messages).await;
        let again = again.expect("it is imported").into_inner();
        assert_eq!(again.state(), JobState::Succeeded);
        let there: i32 = again.files.iter().map(|file| file.updated + file.unchanged + file.retired).sum();
        assert_eq!(there, 0, "nothing was there before: {again:?}");
    }
);
