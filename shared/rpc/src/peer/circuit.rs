//! What spares a caller the wait for a service that does not answer, and the service its calls.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use trellis_telemetry::metrics::Gauge;

use super::Policy;

/// How long calls are counted together.
const WINDOW: Duration = Duration::from_secs(10);
/// How many calls a share is taken of, at least.
const ENOUGH: u32 = 20;

/// Opens when calls remain unanswered, and is then probed with one call at a time.
///
/// An answer is an answer, whatever it says: a refusal never opens it, or one caller's mistakes would
/// shut out the others.
#[derive(Debug)]
pub(super) struct Circuit {
    peer: &'static str,
    trips_at: u32,
    open: Duration,
    open_longest: Duration,
    silent_after: Duration,
    state: Mutex<State>,
    told: Gauge,
}

#[derive(Debug)]
enum State {
    Closed {
        since: Instant,
        in_row: u32,
        calls: u32,
        unanswered: u32,
    },
    Open {
        until: Instant,
        probes: u32,
    },
    /// Since then a probe is under way, which counts as lost when nothing is heard of it for too long: a
    /// stream has no end of its own.
    Probing {
        probes: u32,
        since: Instant,
    },
}

impl State {
    fn closed(now: Instant) -> Self {
        Self::Closed { since: now, in_row: 0, calls: 0, unanswered: 0 }
    }
}

/// One call that was let through.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    circuit: &'a Circuit,
    begun: Instant,
    probe: bool,
    told: bool,
}

impl Circuit {
    pub(super) fn new(peer: &'static str, policy: &Policy, told: Gauge) -> Self {
        Self {
            peer,
            trips_at: policy.circuit_failures,
            open: policy.circuit_open,
            open_longest: policy.circuit_open_longest,
            silent_after: policy.silent_after,
            state: Mutex::new(State::closed(Instant::now())),
            told,
        }
    }

