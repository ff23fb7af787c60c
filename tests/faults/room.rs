//! A file system of its own runs out of room under load, and has room again: no library stands between,
//! so the memory maps, the reserved blocks and the half writes of SQLite meet what they meet on a real disk.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::task::block_in_place;
use trellis_suite::config::Service;
use trellis_testkit::{Extra, Suite, run};

use super::command;
use super::load::{DISTRICT, Load, kept, until_ready};

/// How large it is: enough for four services that have just begun.
const SIZE: u64 = 64 << 20;
/// Says that the test is to be left out where nothing can be mounted.
const WITHOUT: &str = "TESTKIT_WITHOUT_MOUNTS";

/// A file system on a directory that only the program sees, and that is gone with it.
struct Room {
    directory: TempDir,
    around: TempDir,
    launcher: Vec<String>,
    /// How another program sees what this one does.
    enters: Vec<&'static str>,
}

impl Room {
    /// The first kind that works here: ext4 on a file needs root, tmpfs only namespaces of one's own.
    fn new() -> Option<Self> {
        let room = Self::of(&["unshare", "--mount"], "mount -o loop \"$2/disk\" \"$2/at\"", &[]);
        let room = room.filter(Self::works).or_else(|| {
            let mount = format!("mount -t tmpfs -o size={SIZE} tmpfs \"$2/at\"");
            let user = ["--user", "--preserve-credentials"];
            Self::of(&["unshare", "--map-root-user", "--mount"], &mount, &user).filter(Self::works)
        });
        if room.is_none() {
            assert!(
                std::env::var_os(WITHOUT).is_some(),
                "No file system can be mounted here, neither as root nor in a user's namespace (unshare \
                 -rm). To leave this test out, set {WITHOUT}=1."
            );
        }
        room
    }

    fn of(unshare: &[&str], mount: &str, enters: &[&'static str]) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory for the suite");
        let around = tempfile::tempdir().expect("a directory for the file system");
        std::fs::create_dir(around.path().join("at")).expect("where it is mounted");
        let disk = around.path().join("disk");
        File::create(&disk).and_then(|file| file.set_len(SIZE)).expect("the disk");
        let made = Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(&disk).output();
        if mount.contains("loop") && !made.is_ok_and(|made| made.status.success()) {
            return None;
        }
        // The keys are there before, and have to be found where the data is.
        let script = format!(
            "{mount} && cp -a \"$1/.\" \"$2/at/\" && mount --bind \"$2/at\" \"$1\" && shift 2 && exec \"$@\""
        );
        let of = |path: &Path| path.display().to_string();
        let mut launcher: Vec<String> = unshare.iter().map(|&word| word.to_owned()).collect();
        launcher.extend(["sh", "-c", &script, "sh"].map(str::to_owned));
        launcher.extend([of(directory.path()), of(around.path())]);
        Some(Self { directory, around, launcher, enters: enters.to_vec() })
    }

    fn works(&self) -> bool {
        let (first, rest) = self.launcher.split_first().expect("a command");
        let mut command = Command::new(first);
        command.args(rest).arg("true").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

/// What takes all the room that is left.
struct Ballast(PathBuf);

impl Ballast {
    fn of(program: u32, directory: &Path) -> Self {
        let inside = directory.strip_prefix("/").expect("a path from the root");
        Self(Path::new("/proc").join(program.to_string()).join("root").join(inside).join("ballast"))
    }

    fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0).expect("the ballast");
        for size in [1 << 20, 4096, 1] {
            let block = vec![0; size];
            let full = loop {
                if let Err(full) = file.write_all(&block) {
                    break full;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
    }

    fn remove(&self) {
        std::fs::remove_file(&self.0).expect("the ballast");
    }
}

#[test]
fn a_real_file_system_is_full_and_has_room_again() {
    run(async {
        let Some(room) = Room::new() else {
            println!("left out: {WITHOUT} is set");
            return;
        };
        let Room { directory, around: _around, launcher, enters } = room;
        let extra = Extra { launcher: &launcher, ..Extra::default() };
        let mut suite = Suite::troubled(directory, None, &extra).await;
        let program = suite.processes().id(Service::Outcome);
        let ballast = Ballast::of(program, suite.directory());
        let load = Load::start(&suite);
        load.more(30).await;
        block_in_place(|| ballast.fill());
        load.writes_refused("STORE_FULL").await;
        load.more_reads(30).await;
        ballast.remove();
        load.more(30).await;
        until_ready(&suite, 200).await;
        for refusal in load.refusals() {
            let known = ["STORE_FULL", "STORE_UNAVAILABLE"].contains(&refusal.reason.as_str());
            assert!(refusal.write && refusal.retry && known, "{refusal:?}");
        }
        let acknowledged = load.end().await;
        assert_eq!(kept(&suite.operator(DISTRICT)).await, acknowledged);
        let target = program.to_string();
        let mut within = vec!["nsenter", "--mount", "--target", &target];
        within.extend(enters);
        assert_eq!(command::check_within(&within, suite.directory()).await, Vec::<String>::new());
    });
}
