//! Importing from another server of CASE.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio_stream::StreamExt as _;
use tonic::Code;
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::{
    CancelFrameworkTransferRequest, FrameworkTransfer, FrameworkVisibility, GetFrameworkRequest,
    ImportFrameworkFromUriRequest, SetFrameworkVisibilityRequest, WatchFrameworkTransferRequest,
};
use trellis_testkit::{Backend, Extra, Setup, Shape, Suite, refused, run};

use crate::support::{Clients, DISTRICT, fixture, shown};

const FIRST: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c01";
const SECOND: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c02";
const HANGS: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c03";

/// Another server: its packages, and how often it was asked for each.
#[derive(Clone, Default)]
struct Server {
    url: String,
    packages: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(packages: &[(&str, Vec<u8>)]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Self { url, ..Self::default() };
        for (id, package) in packages {
            server.put(id, package.clone());
        }
        let routes = Router::new()
            .route("/ims/case/v1p1/CFDocuments", get(list))
            .route("/ims/case/v1p1/CFPackages/{id}", get(package))
            .route("/round/CFPackages/{id}", get(round))
            .route("/away/CFPackages/{id}", get(async || Redirect::temporary("http://127.0.0.2:1/secrets")))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        server
    }

    fn put(&self, id: &str, package: Vec<u8>) {
        self.packages.lock().expect("no panic").insert(id.to_owned(), package);
    }

    fn base(&self) -> String {
        format!("{}/ims/case/v1p1", self.url)
    }
}

/// One document a page, and where the next is.
async fn list(State(server): State<Server>, Query(query): Query<HashMap<String, String>>) -> Response {
    let mut ids: Vec<String> = server.packages.lock().expect("no panic").keys().cloned().collect();
    ids.sort();
    let offset: usize = query["offset"].parse().expect("a number");
    let page: Vec<_> = ids.get(offset).map(|id| serde_json::json!({"identifier": id})).into_iter().collect();
    let body = serde_json::json!({ "CFDocuments": page }).to_string();
    let next = format!("<{}/CFDocuments?limit=1&offset={}>; rel=\"next\"", server.base(), offset + 1);
    if offset + 1 < ids.len() { ([(header::LINK, next)], body).into_response() } else { body.into_response() }
}

