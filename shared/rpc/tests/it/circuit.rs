//! A service that answers nobody is left in peace, and its callers are told at once.

use std::time::Duration;

use tokio::time::Instant;
use tonic::{Code, Status};
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_contracts::status::received;
use trellis_rpc::{Limits, PeerChannel, Policy, Remote, Target};
use trellis_testkit::run;

use crate::faulty::{Fault, Faulty};
use crate::house::{Does, EventServiceClient, House, Running, identity, reason, soon};

const OPEN: Duration = Duration::from_millis(300);

/// Gives up soon, and remembers it for a while.
fn impatient() -> Policy {
    Policy {
        unary_timeout: Duration::from_millis(50),
        silent_after: Duration::from_millis(20),
        attempts: 1,
        circuit_failures: 3,
        circuit_open: OPEN,
        circuit_open_longest: OPEN,
        ..Policy::default()
    }
}

async fn read(channel: &PeerChannel) -> Result<(), Status> {
    soon(identity(channel.clone()).who_am_i(WhoAmIRequest {})).await.map(drop)
}

/// A service in this process, and the same behind a socket.
async fn both(house: &House, does: &Does, policy: &Policy) -> (Running, [PeerChannel; 2]) {
    let here = Target::in_process_with("identity", policy.clone());
    here.serve(house.routes(does.clone()));
    let server = Running::start(house.routes(does.clone()), Limits::default()).await;
    let remote = Remote { policy: policy.clone(), ..Remote::at(server.url()) };
    let there = Target::remote_with("identity", remote).expect("a URL");
    (server, [here, there].map(|target| house.peer("outcome", &target).itself()))
}

#[test]
fn who_asks_a_service_that_hangs_is_soon_refused_at_once() {
    run(async {
        let policy = Policy { circuit_open: Duration::from_mins(1), ..impatient() };
        let policy = Policy { circuit_open_longest: policy.circuit_open, ..policy };
        let (_server, channels) = both(&House::new(), &Does::Hang, &policy).await;
        for channel in channels {
            for _ in 0..3 {
                let late = read(&channel).await.expect_err("it hangs");
                assert_eq!(late.code(), Code::DeadlineExceeded);
            }
            let refused = read(&channel).await.expect_err("nobody answers");
            assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"));
            let after = received(&refused).retry().expect("when to try again");
            assert!(after > Duration::from_secs(30) && after <= Duration::from_mins(1), "{after:?}");
        }
    });
}

#[test]
fn a_caller_without_patience_speaks_against_nobody() {
    run(async {
        let policy = Policy { silent_after: Duration::from_secs(5), ..impatient() };
        let (_server, channels) = both(&House::new(), &Does::Hang, &policy).await;
        for channel in channels {
            for _ in 0..10 {
                assert_eq!(read(&channel).await.expect_err("it hangs").code(), Code::DeadlineExceeded);
            }
        }
    });
}

#[test]
fn a_refusal_is_an_answer() {
    run(async {
        // A panic takes its time to be written down.
        let policy = Policy { unary_timeout: Duration::from_secs(10), ..impatient() };
        let (_server, channels) = both(&House::new(), &Does::Panic, &policy).await;
        for channel in channels {
            for _ in 0..5 {
                assert_eq!(read(&channel).await.expect_err("it panics").code(), Code::Internal);
                let request =
                    StreamEventsRequest { producer: "nobody".to_owned(), ..StreamEventsRequest::default() };
                let mut events = EventServiceClient::new(channel.clone());
                let refused = soon(events.stream_events(request)).await.expect_err("no such producer");
                assert_eq!(refused.code(), Code::InvalidArgument);
            }
        }
    });
}

#[test]
fn a_service_that_answers_nobody_is_asked_by_one_call_at_a_time() {
    run(async {
        let server = Faulty::start(vec![Fault::Drop; 5]).await;
        let target =
            Target::remote_with("identity", Remote { policy: impatient(), ..Remote::at(server.url()) });
        let channel = House::new().peer("outcome", &target.expect("a URL")).itself();
        for _ in 0..3 {
            read(&channel).await.expect_err("broken");
        }
        let opened = Instant::now();
        soon(async {
            loop {
                if read(&channel).await.is_ok() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert!(opened.elapsed() >= OPEN * 2, "two probes failed, each after the time it was left in peace");
        assert_eq!(server.calls(), 3 + 2 + 1, "however many asked, only the probes reached it");
        read(&channel).await.expect("it is back");
    });
}
