//! How fast a large package is imported, and how much memory that takes: prints, for each database, the
//! items of a generated framework that are imported each second, and the most that the whole process held.
//!
//! `cargo bench -p trellis-outcome --bench import -- 100000`; the number is that of the outcomes, and each
//! has an association that places it. The document is made while it is sent, so that the memory told is
//! that of the suite, all four services of it, and a client.

use std::fmt::Write as _;
use std::time::Instant;

use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{FrameworkTransfer, ImportFrameworkRequest, TransferFormat};
use trellis_kernel::Uuid;
use trellis_testkit::{Backend, Suite, run};

/// How many bytes of the document are sent at a time, at least.
const CHUNK: usize = 500_000;
/// How many outcomes stand below one.
const BRANCHES: usize = 8;

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    for (name, backend) in [("SQLite", Backend::Sqlite), ("PostgreSQL", Backend::Postgres)] {
        run(async {
            let suite = Suite::start(backend).await;
            let before = resident("VmRSS");
            forget_peak();
            let first = imported(&suite, count).await;
            println!("{name}: {first}; at most {} MB, {before} MB before", resident("VmHWM"));
            forget_peak();
            let again = imported(&suite, count).await;
            println!("{name}, again: {again}; at most {} MB", resident("VmHWM"));
        });
    }
}

/// Imports the framework, and says how fast.
async fn imported(suite: &Suite, count: usize) -> String {
    let mut client = FrameworkTransferServiceClient::new(suite.operator("grand-bend"));
    let began = Instant::now();
    let transfer: FrameworkTransfer =
        client.import_framework(tokio_stream::iter(messages(count))).await.expect("taken").into_inner();
    let seconds = began.elapsed().as_secs_f64();
    let counts = transfer.outcomes.expect("counts");
    assert_eq!(counts.created + counts.unchanged, i32::try_from(count).expect("a count"));
    let rate = f64::from(counts.read) / seconds;
    let megabytes = transfer.received_size / 1_000_000;
    format!(
        "{count} outcomes and as many associations, {megabytes} MB, in {seconds:.1} s: {rate:.0} outcomes/s"
    )
}

fn messages(count: usize) -> impl Iterator<Item = ImportFrameworkRequest> + Send + 'static {
    let first = ImportFrameworkRequest {
        parent: "districts/grand-bend".to_owned(),
        format: TransferFormat::CaseJson.into(),
        ..ImportFrameworkRequest::default()
    };
    let mut pieces = pieces(count);
    let chunks = std::iter::from_fn(move || {
        let mut chunk = String::new();
        while chunk.len() < CHUNK
            && let Some(piece) = pieces.next()
        {
            chunk.push_str(&piece);
        }
        (!chunk.is_empty()).then_some(chunk)
    });
    let chunks = chunks.map(|chunk| ImportFrameworkRequest {
        chunk: chunk.into_bytes().into(),
        ..ImportFrameworkRequest::default()
    });
    std::iter::once(first).chain(chunks)
}

/// The document, piece by piece.
fn pieces(count: usize) -> impl Iterator<Item = String> + Send + 'static {
    let framework = guid('f', 0);
    let begin = format!(
        r#"{{"CFDocument":{{"identifier":"{framework}","uri":"https://case.example.org/ims/case/v1p1/CFDocuments/{framework}","title":"Generated","creator":"A bench","lastChangeDateTime":"2026-01-01T00:00:00Z"}},"CFItems":["#
    );
    let items = (0..count).map(item);
    let links = (0..count).map(link);
    std::iter::once(begin)
        .chain(items)
        .chain(std::iter::once("],\"CFAssociations\":[".to_owned()))
        .chain(links)
        .chain(std::iter::once("]}".to_owned()))
}

fn item(number: usize) -> String {
    let mut text = if number == 0 { String::new() } else { ",\n".to_owned() };
    let id = guid('a', number);
    let written = write!(
        text,
        r#"{{"identifier":"{id}","uri":"https://case.example.org/ims/case/v1p1/CFItems/{id}","fullStatement":"Explain in your own words how the parts of example {number} work together, and show it to others.","humanCodingScheme":"G.{number}","CFItemType":"Standard","educationLevel":["09","10"],"language":"en","lastChangeDateTime":"2026-01-01T00:00:00Z"}}"#
    );
    written.expect("writing to a text");
    text
}

fn link(number: usize) -> String {
    let mut text = if number == 0 { String::new() } else { ",\n".to_owned() };
    let (id, child) = (guid('b', number), guid('a', number));
    let (section, parent) = if number == 0 {
        ("CFDocuments", guid('f', 0))
    } else {
        ("CFItems", guid('a', (number - 1) / BRANCHES))
    };
    let written = write!(
        text,
        r#"{{"identifier":"{id}","uri":"https://case.example.org/ims/case/v1p1/CFAssociations/{id}","associationType":"isChildOf","sequenceNumber":{number},"originNodeURI":{{"title":"G.{number}","identifier":"{child}","uri":"https://case.example.org/ims/case/v1p1/CFItems/{child}"}},"destinationNodeURI":{{"title":"Above","identifier":"{parent}","uri":"https://case.example.org/ims/case/v1p1/{section}/{parent}"}},"lastChangeDateTime":"2026-01-01T00:00:00Z"}}"#
    );
    written.expect("writing to a text");
    text
}

/// Identities as authoring tools make them: without an order.
fn guid(kind: char, number: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{kind}{number}").as_bytes())
}

/// A figure of the process's memory, in megabytes.
fn resident(figure: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the process's figures");
    let line = status.lines().find(|line| line.starts_with(figure)).expect("the figure");
    let kilobytes: u64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    kilobytes / 1000
}

/// Lets the peak begin at what is held now.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("the kernel forgets the peak");
}
