//! The journey between processes: nobody's words are told by any of them, and one trace goes through
//! several.

use std::collections::BTreeSet;

use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_suite::journey::Journey;
use trellis_testkit::{Backend, Extra, Setup, Shape, Suite, run};

use super::logs::{marked_input, search};
use super::marker::{MARK, Marker};
use crate::telemetry::collector::Collector;

/// The traces of the spans that a process exported: in each span its trace's id (field 1, 16 bytes)
/// stands before its own (field 2, 8 bytes).
fn traces(collector: &Collector, process: &str) -> BTreeSet<[u8; 16]> {
    let by = |export: &[u8]| export.windows(process.len()).any(|window| window == process.as_bytes());
    let mut found = BTreeSet::new();
    for export in collector.exports().iter().filter(|export| by(export)) {
        for window in export.windows(20) {
            if window[..2] == [0x0a, 16] && window[18..] == [0x12, 8] {
                found.insert(window[2..18].try_into().expect("16 bytes"));
            }
        }
    }
    found
}

#[test]
fn nobody_s_words_are_told_by_any_process_and_a_trace_goes_through_several() {
    run(async {
        let collector = Collector::start().await;
        let log = tempfile::NamedTempFile::new().expect("a file for the log");
        let file = log.reopen().expect("the file of the log");
        let flags = ["--log", "trace", "--otlp-endpoint", &collector.url];
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::ProgramPerService, clock: None };
        let extra = Extra { flags: &flags, log: Some(&file), ..Extra::default() };
        let mut suite = Suite::started(setup, &extra).await;
        let (marker, between) = Marker::before(suite.urls()).await;
        let (endpoint, minter) = (Endpoint::at(&between).expect("a URL"), suite.minter().clone());
        let journey = Journey::new(endpoint, minter, marked_input(suite.now()));
        let cast = journey.cast().clone();
        journey.walk(|_| ()).await.unwrap_or_else(|stumble| panic!("{stumble}"));
        assert!(marker.passed().marked.len() > 20, "what people say was not marked");

        let mut hidden = BTreeSet::from([MARK.to_owned()]);
        let people = [cast.learner, cast.classmate, cast.guardian, cast.educator];
        hidden.extend(people.map(|id| id.to_string()));
        hidden.extend(marker.passed().tokens.iter().flat_map(|t| t.split('.').map(str::to_owned)));
        for url in suite.urls().clone() {
            let metrics = reqwest::get(format!("{url}/metrics")).await.expect("an answer");
            search("the metrics", &metrics.bytes().await.expect("text"), &hidden);
        }
        // What is left is told at the end.
        for service in Service::ALL {
            suite.processes().stop(service);
        }
        let log = std::fs::read(log.path()).expect("the log");
        assert!(String::from_utf8_lossy(&log).contains("trace_id="), "the log was not kept");
        search("the log", &log, &hidden);
        search("the spans", &collector.exported(), &hidden);

        let asked = traces(&collector, "trellis-profile");
        for asking in ["trellis-experience", "trellis-scheduling"] {
            let shared = traces(&collector, asking).intersection(&asked).count();
            assert!(shared > 0, "{asking} asked trellis-profile in no trace of its own: {}", asked.len());
        }
    });
}
