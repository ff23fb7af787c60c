//! How patient a caller is, and when it gives up on another service.

use std::time::Duration;

/// How calls to another service are made. The defaults fit services of one suite in one data centre.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The time that a call with one answer has where neither its caller nor the call that it is made
    /// for limits it.
    pub unary_timeout: Duration,
    /// How long a connection may take to come about, the TLS handshake among it; and a look-up of
    /// addresses.
    pub connect_timeout: Duration,
    /// How often the addresses of a name are looked up again, at the earliest. Up to a tenth is added,
    /// so that processes that began together do not ask together. After a connection has failed, a tenth
    /// of it is enough.
    pub resolve_every: Duration,
    /// How often a call is made, the first time included.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles before each further one. The wait is
    /// chosen by chance between half of it and all of it.
    pub first_wait: Duration,
    /// The longest wait that another service may ask for (`RetryInfo`); a call that is asked to wait
    /// longer is handed back as it was refused.
    pub longest_wait: Duration,
    /// What repeats may use up at once: a failed attempt takes one, an answered call gives a tenth
    /// back, and at half of it calls are no longer repeated (gRFC A6, retry throttling).
    pub retry_tokens: u32,
    /// How many calls in a row must remain unanswered for the circuit to open.
    pub circuit_failures: u32,
    /// How long the circuit stays open at first; each probe that fails doubles it.
    pub circuit_open: Duration,
    /// How long it stays open at most.
    pub circuit_open_longest: Duration,
    /// How long a call must have gone without an answer to speak against the other service: a caller
    /// who leaves it less time has only themselves to blame.
    pub silent_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            unary_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            resolve_every: Duration::from_secs(10),
            attempts: 4,
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(2),
            retry_tokens: 100,
            circuit_failures: 5,
            circuit_open: Duration::from_secs(1),
            circuit_open_longest: Duration::from_secs(5),
            silent_after: Duration::from_secs(5),
        }
    }
}

impl Policy {
    /// How long to wait after as many attempts: ever longer, and by chance, so that callers who failed
    /// together do not come back together.
    pub(super) fn wait(&self, made: u32) -> Duration {
        let most = self.first_wait.saturating_mul(1 << made.saturating_sub(1).min(10)).min(self.longest_wait);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}
