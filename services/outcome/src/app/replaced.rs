//! Which outcomes of a district are replaced at all, held in memory: few are, and every reading of an
//! outcome asks.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use trellis_kernel::{District, Name, Result, Uuid};
use trellis_store::Store;

use super::currency;
use crate::domain::succession::OutcomeId;
use crate::store;

/// The most outcomes of one district that are remembered; one that replaced more is asked each time.
const OF_ONE: usize = 20_000;
/// The most that are remembered in all, a district counting as one: beyond that it begins anew.
const OF_ALL: usize = 200_000;

/// What is remembered of the districts of a store. What this process publishes is known before it is
/// answered; what another publishes, when its event is read, within a moment.
#[derive(Clone)]
pub(crate) struct Replaced {
    store: Store,
    memory: Arc<RwLock<Memory>>,
}

/// The identities of a district's outcomes that are replaced; none where they are too many to remember.
type Known = Option<Arc<HashSet<Uuid>>>;

#[derive(Default)]
struct Memory {
    /// Whether the events are followed, without which nothing can be relied on.
    followed: bool,
    /// Counts what was forgotten: what was read before that is not remembered.
    forgotten: u64,
    districts: HashMap<District, Known>,
    /// How many are remembered.
    held: usize,
}

impl Replaced {
    /// Nothing yet; and nothing is remembered until [`follow`](Self::follow).
    pub(crate) fn new(store: Store) -> Self {
        Self { store, memory: Arc::default() }
    }

    /// What replaces each of these outcomes in the end, by what is published; those that nothing replaces
    /// are left out.
    pub(crate) async fn of(
        &self,
        outcomes: impl Iterator<Item = &OutcomeId> + Send,
    ) -> Result<HashMap<OutcomeId, Vec<Name>>> {
        let mut asked: HashSet<OutcomeId> = HashSet::new();
        let mut last: Option<(&District, Known)> = None;
        for outcome in outcomes {
            let (_, known) = match last.take().filter(|(district, _)| **district == outcome.district) {
                Some(last) => last,
                None => (&outcome.district, self.in_district(&outcome.district).await?),
            };
            if known.as_ref().is_none_or(|replaced| replaced.contains(&outcome.id)) {
                asked.insert(outcome.clone());
            }
            last = Some((&outcome.district, known));
        }
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        currency::of_outcomes(&self.store, asked).await
    }

    /// The identities of the outcomes of a district that are replaced; none where nothing is remembered.
    async fn in_district(&self, district: &District) -> Result<Known> {
        let forgotten = {
            let memory = self.memory.read().unwrap_or_else(PoisonError::into_inner);
            if !memory.followed {
                return Ok(None);
            }
            if let Some(known) = memory.districts.get(district) {
                return Ok(known.clone());
            }
            memory.forgotten
        };
        let reader = self.store.read_latest(district);
        let known = store::successions::origins(&reader, OF_ONE).await?.map(Arc::new);
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        // What was published meanwhile may have been read, or not.
        if memory.followed && memory.forgotten == forgotten {
            memory.remember(district, &known);
        }
        Ok(known)
    }

    /// Remembers from now on, or no longer; what was remembered is forgotten.
    pub(crate) fn follow(&self, followed: bool) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        *memory = Memory { followed, forgotten: memory.forgotten + 1, ..Memory::default() };
    }

    /// Forgets what is remembered of a district: something was published in it.
    pub(crate) fn forget(&self, district: &District) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.forgotten += 1;
        if let Some(known) = memory.districts.remove(district) {
            memory.held -= weight(&known);
        }
    }
}

impl Memory {
    fn remember(&mut self, district: &District, known: &Known) {
        if self.held + weight(known) > OF_ALL {
            self.districts.clear();
            self.held = 0;
        }
        if self.districts.insert(district.clone(), known.clone()).is_none() {
            self.held += weight(known);
        }
    }
}

fn weight(known: &Known) -> usize {
    1 + known.as_ref().map_or(0, |replaced| replaced.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(count: usize) -> Arc<HashSet<Uuid>> {
        Arc::new((0..count).map(|number| Uuid::from_u128(number as u128)).collect())
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut memory = Memory::default();
        let district = |number: usize| District::parse(&format!("district-{number}")).expect("a district");
        for number in 0..30 {
            memory.remember(&district(number), &Some(replaced(OF_ONE)));
            let held: usize = memory.districts.values().map(weight).sum();
            assert_eq!(memory.held, held);
            assert!(held <= OF_ALL);
            assert_eq!(memory.districts.get(&district(number)).cloned().flatten(), Some(replaced(OF_ONE)));
        }
        memory.remember(&district(100), &None);
        memory.remember(&district(100), &None);
        assert_eq!(memory.held, memory.districts.values().map(weight).sum::<usize>());
    }
}
