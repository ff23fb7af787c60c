//! Calls are made again where that is safe and helps, and only there.

use std::time::Duration;

use tonic::{Code, Status};
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::{CreateFrameworkRequest, Framework};
use trellis_contracts::profile::ImportRosterRequest;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::status::refuse;
use trellis_kernel::{Failure, Reason};
use trellis_rpc::{PeerChannel, Policy, Remote, Target};
use trellis_testkit::run;

use crate::faulty::{Fault, Faulty};
use crate::house::{EventServiceClient, House, identity, reason, soon};

const SOON: Duration = Duration::from_millis(20);

fn quick() -> Policy {
    Policy { first_wait: Duration::from_millis(1), ..Policy::default() }
}

fn channel(server: &Faulty, policy: Policy) -> PeerChannel {
    let target = Target::remote_with("identity", Remote { policy, ..Remote::at(server.url()) });
    House::new().peer("outcome", &target.expect("a URL")).itself()
}

async fn read(channel: &PeerChannel) -> Result<(), Status> {
    soon(identity(channel.clone()).who_am_i(WhoAmIRequest {})).await.map(drop)
}

async fn write(channel: &PeerChannel, request_id: &str) -> Result<(), Status> {
    let request = CreateFrameworkRequest {
        parent: "districts/grand-bend".to_owned(),
        framework: Some(Framework::default()),
        request_id: request_id.to_owned(),
    };
    soon(FrameworkServiceClient::new(channel.clone()).create_framework(request)).await.map(drop)
}

/// The ways in which a call may have been served, and nobody knows.
const UNKNOWN: [Fault; 5] = [Fault::Drop, Fault::Leave, Fault::Refuse, Fault::BreakOff, Fault::Gateway(503)];

/// What a refusal asks for that is worth another call.
fn asking() -> [Status; 4] {
    [
        refuse(Failure::exhausted(Reason::Overloaded, "Come again.").retry_after(SOON)),
        refuse(Failure::exhausted(Reason::RateLimited, "Come again.").retry_after(SOON)),
        refuse(Failure::unavailable(Reason::ShuttingDown, "Come again.", SOON)),
        Status::unavailable("from something in between"),
    ]
}

#[test]
fn a_read_is_made_again_whatever_became_of_it() {
    run(async {
        for fault in UNKNOWN.into_iter().chain(asking().map(Fault::Status)) {
            let server = Faulty::start([fault.clone()]).await;
            read(&channel(&server, quick())).await.unwrap_or_else(|status| panic!("{fault:?}: {status}"));
            let path = "/trellis.common.v1.IdentityService/WhoAmI".to_owned();
            assert_eq!(server.seen(), [(path.clone(), 0), (path, 1)], "{fault:?}");
        }
    });
}

#[test]
fn a_write_is_made_again_only_with_a_request_id() {
    run(async {
        for fault in UNKNOWN.into_iter().chain(asking().map(Fault::Status)) {
            let server = Faulty::start([fault.clone()]).await;
            let channel = channel(&server, quick());
            write(&channel, "").await.expect_err("nobody knows");
            assert_eq!(server.calls(), 1, "{fault:?}");
            let server = Faulty::start([fault.clone()]).await;
            let channel = self::channel(&server, quick());
            write(&channel, "0198a1b2-0000-7000-8000-000000000000").await.expect("the second time");
            assert_eq!(server.calls(), 2, "{fault:?}");
        }
    });
}

#[test]
fn what_broke_says_that_the_other_is_away_and_when_to_come_again() {
    run(async {
        for fault in UNKNOWN {
            let server = Faulty::start(vec![fault.clone(); 20]).await;
            let refused = read(&channel(&server, quick())).await.expect_err("each time");
            assert_eq!(refused.code(), Code::Unavailable, "{fault:?}");
            assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"), "{fault:?}");
            assert_eq!(server.calls(), 4, "{fault:?}");
        }
    });
}

