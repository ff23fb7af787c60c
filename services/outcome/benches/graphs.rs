//! How long it takes to read, to join and to search what is published, and what it costs: prints tables, of
//! `SQLite`. The server is a process of its own.
//!
//! `cargo bench -p trellis-outcome --bench graphs -- 10000 100000`: each number is how many outcomes are
//! published over fifty frameworks before they are searched; the tree is of the last number, though of
//! 100,000 at most, and the crosswalk of a tenth of it. Times are those that a client over a socket sees,
//! its own work included. Costs stand beside those of tonic's own server with the same messages.

mod pace;
mod served;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use prost::Message as _;
use trellis_contracts::outcome::association_service_client::AssociationServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::{
    BatchGetOutcomesRequest, CrosswalkFrameworksRequest, FrameworkTransferFormat, GetOutcomeRequest,
    ImportFrameworkRequest, ListDescendantsRequest, SearchOutcomesRequest,
};
use trellis_kernel::Uuid;
use trellis_testkit::run;

use self::pace::{Call, Cost, round};
use self::served::{Caller, Served};

const DISTRICT: &str = "districts/grand-bend";
/// Over how many frameworks the searched outcomes are spread.
const FRAMEWORKS: usize = 50;
/// How many words there are.
const WORDS: usize = 20_000;
/// How many calls a time is taken from.
const CALLS: usize = 2_000;
/// How often what things cost is measured, in alternation.
const ROUNDS: usize = 3;

fn main() {
    if served::was_server() {
        return;
    }
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let server = Served::start(&["sqlite"]);
    run(async {
        let caller = server.caller().await;
        server.forget_peak();
        let last = sizes.last().copied().unwrap_or(10_000).min(100_000);
        println!("| what | median | 99th of 100 |\n|---|---|---|");
        let names = tree(&caller, last).await;
        crosswalk(&caller, last / 10).await;
        let mut published = 0;
        for size in sizes {
            search(&caller, &mut published, size).await;
        }
        println!(
            "\nThe server held {} MB at most, {} MB now.\n",
            server.memory("VmHWM"),
            server.memory("VmRSS")
        );
        costs(&server, &caller, names).await;
    });
}

fn row(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |hundredth: usize| times[(times.len() - 1) * hundredth / 100];
    println!("| {what} | {:.2?} | {:.2?} |", at(50), at(99));
}

/// The tree of a revision, and single outcomes of it; answers with their names.
async fn tree(caller: &Caller, size: usize) -> Vec<String> {
    let framework = published(caller, &package("tree", size, None)).await;
    let mut client = OutcomeServiceClient::new(caller.clone());
    let mut names = Vec::new();
    for (what, times) in [("first", 1), ("again", 5)] {
        let mut taken = Vec::new();
        for _ in 0..times {
            names.clear();
            let began = Instant::now();
            let request = ListDescendantsRequest { parent: framework.clone(), max_depth: 0 };
            let mut stream = client.list_descendants(request).await.expect("a tree").into_inner();
            while let Some(node) = stream.next().await {
                names.push(node.expect("a node").outcome.expect("an outcome").name);
            }
            taken.push(began.elapsed());
        }
        assert_eq!(names.len(), size);
        row(&format!("tree of {size}, {what}"), taken);
    }
    let mut taken = Vec::new();
    for name in names.iter().cycle().step_by(7).take(CALLS) {
        let began = Instant::now();
        client.get_outcome(GetOutcomeRequest { name: name.clone() }).await.expect("an outcome");
        taken.push(began.elapsed());
    }
    row("GetOutcome at a revision", taken);
    let mut taken = Vec::new();
    for names in names.chunks(100).cycle().take(CALLS / 10) {
        let request = BatchGetOutcomesRequest { parent: DISTRICT.to_owned(), names: names.to_vec() };
        let began = Instant::now();
        client.batch_get_outcomes(request).await.expect("outcomes");
        taken.push(began.elapsed());
    }
    row("BatchGetOutcomes of 100", taken);
    names
}

