//! Moving outcomes in the tree of a draft.

use trellis_kernel::{Etag, Failure, Result, Uuid};
use trellis_store::{Change, Store, Write};

use super::{dangling, places, touch};
use crate::domain::framework::{FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, Outcome, outcome_name};
use crate::domain::siblings::{self, Rank};
use crate::store;

/// Where an outcome is to stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination {
    /// The outcome above it; none for the top.
    pub(crate) parent: Option<Uuid>,
    /// Where among those that stand there.
    pub(crate) beside: Beside,
}

/// A place among siblings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beside {
    /// The last.
    Last,
    /// Directly before one of them.
    Before(Uuid),
    /// Directly after one of them.
    After(Uuid),
}

/// Moves an outcome, and with it what stands below it.
pub(crate) async fn to(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
    to: Destination,
) -> Result<Outcome> {
    let mut tx = match store.write::<Outcome>(change).await? {
        Write::Replay(outcome) => return Ok(outcome),
        Write::Begin(tx) => tx,
    };
    let missing = || Failure::not_found(OUTCOME, outcome_name(of, id).to_string());
    let mut framework = store::frameworks::find_locked(&tx, of).await?.ok_or_else(missing)?;
    let outcome = store::outcomes::get(&tx, of, id).await?;
    Etag::new(outcome.version).check(etag)?;
    if let Some(parent) = to.parent {
        if store::outcomes::find(&tx, of, parent).await?.is_none() {
            return Err(dangling("parent_outcome", OUTCOME, &outcome_name(of, parent)));
        }
        places::refuse_circle(&tx, of, &places::placement(id, Some(parent), 0), None).await?;
    }
    let siblings = store::outcomes::siblings(&tx, of, to.parent).await?;
    let others: Vec<Rank> = siblings.iter().copied().filter(|(_, own)| *own != id).collect();
    let place = place(&others, to.beside)?;
    let stays = outcome.parent == to.parent && siblings.get(place).is_some_and(|(_, own)| *own == id);
    if stays {
        return tx.commit(outcome).await;
    }
    let mut added = Holdings::default();
    for (sibling, order) in siblings::renumber(&others, id, place) {
        let position = framework.holdings.associations + added.associations;
        let moved = store::outcomes::get(&tx, of, sibling).await?;
        added.associations += places::stand(&mut tx, moved, (to.parent, order), position).await?;
    }
    touch(&mut tx, &mut framework, added);
    store::frameworks::update(&tx, &framework).await?;
    let moved = store::outcomes::get(&tx, of, id).await?;
    tx.commit(moved).await
}

/// The index among its siblings that a place is.
fn place(others: &[Rank], beside: Beside) -> Result<usize> {
    let find = |field: &'static str, sibling: Uuid| {
        let found = others.iter().position(|(_, own)| *own == sibling);
        found
            .ok_or_else(|| Failure::field(field, "must be another outcome that stands at the parent_outcome"))
    };
    match beside {
        Beside::Last => Ok(others.len()),
        Beside::Before(sibling) => find("before", sibling),
        Beside::After(sibling) => Ok(find("after", sibling)? + 1),
    }
}
