//! The program's own commands, as whoever runs a suite types them.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tokio::process::Command;

/// Runs one of them on this data.
pub(super) async fn run(arguments: &[&str], data: &Path) -> Output {
    run_within(&[], arguments, data).await
}

/// The same, started by another command.
async fn run_within(launcher: &[&str], arguments: &[&str], data: &Path) -> Output {
    let program = tokio::task::spawn_blocking(trellis_testkit::binary).await.expect("the program");
    let mut words = launcher.iter().map(OsStr::new).chain([program.as_os_str()]);
    Command::new(words.next().expect("the program is the last"))
        .args(words)
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .output()
        .await
        .expect("the program runs")
}

/// What `trellis db check` finds, as `service: check`.
pub(super) async fn check(data: &Path) -> Vec<String> {
    check_within(&[], data).await
}

/// The same, with a command that leads to where the data can be seen.
pub(super) async fn check_within(launcher: &[&str], data: &Path) -> Vec<String> {
    let output = run_within(launcher, &["db", "check", "--output", "json"], data).await;
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(output.status.code(), Some(i32::from(!findings.is_empty())), "{report}");
    let word = |finding: &Value, key: &str| finding[key].as_str().expect("a word").to_owned();
    findings
        .iter()
        .map(|finding| format!("{}: {}", word(finding, "service"), word(finding, "check")))
        .collect()
}

/// `trellis backup`; what it said on standard error when it was refused.
pub(super) async fn backup(data: &Path, to: &Path) -> Result<(), String> {
    done(&run(&["backup", &to.display().to_string()], data).await)
}

/// `trellis restore --force`; what it said on standard error when it was refused.
pub(super) async fn restore(from: &Path, data: &Path) -> Result<(), String> {
    done(&run(&["restore", &from.display().to_string(), "--force"], data).await)
}

fn done(output: &Output) -> Result<(), String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// How many rows a service keeps in a table, as a backup counts them.
pub(super) async fn rows(data: &Path, service: &str, table: &str) -> i64 {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let to = elsewhere.path().join("backup").display().to_string();
    let output = run(&["backup", &to, "--output", "json"], data).await;
    let manifest: Value = serde_json::from_slice(&output.stdout).expect("a manifest");
    let services = manifest["services"].as_array().expect("services");
    let kept = services.iter().find(|kept| kept["service"] == service).expect("the service");
    kept["rows"][table].as_i64().expect("the table")
}
