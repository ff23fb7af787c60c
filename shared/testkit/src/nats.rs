//! NATS servers of a test's own, which the test may trouble. They end with the value, and with the test process
//! however that ends.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::kept::{Kept, program};
use crate::ports::free_port;

/// What a test prints when there is no NATS server on the machine: it fails, and never skips.
const INSTALL: &str =
    "nats-server is needed for the tests and was not found; fetch it with: make .tools/nats-server";

/// One server.
#[derive(Debug)]
pub struct Nats {
    program: PathBuf,
    directory: TempDir,
    port: u16,
    kept: Option<Kept>,
}

impl Nats {
    /// Starts one that is alone.
    ///
    /// # Panics
    ///
    /// When there is no program (the message says how to get it), or it does not start.
    pub fn start() -> Self {
        let mut nats = Self::prepared("alone", free_port(), "");
        nats.restart();
        nats
    }

    /// Starts one that is alone and asks who comes, as these lines of its configuration say.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn guarded(lines: &str) -> Self {
        let mut nats = Self::prepared("guarded", free_port(), lines);
        nats.restart();
        nats
    }

    /// Starts three that form a cluster.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn cluster() -> [Self; 3] {
        let routes: [u16; 3] = std::array::from_fn(|_| free_port());
        let known = routes.map(|route| format!("\"nats://127.0.0.1:{route}\"")).join(", ");
        ["a", "b", "c"]
            .into_iter()
            .zip(routes)
            .map(|(name, route)| {
                let cluster =
                    format!("cluster {{ name: test, listen: \"127.0.0.1:{route}\", routes: [{known}] }}");
                let mut nats = Self::prepared(name, free_port(), &cluster);
                nats.restart();
                nats
            })
            .collect::<Vec<_>>()
            .try_into()
            .expect("three")
    }

    fn prepared(name: &str, port: u16, lines: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("trellis-nats-").tempdir().expect("a directory");
        let store = directory.path().join("store");
        let config = format!(
            "server_name: {name}\nlisten: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n{lines}\n",
            store.display()
        );
        fs::write(directory.path().join("server.conf"), config).expect("writing its configuration");
        Self { program: found(), directory, port, kept: None }
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has written down.
    ///
    /// # Panics
    ///
    /// When that cannot be read.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).expect("its log")
    }

    /// How it is reached.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it as a lost machine ends.
    pub fn kill(&mut self) {
        self.kept = None;
    }

    /// Loses all that it holds, while it is ended.
    ///
    /// # Panics
    ///
    /// When that cannot be removed.
    pub fn lose(&self) {
        assert!(self.kept.is_none(), "it still runs");
        fs::remove_dir_all(self.directory.path().join("store")).expect("removing what it held");
    }

    /// Starts it again, with what it holds, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&mut self) {
        let path = |name: &str| self.directory.path().join(name);
        let command = [&self.program, Path::new("-c"), &path("server.conf")];
        self.kept = Some(Kept::start(&command, &path("log"), self.port, None));
    }
}

fn found() -> PathBuf {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/venv/bin");
    program("nats-server", fetched).expect(INSTALL)
}