#[test]
fn a_stream_of_the_caller_is_sent_once() {
    run(async {
        let server = Faulty::start([Fault::Drop]).await;
        let mut client = RosterTransferServiceClient::new(channel(&server, quick()));
        let messages = tokio_stream::once(ImportRosterRequest::default());
        let failed = soon(client.import_roster(messages)).await.expect_err("it broke");
        assert_eq!(reason(&failed).as_deref(), Some("PEER_UNAVAILABLE"));
        assert_eq!(server.calls(), 1);
    });
}

#[test]
fn a_stream_is_opened_again_only_before_its_beginning() {
    run(async {
        let request =
            StreamEventsRequest { producer: "outcome".to_owned(), ..StreamEventsRequest::default() };
        let server = Faulty::start([Fault::Drop]).await;
        let mut client = EventServiceClient::new(channel(&server, quick()));
        let mut stream = soon(client.stream_events(request.clone())).await.expect("opened").into_inner();
        soon(stream.message()).await.expect("the first").expect("a message");
        assert_eq!(server.calls(), 2);

        let server = Faulty::start([Fault::BreakOff]).await;
        let mut client = EventServiceClient::new(channel(&server, quick()));
        let mut stream = soon(client.stream_events(request)).await.expect("opened").into_inner();
        let broken = loop {
            match soon(stream.message()).await {
                Ok(message) => assert!(message.is_some(), "it did not end in order"),
                Err(broken) => break broken,
            }
        };
        assert_eq!(reason(&broken).as_deref(), Some("PEER_UNAVAILABLE"));
        assert_eq!(server.calls(), 1, "its reader goes on from where it was");
    });
}

#[test]
fn a_refusal_that_asks_for_nothing_is_handed_over_at_once() {
    run(async {
        let long = Policy::default().longest_wait * 2;
        for refusal in [
            refuse(Failure::access_denied()),
            refuse(Failure::field("name", "must be one")),
            refuse(Failure::exhausted(Reason::LimitExceeded, "Too large.")),
            refuse(Failure::internal("a defect")),
            refuse(Failure::unavailable(Reason::PeerUnavailable, "A third is away.", SOON)),
            refuse(Failure::exhausted(Reason::RateLimited, "Come much later.").retry_after(long)),
        ] {
            let server = Faulty::start([Fault::Status(refusal.clone())]).await;
            let refused = read(&channel(&server, quick())).await.expect_err("refused");
            assert_eq!((refused.code(), reason(&refused)), (refusal.code(), reason(&refusal)));
            assert_eq!(server.calls(), 1, "{refusal}");
        }
    });
}

#[test]
fn no_wait_outlasts_the_deadline() {
    run(async {
        let after = Duration::from_secs(1);
        let overloaded = refuse(Failure::exhausted(Reason::Overloaded, "Come again.").retry_after(after));
        let server = Faulty::start([Fault::Status(overloaded)]).await;
        let mut request = tonic::Request::new(WhoAmIRequest {});
        request.set_timeout(Duration::from_millis(900));
        let refused = identity(channel(&server, quick())).who_am_i(request).await.expect_err("too late");
        assert_eq!(
            reason(&refused).as_deref(),
            Some("OVERLOADED"),
            "what it was told, not that time is over"
        );
        assert_eq!(server.calls(), 1);
    });
}

#[test]
fn what_something_in_between_refuses_is_refused_once_and_shuts_nobody_out() {
    run(async {
        let policy = Policy { circuit_failures: 2, ..quick() };
        let server = Faulty::start([403, 404, 401, 500].map(Fault::Gateway)).await;
        let channel = channel(&server, policy);
        for code in [Code::PermissionDenied, Code::Unimplemented, Code::Unauthenticated, Code::Unknown] {
            assert_eq!(read(&channel).await.expect_err("refused").code(), code);
        }
        assert_eq!(server.calls(), 4, "each once");
        read(&channel).await.expect("the circuit is closed");
    });
}

#[test]
fn where_all_fail_few_are_made_again() {
    run(async {
        let policy = Policy { retry_tokens: 10, circuit_failures: u32::MAX, ..quick() };
        let server = Faulty::start(vec![Fault::Gateway(503); 1000]).await;
        let channel = channel(&server, policy);
        for _ in 0..15 {
            read(&channel).await.expect_err("each time");
        }
        assert!(server.calls() <= 15 + 5, "{} calls for 15", server.calls());
    });
}
