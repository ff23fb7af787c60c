//! The rules of the house, held against the sources.

mod commands;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const SERVICES: &[&str] = &["outcome", "learner-profile", "experience", "scheduling"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder, with its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no source");
    found
}

/// The lines of code: without comments, where a word may stand for itself.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn names(text: &str, word: &str) -> bool {
    code(text).any(|line| line.contains(&format!("{word}::")) || line.contains(&format!("use {word}")))
}

/// The files among `sources` that name `word` although their path holds none of `rooms`.
fn strays(sources: &[(String, String)], word: &str, rooms: &[&str]) -> Vec<String> {
    sources
        .iter()
        .filter(|(path, text)| names(text, word) && !rooms.iter().any(|room| path.contains(room)))
        .map(|(path, _)| path.clone())
        .collect()
}

#[test]
fn a_domain_knows_the_kernel_and_nothing_of_the_outside() {
    for service in SERVICES {
        for (path, text) in sources(&format!("services/{service}/src/domain")) {
            let foreign = [
                "tonic",
                "sea_orm",
                "prost",
                "tokio",
                "axum",
                "trellis_contracts",
                "trellis_store",
                "trellis_rpc",
                "trellis_auth",
                "trellis_events",
                "crate::store",
                "crate::api",
                "crate::app",
                "crate::events",
            ];
            for word in foreign {
                assert!(!names(&text, word), "{path} names {word}");
            }
        }
    }
}

#[test]
fn no_service_depends_on_another() {
    let crates: BTreeSet<String> = SERVICES.iter().map(|service| format!("trellis-{service}")).collect();
    for service in SERVICES {
        let manifest =
            fs::read_to_string(root().join(format!("services/{service}/Cargo.toml"))).expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
        let dependencies = manifest["dependencies"].as_table().expect("dependencies");
        for other in &crates {
            assert!(!dependencies.contains_key(other), "{service} depends on {other}");
        }
    }
}

#[test]
fn each_library_is_named_only_in_its_rooms() {
    let mut all = Vec::new();
    for service in SERVICES {
        all.extend(sources(&format!("services/{service}/src")));
    }
    for shared in ["auth", "contracts", "events", "kernel", "rpc", "store", "telemetry", "tls"] {
        all.extend(sources(&format!("shared/{shared}/src")));
    }
    let none: Vec<String> = Vec::new();
    let tonic = ["/api/", "/src/lib.rs", "shared/contracts", "shared/rpc", "shared/auth", "shared/events"];
    assert_eq!(strays(&all, "tonic", &tonic), none);
    assert_eq!(strays(&all, "sea_orm", &["/store/", "/store.rs", "shared/store"]), none);
    assert_eq!(strays(&all, "opentelemetry", &["shared/telemetry"]), none);
}

#[test]
fn entities_are_found_only_through_a_scope() {
    for service in SERVICES {
        for (path, text) in sources(&format!("services/{service}/src")) {
            for line in code(&text) {
                for unscoped in
                    ["::find()", "::find_by_id(", "::delete_many()", "::update_many()", "::delete_by_id("]
                {
                    let entity = line.contains(&format!("Entity{unscoped}"));
                    assert!(!entity, "{path} passes the district by: {}", line.trim());
                }
            }
        }
    }
}

#[test]
fn time_and_chance_are_given() {
    let clippy = fs::read_to_string(root().join("clippy.toml")).expect("clippy.toml");
    for method in ["SystemTime::now", "Timestamp::now", "Uuid::new_v4", "Uuid::now_v7"] {
        assert!(clippy.contains(method), "clippy.toml no longer forbids {method}");
    }
}

#[test]
fn only_the_root_names_versions() {
    for folder in ["shared", "services"] {
        for entry in fs::read_dir(root().join(folder)).expect("a folder") {
            let manifest = entry.expect("an entry").path().join("Cargo.toml");
            let table: toml::Table =
                fs::read_to_string(&manifest).expect("a manifest").parse().expect("a manifest is TOML");
            for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
                for (name, value) in table.get(section).and_then(toml::Value::as_table).into_iter().flatten()
                {
                    let inherited = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                    assert!(inherited, "{} gives {name} a version of its own", manifest.display());
                }
            }
        }
    }
}
