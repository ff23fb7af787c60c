//! A PostgreSQL of the test process's own: started when the first test asks, ended with the process
//! however that ends, and used through an ordinary role, since a superuser would pass by row-level
//! security.

mod moment;

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::ports::free_port;

/// What a test prints when there is no PostgreSQL on the machine: it fails, and never skips.
const INSTALL: &str = "PostgreSQL 15 or later is needed for the tests and was not found; \
    install it with: apt-get install -y postgresql";

/// Starts the server, says so, waits until the tests' process is gone (its end of the pipe closes,
/// even by kill -9), then ends the server and removes what it wrote.
const KEEPER: &str = r#"
"$1/initdb" -D "$2/data" -U postgres --auth=trust --no-sync -E UTF8 --locale=C >"$2/log" 2>&1 &&
cat >>"$2/data/postgresql.conf" <<END &&
port = $3
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = $4
full_page_writes = $4
max_connections = 1000
shared_buffers = 64MB
max_wal_size = 256MB
END
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w start >>"$2/log" 2>&1 &&
echo ready
cat >/dev/null
leader=$(head -n 1 "$2/data/postmaster.pid" 2>/dev/null) &&
  kill -CONT $leader $(cat /proc/$leader/task/$leader/children) 2>/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
rm -rf "$2"
"#;

#[derive(Debug)]
struct Cluster {
    bin: PathBuf,
    directory: PathBuf,
    port: u16,
    /// Held so that its pipe stays open as long as this process lives.
    _keeper: Child,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);
/// Whether an acknowledged write must be on the disk: wanted for measuring, and slow for testing.
static DURABLE: AtomicBool = AtomicBool::new(false);

/// The URL of a fresh, empty database that belongs to the ordinary role `trellis`.
///
/// # Panics
///
/// When PostgreSQL is not installed (the message says how to), or does not start.
pub fn database() -> String {
    create("")
}

/// The same, as a copy of the database that another URL of this process names; nobody may be
/// connected to that one.
///
/// # Panics
///
/// As [`database`], and when the other database is in use.
pub fn copy_of(url: &str) -> String {
    let name = url.rsplit('/').next().unwrap_or_default();
    create(&format!(" template {name}"))
}

/// As [`database`], on a cluster that has every acknowledged write on the disk, as a real one has: for what
/// is measured. The first database of the process says so for all.
///
/// # Panics
///
/// As [`database`].
pub fn durable() -> String {
    DURABLE.store(true, Ordering::Relaxed);
    create("")
}

fn create(template: &str) -> String {
    CLUSTER.get_or_init(Cluster::start).create(template)
}

/// A PostgreSQL of one test's own, which the test may trouble. It ends with the value.
#[derive(Debug)]
pub struct Own(Cluster);

impl Own {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed (the message says how to), or does not start.
    pub fn start() -> Self {
        Self(Cluster::start())
    }

    /// The URL of a fresh, empty database that belongs to the ordinary role `trellis`.
    ///
    /// # Panics
    ///
    /// When the server is away.
    pub fn database(&self) -> String {
        self.0.create("")
    }

