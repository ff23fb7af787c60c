//! A name with several addresses: each is called, and none that is gone.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpListener;
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::{PeerChannel, Policy, Remote, Resolve, Target};
use trellis_testkit::run;

use crate::faulty::{Fault, Faulty};
use crate::house::{House, identity, reason, soon};

/// The addresses that the test says there are.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<SocketAddr>>>);

impl Names {
    fn are(&self, addresses: impl IntoIterator<Item = SocketAddr>) {
        *self.0.lock().expect("no panic") = addresses.into_iter().collect();
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        assert_eq!((host, port), ("outcome", 50051));
        Ok(self.0.lock().expect("no panic").clone())
    }
}

fn channel(names: &Names, policy: Policy) -> PeerChannel {
    let remote = Remote { resolver: Arc::new(names.clone()), policy, ..Remote::at("http://outcome:50051") };
    House::new().peer("profile", &Target::remote_with("outcome", remote).expect("a URL")).itself()
}

/// Looks the addresses up for every call.
fn attentive() -> Policy {
    Policy { resolve_every: Duration::ZERO, ..Policy::default() }
}

async fn call(channel: &PeerChannel) {
    soon(identity(channel.clone()).who_am_i(WhoAmIRequest {})).await.expect("an answer");
}

/// Calls until a server has been called; the addresses are connected to as they are found.
async fn call_until_called(channel: &PeerChannel, server: &Faulty) {
    let before = server.calls();
    soon(async {
        while server.calls() == before {
            call(channel).await;
        }
    })
    .await;
}

async fn gone() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address")
}

#[test]
fn the_calls_go_to_every_address() {
    run(async {
        let names = Names::default();
        let servers = [Faulty::start([]).await, Faulty::start([]).await, Faulty::start([]).await];
        names.are(servers.iter().map(|server| server.address));
        let channel = channel(&names, Policy::default());
        for server in &servers {
            call_until_called(&channel, server).await;
        }
        let before: Vec<usize> = servers.iter().map(Faulty::calls).collect();
        for _ in 0..300 {
            call(&channel).await;
        }
        for (server, before) in servers.iter().zip(before) {
            let calls = server.calls() - before;
            assert!((40..=160).contains(&calls), "{calls} of 300 on one of three");
        }
    });
}

#[test]
fn an_address_that_nobody_answers_at_fails_no_call() {
    run(async {
        let names = Names::default();
        let server = Faulty::start([]).await;
        // Accepts connections, as a kernel does for a process that hangs, and says nothing.
        let mute = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        names.are([gone().await, mute.local_addr().expect("an address"), server.address]);
        let channel = channel(&names, Policy::default());
        for _ in 0..50 {
            call(&channel).await;
        }
        assert_eq!(server.calls(), 50);
    });
}

#[test]
fn a_server_that_goes_leaves_its_calls_to_the_others() {
    run(async {
        let names = Names::default();
        let going = Faulty::start([Fault::None, Fault::Leave, Fault::Drop, Fault::Leave, Fault::Drop]).await;
        let staying = Faulty::start([]).await;
        names.are([going.address, staying.address]);
        let channel = channel(&names, Policy::default());
        call_until_called(&channel, &going).await;
        call_until_called(&channel, &staying).await;
        for _ in 0..100 {
            call(&channel).await;
        }
    });
}

#[test]
fn an_address_that_is_new_is_found_and_one_that_is_named_no_more_is_left() {
    run(async {
        let names = Names::default();
        let (before, after) = (Faulty::start([]).await, Faulty::start([]).await);
        names.are([before.address]);
        let channel = channel(&names, attentive());
        call(&channel).await;
        names.are([before.address, after.address]);
        call_until_called(&channel, &after).await;
        names.are([after.address]);
        let calls = |server: &Faulty| server.calls();
        // A look-up that was under way may still have the former answer.
        soon(async {
            loop {
                let known = calls(&before);
                for _ in 0..20 {
                    call(&channel).await;
                }
                if calls(&before) == known {
                    return;
                }
            }
        })
        .await;
    });
}

#[test]
fn the_addresses_from_before_serve_while_the_name_is_not_known() {
    run(async {
        let names = Names::default();
        let server = Faulty::start([]).await;
        names.are([server.address]);
        let channel = channel(&names, attentive());
        call(&channel).await;
        names.are([]);
        for _ in 0..20 {
            call(&channel).await;
        }
    });
}

#[test]
fn a_name_without_an_address_is_unavailable() {
    run(async {
        let channel = channel(&Names::default(), Policy::default());
        let refused = soon(identity(channel).who_am_i(WhoAmIRequest {})).await.expect_err("nobody is there");
        assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"));
    });
}

/// A resolver with a defect.
struct Broken;

#[async_trait]
impl Resolve for Broken {
    async fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        panic!("a defect");
    }
}

#[test]
fn a_look_up_that_panics_is_one_that_found_nothing() {
    run(async {
        let remote = Remote { resolver: Arc::new(Broken), ..Remote::at("http://outcome:50051") };
        let target = Target::remote_with("outcome", remote).expect("a URL");
        let mut client = identity(House::new().peer("profile", &target).itself());
        let refused = soon(client.who_am_i(WhoAmIRequest {})).await.expect_err("nobody is there");
        assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"));
    });
}

#[test]
fn a_server_that_closes_every_connection_is_not_connected_to_again_and_again() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let names = Names::default();
        names.are([listener.local_addr().expect("an address")]);
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        let channel = channel(&names, Policy::default());
        for _ in 0..3 {
            let refused = soon(identity(channel.clone()).who_am_i(WhoAmIRequest {})).await;
            let refused = refused.expect_err("nobody answers");
            assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"), "{refused:?}");
        }
        let connections = connections.load(Ordering::SeqCst);
        assert!((1..=24).contains(&connections), "{connections} connections for three calls");
    });
}
