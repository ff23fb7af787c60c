//! TLS: certificates that are replaced while the server serves, and those that clients show.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use trellis_contracts::common::WhoAmIRequest;
use trellis_rpc::{ClientAuth, Limits, Server, Tls};
use trellis_testkit::certificates::{Authority, Files, Pair};
use trellis_testkit::run;

use crate::alone::{alone, ended, figure, until};
use crate::house::{Does, House, Running, identity, signed, soon};

/// A server's files, with a first pair.
fn files(server: &Authority) -> Files {
    let files = Files::new();
    files.write_pair("server", &server.issue());
    files
}

fn tls(files: &Files) -> Tls {
    let (certificate, key) = (files.path("server.pem"), files.path("server.key"));
    Tls { renew: Duration::from_millis(10), ..Tls::new(certificate, key) }
}

fn mutual(files: &Files, clients: &Authority, auth: ClientAuth) -> Tls {
    tls(files).client_ca(files.write("clients.pem", &clients.pem()), auth)
}

async fn connect(server: &Running, trusts: &Authority, shows: Option<&Pair>) -> Option<Channel> {
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
        let (old, new) = (Authority::new("old"), Authority::new("new"));
        let files = files(&old);
        let server = served(&house, tls(&files)).await;
        let before = connect(&server, &old, None).await;
        assert!(answers(&house, before.clone()).await);
        assert!(!answers(&house, connect(&server, &new, None).await).await);
        files.write_pair("server", &new.issue());
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
        let ca = Authority::new("ours");
        let files = files(&ca);
        let server = served(&house, tls(&files)).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let before = failed();
        // The key of another certificate.
        files.write("server.key", &ca.issue().1);
        until(|| failed() > before).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let before = failed();
        files.write("server.pem", "no certificate");
        until(|| failed() > before).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let before = failed();
        std::fs::remove_file(files.path("server.key")).expect("removed");
        until(|| failed() > before).await;
        assert!(answers(&house, connect(&server, &ca, None).await).await);
        let new = Authority::new("new");
        files.write_pair("server", &new.issue());
        soon(async { while !answers(&house, connect(&server, &new, None).await).await {} }).await;
    });
}

#[test]
fn a_client_must_show_a_certificate_of_the_authority() {
    run(async {
        let house = House::new();
        let (ours, clients, strangers) =
            (Authority::new("ours"), Authority::new("clients"), Authority::new("strangers"));
        let files = files(&ours);
        let server = served(&house, mutual(&files, &clients, ClientAuth::Required)).await;
        let good = clients.issue();
        assert!(answers(&house, connect(&server, &ours, Some(&good)).await).await);
        for (bad, why) in [
            (None, "none"),
            (Some(strangers.issue()), "a stranger's"),
            (Some(clients.issue_expired()), "one that has expired"),
        ] {
            assert!(!answers(&house, connect(&server, &ours, bad.as_ref()).await).await, "{why}");
        }
        // The authority is replaced as a certificate is.
        files.write("clients.pem", &strangers.pem());
        let now = strangers.issue();
        soon(async { while !answers(&house, connect(&server, &ours, Some(&now)).await).await {} }).await;
        assert!(!answers(&house, connect(&server, &ours, Some(&good)).await).await, "the old authority's");
    });
}

#[test]
fn where_certificates_are_optional_a_services_token_needs_one_all_the_same() {
    run(async {
        let house = House::new();
        let (ours, clients) = (Authority::new("ours"), Authority::new("clients"));
        let files = files(&ours);
        let server = served(&house, mutual(&files, &clients, ClientAuth::Optional)).await;
        let without = connect(&server, &ours, None).await;
        assert!(answers(&house, without.clone()).await, "a person's application");
        let token = house.service("outcome");
        let request = signed(WhoAmIRequest {}, &token);
        let refused = identity(without.expect("a connection")).who_am_i(request).await;
        assert_eq!(refused.expect_err("no certificate").code(), Code::Unauthenticated);
        let with = connect(&server, &ours, Some(&clients.issue())).await.expect("a connection");
        identity(with.clone()).who_am_i(signed(WhoAmIRequest {}, &token)).await.expect("a service");
        let stranger = connect(&server, &ours, Some(&Authority::new("strangers").issue())).await;
        assert!(!answers(&house, stranger).await, "a wrong certificate is worse than none");
    });
}

#[test]
fn files_that_cannot_be_used_are_refused_before_anything_is_served() {
    let ca = Authority::new("ours");
    let files = files(&ca);
    tls(&files).check().expect("a good pair");
    let missing = tls(&files).client_ca(Path::new("/nowhere/at/all"), ClientAuth::Required);
    missing.check().expect_err("no such file");
    files.write("server.key", &ca.issue().1);
    tls(&files).check().expect_err("the key of another");
}

#[test]
fn a_handshake_that_does_not_come_is_not_waited_for() {
    if !alone("tls::a_handshake_that_does_not_come_is_not_waited_for") {
        return;
    }
    run(async {
        let house = House::new();
        let ca = Authority::new("ours");
        let files = files(&ca);
        let limits = Limits { first_request: Duration::from_millis(300), ..Limits::default() };
        let server = Server::new(limits).routes(house.routes(Does::Answer)).tls(tls(&files));
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
