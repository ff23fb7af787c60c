//! How many streams are open, and whose.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use trellis_kernel::Result;
use trellis_telemetry::metrics::Held;

use super::overloaded;
use crate::figures::FIGURES;

/// Counts the open streams, which work seldom and stay for long: they wait in no line.
///
/// Below three quarters of the most, anybody may open one. Above, only a district that has fewer than an
/// equal part.
#[derive(Clone, Debug)]
pub(super) struct Streams(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_district: HashMap<u64, usize>,
}

impl Streams {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Inner { most: most.max(1), open: Mutex::default() }))
    }

    pub(super) fn enter(&self, district: u64) -> Result<Stream> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by_district.get(&district).copied().unwrap_or(0);
        let districts = open.by_district.len() + usize::from(own == 0);
        let crowded = open.all >= self.0.most - self.0.most / 4;
        // A district that is alone may have them all.
        let share = if districts == 1 { self.0.most } else { self.0.most / districts };
        if open.all >= self.0.most || (crowded && own >= share) {
            FIGURES.refused.streams.add(1);
            return Err(overloaded());
        }
        open.all += 1;
        *open.by_district.entry(district).or_default() += 1;
        Ok(Stream { streams: self.clone(), district, _counted: FIGURES.streams.hold() })
    }

    #[cfg(test)]
    fn open(&self) -> usize {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

/// The place of one stream; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Stream {
    streams: Streams,
    district: u64,
    _counted: Held,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = self.streams.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(own) = open.by_district.get_mut(&self.district) {
            *own -= 1;
            if *own == 0 {
                open.by_district.remove(&self.district);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_district_alone_may_have_them_all_and_then_nobody_gets_one_more() {
        let streams = Streams::new(8);
        let held: Vec<Stream> = (0..8).map(|_| streams.enter(1).expect("a place")).collect();
        assert!(streams.enter(1).is_err());
        drop(held);
        assert_eq!(streams.open(), 0);
        streams.enter(2).expect("all are free again");
    }

    #[test]
    fn what_is_left_is_for_those_who_have_less_than_their_share() {
        let streams = Streams::new(8);
        let _loud: Vec<Stream> = (0..6).map(|_| streams.enter(1).expect("a place")).collect();
        let _quiet = streams.enter(2).expect("a place for the quiet one");
        assert!(streams.enter(1).is_err(), "more than its share");
        let _another = streams.enter(2).expect("still below its share");
        assert!(streams.enter(2).is_err(), "all are taken");
    }
}
