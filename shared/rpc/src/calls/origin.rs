//! The connection that a call came by, as far as its calls need to know it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The time over which calls that were given up are counted.
const WINDOW: Duration = Duration::from_secs(10);

/// What one connection may leave undone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The bytes of answers that it may leave unread.
    pub(crate) unread: usize,
    /// The calls that it may give up in ten seconds.
    pub(crate) given_up: u32,
}

/// The bytes that all connections of a process have in its memory together.
#[derive(Debug)]
pub(crate) struct Buffers {
    /// Of answers that are not read.
    unread: AtomicUsize,
    /// Of requests that are not whole, or not yet done with.
    taken: AtomicUsize,
    /// The most of either.
    most: usize,
}

impl Buffers {
    pub(crate) fn new(most: usize) -> Self {
        Self { unread: AtomicUsize::new(0), taken: AtomicUsize::new(0), most }
    }
}

/// A connection. Its calls tell it what they send, and it tells them when to end.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Told when the streams of this connection should come to an end.
    pub(crate) ending: CancellationToken,
    /// The other side's address.
    pub(crate) address: Option<IpAddr>,
    /// Whether the other side has shown a certificate.
    pub(crate) certified: bool,
    patience: Patience,
    begun: Instant,
    all: Arc<Buffers>,
    unread: AtomicUsize,
    /// When something was last read, in milliseconds of this connection.
    read_at: AtomicU64,
    given_up: AtomicU32,
    /// The window that `given_up` counts in.
    window: AtomicU64,
    flooded: Notify,
    /// Told of refusals for the number of calls.
    crowded: Arc<AtomicBool>,
}

impl Origin {
    pub(crate) fn new(
        address: Option<IpAddr>,
        certified: bool,
        patience: Patience,
        all: Arc<Buffers>,
    ) -> Self {
        Self {
            ending: CancellationToken::new(),
            address,
            certified,
            patience,
            begun: Instant::now(),
            all,
            unread: AtomicUsize::new(0),
            read_at: AtomicU64::new(0),
            given_up: AtomicU32::new(0),
            window: AtomicU64::new(0),
            flooded: Notify::new(),
            crowded: Arc::default(),
        }
    }

    /// The same, telling this of calls that are refused for their number.
    #[must_use]
    pub(crate) fn crowding(self, crowded: Arc<AtomicBool>) -> Self {
        Self { crowded, ..self }
    }

    /// Takes note that a call was refused because there are too many.
    pub(crate) fn refuse_one_of_many(&self) {
        self.crowded.store(true, Ordering::Relaxed);
    }

    /// Takes note of bytes that wait to be read; false, and none taken, if they are too many. A
    /// connection that has read everything may always be sent one message, however large, and the
    /// limit of all of them is passed only where nothing waits for any.
    pub(super) fn hand_over(&self, bytes: usize) -> bool {
        let before = self.unread.load(Ordering::Relaxed);
        let all = self.all.unread.load(Ordering::Relaxed);
        if before > 0 && before + bytes > self.patience.unread || all > 0 && all + bytes > self.all.most {
            return false;
        }
        if before == 0 {
            self.read_at.store(self.millis(), Ordering::Relaxed);
        }
        self.unread.fetch_add(bytes, Ordering::Relaxed);
        self.all.unread.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Takes note that something was read, and that so many bytes no longer wait.
    pub(super) fn read(&self, bytes: usize) {
        self.unread.fetch_sub(bytes, Ordering::Relaxed);
        self.all.unread.fetch_sub(bytes, Ordering::Relaxed);
        self.read_at.store(self.millis(), Ordering::Relaxed);
    }

    /// Takes note of bytes of a request; false, and none taken, if all the requests together are too much.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let before = self.all.taken.fetch_add(bytes, Ordering::Relaxed);
        let room = bytes == 0 || before + bytes <= self.all.most;
        if !room {
            self.all.taken.fetch_sub(bytes, Ordering::Relaxed);
        }
        room
    }

    /// Takes note that a request of so many bytes has been unpacked, or given up.
    pub(super) fn done_with(&self, bytes: usize) {
        self.all.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes note that the caller went away before it had an answer.
    pub(super) fn give_up(&self) {
        let window = self.millis() / u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
        if self.window.swap(window, Ordering::Relaxed) != window {
            self.given_up.store(0, Ordering::Relaxed);
        }
        if self.given_up.fetch_add(1, Ordering::Relaxed) >= self.patience.given_up {
            self.flooded.notify_one();
        }
    }

    /// Done when the other side has given up more calls than anybody does who wants answers.
    pub(crate) async fn flooded(&self) {
        self.flooded.notified().await;
    }

    /// Done when the other side has read nothing for `limit` of what waits for it.
    pub(crate) async fn stalled(&self, limit: Duration) {
        loop {
            tokio::time::sleep(limit).await;
            let quiet = self.millis().saturating_sub(self.read_at.load(Ordering::Relaxed));
            if self.unread.load(Ordering::Relaxed) > 0 && u128::from(quiet) >= limit.as_millis() {
                return;
            }
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { unread: 1000, given_up: 10 };

    impl Origin {
        pub(crate) fn unread(&self) -> usize {
            self.unread.load(Ordering::Relaxed)
        }
    }

    fn connections(most: usize) -> [Origin; 2] {
        let all = Arc::new(Buffers::new(most));
        [(); 2].map(|()| Origin::new(None, false, PATIENCE, all.clone()))
    }

    #[test]
    fn one_message_passes_the_limit_of_its_connection() {
        let [one, other] = connections(1 << 20);
        assert!(one.hand_over(5000) && !one.hand_over(1), "nothing after it");
        assert!(other.hand_over(900) && other.hand_over(100) && !other.hand_over(1));
        one.read(5000);
        assert!(one.hand_over(1));
    }

    #[test]
    fn the_limit_of_all_connections_is_passed_only_where_nothing_waits() {
        let [one, other] = connections(2000);
        assert!(one.hand_over(1900));
        assert!(!other.hand_over(200), "for one that has read everything too");
        assert!(other.hand_over(100));
        one.read(1900);
        other.read(100);
        assert!(other.hand_over(9000), "a single message is sent, however large");
        assert!(!one.hand_over(1));
    }
}
