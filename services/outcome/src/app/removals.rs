//! Removing outcomes from a draft, with what hangs on them.

use std::collections::HashSet;

use trellis_kernel::{Etag, Failure, Name, Reason, Result, Uuid};
use trellis_store::{Change, Store, Tx, Write};

use super::{ASSOCIATION_ENTRIES, ITEM_ENTRIES, places, told, touch};
use crate::domain::association::{ASSOCIATION, Association, AssociationType};
use crate::domain::framework::{FrameworkRef, Holdings};
use crate::domain::graph;
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::domain::progression::{PROGRESSION, Progression};
use crate::domain::rubric::{RUBRIC, Rubric};
use crate::store;

/// How many names of what hangs on an outcome are told.
const TOLD: usize = 20;

/// What goes with an outcome.
struct Hanging {
    /// The outcome, and those below it that stand nowhere else.
    going: Vec<Uuid>,
    /// Those directly below one of them.
    below: Vec<Uuid>,
    /// Their associations.
    associations: Vec<Association>,
    /// The progressions that name one of them.
    progressions: Vec<Progression>,
    /// The rubrics with a criterion that looks at one of them.
    rubrics: Vec<Rubric>,
}

/// Deletes an outcome of a draft; with what hangs on it only when `force` says so.
pub(crate) async fn remove(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
    force: bool,
) -> Result<()> {
    let mut tx = match store.write::<()>(change).await? {
        Write::Replay(()) => return Ok(()),
        Write::Begin(tx) => tx,
    };
    let missing = || Failure::not_found(OUTCOME, outcome_name(of, id).to_string());
    let mut framework = store::frameworks::find_locked(&tx, of).await?.ok_or_else(missing)?;
    let outcome = store::outcomes::get(&tx, of, id).await?;
    Etag::new(outcome.version).check(etag)?;
    let hanging = hanging(&tx, of, id).await?;
    if !force {
        hanging.refuse(of, id)?;
    }
    let removed = hanging.remove(&mut tx, of).await?;
    touch(&mut tx, &mut framework, removed);
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(()).await
}

async fn hanging(tx: &Tx, of: &FrameworkRef, id: Uuid) -> Result<Hanging> {
    let edges = store::associations::edges(tx, of, AssociationType::ChildOf).await?;
    let going = graph::going(&edges, id);
    let gone: HashSet<Uuid> = going.iter().copied().collect();
    let mut below: Vec<Uuid> =
        edges.iter().filter(|(_, parent)| gone.contains(parent)).map(|(child, _)| *child).collect();
    below.sort_unstable();
    below.dedup();
    let mut progressions = store::progressions::every(tx, of).await?;
    progressions.retain(|progression| progression.content.outcomes.iter().any(|id| gone.contains(id)));
    let associations = store::associations::touching(tx, of, &going).await?;
    let rubrics = store::rubrics::looking_at(tx, of, &going).await?;
    Ok(Hanging { going, below, associations, progressions, rubrics })
}

impl Hanging {
    /// Refuses to remove an outcome on which anything hangs. Where it stands itself does not.
    fn refuse(&self, of: &FrameworkRef, id: Uuid) -> Result<()> {
        let others = self.associations.iter().filter(|association| {
            let content = &association.content;
            content.placed() != Some(id)
                && !(content.kind == AssociationType::ChildOf
                    && content.own_ends().is_some_and(|(child, _)| self.below.contains(&child)))
        });
        let kinds: [(&str, Vec<Name>); 4] = [
            ("outcomes", self.below.iter().map(|id| outcome_name(of, *id)).collect()),
            ("associations", others.map(Association::name).collect()),
            ("progressions", self.progressions.iter().map(Progression::name).collect()),
            ("rubrics", self.rubrics.iter().map(Rubric::name).collect()),
        ];
        if kinds.iter().all(|(_, names)| names.is_empty()) {
            return Ok(());
        }
        let mut refusal = Failure::precondition(
            Reason::StateConflict,
            "Something hangs on the outcome; metadata counts and names it. Set force to delete that, too.",
        );
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            let told: Vec<String> = names.iter().take(TOLD).map(ToString::to_string).collect();
            refusal = refusal.with(kind, told.join(", ")).with(format!("{kind}_count"), names.len());
        }
        Err(refusal)
    }

    /// Removes it all; what stays finds its place again.
    async fn remove(self, tx: &mut Tx, of: &FrameworkRef) -> Result<Holdings> {
        let Self { going, below, associations, progressions, rubrics } = self;
        let links: Vec<Uuid> = associations.iter().map(|association| association.id).collect();
        store::associations::delete(tx, of.id, &links).await?;
        store::case_entries::delete(tx, of.id, ASSOCIATION_ENTRIES, &links).await?;
        store::outcomes::delete(tx, of.id, &going).await?;
        store::case_entries::delete(tx, of.id, ITEM_ENTRIES, &going).await?;
        for association in &associations {
            tx.tell(told("association.deleted", &association.name(), ASSOCIATION));
        }
        for id in &going {
            tx.tell(told("outcome.deleted", &outcome_name(of, *id), OUTCOME));
        }
        let progressions = shorten(tx, of, progressions, &going).await?;
        loosen(tx, rubrics, &going).await?;
        // Those that go have no row any more, and are passed by.
        for id in below {
            places::again(tx, of, id).await?;
        }
        Ok(Holdings { outcomes: -count(&going), associations: -count(&links), progressions: -progressions })
    }
}

/// Takes outcomes out of progressions; answers with how many are left without any, and so go.
async fn shorten(
    tx: &mut Tx,
    of: &FrameworkRef,
    progressions: Vec<Progression>,
    going: &[Uuid],
) -> Result<i32> {
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for mut progression in progressions {
        progression.content.outcomes.retain(|id| !going.contains(id));
        if progression.content.outcomes.is_empty() {
            tx.tell(told("progression.deleted", &progression.name(), PROGRESSION));
            gone.push(progression.id);
            continue;
        }
        progression.version += 1;
        progression.update_time = tx.now();
        tx.tell(told("progression.updated", &progression.name(), PROGRESSION));
        kept.push(progression);
    }
    store::progressions::put(tx, &kept).await?;
    store::progressions::delete(tx, of.id, &gone).await?;
    Ok(count(&gone))
}

/// Lets rubrics look no longer at outcomes that go.
async fn loosen(tx: &mut Tx, mut rubrics: Vec<Rubric>, going: &[Uuid]) -> Result<()> {
    for rubric in &mut rubrics {
        rubric.content.loosen(going);
        rubric.version += 1;
        rubric.update_time = tx.now();
        tx.tell(told("rubric.updated", &rubric.name(), RUBRIC));
    }
    store::rubrics::put(tx, &rubrics).await
}

fn count(ids: &[Uuid]) -> i32 {
    i32::try_from(ids.len()).unwrap_or(i32::MAX)
}
