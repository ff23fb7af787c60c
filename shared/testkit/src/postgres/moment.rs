//! Going back to a moment, as an operator does it: a copy of the cluster, and what was written after it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Own, ordinary_user};

/// How long it may take to get there.
const PATIENCE: Duration = Duration::from_secs(30);

impl Own {
    /// Keeps what is written from now on, and takes a copy of what there is.
    ///
    /// # Panics
    ///
    /// When PostgreSQL refuses.
    pub fn archive(&self) {
        let archive = self.path("archive");
        fs::create_dir(&archive).expect("a directory");
        if let Some((user, group)) = ordinary_user() {
            chown(&archive, Some(user), Some(group)).expect("handing the directory over");
        }
        self.sql("alter system set archive_mode = on");
        let keep = format!("cp %p {0}/part && mv {0}/part {0}/%f", archive.display());
        self.sql(&format!("alter system set archive_command = '{keep}'"));
        self.control(&["-m", "fast", "stop"]);
        self.recover();
        let mut copy = Command::new(self.0.bin.join("pg_basebackup"));
        copy.args(["-h", "127.0.0.1", "-p", &self.0.port.to_string(), "-U", "postgres"]);
        copy.args(["--checkpoint=fast", "--wal-method=none", "--no-sync", "-D"]).arg(self.path("copy"));
        if let Some((user, group)) = ordinary_user() {
            copy.uid(user).gid(group);
        }
        let done = copy.current_dir("/").output().expect("running pg_basebackup");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The moment that it is, in PostgreSQL's words.
    ///
    /// # Panics
    ///
    /// When the server is away.
    pub fn moment(&self) -> String {
        self.ask("postgres", "select clock_timestamp()")
    }

    /// Loses the cluster, and puts it back as it was at a moment after [`archive`](Self::archive).
    ///
    /// # Panics
    ///
    /// When that does not succeed.
    pub fn put_back(&self, moment: &str) {
        // So ended, it keeps the last of what was written.
        self.control(&["-m", "fast", "stop"]);
        let data = self.path("data");
        fs::remove_dir_all(&data).expect("losing it");
        fs::rename(self.path("copy"), &data).expect("the copy in its place");
        fs::write(data.join("recovery.signal"), "").expect("written");
        let restore = format!("restore_command = 'cp {}/%f %p'", self.path("archive").display());
        let target = format!("recovery_target_time = '{moment}'\nrecovery_target_action = promote");
        let settings = OpenOptions::new().append(true).open(data.join("postgresql.auto.conf"));
        writeln!(settings.expect("its settings"), "{restore}\n{target}").expect("written");
        self.recover();
        let begun = Instant::now();
        while self.ask("postgres", "select pg_is_in_recovery()") == "t" {
            assert!(begun.elapsed() < PATIENCE, "it does not get to {moment}");
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.directory.join(name)
    }
}
