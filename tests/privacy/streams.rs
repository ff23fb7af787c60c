//! What is streamed to the suite: nothing is read of whom nobody knows.

use std::time::Duration;

use tokio::time::timeout;
use tonic::{Code, Response, Status};
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_testkit::{Backend, Caller, Suite, refused, run};

use super::Place;

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