async fn package(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    server.asked.lock().expect("no panic").push(id.clone());
    let token = headers.get(header::AUTHORIZATION).map(|token| token.to_str().expect("text").to_owned());
    server.tokens.lock().expect("no panic").extend(token);
    if id == HANGS {
        std::future::pending::<()>().await;
    }
    let package = server.packages.lock().expect("no panic").get(&id).cloned();
    package.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

async fn round(Path(id): Path<String>) -> Redirect {
    Redirect::temporary(&format!("/round/CFPackages/{id}"))
}

async fn suite(backend: Backend, settings: &[(&'static str, Vec<String>)]) -> Suite {
    let setup = Setup { backend, shape: Shape::OneProcess, clock: None };
    Suite::started(setup, &Extra { settings, ..Extra::default() }).await
}

/// A suite that may import from a server of this machine.
async fn friend(backend: Backend, server: &Server) -> Suite {
    let private = ("case_sources_private", vec!["true".to_owned()]);
    suite(backend, &[("case_sources", vec![server.url.clone()]), private]).await
}

fn asking(uri: &str, request_id: &str) -> ImportFrameworkFromUriRequest {
    ImportFrameworkFromUriRequest {
        parent: DISTRICT.to_owned(),
        source_uri: uri.to_owned(),
        request_id: request_id.to_owned(),
        ..ImportFrameworkFromUriRequest::default()
    }
}

/// The transfer once it has ended.
async fn ended(clients: &mut Clients, name: &str) -> FrameworkTransfer {
    let watch = WatchFrameworkTransferRequest { name: name.to_owned() };
    let seen = clients.transfers.watch_framework_transfer(watch).await.expect("a stream").into_inner();
    let seen: Vec<_> = seen.map(shown).collect().await;
    seen.last().expect("one at least").clone()
}

async fn taken(clients: &mut Clients, request: ImportFrameworkFromUriRequest) -> FrameworkTransfer {
    let began = clients.transfers.import_framework_from_uri(request).await.expect("it begins").into_inner();
    ended(clients, &began.name).await
}

fn simple(id: &str) -> Vec<u8> {
    format!(
        r#"{{"CFDocument":{{"identifier":"{id}","title":"T"}},"CFItems":[{{"identifier":"22222222-2222-4222-8222-222222222222","fullStatement":"S"}}]}}"#
    )
    .into_bytes()
}

/// Makes two tests of one body.
macro_rules! on_each {
    ($name:ident) => {
        mod $name {
            #[test]
            fn sqlite() {
                trellis_testkit::run(super::bodies::$name(trellis_testkit::Backend::Sqlite));
            }

            #[test]
            fn postgres() {
                trellis_testkit::run(super::bodies::$name(trellis_testkit::Backend::Postgres));
            }
        }
    };
}

on_each!(every_document_of_a_server_is_taken_page_by_page);
on_each!(what_was_not_taken_is_taken_by_the_same_request);
on_each!(an_import_that_waits_for_a_server_is_cancelled);
on_each!(one_suite_takes_what_another_has_opened);

mod bodies {
    use super::*;

    pub(super) async fn one_suite_takes_what_another_has_opened(backend: Backend) {
        let giver = suite(backend, &[]).await;
        let mut authors = Clients::operator(&giver);
        let (open, closed) = (authors.portrait().await, authors.portrait().await);
        let top = authors.outcome(&open.name, "Thinks with others", "").await;
        authors.outcome(&open.name, "Listens", &top.name).await;
        for framework in [&open, &closed] {
            authors.publish(&framework.name).await;
        }
        let public = SetFrameworkVisibilityRequest {
            name: open.name.clone(),
            visibility: FrameworkVisibility::Public.into(),
            ..SetFrameworkVisibilityRequest::default()
        };
        authors.frameworks.set_framework_visibility(public).await.expect("opened");
        let private = ("case_sources_private", vec!["true".to_owned()]);
        let taker = suite(backend, &[("case_sources", vec![giver.url()]), private]).await;
        let mut clients = Clients::operator(&taker);
        let base = format!("{}/case/grand-bend/ims/case/v1p1", giver.url());
        let done = taken(&mut clients, asking(&base, "01900000-0000-7000-8000-0000000000bb")).await;
        assert_eq!((done.state(), done.document_count), (JobState::Succeeded, 1), "the open one alone");
        let came = clients.framework(&format!("{DISTRICT}/frameworks/{}", open.uid)).await;
        assert_eq!((came.title[0].text.as_str(), came.outcome_count), ("Portrait of a graduate", 2));
        let missing = GetFrameworkRequest { name: format!("{DISTRICT}/frameworks/{}", closed.uid) };
        refused(clients.frameworks.get_framework(missing).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }

    pub(super) async fn every_document_of_a_server_is_taken_page_by_page(backend: Backend) {
        let server = Server::start(&[(FIRST, simple(FIRST)), (SECOND, simple(SECOND))]).await;
        let suite = friend(backend, &server).await;
        let mut clients = Clients::operator(&suite);
        let id = "01900000-0000-7000-8000-0000000000ba";
        let done = taken(&mut clients, asking(&server.base(), id)).await;
        assert_eq!((done.state(), done.document_count, done.documents_done), (JobState::Succeeded, 2, 2));
        assert_eq!(done.outcomes.expect("counts").created, 2);
        assert_eq!(
            (done.parts.len(), done.source_uri.as_str()),
            (2, format!("{}/CFDocuments", server.base()).as_str())
        );
        for part in &done.parts {
            let part = clients.transfer(part).await;
            assert_eq!(clients.framework(&part.framework).await.outcome_count, 1);
        }
        let again = clients.transfers.import_framework_from_uri(asking(&server.base(), id)).await;
        assert_eq!(again.expect("the same").into_inner(), done);
        assert_eq!(server.asked.lock().expect("no panic").len(), 2, "nothing is asked for twice");
        let other = asking(&format!("{}/CFPackages/{FIRST}", server.base()), id);
        refused(
            clients.transfers.import_framework_from_uri(other).await,
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
        );
    }

    pub(super) async fn what_was_not_taken_is_taken_by_the_same_request(backend: Backend) {
        let server = Server::start(&[(FIRST, simple(FIRST)), (SECOND, b"{".to_vec())]).await;
        let suite = friend(backend, &server).await;
        let mut clients = Clients::operator(&suite);
        let request = asking(&server.base(), "01900000-0000-7000-8000-0000000000bb");
        let failed = taken(&mut clients, request.clone()).await;
        assert_eq!((failed.state(), failed.documents_done), (JobState::Failed, 2));
        let issues = clients.issues(&failed.name).await;
        assert_eq!((issues.len(), issues[0].code.as_str()), (1, "JSON_MALFORMED"));
        let framework = format!("{DISTRICT}/frameworks/{FIRST}");
        assert_eq!(clients.framework(&framework).await.outcome_count, 1, "what was taken stays");

        server.put(SECOND, simple(SECOND));
        let done = taken(&mut clients, request).await;
        assert_eq!((done.state(), done.documents_done), (JobState::Succeeded, 2));
        let asked = server.asked.lock().expect("no panic").clone();
        assert_eq!(asked, [FIRST, SECOND, SECOND]);
    }

    pub(super) async fn an_import_that_waits_for_a_server_is_cancelled(backend: Backend) {
        let server = Server::start(&[]).await;
        let suite = friend(backend, &server).await;
        let mut clients = Clients::operator(&suite);
        let uri = format!("{}/CFPackages/{HANGS}", server.base());
        let began = clients.transfers.import_framework_from_uri(asking(&uri, "")).await;
        let began = began.expect("it begins").into_inner();
        assert_eq!(began.state(), JobState::Running);
        while server.asked.lock().expect("no panic").is_empty() {
            tokio::task::yield_now().await;
        }
        let cancel = CancelFrameworkTransferRequest { name: began.name.clone(), request_id: String::new() };
        clients.transfers.cancel_framework_transfer(cancel.clone()).await.expect("told to end");
        assert_eq!(ended(&mut clients, &began.name).await.state(), JobState::Cancelled);
        let issues = clients.issues(&began.name).await;
        assert_eq!(issues.iter().map(|issue| issue.code.as_str()).collect::<Vec<_>>(), ["CANCELLED"]);
        clients.transfers.cancel_framework_transfer(cancel).await.expect("it stays as it is");
        // Its part is told so too, a moment later where it ends by itself.
        let parts = clients.transfer(&began.name).await.parts;
        let [part] = &parts[..] else { panic!("one part, not {parts:?}") };
        assert_eq!(ended(&mut clients, part).await.state(), JobState::Cancelled);
        assert_eq!(clients.issues(part).await[0].code, "CANCELLED");
    }
}

/// The codes of what was wrong with an import from an address.
async fn codes(suite: &Suite, uri: &str) -> Vec<String> {
    let mut clients = Clients::operator(suite);
    let failed = taken(&mut clients, asking(uri, "")).await;
    assert_eq!(failed.state(), JobState::Failed);
    clients.issues(&failed.name).await.into_iter().map(|issue| issue.code).collect()
}

#[test]
fn this_machine_is_reached_only_where_the_configuration_says_so() {
    run(async {
        let server = Server::start(&[(FIRST, simple(FIRST))]).await;
        let named = server.url.replace("127.0.0.1", "localhost");
        let origins = vec![server.url.clone(), named.clone()];
        let suite = suite(Backend::Sqlite, &[("case_sources", origins)]).await;
        for url in [&server.url, &named] {
            let codes = codes(&suite, &format!("{url}/ims/case/v1p1/CFPackages/{FIRST}")).await;
            assert_eq!(codes, ["SOURCE_ADDRESS_REFUSED"], "{url}");
        }
        assert!(server.asked.lock().expect("no panic").is_empty());
        let mut clients = Clients::operator(&suite);
        let other = asking("https://case.example.org/ims/case/v1p1", "");
        let answer = clients.transfers.import_framework_from_uri(other).await;
        refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
    });
}

#[test]
fn a_redirect_is_followed_only_to_an_allowed_server_and_not_for_long() {
    run(async {
        let server = Server::start(&[]).await;
        let suite = friend(Backend::Sqlite, &server).await;
        for path in ["away", "round"] {
            let codes = codes(&suite, &format!("{}/{path}/CFPackages/{FIRST}", server.url)).await;
            assert_eq!(codes, ["SOURCE_REDIRECT_REFUSED"], "{path}");
        }
        let missing = codes(&suite, &format!("{}/CFPackages/{FIRST}", server.base())).await;
        assert_eq!(missing, ["SOURCE_NOT_FOUND"]);
    });
}

#[test]
fn a_token_goes_to_its_own_server_alone() {
    run(async {
        let (one, other) =
            (Server::start(&[(FIRST, simple(FIRST))]).await, Server::start(&[(FIRST, simple(FIRST))]).await);
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("tokens");
        std::fs::write(&file, format!("{} a-secret\n", one.url)).expect("written");
        let settings = [
            ("case_sources", vec![one.url.clone(), other.url.clone()]),
            ("case_sources_private", vec!["true".to_owned()]),
            ("case_source_tokens", vec![file.display().to_string()]),
        ];
        let suite = suite(Backend::Sqlite, &settings).await;
        let mut clients = Clients::operator(&suite);
        for server in [&one, &other] {
            let uri = format!("{}/CFPackages/{FIRST}", server.base());
            assert_eq!(taken(&mut clients, asking(&uri, "")).await.state(), JobState::Succeeded);
        }
        assert_eq!(*one.tokens.lock().expect("no panic"), ["Bearer a-secret"]);
        assert!(other.tokens.lock().expect("no panic").is_empty());
    });
}

#[test]
fn any_package_there_is_comes_the_same_way() {
    run(async {
        let package = fixture("mockIT.json");
        let server = Server::start(&[(FIRST, package)]).await;
        let suite = friend(Backend::Sqlite, &server).await;
        let mut clients = Clients::operator(&suite);
        let uri = format!("{}/CFDocuments/{FIRST}", server.base());
        let done = taken(&mut clients, asking(&uri, "")).await;
        assert_eq!((done.state(), done.changed), (JobState::Succeeded, true));
        assert_eq!(clients.framework(&done.framework).await.outcome_count, 19);
        let changes = clients.differences(&done.name, 0).await;
        assert_eq!(changes.len(), usize::try_from(done.change_count).expect("a count"));
        let part = clients.differences(&done.parts[0], 0).await;
        assert_eq!(
            changes.iter().map(|c| &c.uid).collect::<Vec<_>>(),
            part.iter().map(|c| &c.uid).collect::<Vec<_>>()
        );
    });
}
