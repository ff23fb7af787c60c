//! The contract cases cover every method, and hold against the suite.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use trellis_contracts::METHODS;

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
    let internal = |path: &str| path.contains(".EventService/") || path.contains(".AccessService/");
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
