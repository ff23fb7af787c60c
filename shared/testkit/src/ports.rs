//! Ports for servers whose addresses others must know before they start.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// A port that nobody listens on and that no outgoing connection takes meanwhile: below those that the
/// system gives out by itself, and each one once.
///
/// # Panics
///
/// When there is none.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const PORTS: u32 = 20_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Test processes that run at once begin far from each other.
    let begin = std::process::id().wrapping_mul(997);
    let free = (0..PORTS).find_map(|_| {
        let next = begin.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let port = u16::try_from(FIRST + next).ok()?;
        TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
    });
    free.expect("a free port")
}
