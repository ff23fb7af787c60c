//! How fast a large package is imported, and how much memory that takes: prints, for each database, the
//! items of a generated framework that are imported each second, and the most that the server held, which
//! is a process of its own: the suite, all four services of it.
//!
//! `cargo bench -p trellis-outcome --bench import -- 100000`; the number is that of the outcomes, and each
//! has an association that places it. `sqlite` or `postgres` after it leaves the other database out.

mod served;

use std::fmt::Write as _;
use std::time::Instant;

use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{FrameworkTransfer, FrameworkTransferFormat, ImportFrameworkRequest};
use trellis_kernel::Uuid;
use trellis_testkit::run;

use self::served::Served;

/// How many bytes of the document are sent at a time, at least.
const CHUNK: usize = 500_000;
/// How many outcomes stand below one.
const BRANCHES: usize = 8;

fn main() {
    if served::was_server() {
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let chosen = |name: &&str| arguments.iter().any(|argument| argument == name);
    let all = ["sqlite", "postgres"];
    let some = all.iter().any(chosen);
    for name in all.iter().filter(|name| !some || chosen(name)) {
        let server = Served::start(&[name]);
        run(async {
            let before = server.memory("VmRSS");
            for what in ["first", "again"] {
                server.forget_peak();
                let told = imported(&server, count).await;
                println!("{name}, {what}: {told}; at most {} MB, {before} MB before", server.memory("VmHWM"));
            }
        });
    }
}

/// Imports the framework, and says how fast.
async fn imported(server: &Served, count: usize) -> String {
    let mut client = FrameworkTransferServiceClient::new(server.caller().await);
    let (began, spent) = (Instant::now(), server.cpu());
    let transfer: FrameworkTransfer =
        client.import_framework(tokio_stream::iter(messages(count))).await.expect("taken").into_inner();
    let seconds = began.elapsed().as_secs_f64();
    let spent = server.cpu().saturating_sub(spent).as_secs_f64();
    let (outcomes, links) = (transfer.outcomes.expect("counts"), transfer.associations.expect("counts"));
    assert_eq!(outcomes.created + outcomes.unchanged, i32::try_from(count).expect("a count"));
    let rate = |read: i32| f64::from(read) / seconds;
    let megabytes = transfer.received_size / 1_000_000;
    format!(
        "{count} outcomes and as many associations, {megabytes} MB, in {seconds:.1} s ({spent:.1} s of the \
         processors): {:.0} outcomes/s, {:.0} outcomes and associations/s",
        rate(outcomes.read),
        rate(outcomes.read + links.read)
    )
}

fn messages(count: usize) -> impl Iterator<Item = ImportFrameworkRequest> + Send + 'static {
    let first = ImportFrameworkRequest {
        parent: "districts/grand-bend".to_owned(),
        format: FrameworkTransferFormat::CaseJson.into(),
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
