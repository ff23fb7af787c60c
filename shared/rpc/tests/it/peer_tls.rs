//! Services know each other by certificates, and go on when these are renewed.

use std::path::PathBuf;

use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::{ClientAuth, Limits, Peer, Remote, Server, Target, Tls};
use trellis_testkit::certificates::{Authority, Files};
use trellis_testkit::run;
use trellis_tls::ClientTls;

use crate::house::{Does, House, Running, identity, reason, soon};

/// A server that asks its clients for certificates of `clients`, and the authority of its own.
struct Guarded {
    files: Files,
    house: House,
    /// Where the certificate of the server's authority is.
    servers: PathBuf,
    clients: Authority,
    server: Running,
}

impl Guarded {
    async fn start() -> Self {
        let files = Files::new();
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let (certificate, key) = files.write_pair("server", &servers.issue());
        let house = House::new();
        let believed = files.write("clients.pem", &clients.pem());
        let tls = Tls::new(certificate, key).client_ca(believed, ClientAuth::Required);
        let server =
            Running::serve(Server::new(Limits::default()).routes(house.routes(Does::Answer)).tls(tls)).await;
        let servers = files.write("servers.pem", &servers.pem());
        Self { files, house, servers, clients, server }
    }

    fn peer(&self, tls: ClientTls) -> trellis_kernel::Result<Peer> {
        let remote = Remote { tls, ..Remote::at(self.server.url().replace("http:", "https:")) };
        Ok(self.house.peer("outcome", &Target::remote_with("identity", remote)?))
    }

    fn trusted(&self) -> ClientTls {
        let identity = self.files.write_pair("client", &self.clients.issue());
        ClientTls { authorities: Some(self.servers.clone()), identity: Some(identity) }
    }
}

async fn answers(peer: &Peer) -> bool {
    match soon(identity(peer.itself()).who_am_i(WhoAmIRequest {})).await {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"));
            false
        }
    }
}

#[test]
fn each_side_proves_itself_by_a_certificate() {
    run(async {
        let guarded = Guarded::start().await;
        assert!(answers(&guarded.peer(guarded.trusted()).expect("good files")).await);
    });
}

#[test]
fn who_cannot_prove_itself_is_not_spoken_to() {
    run(async {
        let guarded = Guarded::start().await;
        let good = guarded.trusted();
        let stranger = Authority::new("stranger");
        let strange = guarded.files.write_pair("strange", &stranger.issue());
        let strangers = guarded.files.write("strangers.pem", &stranger.pem());
        for wrong in [
            ClientTls { identity: None, ..good.clone() },
            ClientTls { identity: Some(strange), ..good.clone() },
            ClientTls { authorities: Some(strangers), ..good.clone() },
            ClientTls { authorities: None, ..good },
        ] {
            assert!(!answers(&guarded.peer(wrong.clone()).expect("good files")).await, "{wrong:?}");
        }
    });
}

#[test]
fn renewed_files_hold_for_the_next_connection() {
    run(async {
        let guarded = Guarded::start().await;
        let files = guarded.files.write_pair("client", &Authority::new("stranger").issue());
        let tls = ClientTls { authorities: Some(guarded.servers.clone()), identity: Some(files.clone()) };
        let peer = guarded.peer(tls).expect("good files");
        assert!(!answers(&peer).await, "a certificate of a stranger");
        assert_eq!(guarded.files.write_pair("client", &guarded.clients.issue()), files);
        soon(async {
            while !answers(&peer).await {
                tokio::task::yield_now().await;
            }
        })
        .await;
    });
}

#[test]
fn files_that_cannot_be_used_are_refused_at_first_and_passed_over_later() {
    run(async {
        let guarded = Guarded::start().await;
        let good = guarded.trusted();
        let missing = ClientTls { authorities: Some("nowhere.pem".into()), ..good.clone() };
        guarded.peer(missing).expect_err("there is no such file");
        let (certificate, key) = good.identity.clone().expect("one");
        let swapped = ClientTls { identity: Some((key.clone(), certificate)), ..good.clone() };
        guarded.peer(swapped).expect_err("a key is no certificate");

        let peer = guarded.peer(good).expect("good files");
        std::fs::write(key, "half of it is not written yet").expect("writing");
        assert!(answers(&peer).await, "by those from before");
    });
}
