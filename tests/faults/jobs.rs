//! The program is killed while a job waits for another server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{
    FrameworkTransfer, ImportFrameworkFromUriRequest, WatchFrameworkTransferRequest,
};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Extra, Setup, Shape, Suite, run};

use super::imports::transfer;
use super::load::DISTRICT;

const FIRST: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c11";
const SECOND: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c12";

/// A server of two packages: which it has, by their ids, and how often each was asked for. It does not
/// answer for one that it does not have.
#[derive(Clone, Default)]
struct Server {
    there: Arc<Mutex<Vec<&'static str>>>,
    asked: Arc<Mutex<HashMap<String, u32>>>,
}

impl Server {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let both = json!({"CFDocuments": [{"identifier": FIRST}, {"identifier": SECOND}]}).to_string();
        let routes = Router::new()
            .route("/ims/case/v1p1/CFDocuments", get(async || both))
            .route("/ims/case/v1p1/CFPackages/{id}", get(package))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    }

    fn asked_for(&self, id: &str) -> u32 {
        self.asked.lock().expect("no panic").get(id).copied().unwrap_or_default()
    }
}

async fn package(State(server): State<Server>, Path(id): Path<String>) -> Response {
    *server.asked.lock().expect("no panic").entry(id.clone()).or_default() += 1;
    let there = server.there.lock().expect("no panic").iter().any(|own| *own == id);
    if !there {
        std::future::pending::<()>().await;
    }
    json!({
        "CFDocument": {"identifier": id, "title": "T"},
        "CFItems": [{"identifier": "22222222-2222-4222-8222-222222222222", "fullStatement": "S"}],
    })
    .to_string()
    .into_response()
}

#[test]
fn what_a_killed_job_had_taken_stays_and_the_same_request_takes_the_rest() {
    run(async {
        let server = Server::default();
        server.there.lock().expect("no panic").push(FIRST);
        let url = server.start().await;
        let flags = ["--case-source", &url, "--case-sources-private"];
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::Program, clock: None };
        let mut suite = Suite::started(setup, &Extra { flags: &flags, ..Extra::default() }).await;
        let operator = suite.operator(DISTRICT);
        let request = ImportFrameworkFromUriRequest {
            parent: format!("districts/{DISTRICT}"),
            source_uri: format!("{url}/ims/case/v1p1"),
            request_id: RandomIds.next().to_string(),
            ..ImportFrameworkFromUriRequest::default()
        };
        let mut client = FrameworkTransferServiceClient::new(operator.clone());
        client.import_framework_from_uri(request.clone()).await.expect("it begins");
        while server.asked_for(SECOND) == 0 {
            tokio::task::yield_now().await;
        }
        suite.processes().kill(Service::Outcome);
        suite.processes().restart(Service::Outcome).await;
        let killed = transfer(&operator, &request.request_id).await.expect("it is known").into_inner();
        assert_eq!((killed.state(), killed.documents_done), (JobState::Failed, 1), "{killed:?}");

        server.there.lock().expect("no panic").push(SECOND);
        let done = ended(&operator, request).await;
        assert_eq!((done.state(), done.documents_done), (JobState::Succeeded, 2), "{done:?}");
        assert_eq!((server.asked_for(FIRST), server.asked_for(SECOND)), (1, 2));
    });
}

/// The same request again, and what becomes of it.
async fn ended(operator: &Caller, request: ImportFrameworkFromUriRequest) -> FrameworkTransfer {
    let mut client = FrameworkTransferServiceClient::new(operator.clone());
    let began = client.import_framework_from_uri(request).await.expect("it begins again").into_inner();
    let watch = WatchFrameworkTransferRequest { name: began.name };
    let mut seen = client.watch_framework_transfer(watch).await.expect("a stream").into_inner();
    let mut last = None;
    while let Some(shown) = seen.message().await.expect("the stream goes on") {
        last = shown.framework_transfer;
    }
    last.expect("one at least")
}
