//! One of the addresses of a service.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connect::Sender;

/// How many calls in a row must go unanswered for a connection to be given up.
const SILENT: u32 = 3;

/// How long an address that fell silent is left alone, as long as others answer.
const LEFT_ALONE: Duration = Duration::from_secs(10);

/// The first wait before an address that could not be connected to is tried again, and the longest: less
/// than a circuit is open, so that its probe finds the address due.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(800));

/// An address, and the connection to it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) address: SocketAddr,
    link: Mutex<Link>,
    in_flight: AtomicUsize,
    silent: AtomicU32,
    /// Whether a call was given to the connection that is or was last there.
    useful: AtomicBool,
}

#[derive(Debug)]
enum Link {
    /// Not connected; worth a try from `until` on.
    Away {
        failures: u32,
        until: Instant,
    },
    Connecting {
        failures: u32,
    },
    /// `number` tells this connection from the others to the same address; `failures` went before it, and
    /// count until a call is given to it.
    Up {
        sender: Sender,
        number: u64,
        failures: u32,
    },
}

impl Link {
    /// Not connected after one more failure, and left alone for so long.
    fn failed(before: u32, wait: Duration) -> Self {
        Self::Away { failures: before.saturating_add(1), until: Instant::now() + wait }
    }
}

/// How long an address is left alone that could not be connected to, after so many failures before.
fn wait(failures: u32) -> Duration {
    let wait = AGAIN.0.saturating_mul(1 << failures.min(10)).min(AGAIN.1);
    wait.mul_f64(0.8 + fastrand::f64() * 0.4)
}

impl Member {
    pub(super) fn new(address: SocketAddr) -> Arc<Self> {
        let link = Mutex::new(Link::Away { failures: 0, until: Instant::now() });
        Arc::new(Self {
            address,
            link,
            in_flight: AtomicUsize::default(),
            silent: AtomicU32::default(),
            useful: AtomicBool::default(),
        })
    }

    /// Begins a call, if it is connected. One that ends without an answer after `silent_after` speaks
    /// against the connection.
    pub(super) fn lease(self: &Arc<Self>, silent_after: Duration) -> Option<Lease> {
        let mut link = self.link();
        let Link::Up { sender, number, failures } = &*link else { return None };
        if sender.is_closed() {
            *link = self.lost(*failures);
            return None;
        }
        let (sender, number) = (sender.clone(), *number);
        self.useful.store(true, Ordering::Relaxed);
        drop(link);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        Some(Lease { member: self.clone(), sender, number, begun, silent_after, answered: false })
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(&*self.link(), Link::Up { sender, .. } if !sender.is_closed())
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether it should be connected to now; whoever is told so does it. With `at_once`, also one that
    /// was to be left alone for its silence.
    pub(super) fn begin(&self, now: Instant, at_once: bool) -> bool {
        let mut link = self.link();
        if let Link::Up { sender, failures, .. } = &*link
            && sender.is_closed()
        {
            *link = self.lost(*failures);
        }
        match &*link {
            Link::Away { failures, until } if now >= *until || (at_once && *failures == 0) => {
                *link = Link::Connecting { failures: *failures };
            }
            _ => return false,
        }
        true
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(&*self.link(), Link::Connecting { .. })
    }

    pub(super) fn connected(&self, sender: Sender, number: u64) {
        let mut link = self.link();
        let failures = if let Link::Connecting { failures } = &*link { *failures } else { 0 };
        self.silent.store(0, Ordering::Relaxed);
        self.useful.store(false, Ordering::Relaxed);
        *link = Link::Up { sender, number, failures };
    }

    pub(super) fn not_connected(&self) {
        let mut link = self.link();
        if let Link::Connecting { failures } = &*link {
            *link = Link::failed(*failures, wait(*failures));
        }
    }

    /// The state after a connection that has closed. One that closed before it was given any call is a
    /// failure, of which the first is made good at once: its server may just have been ending.
    fn lost(&self, failures: u32) -> Link {
        if self.is_useful() {
            return Link::Away { failures: 0, until: Instant::now() };
        }
        Link::failed(failures, failures.checked_sub(1).map_or(Duration::ZERO, wait))
    }

    /// Takes no more calls on this connection; those on it go on. Without an `until` it can take none.
    fn leave(&self, connection: u64, until: Option<Instant>) {
        let mut link = self.link();
        match &*link {
            Link::Up { number, failures, .. } if *number == connection => {
                *link = until.map_or_else(|| self.lost(*failures), |until| Link::Away { failures: 0, until });
            }
            _ => {}
        }
    }

    /// Whether a call was given to the connection that is or was last there.
    pub(super) fn is_useful(&self) -> bool {
        self.useful.load(Ordering::Relaxed)
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call on a connection.
#[derive(Debug)]
pub(super) struct Lease {
    member: Arc<Member>,
    pub(super) sender: Sender,
    number: u64,
    begun: Instant,
    silent_after: Duration,
    answered: bool,
}

impl Lease {
    /// The other side has said something.
    pub(super) fn answered(&mut self) {
        self.answered = true;
        self.member.silent.store(0, Ordering::Relaxed);
    }

    /// The connection is no good for further calls.
    pub(super) fn leave(mut self) {
        self.answered = true;
        self.member.leave(self.number, None);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.member.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.answered || self.begun.elapsed() < self.silent_after {
            return;
        }
        if self.member.silent.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT {
            self.member.leave(self.number, Some(Instant::now() + LEFT_ALONE));
        }
    }
}
