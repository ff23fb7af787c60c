//! Services know each other by certificates, and go on when these are renewed.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::{ClientAuth, Limits, Peer, PeerTls, Remote, Server, Target, Tls};
use trellis_testkit::run;

use crate::house::{Does, House, Running, identity, reason, soon};

/// An authority, and where its certificate is.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(directory: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let file = directory.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).expect("writing");
        Self { issuer, file }
    }

    /// Writes a certificate for a name of the network, and its key.
    fn certify(&self, directory: &Path, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("names");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let files = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
        std::fs::write(&files.0, certificate.pem()).expect("writing");
        std::fs::write(&files.1, key.serialize_pem()).expect("writing");
        files
    }
}

/// A server that asks its clients for certificates of `clients`, and the authority of its own.
struct Guarded {
    directory: TempDir,
    house: House,
    servers: Authority,
    clients: Authority,
    server: Running,
}

impl Guarded {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        let (servers, clients) = (Authority::new(path, "servers"), Authority::new(path, "clients"));
        let (certificate, key) = servers.certify(path, "server");
        let house = House::new();
        let tls = Tls::new(certificate, key).client_ca(&clients.file, ClientAuth::Required);
        let server =
            Running::serve(Server::new(Limits::default()).routes(house.routes(Does::Answer)).tls(tls)).await;
        Self { directory, house, servers, clients, server }
    }

    fn peer(&self, tls: PeerTls) -> trellis_kernel::Result<Peer> {
        let remote = Remote { tls, ..Remote::at(self.server.url().replace("http:", "https:")) };
        Ok(self.house.peer("outcome", &Target::remote_with("identity", remote)?))
    }

    fn trusted(&self) -> PeerTls {
        let identity = self.clients.certify(self.directory.path(), "client");
        PeerTls { authorities: Some(self.servers.file.clone()), identity: Some(identity) }
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
        let stranger = Authority::new(guarded.directory.path(), "stranger");
        let strange = stranger.certify(guarded.directory.path(), "strange");
        for wrong in [
            PeerTls { identity: None, ..good.clone() },
            PeerTls { identity: Some(strange), ..good.clone() },
            PeerTls { authorities: Some(stranger.file.clone()), ..good.clone() },
            PeerTls { authorities: None, ..good },
        ] {
            assert!(!answers(&guarded.peer(wrong.clone()).expect("good files")).await, "{wrong:?}");
        }
    });
}

#[test]
fn renewed_files_hold_for_the_next_connection() {
    run(async {
        let guarded = Guarded::start().await;
        let stranger = Authority::new(guarded.directory.path(), "stranger");
        let files = stranger.certify(guarded.directory.path(), "client");
        let tls = PeerTls { authorities: Some(guarded.servers.file.clone()), identity: Some(files.clone()) };
        let peer = guarded.peer(tls).expect("good files");
        assert!(!answers(&peer).await, "a certificate of a stranger");
        assert_eq!(guarded.clients.certify(guarded.directory.path(), "client"), files);
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
        let missing = PeerTls { authorities: Some("nowhere.pem".into()), ..good.clone() };
        guarded.peer(missing).expect_err("there is no such file");
        let (certificate, key) = good.identity.clone().expect("one");
        let swapped = PeerTls { identity: Some((key.clone(), certificate)), ..good.clone() };
        guarded.peer(swapped).expect_err("a key is no certificate");

        let peer = guarded.peer(good).expect("good files");
        std::fs::write(key, "half of it is not written yet").expect("writing");
        assert!(answers(&peer).await, "by those from before");
    });
}
