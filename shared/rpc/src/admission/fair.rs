//! Whose call is done next.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use trellis_kernel::{Failure, Result};
use trellis_telemetry::metrics::Held;

use super::overloaded;
use crate::figures::FIGURES;

/// Lines without calls are kept up to this many, since most districts come back at once.
const KEPT_LINES: usize = 1024;

/// Lets so many calls be done at once. The others wait in one line for each district, bounded in length
/// and in time.
///
/// A place that falls free goes to the waiting district that has the fewest calls in work, and among
/// equals to the one that was served longest ago: as long as a district asks for less than its equal
/// part, it waits for one call to end, whatever the others do. No district takes the last eighth of the
/// places, so that calls that hang do not shut the others out. A full house makes room for a district by
/// refusing the newest of the longest line.
#[derive(Clone, Debug)]
pub(super) struct Fair(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Calls at once.
    most: usize,
    /// Of one district.
    most_of_one: usize,
    most_waiting: usize,
    longest: Duration,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    working: usize,
    waiting: usize,
    /// Counts turns, and numbers those who wait.
    turn: u64,
    by_district: HashMap<u64, Line>,
}

#[derive(Debug, Default)]
struct Line {
    working: usize,
    waiting: VecDeque<Waiting>,
    /// When it was last served.
    served: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    /// Dropped for one who is refused.
    place: oneshot::Sender<Place>,
}

/// The right to be done now; handed on when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    fair: Fair,
    district: u64,
    _counted: Held,
}

/// One who waits for a place.
pub(super) struct Ticket {
    fair: Fair,
    district: u64,
    number: u64,
    place: oneshot::Receiver<Place>,
    _counted: Held,
}

/// What comes of asking for a place.
pub(super) enum Asked {
    Now(Place),
    Later(Ticket),
}

impl Fair {
    pub(super) fn new(most: usize, most_waiting: usize, longest: Duration) -> Self {
        let most = most.max(1);
        let most_of_one = if most < 8 { most } else { most - most / 8 };
        Self(Arc::new(Inner { most, most_of_one, most_waiting, longest, lines: Mutex::default() }))
    }

    /// Asks for a place for a call of a district.
    pub(super) fn ask(&self, district: u64) -> Result<Asked> {
        let mut lines = self.lines();
        let lines = &mut *lines;
        lines.turn += 1;
        let turn = lines.turn;
        let line = lines.by_district.entry(district).or_default();
        if lines.working < self.0.most && line.working < self.0.most_of_one && line.waiting.is_empty() {
            lines.working += 1;
            line.working += 1;
            line.served = turn;
            return Ok(Asked::Now(self.place(district)));
        }
        let own = line.waiting.len();
        if lines.waiting >= self.0.most_waiting && !lines.make_room(own) {
            return Err(no_room());
        }
        let (place, given) = oneshot::channel();
        let line = lines.by_district.entry(district).or_default();
        line.waiting.push_back(Waiting { number: turn, place });
        lines.waiting += 1;
        let counted = FIGURES.waiting.hold();
        Ok(Asked::Later(Ticket {
            fair: self.clone(),
            district,
            number: turn,
            place: given,
            _counted: counted,
        }))
    }

    /// Whether as many wait as may.
    pub(super) fn is_full(&self) -> bool {
        self.lines().waiting >= self.0.most_waiting
    }

    /// Whether a call of a district would be refused now.
    pub(super) fn is_full_for(&self, district: u64) -> bool {
        let lines = self.lines();
        let own = lines.by_district.get(&district).map_or(0, |line| line.waiting.len());
        lines.waiting >= self.0.most_waiting && !lines.by_district.values().any(|line| line.has_room_for(own))
    }

    /// Gives the places that are free to those whose turn it is.
    fn hand_on(&self, mut lines: MutexGuard<'_, Lines>) {
        let mut given = Vec::new();
        while lines.working < self.0.most
            && let Some((district, waiting)) = lines.next(self.0.most_of_one)
        {
            given.push((waiting.place, self.place(district)));
        }
        drop(lines);
        for (waiting, place) in given {
            // Whoever has stopped waiting leaves the place, which is then dropped and handed on.
            let _ = waiting.send(place);
        }
    }

    fn place(&self, district: u64) -> Place {
        Place { fair: self.clone(), district, _counted: FIGURES.working.hold() }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Whether it is longer than one of `own` would become, so that its newest may be refused for that one.
    fn has_room_for(&self, own: usize) -> bool {
        self.waiting.len() > own + 1
    }
}

impl Lines {
    /// Refuses the newest of the longest line, if that is longer than one of `own` would become.
    fn make_room(&mut self, own: usize) -> bool {
        let longest = self.by_district.values_mut().max_by_key(|line| line.waiting.len());
        let Some(longest) = longest.filter(|line| line.has_room_for(own)) else { return false };
        // Dropping the sender is the refusal.
        let refused = longest.waiting.pop_back().is_some();
        self.waiting -= usize::from(refused);
        refused
    }

    /// Takes the one whose turn it is out of its line.
    fn next(&mut self, most_of_one: usize) -> Option<(u64, Waiting)> {
        let (district, line) = self
            .by_district
            .iter_mut()
            .filter(|(_, line)| !line.waiting.is_empty() && line.working < most_of_one)
            .min_by_key(|(_, line)| (line.working, line.served))?;
        let waiting = line.waiting.pop_front()?;
        self.turn += 1;
        line.working += 1;
        line.served = self.turn;
        self.working += 1;
        self.waiting -= 1;
        Some((*district, waiting))
    }

