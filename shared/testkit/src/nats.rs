//! NATS servers of a test's own, which the test may trouble. They end with the value, and with the test process
//! however that ends.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::free_port;

/// What a test prints when there is no NATS server on the machine: it fails, and never skips.
const INSTALL: &str =
    "nats-server is needed for the tests and was not found; fetch it with: make .tools/nats-server";

/// Starts the server, and ends it when the tests' process lets go of the pipe, even by kill -9.
const KEEPER: &str = r#"
"$1" -c "$2" >>"$3" 2>&1 &
server=$!
cat >/dev/null
kill -9 $server 2>/dev/null
wait $server
"#;

/// One server.
#[derive(Debug)]
pub struct Nats {
    program: PathBuf,
    directory: TempDir,
    port: u16,
    keeper: Option<Child>,
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

    fn prepared(name: &str, port: u16, cluster: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("trellis-nats-").tempdir().expect("a directory");
        let store = directory.path().join("store");
        let config = format!(
            "server_name: {name}\nlisten: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n{cluster}\n",
            store.display()
        );
        fs::write(directory.path().join("server.conf"), config).expect("writing its configuration");
        Self { program: program().expect(INSTALL), directory, port, keeper: None }
    }

    /// How it is reached.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it as a lost machine ends.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn kill(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("its keeper ends");
        }
    }

    /// Loses all that it holds, while it is ended.
    ///
    /// # Panics
    ///
    /// When that cannot be removed.
    pub fn lose(&self) {
        assert!(self.keeper.is_none(), "it still runs");
        fs::remove_dir_all(self.directory.path().join("store")).expect("removing what it held");
    }

    /// Starts it again, with what it holds, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&mut self) {
        let path = |name: &str| self.directory.path().join(name);
        let mut keeper = Command::new("sh");
        keeper
            .arg("-c")
            .arg(KEEPER)
            .arg("keeper")
            .arg(&self.program)
            .arg(path("server.conf"))
            .arg(path("log"));
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        self.keeper = Some(keeper.spawn().expect("starting nats-server"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || fs::read_to_string(path("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "nats-server did not start:\n{}", log());
            std::thread::yield_now();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where the program is: on the PATH, or where `make` fetches it to.
fn program() -> Option<PathBuf> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/venv/bin");
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&paths).chain([fetched]);
    places.find_map(|place| Some(place.join("nats-server")).filter(|program| program.exists()))
}