    /// Lets a call through, or says after how long it is worth another try.
    pub(super) fn admit(&self, now: Instant) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let probe = match &*state {
            State::Closed { .. } => false,
            State::Open { until, probes } if now >= *until => {
                *state = State::Probing { probes: *probes, since: now };
                self.told.set(1);
                true
            }
            State::Open { until, .. } => return Err(until.duration_since(now)),
            State::Probing { probes, since } if now >= *since + self.silent_after => {
                *state = State::Probing { probes: *probes, since: now };
                true
            }
            State::Probing { since, .. } => return Err(self.open.min(*since + self.silent_after - now)),
        };
        Ok(Pass { circuit: self, begun: now, probe, told: false })
    }

    fn answered(&self, probe: bool, now: Instant) {
        let mut state = self.state();
        match &mut *state {
            State::Closed { since, in_row, calls, unanswered } => {
                *in_row = 0;
                if now.duration_since(*since) > WINDOW {
                    (*since, *calls, *unanswered) = (now, 0, 0);
                }
                *calls += 1;
            }
            State::Probing { .. } if probe => {
                *state = State::closed(now);
                self.told.set(0);
                tracing::info!(peer = self.peer, "a peer answers again");
            }
            // Calls from before it opened; the next probe decides.
            State::Probing { .. } | State::Open { .. } => {}
        }
    }

    fn unanswered(&self, probe: bool, now: Instant) {
        let mut state = self.state();
        let probes = match &mut *state {
            State::Closed { since, in_row, calls, unanswered } => {
                if now.duration_since(*since) > WINDOW {
                    (*since, *calls, *unanswered) = (now, 0, 0);
                }
                *in_row += 1;
                *calls += 1;
                *unanswered += 1;
                if *in_row < self.trips_at && (*calls < ENOUGH || *unanswered * 2 < *calls) {
                    return;
                }
                0
            }
            State::Probing { probes, .. } if probe => *probes + 1,
            State::Probing { .. } | State::Open { .. } => return,
        };
        let open = self.open.saturating_mul(1 << probes.min(10)).min(self.open_longest);
        *state = State::Open { until: now + open, probes };
        self.told.set(2);
        if probes == 0 {
            tracing::warn!(peer = self.peer, "a peer does not answer; calls to it are refused for a while");
        }
    }

    /// A probe whose caller went away too soon has found out nothing; the next call is one.
    fn given_up(&self, now: Instant) {
        let mut state = self.state();
        if let State::Probing { probes, .. } = *state {
            *state = State::Open { until: now, probes };
            self.told.set(2);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Whether this call is to find out if the service is back.
    pub(super) fn is_probe(&self) -> bool {
        self.probe
    }

    /// The service has answered.
    pub(super) fn answered(mut self) {
        self.told = true;
        self.circuit.answered(self.probe, Instant::now());
    }

    /// It could not be reached, or its answer was lost.
    pub(super) fn unanswered(mut self) {
        self.told = true;
        self.circuit.unanswered(self.probe, Instant::now());
    }
}

/// Dropped by a caller who waits no longer: that speaks against the service only after a while.
impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        let now = Instant::now();
        if now.duration_since(self.begun) >= self.circuit.silent_after {
            self.circuit.unanswered(self.probe, now);
        } else if self.probe {
            self.circuit.given_up(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::figures::Figures;

    fn circuit() -> (Circuit, Instant) {
        let told = Figures::of("test").circuit;
        (Circuit::new("test", &Policy::default(), told), Instant::now())
    }

    fn refused(circuit: &Circuit, at: Instant) -> Option<Duration> {
        circuit.admit(at).map(|mut pass| pass.told = true).err()
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_opens_after_five_in_a_row_and_says_for_how_long() {
        let (circuit, now) = circuit();
        for _ in 0..4 {
            circuit.unanswered(false, now);
        }
        circuit.answered(false, now);
        for _ in 0..4 {
            circuit.unanswered(false, now);
        }
        assert_eq!(refused(&circuit, now), None);
        circuit.unanswered(false, now);
        assert_eq!(refused(&circuit, now), Some(SECOND));
        assert_eq!(refused(&circuit, now + SECOND / 4), Some(SECOND * 3 / 4));
    }

    #[test]
    fn it_opens_when_half_of_many_are_unanswered() {
        let (circuit, now) = circuit();
        for _ in 0..9 {
            circuit.answered(false, now);
            circuit.unanswered(false, now);
        }
        circuit.answered(false, now);
        assert_eq!(refused(&circuit, now), None, "too few to take a share of");
        circuit.unanswered(false, now);
        assert_eq!(refused(&circuit, now), Some(SECOND));
    }

    #[test]
    fn what_was_long_ago_is_not_counted() {
        let (circuit, now) = circuit();
        for _ in 0..9 {
            circuit.answered(false, now);
            circuit.unanswered(false, now);
        }
        let later = now + WINDOW * 2;
        for _ in 0..2 {
            circuit.answered(false, later);
            circuit.unanswered(false, later);
        }
        assert_eq!(refused(&circuit, later), None);
    }

    #[test]
    fn one_call_at_a_time_probes_it_and_an_answer_closes_it() {
        let (circuit, now) = circuit();
        for _ in 0..5 {
            circuit.unanswered(false, now);
        }
        let later = now + SECOND;
        let mut probe = circuit.admit(later).expect("a probe");
        assert!(probe.is_probe());
        probe.told = true;
        assert_eq!(refused(&circuit, later), Some(SECOND), "a second call waits for the first");
        circuit.unanswered(true, later);
        assert_eq!(refused(&circuit, later), Some(SECOND * 2), "longer after a probe that failed");
        let mut again = circuit.admit(later + SECOND * 2).expect("a probe");
        again.told = true;
        circuit.answered(true, later + SECOND * 2);
        assert_eq!(refused(&circuit, later + SECOND * 2), None);
    }

    #[test]
    fn a_probe_of_which_nothing_is_heard_gives_way_to_another() {
        let (circuit, now) = circuit();
        for _ in 0..5 {
            circuit.unanswered(false, now);
        }
        let later = now + SECOND;
        circuit.admit(later).expect("a probe").told = true;
        let silent_after = Policy::default().silent_after;
        assert!(refused(&circuit, later + silent_after / 2).is_some(), "it may still be heard of");
        let mut another = circuit.admit(later + silent_after).expect("another probe");
        assert!(another.is_probe());
        another.told = true;
        circuit.answered(true, later + silent_after);
        assert_eq!(refused(&circuit, later + silent_after), None);
    }

    #[test]
    fn it_never_stays_open_longer_than_the_longest() {
        let (circuit, mut now) = circuit();
        for _ in 0..5 {
            circuit.unanswered(false, now);
        }
        for _ in 0..40 {
            let wait = refused(&circuit, now).expect("open");
            assert!(wait <= Policy::default().circuit_open_longest, "{wait:?}");
            now += wait;
            circuit.admit(now).expect("a probe").told = true;
            circuit.unanswered(true, now);
        }
    }

    #[test]
    fn a_probe_that_was_given_up_leaves_the_next_call_to_probe() {
        let (circuit, now) = circuit();
        // Long open by the machine's clock, which a dropped probe reads.
        for _ in 0..5 {
            circuit.unanswered(false, now - SECOND * 2);
        }
        drop(circuit.admit(now).expect("a probe"));
        assert!(circuit.admit(Instant::now()).is_ok_and(|pass| pass.is_probe()));
    }

    #[test]
    fn a_caller_who_soon_goes_away_says_nothing_against_it() {
        let (circuit, now) = circuit();
        for _ in 0..50 {
            drop(circuit.admit(now).expect("closed"));
        }
        for _ in 0..5 {
            assert_eq!(refused(&circuit, now), None);
            drop(circuit.admit(now - Policy::default().silent_after).expect("closed"));
        }
        assert!(refused(&circuit, Instant::now()).is_some(), "five who waited long do");
    }
}