/// What single outcomes and a hundred of them cost the server, beside what their messages cost tonic alone.
async fn costs(server: &Served, caller: &Caller, names: Vec<String>) {
    let mut client = OutcomeServiceClient::new(caller.clone());
    let request = BatchGetOutcomesRequest { parent: DISTRICT.to_owned(), names: names[..100].to_vec() };
    let answer = client.batch_get_outcomes(request).await.expect("outcomes").into_inner();
    let directory = tempfile::tempdir().expect("a directory");
    let answers = directory.path().join("answers");
    std::fs::write(&answers, answer.encode_to_vec()).expect("the answers");
    let echo = Served::start(&["echo", answers.to_str().expect("a path")]);
    let echoing = echo.called_as_at(server).await;
    let names = Arc::new(names);
    println!("| what | calls/s | CPU µs | calls × | CPU × |\n|---|---|---|---|---|");
    let pairs = [
        ("GetOutcome at a revision", one(&echoing, &names), one(caller, &names)),
        ("BatchGetOutcomes of 100", hundred(&echoing, &names), hundred(caller, &names)),
    ];
    for (what, floor, own) in pairs {
        let (mut least, mut cost) = (Cost::default(), Cost::default());
        for _ in 0..ROUNDS {
            least = least.and(round(&echo, &floor).await);
            cost = cost.and(round(server, &own).await);
        }
        println!("| tonic alone | {:.0} | {:.1} | 1.00 | 1.00 |", least.rate(), least.cpu());
        let (rate, cpu) = (cost.rate() / least.rate(), cost.cpu() / least.cpu());
        println!("| {what} | {:.0} | {:.1} | {rate:.2} | {cpu:.2} |", cost.rate(), cost.cpu());
    }
}

fn one(caller: &Caller, names: &Arc<Vec<String>>) -> Call {
    let (client, names) = (OutcomeServiceClient::new(caller.clone()), names.clone());
    Arc::new(move |number| {
        let (mut client, name) = (client.clone(), names[number * 7 % names.len()].clone());
        Box::pin(async move {
            client.get_outcome(GetOutcomeRequest { name }).await.expect("an outcome");
        })
    })
}

fn hundred(caller: &Caller, names: &Arc<Vec<String>>) -> Call {
    let (client, names) = (OutcomeServiceClient::new(caller.clone()), names.clone());
    Arc::new(move |number| {
        let from = number * 100 % (names.len() - 99);
        let (mut client, names) = (client.clone(), names[from..from + 100].to_vec());
        Box::pin(async move {
            let request = BatchGetOutcomesRequest { parent: DISTRICT.to_owned(), names };
            client.batch_get_outcomes(request).await.expect("outcomes");
        })
    })
}

