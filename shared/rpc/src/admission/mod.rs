//! How many calls the server does at once, whose turn it is, and who has called too often.
//!
//! See `docs/adr/0012-overload.md`.

mod door;
mod fair;
mod rates;
mod streams;

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::HeaderMap;
use trellis_auth::Authority;
use trellis_kernel::{Actor, Failure, Party, Reason, Result};

pub(crate) use self::door::CallDoor;
use self::fair::Fair;
pub use self::rates::Rate;
use self::rates::Rates;
use self::streams::Streams;
use crate::figures::FIGURES;
use crate::server::Limits;

/// The limits of one process, and what of them is used.
pub(crate) struct Admission {
    calls: Fair,
    streams: Streams,
    callers: Option<Rates>,
    unproven: Option<Rates>,
    /// Whether a service's token counts only from who has shown a certificate.
    certified_services: bool,
    /// Who remembers callers, if anybody does.
    authority: Option<Arc<Authority>>,
    hasher: RandomState,
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl Admission {
    pub(crate) fn new(limits: &Limits, certified_services: bool, authority: Option<Arc<Authority>>) -> Self {
        Self {
            calls: Fair::new(limits.max_calls, limits.max_waiting, limits.max_wait),
            streams: Streams::new(limits.max_streams),
            callers: limits.caller_rate.map(|rate| Rates::new(rate, "callers")),
            unproven: limits.failure_rate.map(|rate| Rates::new(rate, "addresses")),
            certified_services,
            authority,
            hasher: RandomState::new(),
        }
    }

    /// Refuses a call with one answer that would find no place, before any more work is done for it: when
    /// more is asked for than can be done, what the refusals cost is taken from the answers.
    ///
    /// Only callers who are remembered are known so early. Everybody else meets the same limits at the
    /// call's [door](CallDoor).
    pub(crate) fn turn_away(&self, headers: &HeaderMap) -> Result<()> {
        if !self.calls.is_full() {
            return Ok(());
        }
        let Some(actor) = self.authority.as_ref().and_then(|authority| authority.recall(headers)) else {
            return Ok(());
        };
        if !self.calls.is_full_for(self.district(&actor)) {
            return Ok(());
        }
        self.count(&actor)?;
        Err(fair::no_room())
    }

    /// Counts a call of a caller, and refuses it if there are more than there may be. The suite's own
    /// services call as often as they like.
    fn count(&self, actor: &Actor) -> Result<()> {
        let callers = self.callers.as_ref().filter(|_| !matches!(actor.party, Party::Service { .. }));
        callers.map_or(Ok(()), |callers| callers.count(self.caller(actor))).map_err(rate_limited)
    }

    /// A number for a district, so that no text is copied for each call; the suite's own work for
    /// itself counts as one more. Two districts with one number would share their share.
    fn district(&self, actor: &Actor) -> u64 {
        self.hasher.hash_one(actor.principal().district.as_ref())
    }

    /// A number for a caller.
    fn caller(&self, actor: &Actor) -> u64 {
        let party = match &actor.party {
            Party::Person(id) => (0_u8, Some(*id), ""),
            Party::Application(id) => (1, Some(*id), ""),
            // Operators are told apart by what their issuer calls them.
            Party::Operator => (2, None, actor.subject.as_str()),
            Party::Service { name, .. } => (3, None, name.as_str()),
        };
        self.hasher.hash_one((actor.district.as_ref(), party))
    }

    /// A number for an address; whoever has one IPv6 address has all of its /64.
    fn address(&self, address: Option<IpAddr>) -> u64 {
        match address {
            Some(IpAddr::V6(address)) => self.hasher.hash_one(&address.octets()[..8]),
            other => self.hash(other),
        }
    }

    fn hash(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }
}

fn rate_limited(wait: Duration) -> Failure {
    FIGURES.refused.caller_rate.add(1);
    Failure::exhausted(Reason::RateLimited, "This caller calls more often than it may.").retry_after(wait)
}

/// The call was not begun: too many others are.
fn overloaded() -> Failure {
    Failure::exhausted(Reason::Overloaded, "The server does as many calls as it can; try again later.")
        .retry_after(spread())
}

/// A wait before the next attempt: each answer another, so that those refused together do not come back
/// together. Steps of the golden ratio fill a second evenly.
fn spread() -> Duration {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let place = TURN.fetch_add(0x9E37_79B9, Ordering::Relaxed);
    Duration::from_millis(500 + ((u64::from(place) * 1000) >> 32))
}
