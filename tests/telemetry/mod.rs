//! What the real program tells those who operate it, as they meet it.

mod admin;
pub(crate) mod collector;
mod figures;
mod logging;
pub(crate) mod metrics;

use std::fs::File;

use trellis_testkit::{Backend, Suite, free_port};

use collector::Collector;

/// What a suite in the real program tells: its log at the finest, its traces to a collector of the test's
/// own, and its metrics on an address of their own.
pub(crate) struct Telling {
    pub(crate) collector: Collector,
    /// Where its operators are answered, `http://127.0.0.1:40124`.
    pub(crate) admin: String,
    log: tempfile::NamedTempFile,
}

impl Telling {
    pub(crate) async fn start(backend: Backend) -> (Suite, Self) {
        Self::with(backend, &[]).await
    }

    /// The same, with more flags.
    pub(crate) async fn with(backend: Backend, more: &[&str]) -> (Suite, Self) {
        let collector = Collector::start().await;
        let admin = format!("127.0.0.1:{}", free_port());
        let log = tempfile::NamedTempFile::new().expect("a file for the log");
        let flags = ["--log", "trace", "--admin-listen", &admin, "--otlp-endpoint", &collector.url];
        let flags = [&flags[..], more].concat();
        let file: File = log.reopen().expect("the file of the log");
        let suite = Suite::program(backend, &flags, &file).await;
        (suite, Self { collector, admin: format!("http://{admin}"), log })
    }

    /// What it has logged by now.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log.path()).expect("the log")).into_owned()
    }

    /// What it answers its operators under a path.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> reqwest::Response {
        let request = reqwest::Client::new().get(format!("{}{path}", self.admin)).header("accept", accept);
        request.send().await.expect("an answer")
    }

    /// Its metrics in Prometheus' own format, or in OpenMetrics.
    pub(crate) async fn metrics(&self, accept: &str) -> String {
        self.get("/metrics", accept).await.text().await.expect("text")
    }
}
