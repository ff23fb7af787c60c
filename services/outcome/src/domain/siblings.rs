//! The order of siblings: placing one among the others with as few new numbers as can be.

use trellis_kernel::Uuid;

/// Numbers its siblings are ordered by: the number, then the identity.
pub(crate) type Rank = (i32, Uuid);

/// The numbers that change so that `moved` stands at `place` among `others`, which are in order: its own,
/// always, and those of the siblings that had to make room.
pub(crate) fn renumber(others: &[Rank], moved: Uuid, place: usize) -> Vec<(Uuid, i32)> {
    let (before, after) = others.split_at(place.min(others.len()));
    if let Some(number) = between(before.last(), after.first(), moved) {
        return vec![(moved, number)];
    }
    let plans = [upwards(before, after, moved), downwards(before, after, moved)];
    let shortest = plans.into_iter().flatten().min_by_key(Vec::len);
    // Neither way has room: every number is given anew.
    shortest.unwrap_or_else(|| {
        let order = before.iter().map(|(_, id)| *id).chain([moved]).chain(after.iter().map(|(_, id)| *id));
        order.zip(1..).collect()
    })
}

/// A number between two neighbours, when there is one.
fn between(before: Option<&Rank>, after: Option<&Rank>, moved: Uuid) -> Option<i32> {
    let fits = |number: i32| {
        number >= 0
            && before.is_none_or(|before| *before < (number, moved))
            && after.is_none_or(|after| (number, moved) < *after)
    };
    let candidates = match (before, after) {
        (None, None) => vec![1],
        (Some((low, _)), None) => vec![low.checked_add(1)?],
        (None, Some((high, _))) => vec![high.saturating_sub(1), *high],
        (Some((low, _)), Some((high, _))) => vec![i32::midpoint(*low, *high), *high, *low],
    };
    candidates.into_iter().find(|number| fits(*number))
}

/// Moves those that follow up, until one has room.
fn upwards(before: &[Rank], after: &[Rank], moved: Uuid) -> Option<Vec<(Uuid, i32)>> {
    let mut changes = Vec::new();
    let mut last = before.last().copied();
    for next in std::iter::once(&(i32::MIN, moved)).chain(after) {
        if last.is_some_and(|last| last < *next) {
            break;
        }
        let number = match last {
            None => 0,
            Some((number, id)) if id < next.1 => number,
            Some((number, _)) => number.checked_add(1)?,
        };
        changes.push((next.1, number));
        last = Some((number, next.1));
    }
    Some(changes)
}

/// Moves those that come before down, until one has room; none when there is nothing below zero.
fn downwards(before: &[Rank], after: &[Rank], moved: Uuid) -> Option<Vec<(Uuid, i32)>> {
    let mut changes = Vec::new();
    let mut last = after.first().copied().unwrap_or((i32::MAX, Uuid::max()));
    for next in std::iter::once(&(i32::MAX, moved)).chain(before.iter().rev()) {
        if *next < last && next.1 != moved {
            break;
        }
        let number = if next.1 < last.1 { last.0 } else { last.0.checked_sub(1).filter(|low| *low >= 0)? };
        changes.push((next.1, number));
        last = (number, next.1);
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn room_that_is_there_is_taken() {
        let others = [(10, id(1)), (20, id(2))];
        assert_eq!(renumber(&others, id(9), 1), [(id(9), 15)]);
        assert_eq!(renumber(&others, id(9), 2), [(id(9), 21)]);
        assert_eq!(renumber(&others, id(9), 0), [(id(9), 9)]);
        assert_eq!(renumber(&[], id(9), 0), [(id(9), 1)]);
        // Equal numbers are ordered by identity, which may make room by itself.
        assert_eq!(renumber(&[(0, id(1)), (0, id(9))], id(5), 1), [(id(5), 0)]);
    }

    #[test]
    fn as_few_as_can_be_make_room() {
        let others = [(1, id(8)), (2, id(2)), (3, id(1)), (9, id(3))];
        assert_eq!(renumber(&others, id(5), 1), [(id(5), 1), (id(8), 0)]);
        let others = [(0, id(8)), (0, id(9)), (1, id(2)), (9, id(3))];
        assert_eq!(renumber(&others, id(5), 2), [(id(5), 1), (id(2), 2)]);
        let at_the_end = [(0, id(1)), (i32::MAX, id(9))];
        assert_eq!(renumber(&at_the_end, id(5), 2).len(), 2);
    }

    proptest! {
        #[test]
        fn the_order_is_what_was_asked_for(
            numbers in prop::collection::vec((0_i32..6, any::<u128>()), 0..12),
            moved in any::<u128>(),
            place in 0_usize..13,
        ) {
            let moved = id(moved);
            let mut others: Vec<Rank> = numbers.into_iter().map(|(number, own)| (number, id(own))).collect();
            others.retain(|(_, own)| *own != moved);
            others.sort_unstable();
            others.dedup_by_key(|(_, own)| *own);
            let place = place.min(others.len());
            let mut wanted: Vec<Uuid> = others.iter().map(|(_, own)| *own).collect();
            wanted.insert(place, moved);
            let mut numbers: HashMap<Uuid, i32> = others.iter().map(|(number, own)| (*own, *number)).collect();
            let changes = renumber(&others, moved, place);
            prop_assert!(changes.iter().all(|(_, number)| *number >= 0));
            numbers.extend(changes);
            let mut read: Vec<Rank> = numbers.into_iter().map(|(own, number)| (number, own)).collect();
            read.sort_unstable();
            prop_assert_eq!(read.into_iter().map(|(_, own)| own).collect::<Vec<_>>(), wanted);
        }
    }
}
