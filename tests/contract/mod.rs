//! The contract cases cover every method, and hold against the suite.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use trellis_contracts::METHODS;
use trellis_suite::config::Service;
use trellis_suite::demo::Demonstration;
use trellis_testkit::nats::Nats;
use trellis_testkit::{Backend, Extra, Setup, Shape, Suite, run};

/// The cases of the files in a folder, each with the path of its method.
fn cases(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract").join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a file of cases");
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        for case in value["cases"].as_array().unwrap_or_else(|| panic!("{file} holds no cases")) {
            let service = case["service"].as_str().or(value["service"].as_str()).unwrap_or_default();
            let method = case["method"].as_str().unwrap_or_default();
            found.push((format!("/{service}/{method}"), case.clone()));
        }
    }
    found
}

#[test]
fn the_steps_of_the_journeys_are_methods() {
    for (path, step) in cases("journeys") {
        assert!(METHODS.iter().any(|method| method.path == path), "no method {path}: {}", step["name"]);
    }
}

#[test]
fn every_method_has_a_case_that_is_accepted_and_one_that_is_refused() {
    let mut seen: BTreeMap<String, (bool, bool)> =
        METHODS.iter().map(|method| (method.path.to_owned(), (false, false))).collect();
    for (path, case) in cases("cases") {
        let covered = seen.get_mut(&path).unwrap_or_else(|| panic!("no method {path}: {}", case["name"]));
        // A stream that stays open is accepted when it has told something before its time is over.
        let streamed = case["expect"]["any_reply"].is_object();
        match case["expect"]["status"].as_str().unwrap_or("OK") {
            "OK" => covered.0 = true,
            "DEADLINE_EXCEEDED" if streamed => covered.0 = true,
            _ => covered.1 = true,
        }
    }
    // What only the suite's own services may call has no token here that is accepted.
    let internal = |path: &str| {
        [".EventService/", ".AccessService/", ".ResetService/"].iter().any(|service| path.contains(service))
    };
    // A suite that is well has no dead letter to show: `tests/faults` makes some.
    let of_defects = |path: &str| {
        ["Get", "Replay", "Discard"]
            .iter()
            .any(|verb| path.ends_with(&format!(".DeadLetterService/{verb}DeadLetter")))
    };
    let needs_none = |path: &str| internal(path) || of_defects(path);
    let bare: Vec<String> = seen
        .into_iter()
        .filter(|(path, (accepted, refused))| !refused || (!accepted && !needs_none(path)))
        .map(|(path, (accepted, _))| {
            format!("{path} has no {} case", if accepted { "refused" } else { "accepted" })
        })
        .collect();
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

/// One process passes them in `make contract`, which is a part of `make test`.
#[test]
fn all_hold_against_two_processes_of_each_service() {
    run(async {
        let nats = Nats::start();
        let url = nats.url();
        // As demo.sh starts its own.
        let flags = [
            "--nats-url",
            &url,
            "--case-source",
            "http://127.0.0.1:9",
            "--case-sources-private",
            "--sandbox",
            "sandbox",
        ];
        let setup = Setup { backend: Backend::Postgres, shape: Shape::TwoPerService, clock: None };
        let mut suite = Suite::started(setup, &Extra { flags: &flags, ..Extra::default() }).await;
        let (endpoint, minter) = (suite.endpoint().clone(), suite.minter().clone());
        let demonstration = Demonstration::of(endpoint, minter, suite.url(), suite.now()).expect("its data");
        demonstration.fill(|_| ()).await.expect("the demonstration");
        let tokens = demonstration.tokens().await.expect("its tokens");

        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let fetched = folder.join("../.tools/venv/bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::env::split_paths(&path).chain([fetched])).expect("a path");
        let mut kit = Command::new("python3");
        kit.arg(folder.join("contract/run.py")).env("PATH", path).env("REQUIRE_ALL", "1");
        kit.env("ADDRESS", suite.processes().addresses(Service::Profile).join(","));
        for service in Service::ALL {
            let addresses = suite.processes().addresses(service).join(",");
            kit.env(format!("ADDRESS_{}", service.name().to_uppercase()), addresses);
        }
        kit.envs(tokens.each().map(|(part, token)| (format!("TOKEN_{}", part.to_uppercase()), token)));
        let done = tokio::task::spawn_blocking(move || kit.output()).await.expect("no panic");
        let done = done.expect("python3 is needed for this test");
        let (told, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{told}{wrong}");
    });
}