/// Two frameworks whose outcomes are joined through those of a third.
async fn crosswalk(caller: &Caller, size: usize) {
    let hub = published(caller, &package("hub", size, None)).await;
    let source = published(caller, &package("source", size, Some("hub"))).await;
    let target = published(caller, &package("target", size, Some("hub"))).await;
    let mut client = AssociationServiceClient::new(caller.clone());
    for (what, times) in [("first", 1), ("again", 5)] {
        let (mut first, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..times {
            let request = CrosswalkFrameworksRequest {
                parent: DISTRICT.to_owned(),
                source: source.clone(),
                target: target.clone(),
                hubs: vec![hub.clone()],
                ..CrosswalkFrameworksRequest::default()
            };
            let began = Instant::now();
            let mut stream = client.crosswalk_frameworks(request).await.expect("a crosswalk").into_inner();
            stream.next().await.expect("the counts").expect("the counts");
            first.push(began.elapsed());
            let mut told = 0;
            while let Some(item) = stream.next().await {
                told += item.expect("matches").matches.len();
            }
            whole.push(began.elapsed());
            assert_eq!(told, size);
        }
        row(&format!("crosswalk of {size} through a hub, {what}: to its counts"), first);
        row(&format!("crosswalk of {size} through a hub, {what}: to its end"), whole);
    }
}

/// Searches of all that is published.
async fn search(caller: &Caller, published_before: &mut usize, size: usize) {
    let each = size.saturating_sub(*published_before) / FRAMEWORKS;
    for number in 0..FRAMEWORKS {
        published(caller, &package(&format!("searched {size} {number}"), each, None)).await;
    }
    *published_before = size;
    let mut client = OutcomeServiceClient::new(caller.clone());
    let ask = |query: String| SearchOutcomesRequest {
        parent: DISTRICT.to_owned(),
        query,
        page_size: 20,
        ..SearchOutcomesRequest::default()
    };
    let began = Instant::now();
    while client.search_outcomes(ask("first".to_owned())).await.is_err() {}
    println!("| taken up of {size} | {:.2?} | |", began.elapsed());
    let mut draw = Draw(7);
    for (what, mistyped) in [("words", false), ("words, one mistyped", true)] {
        let mut taken = Vec::new();
        for number in 0..CALLS / 2 {
            let mut words: Vec<String> = (0..=number % 4).map(|_| draw.word()).collect();
            if mistyped {
                let last = words.last_mut().expect("a word");
                last.insert(3, 'z');
            }
            let began = Instant::now();
            client.search_outcomes(ask(words.join(" "))).await.expect("an answer");
            taken.push(began.elapsed());
        }
        row(&format!("search of {size} by {what}"), taken);
    }
}

/// Imports and publishes a package; answers with the revision's name.
async fn published(caller: &Caller, package: &str) -> String {
    let mut client = FrameworkTransferServiceClient::new(caller.clone());
    let first = ImportFrameworkRequest {
        parent: DISTRICT.to_owned(),
        format: FrameworkTransferFormat::CaseJson.into(),
        publish: true,
        ..ImportFrameworkRequest::default()
    };
    let chunks: Vec<ImportFrameworkRequest> = package
        .as_bytes()
        .chunks(500_000)
        .map(|chunk| ImportFrameworkRequest {
            chunk: chunk.to_vec().into(),
            ..ImportFrameworkRequest::default()
        })
        .collect();
    let messages = tokio_stream::iter(std::iter::once(first).chain(chunks));
    let transfer = client.import_framework(messages).await.expect("taken").into_inner();
    format!("{}@1", transfer.framework)
}

/// A framework of so many outcomes, eight below each; each says the same as the one of its number in the
/// hub, if there is one.
fn package(name: &str, size: usize, hub: Option<&str>) -> String {
    let guid = |kind: &str, number: usize| of(name, kind, number);
    let mut draw = Draw(name.bytes().fold(1, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)));
    let framework = guid("framework", 0);
    let (mut items, mut links) = (String::new(), String::new());
    for number in 0..size {
        let comma = if number == 0 { "" } else { "," };
        let words: Vec<String> = (0..12).map(|_| draw.word()).collect();
        let (id, statement) = (guid("item", number), words.join(" "));
        let item = write!(
            items,
            r#"{comma}{{"identifier":"{id}","uri":"urn:{id}","fullStatement":"{statement}","humanCodingScheme":"G.{number}","CFItemType":"Standard","educationLevel":["09"],"language":"en","lastChangeDateTime":"2026-01-01T00:00:00Z"}}"#
        );
        item.expect("writing to a text");
        let above = if number == 0 { framework } else { guid("item", (number - 1) / 8) };
        let mut link = |comma: &str, kind: &str, own: Uuid, to: Uuid| {
            let link = write!(
                links,
                r#"{comma}{{"identifier":"{own}","uri":"urn:{own}","associationType":"{kind}","originNodeURI":{{"title":"G","identifier":"{id}","uri":"urn:{id}"}},"destinationNodeURI":{{"title":"G","identifier":"{to}","uri":"urn:{to}"}},"lastChangeDateTime":"2026-01-01T00:00:00Z"}}"#
            );
            link.expect("writing to a text");
        };
        link(comma, "isChildOf", guid("child", number), above);
        if let Some(hub) = hub {
            link(",", "exactMatchOf", guid("match", number), of(hub, "item", number));
        }
    }
    format!(
        r#"{{"CFDocument":{{"identifier":"{framework}","uri":"urn:{framework}","title":"{name}","creator":"A bench","lastChangeDateTime":"2026-01-01T00:00:00Z"}},"CFItems":[{items}],"CFAssociations":[{links}]}}"#
    )
}

fn of(name: &str, kind: &str, number: usize) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{name} {kind} {number}").as_bytes())
}

/// Draws words, a few of them often and most of them seldom, the same each time.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn word(&mut self) -> String {
        const PARTS: [&str; 16] = [
            "ba", "cor", "del", "fin", "gam", "hol", "jur", "kel", "lim", "mon", "nor", "pel", "rad", "sen",
            "tul", "vex",
        ];
        // Of two even draws the product is small more often than large.
        let (one, other) = (self.next() % 1000, self.next() % 1000);
        let mut rank = usize::try_from(one * other).unwrap_or(0) * WORDS / 1_000_000;
        let mut word = String::new();
        for _ in 0..4 {
            word.push_str(PARTS[rank % PARTS.len()]);
            rank /= PARTS.len();
        }
        word
    }
}
