//! The processes that are measured, and what the kernel says of them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A server in a process of its own. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    begun: Instant,
    /// From its start to the line that says that it listens, or to where it was found to be ready.
    pub(crate) started: Duration,
}

impl Process {
    /// Starts a program that prints `… listening on ADDRESS.`, and waits for that line.
    pub(crate) fn start(program: &Path, arguments: &[String]) -> Self {
        let mut command = Command::new(program);
        let begun = Instant::now();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("starting {}: {e}", program.display()));
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let address = loop {
            let line = lines.next().and_then(Result::ok);
            let line = line.unwrap_or_else(|| panic!("{} {arguments:?} ended", program.display()));
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim_end_matches('.').to_owned();
            }
        };
        let started = begun.elapsed();
        // Read on, so that it never waits for a reader.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address, begun, started }
    }

    /// Waits until it says that it is ready for calls.
    pub(crate) fn when_ready(mut self) -> Self {
        while !self.is_ready() {
            assert!(self.begun.elapsed() < Duration::from_mins(1), "it does not become ready");
        }
        self.started = self.begun.elapsed();
        self
    }

    fn is_ready(&self) -> bool {
        let mut answer = String::new();
        let asked = TcpStream::connect(&self.address).and_then(|mut stream| {
            stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
            stream.read_to_string(&mut answer)
        });
        asked.is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// This very program, as a server of another kind.
    pub(crate) fn floor(arguments: &[String]) -> Self {
        let own = std::env::current_exe().expect("the path of this program");
        let all: Vec<String> = ["serve-floor".to_owned()].iter().chain(arguments).cloned().collect();
        Self::start(&own, &all)
    }

    /// Its address as a URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The time that all of its threads have spent on a processor, in the kernel too.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.child.id(), false)
    }

    /// The memory it has in use now.
    pub(crate) fn resident(&self) -> Megabytes {
        self.status("VmRSS:")
    }

    /// The most memory it ever had in use.
    pub(crate) fn peak(&self) -> Megabytes {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> Megabytes {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel says so");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        Megabytes(kilobytes / 1024.0)
    }

    /// Ends it in order, as a service manager does.
    pub(crate) fn end(mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.is_ok_and(|status| status.success()), "telling it to end");
        self.child.wait().expect("its end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An amount of memory.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Megabytes(pub(crate) f64);

impl std::fmt::Display for Megabytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} MB", self.0)
    }
}

/// The processes of a PostgreSQL server, for the part of a call that they do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Database {
    postmaster: u32,
}

impl Database {
    /// The server that listens on a port of this machine.
    pub(crate) fn on_port(port: u16) -> Self {
        let listens = |id: &u32| {
            let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let words: Vec<&str> = line.split('\0').collect();
            let directory = words.windows(2).find(|pair| pair[0] == "-D").map(|pair| pair[1]);
            let Some(directory) = directory.filter(|_| words[0].ends_with("/postgres")) else { return false };
            // Its number, its directory, its start, its port (PostgreSQL's miscadmin.h).
            let file = fs::read_to_string(Path::new(directory).join("postmaster.pid")).unwrap_or_default();
            file.lines().nth(3).and_then(|line| line.trim().parse().ok()) == Some(port)
        };
        let postmaster = processes().find(listens).expect("the PostgreSQL of this run");
        Self { postmaster }
    }

    /// The time that all of its processes have spent on a processor.
    pub(crate) fn cpu(self) -> Duration {
        let children = processes().filter(|id| parent_of(*id) == Some(self.postmaster));
        children.map(|id| cpu_of(id, false)).sum::<Duration>() + cpu_of(self.postmaster, true)
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The fields of `/proc/ID/stat` after the name, the first of which is the third (proc(5)).
fn stat(id: u32) -> Option<Vec<u64>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, after) = text.rsplit_once(')')?;
    Some(after.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect())
}

fn parent_of(id: u32) -> Option<u32> {
    u32::try_from(*stat(id)?.get(1)?).ok()
}

/// Fields 14 and 15, and with those of the children that have ended 16 and 17, in ticks of 10 ms.
fn cpu_of(id: u32, ended_children: bool) -> Duration {
    let Some(fields) = stat(id) else { return Duration::ZERO };
    let last = if ended_children { 14 } else { 12 };
    Duration::from_millis(10 * fields[11..=last].iter().sum::<u64>())
}
