//! The journey between processes that know each other by certificates, before and after these were renewed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use http::Uri;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client, Identity};
use tempfile::TempDir;
use tonic::Code;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_rpc::{PeerTls, Remote};
use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_suite::journey::Journey;
use trellis_testkit::{Backend, Extra, School, Setup, Shape, Suite, run};

use super::{SMALL, walk};

/// How long a renewed certificate may take to be shown: it is looked for every ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// An authority that issues certificates for this machine.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// A certificate and its key.
    fn issue(&self) -> (String, String) {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

/// The files of all that takes part.
struct Files(TempDir);

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// In whole or not at all, as an operator should.
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path("part"), text).expect("written");
        std::fs::rename(self.path("part"), self.path(name)).expect("renamed");
    }

    fn write_pair(&self, name: &str, (certificate, key): &(String, String)) {
        self.write(&format!("{name}.pem"), certificate);
        self.write(&format!("{name}.key"), key);
    }

    fn pair(&self, name: &str) -> (PathBuf, PathBuf) {
        (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")))
    }
}

/// Where clients without a certificate read calendars: what stands before a suite and ends TLS.
struct Front {
    url: String,
    /// Where the calendars are, once it is known.
    behind: Arc<OnceLock<String>>,
}

impl Front {
    /// Trusts these authorities, and shows this certificate.
    async fn start(authorities: &str, (certificate, key): &(String, String)) -> Self {
        let trusted = Certificate::from_pem_bundle(authorities.as_bytes()).expect("authorities");
        let own = Identity::from_pem(format!("{certificate}{key}").as_bytes()).expect("a certificate");
        let client = Client::builder().tls_certs_only(trusted).identity(own).build().expect("a client");
        let behind = Arc::new(OnceLock::new());
        let place = behind.clone();
        let router = Router::new().fallback(move |uri: Uri| {
            let (client, place) = (client.clone(), place.clone());
            async move {
                let url = format!("{}{}", place.get().expect("the suite was started"), uri.path());
                let answer = client.get(url).send().await.expect("an answer");
                (answer.status(), answer.bytes().await.expect("a body"))
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, behind }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

/// The same suite, for a client who trusts these authorities and shows this.
fn reached(suite: &Suite, tls: &PeerTls) -> Endpoint {
    let remotes = suite.urls().clone().map(|url| Remote { tls: tls.clone(), ..Remote::at(url) });
    Endpoint::each(remotes).expect("good addresses")
}

async fn who(endpoint: &Endpoint, token: &str) -> Result<(), Code> {
    let answer = IdentityServiceClient::new(endpoint.with(token)).who_am_i(WhoAmIRequest {}).await;
    answer.map(|_| ()).map_err(|refused| refused.code())
}

#[test]
fn with_certificates_between_the_processes_that_are_renewed_on_the_way() {
    run(async {
        let files = Files(tempfile::tempdir().expect("a directory"));
        let (old, new) = (Authority::new(), Authority::new());
        let both = format!("{}{}", old.0.pem(), new.0.pem());
        files.write("all.pem", &both);
        files.write("new.pem", &new.0.pem());
        files.write_pair("served", &old.issue());
        files.write_pair("shown", &old.issue());
        let (all, served, shown) = (files.path("all.pem"), files.pair("served"), files.pair("shown"));
        let front = Front::start(&both, &old.issue()).await;
        let flags = [
            ["--public-url", &front.url],
            ["--tls-certificate", text(&served.0)],
            ["--tls-key", text(&served.1)],
            ["--tls-client-ca", text(&all)],
            ["--peer-tls-ca", text(&all)],
            ["--peer-tls-certificate", text(&shown.0)],
            ["--peer-tls-key", text(&shown.1)],
        ];
        let ours = PeerTls { authorities: Some(all.clone()), identity: Some(shown.clone()) };
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::ProgramPerService, clock: None };
        let extra = Extra { flags: flags.as_flattened(), tls: Some(ours.clone()), ..Extra::default() };
        let mut suite = Suite::started(setup, &extra).await;
        let calendars = suite.urls()[Service::Scheduling as usize].clone();
        front.behind.set(calendars).expect("it is known once");
        walk(&suite, School::journey("grand-bend", SMALL.to_vec(), suite.now())).await;

        let token = suite.operator("grand-bend").token().to_owned();
        let uncertified = reached(&suite, &PeerTls { identity: None, ..ours.clone() });
        assert_eq!(who(&uncertified, &token).await, Err(Code::Unavailable), "no certificate was shown");
        let of_the_new = PeerTls { authorities: Some(files.path("new.pem")), ..ours.clone() };
        let early = reached(&suite, &of_the_new);
        assert_eq!(who(&early, &token).await, Err(Code::Unavailable), "the new one is not shown yet");

        files.write_pair("served", &new.issue());
        files.write_pair("shown", &new.issue());
        let renewed = async {
            // A client of its own each time, which remembers nothing of the last.
            while who(&reached(&suite, &of_the_new), &token).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, renewed).await.expect("the renewed certificate is shown");
        // It meets all the others anew, and they it.
        suite.processes().kill(Service::Experience);
        suite.processes().restart(Service::Experience).await;
        let input = School::journey("grand-bend-again", SMALL.to_vec(), suite.now());
        let journey = Journey::new(reached(&suite, &ours), suite.minter().clone(), input);
        journey.walk(|_| ()).await.unwrap_or_else(|stumble| panic!("{stumble}"));
    });
}
