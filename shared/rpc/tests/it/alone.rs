//! A test in a process of its own, where the figures and the memory are nobody else's.

use crate::house::soon;

pub(crate) const MEBIBYTE: usize = 1024 * 1024;

/// Runs the test that asks in a process of its own, since it looks at what the process counts or holds,
/// which the other tests add to. True in that process, where the test is to go on.
pub(crate) fn alone(test: &str) -> bool {
    const ALONE: &str = "TESTKIT_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("the path of the tests");
    let arguments = ["--exact", test, "--nocapture"];
    let done = std::process::Command::new(program).args(arguments).env(ALONE, "1").output();
    let done = done.expect("the test in a process of its own");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    print!("{said}");
    false
}

/// The connections that the servers of this process have ended for this reason.
pub(crate) fn ended(reason: &str) -> u64 {
    figure(&format!("trellis_connections_ended_total{{reason=\"{reason}\"}}"))
}

/// The calls that this limit has refused in this process.
pub(crate) fn refused(limit: &str) -> u64 {
    figure(&format!("trellis_calls_refused_total{{limit=\"{limit}\"}}"))
}

/// A figure of this process.
pub(crate) fn figure(series: &str) -> u64 {
    let text = trellis_telemetry::metrics::Format::accepted(None).render();
    let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    // Nothing is counted before the first server serves.
    value.map_or(0, |value| value.parse().expect("a count"))
}

/// The memory that this process holds, in bytes.
pub(crate) fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}

/// Waits until the condition holds.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    soon(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
