//! A server that ends with the value, and with the test process however that ends.

use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Starts it, and ends it when the tests' process lets go of the pipe, even by kill -9.
const KEEPER: &str = r#"
log=$1; shift
"$@" >>"$log" 2>&1 &
server=$!
cat >/dev/null
kill -9 $server 2>/dev/null
wait $server
"#;

/// A server that is kept.
#[derive(Debug)]
pub(crate) struct Kept(Child);

impl Kept {
    /// Starts it in the name of `user`, if there is one, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not; its log is shown.
    pub(crate) fn start(command: &[&Path], log: &Path, port: u16, user: Option<(u32, u32)>) -> Self {
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(log).args(command);
        // A group of its own: Ctrl-C ends the tests, and the keeper then ends the server.
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        if let Some((user, group)) = user {
            keeper.uid(user).gid(group);
        }
        let kept = Self(keeper.spawn().expect("starting a server"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let said = || fs::read_to_string(log).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "{command:?} did not start:\n{}", said());
            std::thread::yield_now();
        }
        kept
    }
}

/// It is over when this returns, unless the system sees to that.
impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Where a program is: on the PATH or in a place that is known besides.
pub(crate) fn program(name: &str, besides: PathBuf) -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&paths).chain([besides]);
    places.find_map(|place| Some(place.join(name)).filter(|program| program.exists()))
}
