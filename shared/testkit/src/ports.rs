//! Ports for servers whose addresses others must know before they start.

use std::fs::File;
use std::net::TcpListener;
use std::sync::Mutex;

const FIRST: u16 = 10_000;
const PORTS: u16 = 20_000;

/// The ports that this process has taken, each by the lock of a file, until it ends.
static TAKEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port that nobody listens on and nobody else is given: below those that the system gives to outgoing
/// connections by itself, and locked against other test processes.
///
/// # Panics
///
/// When there is none.
pub fn free_port() -> u16 {
    let mut taken = TAKEN.lock().expect("no panic while it is held");
    let begin = u16::try_from(std::process::id() % u32::from(PORTS)).expect("fewer than there are");
    let mut free = (0..PORTS).map(|more| FIRST + (begin + more) % PORTS);
    let (port, lock) = free.find_map(|port| Some((port, lock(port)?))).expect("a free port");
    taken.push(lock);
    port
}

/// Takes a port, unless it is taken or listened on.
fn lock(port: u16) -> Option<File> {
    let lock = File::create(std::env::temp_dir().join(format!("trellis-test-port-{port}"))).ok()?;
    lock.try_lock().ok()?;
    TcpListener::bind(("127.0.0.1", port)).ok()?;
    Some(lock)
}
