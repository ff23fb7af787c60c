//! What an import would do to what is kept.

use std::collections::{HashMap, HashSet};

use trellis_kernel::Uuid;

use super::roster::Record;

/// What becomes of the records of one file.
#[derive(Debug)]
pub(crate) struct Merge<T> {
    /// New ones.
    pub created: Vec<T>,
    /// Those that differ from what is kept, as they are now.
    pub updated: Vec<T>,
    /// How many are as they were.
    pub unchanged: usize,
    /// Those that the file no longer holds, as they are now.
    pub retired: Vec<T>,
}

impl<T> Merge<T> {
    /// Every record that is not as it was.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &T> {
        self.created.iter().chain(&self.updated).chain(&self.retired)
    }
}

/// Compares what came with what is kept. What came is the whole truth: what is kept and did not come is
/// retired, once.
pub(crate) fn merge<T: Record>(kept: &HashMap<Uuid, T>, came: Vec<T>) -> Merge<T> {
    let mut merge = Merge { created: Vec::new(), updated: Vec::new(), unchanged: 0, retired: Vec::new() };
    let mut named = HashSet::new();
    for record in came {
        named.insert(record.id());
        match kept.get(&record.id()) {
            None => merge.created.push(record),
            Some(before) if *before == record => merge.unchanged += 1,
            Some(_) => merge.updated.push(record),
        }
    }
    let absent = kept.values().filter(|record| record.is_active() && !named.contains(&record.id()));
    merge.retired = absent.cloned().collect();
    merge.retired.sort_by_key(T::id);
    for record in &mut merge.retired {
        record.retire();
    }
    merge
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::{Kinship, Relationship};

    fn tie(id: u128, active: bool) -> Relationship {
        Relationship {
            id: Uuid::from_u128(id),
            active,
            learner: Uuid::nil(),
            other: Uuid::max(),
            kind: Kinship::Parent,
            education_rights: true,
        }
    }

    fn kept(records: &[Relationship]) -> HashMap<Uuid, Relationship> {
        records.iter().map(|record| (record.id, record.clone())).collect()
    }

    #[test]
    fn each_record_is_new_changed_as_it_was_or_gone() {
        let before = kept(&[tie(1, true), tie(2, true), tie(3, true), tie(4, false)]);
        let changed = Relationship { kind: Kinship::Guardian, ..tie(2, true) };
        let found = merge(&before, vec![tie(1, true), changed.clone(), tie(5, true)]);
        assert_eq!(found.unchanged, 1);
        assert_eq!(found.updated, [changed]);
        assert_eq!(found.created, [tie(5, true)]);
        assert_eq!(found.retired, [tie(3, false)], "what was retired before is not retired again");
    }

    #[test]
    fn the_same_again_changes_nothing_and_what_comes_back_is_active_again() {
        let before = kept(&[tie(1, true), tie(2, false)]);
        let found = merge(&before, vec![tie(1, true)]);
        assert_eq!((found.unchanged, found.changed().count()), (1, 0));
        assert_eq!(merge(&before, vec![tie(1, true), tie(2, true)]).updated, [tie(2, true)]);
    }
}
