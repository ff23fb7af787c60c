//! The journey between processes that know each other by certificates, before and after these were renewed.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use http::Uri;
use reqwest::{Certificate, Client, Identity};
use tonic::Code;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_rpc::Remote;
use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_suite::journey::Journey;
use trellis_testkit::certificates::{Authority, Files, Pair};
use trellis_testkit::{Backend, Extra, School, Setup, Shape, Suite, run};
use trellis_tls::ClientTls;

use super::{SMALL, walk};

/// How long a renewed certificate may take to be shown: it is looked for every ten seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where clients without a certificate read calendars: what stands before a suite and ends TLS.
struct Front {
    url: String,
    /// Where the calendars are, once it is known.
    behind: Arc<OnceLock<String>>,
}

impl Front {
    /// Trusts these authorities, and shows this certificate.
    async fn start(authorities: &str, (certificate, key): &Pair) -> Self {
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
fn reached(suite: &Suite, tls: &ClientTls) -> Endpoint {
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
        let files = Files::new();
        let (old, new) = (Authority::new("old"), Authority::new("new"));
        let both = format!("{}{}", old.pem(), new.pem());
        let (all, only_new) = (files.write("all.pem", &both), files.write("new.pem", &new.pem()));
        let served = files.write_pair("served", &old.issue());
        let shown = files.write_pair("shown", &old.issue());
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
        let ours = ClientTls { authorities: Some(all.clone()), identity: Some(shown.clone()) };
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::ProgramPerService, clock: None };
        let extra = Extra { flags: flags.as_flattened(), tls: Some(ours.clone()), ..Extra::default() };
        let mut suite = Suite::started(setup, &extra).await;
        let calendars = suite.urls()[Service::Scheduling as usize].clone();
        front.behind.set(calendars).expect("it is known once");
        walk(&suite, School::journey("grand-bend", SMALL.to_vec(), suite.now())).await;

        let token = suite.operator("grand-bend").token().to_owned();
        let uncertified = reached(&suite, &ClientTls { identity: None, ..ours.clone() });
        assert_eq!(who(&uncertified, &token).await, Err(Code::Unavailable), "no certificate was shown");
        let of_the_new = ClientTls { authorities: Some(only_new), ..ours.clone() };
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