    fn tidy(&mut self, district: u64) {
        if self.by_district.len() > KEPT_LINES
            && self.by_district.get(&district).is_some_and(|l| l.working == 0 && l.waiting.is_empty())
        {
            self.by_district.remove(&district);
        }
    }
}

impl Ticket {
    /// Waits for the place, no longer than one may.
    pub(super) async fn wait(mut self) -> Result<Place> {
        let longest = self.fair.0.longest;
        match timeout(longest, &mut self.place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_evicted)) => Err(no_room()),
            Err(_elapsed) => {
                FIGURES.refused.turn_too_late.add(1);
                Err(overloaded())
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut lines = self.fair.lines();
        let Some(line) = lines.by_district.get_mut(&self.district) else { return };
        let before = line.waiting.len();
        line.waiting.retain(|waiting| waiting.number != self.number);
        let left = before - line.waiting.len();
        lines.waiting -= left;
        lines.tidy(self.district);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.fair.lines();
        lines.working -= 1;
        if let Some(line) = lines.by_district.get_mut(&self.district) {
            line.working -= 1;
        }
        lines.tidy(self.district);
        self.fair.hand_on(lines);
    }
}

/// Refuses a call for whose line there is no room.
pub(super) fn no_room() -> Failure {
    FIGURES.refused.line_full.add(1);
    overloaded()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const LOUD: u64 = 1;
    const QUIET: u64 = 2;

    fn fair(most: usize, waiting: usize) -> Fair {
        Fair::new(most, waiting, Duration::from_hours(1))
    }

    fn now(fair: &Fair, district: u64) -> Place {
        match fair.ask(district) {
            Ok(Asked::Now(place)) => place,
            Ok(Asked::Later(_)) => panic!("it should not have to wait"),
            Err(refused) => panic!("{refused}"),
        }
    }

    fn later(fair: &Fair, district: u64) -> impl Future<Output = Result<Place>> + Unpin + use<> {
        match fair.ask(district) {
            Ok(Asked::Later(line)) => Box::pin(line.wait()),
            Ok(Asked::Now(_)) => panic!("it should have to wait"),
            Err(refused) => panic!("{refused}"),
        }
    }

    #[tokio::test]
    async fn a_quiet_district_is_next_however_long_the_line_of_a_loud_one_is() {
        let fair = fair(4, 100);
        let mut working: Vec<Place> = (0..4).map(|_| now(&fair, LOUD)).collect();
        let mut loud: Vec<_> = (0..50).map(|_| later(&fair, LOUD)).collect();
        let mut quiet = later(&fair, QUIET);
        assert!((&mut quiet).now_or_never().is_none());
        working.pop();
        let place = (&mut quiet).now_or_never().expect("its turn").expect("a place");
        assert!(loud.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        drop(place);
        assert!((&mut loud[0]).now_or_never().is_some(), "first come, first served within a district");
    }

    #[tokio::test]
    async fn a_full_house_makes_room_for_the_quiet_and_none_for_the_loud() {
        let fair = fair(2, 4);
        let _working = [now(&fair, LOUD), now(&fair, LOUD)];
        let mut loud: Vec<_> = (0..4).map(|_| later(&fair, LOUD)).collect();
        assert!(fair.ask(LOUD).is_err(), "no room");
        let _quiet = later(&fair, QUIET);
        let newest = loud.pop().expect("four").now_or_never().expect("refused in its favour");
        assert_eq!(newest.expect_err("refused").reason(), trellis_kernel::Reason::Overloaded);
        assert!(loud.iter_mut().all(|waiting| waiting.now_or_never().is_none()), "the others wait on");
    }

    #[tokio::test]
    async fn calls_of_one_district_that_hang_leave_places_for_the_others() {
        let fair = fair(16, 4);
        let _hanging: Vec<Place> = (0..14).map(|_| now(&fair, LOUD)).collect();
        let _one_more = later(&fair, LOUD);
        let _place = now(&fair, QUIET);
    }

    #[tokio::test]
    async fn who_stops_waiting_takes_no_place() {
        let fair = fair(1, 4);
        let working = now(&fair, LOUD);
        drop(later(&fair, QUIET));
        let mut next = later(&fair, LOUD);
        drop(working);
        let place = (&mut next).now_or_never().expect("its turn").expect("a place");
        drop(place);
        let lines = fair.lines();
        assert_eq!((lines.working, lines.waiting), (0, 0));
    }

    #[tokio::test]
    async fn a_place_given_to_one_who_has_just_gone_is_handed_on() {
        let fair = fair(1, 4);
        let working = now(&fair, LOUD);
        let gone = later(&fair, QUIET);
        let mut next = later(&fair, LOUD);
        // The place is in the first one's hands, who never looks.
        drop(working);
        drop(gone);
        (&mut next).now_or_never().expect("its turn").expect("a place");
    }

    #[tokio::test]
    async fn nobody_waits_for_longer_than_the_limit() {
        let fair = Fair::new(1, 4, Duration::from_millis(1));
        let _working = now(&fair, LOUD);
        let refused = later(&fair, QUIET).await.expect_err("it was too long");
        assert!(refused.retry().is_some());
        assert_eq!(fair.lines().waiting, 0);
    }

    #[test]
    fn districts_that_are_gone_are_forgotten() {
        let fair = fair(4, 4);
        for district in 0..10_000 {
            drop(now(&fair, district));
        }
        assert!(fair.lines().by_district.len() <= KEPT_LINES + 1);
    }
}
