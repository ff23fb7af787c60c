//! `PgBouncer` before a database of a test's own, with fewer servers than there are clients. It ends with the value,
//! and with the test process however that ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;

use tempfile::TempDir;

use crate::kept::{Kept, program};
use crate::ports::free_port;
use crate::postgres::ordinary_user;

/// What a test prints when there is none on the machine: it fails, and never skips.
const INSTALL: &str =
    "PgBouncer is needed for the tests and was not found; install it with: apt-get install -y pgbouncer";
/// How many connections to the database there are for all who come: each soon serves another.
const SERVERS: usize = 4;

/// A pooler in transaction mode.
#[derive(Debug)]
pub struct Pooler {
    url: String,
    _kept: Kept,
    _directory: TempDir,
}

impl Pooler {
    /// Starts one before the database of this URL, one of [`postgres`](crate::postgres).
    ///
    /// # Panics
    ///
    /// When it is not installed (the message says how to), or does not start.
    pub fn before(url: &str) -> Self {
        // On no ordinary user's PATH on Debian.
        let program = program("pgbouncer", PathBuf::from("/usr/sbin")).expect(INSTALL);
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
        let user = ordinary_user();
        if let Some((user, group)) = user {
            chown(directory.path(), Some(user), Some(group)).expect("handing the directory over");
        }
        let kept = Kept::start(&[&program, &path("pooler.ini")], &path("log"), port, user);
        Self {
            url: format!("postgres://trellis@127.0.0.1:{port}/{database}"),
            _kept: kept,
            _directory: directory,
        }
    }

    /// How the database is reached by way of it.
    pub fn url(&self) -> &str {
        &self.url
    }
}
