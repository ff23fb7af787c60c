//! What an answer leaves in memory while it is sent.

use std::sync::Arc;

use bytes::Bytes;
use http_body::SizeHint;

use super::Origin;

/// The most that a connection is handed at once: it asks for more as soon as it can send one byte of what it
/// has. A multiple of three, so that the pieces read the same in base64 as the whole (gRPC-Web).
pub(super) const PIECE: usize = 15 * 1024;

/// What is not cut any more. A connection may keep so much of an answer unsent, and nobody counts it.
pub(super) const SMALL: usize = 1024;

/// Hands an answer to its connection in pieces, and counts as unread what the connection has not asked
/// beyond.
pub(super) struct Pieces {
    /// The connection that it is sent by; none within the process.
    origin: Option<Arc<Origin>>,
    /// What the connection has not been handed of a message.
    rest: Bytes,
    /// The bytes of that message: in memory, and counted as unread, until the connection has its end.
    counted: usize,
}

impl Pieces {
    pub(super) fn new(origin: Option<Arc<Origin>>) -> Self {
        Self { origin, rest: Bytes::new(), counted: 0 }
    }

    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// The first piece of a message; none if too much is unread already.
    pub(super) fn first(&mut self, data: Bytes) -> Option<Bytes> {
        let Some(origin) = &self.origin else { return Some(data) };
        if !origin.hand_over(data.len()) {
            return None;
        }
        self.counted = data.len();
        self.rest = data;
        Some(self.piece())
    }

    /// The next piece of what was counted, for a connection that asks for more: it has sent what it was
    /// handed before, or begun to.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.asked();
        (!self.rest.is_empty()).then(|| self.piece())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The size of what is left and of what comes after it.
    pub(super) fn before(&self, after: &SizeHint) -> SizeHint {
        let (mut whole, rest) = (SizeHint::new(), self.rest.len() as u64);
        whole.set_lower(after.lower() + rest);
        if let Some(upper) = after.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }

    fn asked(&mut self) {
        if let (Some(origin), 1..) = (&self.origin, self.counted) {
            let whole = self.rest.is_empty();
            origin.read(if whole { std::mem::take(&mut self.counted) } else { 0 });
        }
    }

    fn piece(&mut self) -> Bytes {
        let piece = self.rest.split_to(next(self.rest.len()));
        // Whoever keeps the end waiting would keep the whole in memory with it.
        if self.rest.is_empty() { Bytes::copy_from_slice(&piece) } else { piece }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.rest.clear();
        self.asked();
    }
}

/// How much of what is left goes next. The end of a message goes by itself: the connection takes it once
/// it could send all that came before.
const fn next(left: usize) -> usize {
    if left <= SMALL {
        left
    } else if left <= PIECE {
        left - 1 - (left - 1) % 3
    } else {
        PIECE
    }
}
