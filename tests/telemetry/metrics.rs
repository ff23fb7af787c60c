//! The metrics, as Prometheus meets them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use trellis_suite::config::Service;
use trellis_suite::journey::Journey;
use trellis_testkit::{Backend, School, Suite, run};

use super::Telling;

const PAGE: &str = include_str!("../../docs/metrics.md");
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
/// Where the table begins and ends on the page.
const BEGIN: &str =
    "<!-- The table is written by UPDATE_GOLDEN=1 cargo test -p trellis-tests telemetry. -->\n";
const END: &str = "<!-- The end of the table. -->\n";
const OPEN: &str = "application/openmetrics-text; version=1.0.0";

/// A small framework, as the journey imports it.
pub(crate) const FRAMEWORK: &[u8] = include_bytes!("../journey/small.case.json");

async fn walked() -> (Suite, Telling) {
    let (suite, telling) = Telling::start(Backend::Sqlite).await;
    let input = School::journey("grand-bend", FRAMEWORK.to_vec(), suite.now());
    let journey = Journey::new(suite.endpoint().clone(), suite.minter().clone(), input);
    journey.walk(|_| ()).await.unwrap_or_else(|stumble| panic!("{stumble}"));
    (suite, telling)
}

/// A metric as it is described where it is told.
#[derive(Default)]
struct Described<'a> {
    help: &'a str,
    kind: &'a str,
    labels: BTreeSet<&'a str>,
}

fn described(text: &str) -> BTreeMap<&str, Described<'_>> {
    let mut metrics: BTreeMap<&str, Described<'_>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            metrics.entry(name).or_default().help = help;
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            metrics.entry(name).or_default().kind = kind;
        } else if let Some((series, labels)) = line.split_once('{') {
            let name = ["_bucket", "_sum", "_count"]
                .iter()
                .filter_map(|ending| series.strip_suffix(ending))
                .find(|name| metrics.contains_key(name))
                .unwrap_or(series);
            let labels = labels.rsplit_once('}').map_or("", |(labels, _)| labels);
            let described = metrics.get_mut(name).unwrap_or_else(|| panic!("{series} is not described"));
            // A value that holds a comma has no equals sign after it.
            let labels = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0));
            described.labels.extend(labels.filter(|label| *label != "le"));
        }
    }
    metrics
}

fn table(metrics: &BTreeMap<&str, Described<'_>>) -> String {
    let mut table = String::from("| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for (name, Described { help, kind, labels }) in metrics {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(table, "| `{name}` | {kind} | {} | {help} |", labels.join(", ")).expect("a text takes it");
    }
    table
}

/// The page lists what a suite tells after the journey: all of it, and nothing else.
#[test]
fn every_metric_that_is_told_is_documented_and_every_one_that_is_documented_is_told() {
    let text = run(async {
        let (_suite, telling) = walked().await;
        telling.metrics("text/plain").await
    });
    let metrics = described(&text);
    for (name, described) in &metrics {
        is_well_named(name, described);
    }
    let table = table(&metrics);
    let (before, rest) = PAGE.split_once(BEGIN).expect("where the table begins");
    let (written, after) = rest.split_once(END).expect("where the table ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PATH, format!("{before}{BEGIN}\n{table}\n{END}{after}")).expect("writing the page");
        return;
    }
    assert_eq!(written.trim(), table.trim(), "docs/metrics.md: UPDATE_GOLDEN=1 writes it anew");
}

/// A metric says what it counts, in which unit, and by nothing that is somebody's.
fn is_well_named(name: &str, described: &Described<'_>) {
    let Described { help, kind, labels } = described;
    assert!(help.len() > 10 && help.ends_with('.') && !help.ends_with(".."), "{name}: {help}");
    assert_eq!(*kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
    assert!(*kind != "histogram" || name.ends_with("_seconds"), "{name}");
    let word = name.rsplit('_').next().unwrap_or_default();
    let abbreviated = ["ms", "us", "ns", "kb", "mb", "millis", "minutes", "percent"].contains(&word);
    assert!(!abbreviated, "{name}: seconds, bytes, or a count");
    for label in labels {
        let personal = ["district", "learner", "person", "name", "user", "subject"].contains(label);
        assert!(!personal, "{name} by {label}");
    }
}

/// Of a duration that is seen in OpenMetrics one can look at the trace, which the collector has.
#[test]
fn a_duration_names_a_trace_that_was_exported() {
    run(async {
        let (mut suite, telling) = walked().await;
        let answer = telling.get("/metrics", OPEN).await;
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        let text = answer.text().await.expect("text");
        assert!(text.ends_with("# EOF\n"));
        let traces: Vec<[u8; 16]> = text
            .lines()
            .filter(|line| line.starts_with("rpc_server_call_duration_seconds_bucket"))
            .filter_map(|line| line.split_once("# {trace_id=\"")?.1.get(..32))
            .map(|id| u128::from_str_radix(id, 16).expect("a trace id").to_be_bytes())
            .collect();
        assert!(!traces.is_empty(), "{text}");
        assert!(
            !telling.metrics("text/plain").await.contains("trace_id"),
            "no exemplars in the older format"
        );

        suite.processes().stop(Service::Profile);
        let exported = telling.collector.exported();
        let known = traces.iter().filter(|id| exported.windows(16).any(|window| window == *id)).count();
        assert_eq!(known, traces.len(), "every trace that is named was exported");
        for word in ["rpc.system.name", "db.system.name", "messaging.destination.name"] {
            assert!(exported.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
        }
    });
}
