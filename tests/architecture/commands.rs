//! What the documents tell people to type is there.

use std::collections::BTreeSet;
use std::fs;

use super::root;

/// The documents that name commands, from the root.
fn documents() -> Vec<String> {
    let mut found: Vec<String> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "ARCHITECTURE.md", "tests/README.md"]
            .map(str::to_owned)
            .into();
    for entry in fs::read_dir(root().join("docs")).expect("the documents") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path.strip_prefix(root()).expect("below the root").display().to_string());
        }
    }
    found
}

/// What is code in a document: its fenced blocks, line by line, and what stands between backticks.
fn code(text: &str) -> Vec<&str> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.push(line);
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// The targets that a piece of code calls `make` with.
fn made(code: &str) -> impl Iterator<Item = &str> {
    let code = code.split('#').next().unwrap_or_default();
    code.split(['&', ';', '|'])
        .filter_map(|command| command.trim().strip_prefix("make "))
        .flat_map(|words| words.split_whitespace().take_while(|word| !word.contains('=')))
}

#[test]
fn every_command_that_a_document_names_is_a_target() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, rest)| !rest.starts_with('=') && !name.starts_with(['.', '\t', '#']))
        .map(|(name, _)| name)
        .collect();
    let mut named = 0;
    for document in documents() {
        let text = fs::read_to_string(root().join(&document)).expect("a document");
        for target in code(&text).into_iter().flat_map(made) {
            assert!(targets.contains(target), "{document} names `make {target}`, which the Makefile lacks");
            named += 1;
        }
    }
    assert!(named > 10, "the documents name commands: {named}");
}