    /// Runs a statement as the superuser.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn sql(&self, statement: &str) {
        self.0.sql(statement);
    }

    /// Asks as the superuser in a database; the answer's first column, a line for each row.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn ask(&self, database: &str, question: &str) -> String {
        let done = self.psql(database).args(["-c", question]).output().expect("running psql");
        assert!(done.status.success(), "{question}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Takes locks in a transaction of the superuser's, which is held open until the value is dropped.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub fn hold(&self, database: &str, statement: &str) -> Held {
        let mut psql = self.psql(database);
        psql.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut session = psql.spawn().expect("running psql");
        let words = format!("begin; {statement};\n\\echo held\n");
        session
            .stdin
            .as_mut()
            .expect("its input is piped")
            .write_all(words.as_bytes())
            .expect("psql listens");
        let mut said = String::new();
        let output = session.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut said).expect("reading from psql");
        assert_eq!(said.trim(), "held", "{statement}");
        Held(session)
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.0.bin.join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", &self.0.port.to_string(), "-U", "postgres", "-d", database]);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
        psql
    }

    /// Ends the server at once, as a crash does: nobody is told farewell.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn crash(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts the server again, which recovers what was committed.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn recover(&self) {
        self.control(&["-l", &self.0.directory.join("log").display().to_string(), "start"]);
    }

    /// Lets the server answer nothing, with every connection open, as a machine that hangs does.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn control(&self, command: &[&str]) {
        let mut control = Command::new(self.0.bin.join("pg_ctl"));
        control.arg("-D").arg(self.0.directory.join("data")).arg("-w").args(command);
        control.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        if let Some((user, group)) = ordinary_user() {
            control.uid(user).gid(group);
        }
        let done = control.status().expect("running pg_ctl");
        assert!(done.success(), "pg_ctl {command:?}");
    }

    fn signal(&self, signal: &str) {
        let file = fs::read_to_string(self.0.directory.join("data/postmaster.pid")).expect("it runs");
        let leader = file.lines().next().unwrap_or_default();
        let children = fs::read_to_string(format!("/proc/{leader}/task/{leader}/children"));
        let children = children.expect("the processes of the server");
        let signal = format!("-{signal}");
        // Its leader first: so nobody comes or goes meanwhile. A child may have ended by now.
        for process in std::iter::once(leader).chain(children.split_whitespace()) {
            let sent = Command::new("kill").args([&signal, process]).stderr(Stdio::null()).status();
            assert!(sent.is_ok_and(|sent| sent.success()) || process != leader, "the signal should be sent");
        }
    }
}

impl Cluster {
    fn start() -> Self {
        let bin = binaries().expect(INSTALL);
        let directory = tempfile::Builder::new()
            .prefix("trellis-postgres-")
            .tempdir()
            .expect("a directory for the cluster")
            .keep();
        let port = free_port();
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(&bin).arg(&directory).arg(port.to_string());
        keeper.arg(if DURABLE.load(Ordering::Relaxed) { "on" } else { "off" });
        // A group of its own: Ctrl-C ends the tests, and the keeper then ends the server in order.
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/").process_group(0);
        if let Some((user, group)) = ordinary_user() {
            chown(&directory, Some(user), Some(group)).expect("handing the directory over");
            keeper.uid(user).gid(group);
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("closing the directory");
        let mut keeper = keeper.spawn().expect("starting PostgreSQL");
        let mut said = String::new();
        let output = keeper.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut said).expect("reading from PostgreSQL's keeper");
        if said.trim() != "ready" {
            let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
            panic!("PostgreSQL in {} did not start:\n{log}", bin.display());
        }
        let cluster = Self { bin, directory, port, _keeper: keeper };
        cluster.sql("create role trellis login nosuperuser nocreatedb nocreaterole");
        cluster
    }

    fn create(&self, template: &str) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("create database {name} owner trellis{template}"));
        format!("postgres://trellis@127.0.0.1:{}/{name}", self.port)
    }

    fn sql(&self, statement: &str) {
        let done = Command::new(self.bin.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-d", "postgres"])
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement])
            .output()
            .expect("running psql");
        assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// A transaction that is held open.
#[derive(Debug)]
pub struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the server's own programs are: they are on no PATH on Debian.
fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    let named = Command::new("pg_config").arg("--bindir").output().ok();
    let named = named.and_then(|output| String::from_utf8(output.stdout).ok());
    versions.extend(named.map(|path| PathBuf::from(path.trim())));
    versions.into_iter().rev().find(|path| path.join("initdb").exists() && path.join("psql").exists())
}

/// PostgreSQL and its pooler do not run as root: then the user and group to run it as.
pub(crate) fn ordinary_user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_new_and_its_role_is_ordinary() {
        let (first, second) = (database(), database());
        assert_ne!(first, second);
        let cluster = CLUSTER.get().expect("started by the first");
        let answer = Command::new(cluster.bin.join("psql"))
            .args(["-XAtc", "create schema own; select rolsuper or rolbypassrls from pg_roles where rolname = current_user", &second])
            .output()
            .expect("running psql");
        assert_eq!(String::from_utf8_lossy(&answer.stdout).lines().last(), Some("f"), "{answer:?}");
    }
}
