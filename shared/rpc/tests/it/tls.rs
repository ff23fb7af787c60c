//! TLS: certificates that are replaced while the server serves, and those that clients show.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::{ClientAuth, Limits, Server, Tls};
use trellis_testkit::run;

use crate::alone::{alone, ended, figure, until};
use crate::house::{Does, House, Running, identity, signed, soon};

/// An authority that issues certificates.
struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this machine, and its key.
    fn issue(&self, expired: bool) -> (String, String) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        if expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

/// The files that a server reads.
struct Files(TempDir);

impl Files {
    fn new(server: &Ca) -> Self {
        let files = Self(tempfile::tempdir().expect("a directory"));
        files.replace(&server.issue(false));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        // As an operator should, so that nobody reads the half of it.
        let part = self.path("part");
        std::fs::write(&part, text).expect("written");
        std::fs::rename(part, self.path(name)).expect("renamed");
    }

    fn replace(&self, (certificate, key): &(String, String)) {
        self.write("cert.pem", certificate);
        self.write("key.pem", key);
    }

    fn tls(&self) -> Tls {
        Tls { renew: Duration::from_millis(10), ..Tls::new(self.path("cert.pem"), self.path("key.pem")) }
    }

    fn mutual(&self, clients: &Ca, auth: ClientAuth) -> Tls {
        self.write("clients.pem", &clients.pem());
        self.tls().client_ca(self.path("clients.pem"), auth)
    }
}

async fn connect(server: &Running, trusts: &Ca, shows: Option<&(String, String)>) -> Option<Channel> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trusts.pem()));
    if let Some((certificate, key)) = shows {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let url = format!("https://localhost:{}", server.address.port());
    Endpoint::from_shared(url).expect("a URL").tls_config(tls).expect("a configuration").connect().await.ok()
}

/// Whether a call of this person is answered.
async fn answers(house: &House, channel: Option<Channel>) -> bool {
    let Some(channel) = channel else { return false };
    let request = signed(WhoAmIRequest {}, &house.person(7));
    soon(identity(channel).who_am_i(request)).await.is_ok()
}

async fn served(house: &House, tls: Tls) -> Running {
    Running::with_tls(house.routes(Does::Answer), tls).await
}

#[test]
fn a_certificate_is_replaced_under_open_connections() {
    run(async {
        let house = House::new();
        let (old, new) = (Ca::new("old"), Ca::new("new"));
        let files = Files::new(&old);
        let server = served(&house, files.tls()).await;
        let before = connect(&server, &old, None).await;
        assert!(answers(&house, before.clone()).await);
        assert!(!answers(&house, connect(&server, &new, None).await).await);
        files.replace(&new.issue(false));
        soon(async { while !answers(&house, connect(&server, &new, None).await).await {} }).await;
        assert!(!answers(&house, connect(&server, &old, None).await).await, "the old one is still shown");
        assert!(answers(&house, before).await, "the open connection was cut");
    });
}

/// The new certificates that this process could not use.
fn failed() -> u64 {
    figure("trellis_tls_renewals_total{outcome=\"failed\"}")
}

#[test]
fn a_pair_that_cannot_be_used_leaves_the_old_one_in_place() {
    run(async {
        let house = House::new();
        let ca = Ca::new("ours");
        let files = Files::new(&ca);
        let server = served(&house, files.tls()).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let before = failed();
        // The key of another certificate.
        files.write("key.pem", &ca.issue(false).1);
        until(|| failed() > before).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let before = failed();
        files.write("cert.pem", "no certificate");
        until(|| failed() > before).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let before = failed();
        std::fs::remove_file(files.path("key.pem")).expect("removed");
        until(|| failed() > before).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let new = Ca::new("new");
        files.replace(&new.issue(false));
        soon(async { while !answers(&house, connect(&server, &new, None).await).await {} }).await;
    });
}

#[test]
fn a_client_must_show_a_certificate_of_the_authority() {
    run(async {
        let house = House::new();
        let (ours, clients, strangers) = (Ca::new("ours"), Ca::new("clients"), Ca::new("strangers"));
        let files = Files::new(&ours);
        let server = served(&house, files.mutual(&clients, ClientAuth::Required)).await;
        let good = clients.issue(false);
        assert!(answers(&house, connect(&server, &ours, Some(&good)).await).await);
        for (bad, why) in [
            (None, "none"),
            (Some(strangers.issue(false)), "a stranger's"),
            (Some(clients.issue(true)), "one that has expired"),
        ] {
            assert!(!answers(&house, connect(&server, &ours, bad.as_ref()).await).await, "{why}");
        }
        // The authority is replaced as a certificate is.
        files.write("clients.pem", &strangers.pem());
        let now = strangers.issue(false);
        soon(async { while !answers(&house, connect(&server, &ours, Some(&now)).await).await {} }).await;
        assert!(!answers(&house, connect(&server, &ours, Some(&good)).await).await, "the old authority's");
    });
}

#[test]
fn where_certificates_are_optional_a_services_token_needs_one_all_the_same() {
    run(async {
        let house = House::new();
        let (ours, clients) = (Ca::new("ours"), Ca::new("clients"));
        let files = Files::new(&ours);
        let server = served(&house, files.mutual(&clients, ClientAuth::Optional)).await;
        let without = connect(&server, &ours, None).await;
        assert!(answers(&house, without.clone()).await, "a person's application");
        let token = house.service("outcome");
        let request = signed(WhoAmIRequest {}, &token);
        let refused = identity(without.expect("a connection")).who_am_i(request).await;
        assert_eq!(refused.expect_err("no certificate").code(), Code::Unauthenticated);
        let with = connect(&server, &ours, Some(&clients.issue(false))).await.expect("a connection");
        identity(with.clone()).who_am_i(signed(WhoAmIRequest {}, &token)).await.expect("a service");
        let stranger = connect(&server, &ours, Some(&Ca::new("strangers").issue(false))).await;
        assert!(!answers(&house, stranger).await, "a wrong certificate is worse than none");
    });
}

#[test]
fn files_that_cannot_be_used_are_refused_before_anything_is_served() {
    let ca = Ca::new("ours");
    let files = Files::new(&ca);
    files.tls().check().expect("a good pair");
    let missing = files.tls().client_ca(Path::new("/nowhere/at/all"), ClientAuth::Required);
    missing.check().expect_err("no such file");
    files.write("key.pem", &ca.issue(false).1);
    files.tls().check().expect_err("the key of another");
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for() {
    if !alone("tls::a_handshake_that_does_not_come_is_not_waited_for") {
        return;
    }
    run(async {
        let house = House::new();
        let ca = Ca::new("ours");
        let files = Files::new(&ca);
        let limits = Limits { first_request: Duration::from_millis(300), ..Limits::default() };
        let server = Server::new(limits).routes(house.routes(Does::Answer)).tls(files.tls());
        let server = Running::serve(server).await;
        // Nothing; the half of a hello, of 512 bytes in TLS 1.0's frame; and what is no hello at all.
        let half = [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[7; 100]].concat();
        for (said, why) in [(&b""[..], "silent"), (&half, "silent"), (b"GET / HTTP/1.1\r\n\r\n", "no_tls")] {
            let before = ended(why);
            let mut silent = TcpStream::connect(server.address).await.expect("a connection");
            silent.write_all(said).await.expect("sent");
            let mut heard = Vec::new();
            // Closed or reset: the server has let go either way.
            let _ = soon(silent.read_to_end(&mut heard)).await;
            until(|| ended(why) == before + 1).await;
        }
        assert!(answers(&house, connect(&server, &ca, None).await).await);
    });
}
