//! `PgBouncer` before a database of a test's own, with fewer servers than there are clients. It ends with the value,
//! and with the test process however that ends.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ports::free_port;
use crate::postgres::ordinary_user;

/// What a test prints when there is none on the machine: it fails, and never skips.
const INSTALL: &str =
    "PgBouncer is needed for the tests and was not found; install it with: apt-get install -y pgbouncer";
/// How many connections to the database there are for all who come: each soon serves another.
const SERVERS: usize = 4;

/// Starts it, and ends it when the tests' process lets go of the pipe, even by kill -9.
const KEEPER: &str = r#"
"$1" "$2" >>"$3" 2>&1 &
pooler=$!
cat >/dev/null
kill -9 $pooler 2>/dev/null
wait $pooler
"#;

/// A pooler in transaction mode.
#[derive(Debug)]
pub struct Pooler {
    url: String,
    keeper: Child,
    _directory: TempDir,
}

impl Pooler {
    /// Starts one before the database of this URL, one of [`postgres`](crate::postgres).
    ///
    /// # Panics
    ///
    /// When it is not installed (the message says how to), or does not start.
    pub fn before(url: &str) -> Self {
        let program = program().expect(INSTALL);
        let directory = tempfile::Builder::new().prefix("trellis-pooler-").tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let (server, database) = url.rsplit_once('/').expect("a URL with a database");
        let (_, server) = server.rsplit_once(':').expect("a URL with a port");
        let port = free_port();
        let config = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
             pool_mode = transaction\ndefault_pool_size = {SERVERS}\nmax_client_conn = 1000\n",
            path("users").display()
        );
        fs::write(path("pooler.ini"), config).expect("writing its configuration");
        fs::write(path("users"), "\"trellis\" \"\"\n").expect("writing its users");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))
            .expect("opening the directory");
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(&program).arg(path("pooler.ini")).arg(path("log"));
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        if let Some((user, group)) = ordinary_user() {
            chown(directory.path(), Some(user), Some(group)).expect("handing the directory over");
            keeper.uid(user).gid(group);
        }
        let keeper = keeper.spawn().expect("starting PgBouncer");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(path("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "PgBouncer did not start:\n{}", log());
            std::thread::yield_now();
        }
        Self { url: format!("postgres://trellis@127.0.0.1:{port}/{database}"), keeper, _directory: directory }
    }

    /// How the database is reached by way of it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Its end is seen to by the system, should this fail.
        let _ = self.keeper.wait();
    }
}

/// Where the program is: on no ordinary user's PATH on Debian.
fn program() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&paths).chain([PathBuf::from("/usr/sbin")]);
    places.find_map(|place| Some(place.join("pgbouncer")).filter(|program: &PathBuf| Path::exists(program)))
}
