//! What an import would do to what is kept.

use std::collections::HashMap;

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

/// Compares what came with what is kept. What came is the whole truth: what is kept and did not come is
/// retired, once.
pub(crate) fn merge<T: Record>(mut kept: HashMap<Uuid, T>, came: Vec<T>) -> Merge<T> {
    let mut merge = Merge { created: Vec::new(), updated: Vec::new(), unchanged: 0, retired: Vec::new() };
    for record in came {
        match kept.remove(&record.id()) {
            None => merge.created.push(record),
            Some(before) if before == record => merge.unchanged += 1,
            Some(_) => merge.updated.push(record),
        }
    }
    merge.retired = kept.into_values().filter(T::is_active).collect();
    merge.retired.sort_by_key(T::id);
    for record in &mut merge.retired {
        record.retire();
    }
    merge
}
