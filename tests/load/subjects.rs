//! What is measured: a bare echo, the suite's layers one upon the other, a read, a durable write, the imports.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{LocalizedText, WhoAmIRequest};
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, Framework, FrameworkKind, GetFrameworkRequest, ImportFrameworkRequest,
    TransferFormat,
};
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::{CreateEntryRequest, Entry, EntryAudience, EntryFacet, ListEntriesRequest};
use trellis_testkit::{Backend, Role, Suite};

use crate::meter::{Measured, measure};

/// A health check of a tonic server with nothing around it.
pub(crate) async fn bare_echo() -> Measured {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (_, health) = tonic_health::server::health_reporter();
    // As the suite does; without it, the floor waits for the other side's delayed acknowledgements.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(Server::builder().add_service(health).serve_with_incoming(incoming));
    let client = HealthClient::new(connect(url).await);
    measure(move || check(client.clone())).await
}

async fn connect(url: String) -> Channel {
    Channel::from_shared(url).expect("a URL").connect().await.expect("a connection")
}

async fn check(mut client: HealthClient<Channel>) {
    client.check(HealthCheckRequest::default()).await.expect("healthy");
}

/// The calls of one suite, from the least to the most that is done for them.
pub(crate) async fn calls(backend: Backend) -> Vec<(&'static str, Measured)> {
    let suite = Suite::start(backend).await;
    let school = suite.school().await;
    let learner = suite.person(&school.district, school.learner, Role::Learner);
    let author = suite.person(&school.district, school.educator, Role::Educator);

    let health = HealthClient::new(connect(suite.url()).await);
    let served = measure(move || check(health.clone())).await;

    let client = IdentityServiceClient::new(suite.operator(&school.district));
    let known = measure(move || {
        let mut client = client.clone();
        async move { drop(client.who_am_i(WhoAmIRequest {}).await.expect("an answer")) }
    });
    let known = known.await;

    let mut frameworks = FrameworkServiceClient::new(author);
    let request = CreateFrameworkRequest {
        parent: school.parent(),
        framework: Some(framework()),
        ..Default::default()
    };
    let name = frameworks.create_framework(request).await.expect("a framework").into_inner().name;
    let read = measure(move || {
        let (mut client, name) = (frameworks.clone(), name.clone());
        async move { drop(client.get_framework(GetFrameworkRequest { name }).await.expect("the framework")) }
    });
    let read = read.await;

    let (client, parent) = (LearnerServiceClient::new(learner), school.learner(school.learner));
    let listed = {
        let (client, parent) = (client.clone(), parent.clone());
        measure(move || {
            let (mut client, parent) = (client.clone(), parent.clone());
            async move {
                let request = ListEntriesRequest { parent, ..Default::default() };
                drop(client.list_entries(request).await.expect("entries"));
            }
        })
    };
    let listed = listed.await;
    let written = measure(move || {
        let (mut client, parent) = (client.clone(), parent.clone());
        async move {
            let request = CreateEntryRequest { parent, entry: Some(entry()), ..Default::default() };
            drop(client.create_entry(request).await.expect("an entry"));
        }
    });
    vec![
        ("health, through the server's limits", served),
        ("+ token, roster (WhoAmI, operator)", known),
        ("+ guard, a row (GetFramework)", read),
        ("a learner's list (ListEntries)", listed),
        ("a durable write (CreateEntry)", written.await),
    ]
}

fn text(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

fn framework() -> Framework {
    Framework {
        kind: FrameworkKind::Competencies.into(),
        title: text("Competencies"),
        ..Framework::default()
    }
}

fn entry() -> Entry {
    Entry {
        facet: EntryFacet::Strength.into(),
        text: text("I ask good questions"),
        audience: EntryAudience::FamilyAndEducators.into(),
        ..Entry::default()
    }
}

/// The imports of real data into an empty SQLite suite, once each and then once more.
pub(crate) async fn imports() -> Vec<(&'static str, Duration)> {
    let suite = Suite::start(Backend::Sqlite).await;
    let case = demo("mockMATH.json");
    let mut took = Vec::new();
    for name in ["mockMATH, 585 items and 3,368 associations", "the same again"] {
        let begin = Instant::now();
        import_case(&suite, &case).await;
        took.push((name, begin.elapsed()));
    }
    took
}

fn demo(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/trellis/demo").join(file);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

async fn import_case(suite: &Suite, case: &[u8]) {
    let first = ImportFrameworkRequest {
        parent: "districts/grand-bend".to_owned(),
        format: TransferFormat::CaseJson.into(),
        ..Default::default()
    };
    let chunks = case
        .chunks(256 * 1024)
        .map(|chunk| ImportFrameworkRequest { chunk: chunk.to_vec().into(), ..Default::default() });
    let messages: Vec<_> = std::iter::once(first).chain(chunks).collect();
    let mut client = FrameworkTransferServiceClient::new(suite.operator("grand-bend"));
    client.import_framework(tokio_stream::iter(messages)).await.expect("imported");
}
