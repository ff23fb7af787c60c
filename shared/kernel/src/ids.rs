//! New identifiers.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// Where new identifiers come from.
pub trait Ids: Send + Sync + 'static {
    /// A new identifier, greater than those given before by the same source.
    fn next(&self) -> Uuid;
}

/// `UUIDv7` from the system's clock and random source: the identifiers of a running server.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "this is the source that others are given")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// Identifiers that count upwards, for tests whose output is compared to the letter.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        // The version and variant bits of UUIDv7, so that the contract's own rules take it.
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | u128::from(count))
    }
}
