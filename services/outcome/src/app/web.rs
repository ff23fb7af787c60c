//! Several frameworks at once, and what of one is what of another.

use std::collections::HashMap;
use std::sync::Arc;

use trellis_kernel::{District, Failure, Name, Reason, Result, Uuid};
use trellis_store::Store;

use crate::domain::case::guid_at_end;
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::{OUTCOMES, outcome_name};
use crate::snapshot::{End, Snapshot, Snapshots};
use crate::store;

/// How many frameworks one call looks at.
pub(crate) const FRAMEWORKS: usize = 20;

/// What an end of an association is, whatever the framework that speaks of it. CASE knows an item by its
/// GUID, so one that several frameworks hold is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// An outcome, held here or not.
    Outcome(Uuid),
    /// Something that has no GUID, by its URI or its identifier.
    Elsewhere(String),
}

/// What an end is; none where it is a framework.
pub(crate) fn key(end: &End) -> Option<Key> {
    let other = match end {
        End::Own(id) => return Some(Key::Outcome(*id)),
        End::Framework => return None,
        End::Other(other) => other,
    };
    if !other.name.is_empty() {
        return Name::parse(&other.name).ok()?.id_in(OUTCOMES).map(Key::Outcome);
    }
    let id = Uuid::try_parse(&other.identifier).ok().or_else(|| guid_at_end(&other.uri));
    let text = if other.uri.is_empty() { &other.identifier } else { &other.uri };
    Some(id.map_or_else(|| Key::Elsewhere(text.clone()), Key::Outcome))
}

/// The framework that an end of an association of a framework of `district` names, if a reader of the
/// district may look there.
pub(crate) fn framework_of(end: &End, district: &District) -> Option<FrameworkRef> {
    let End::Other(other) = end else { return None };
    let framework = FrameworkRef::of(&Name::parse(&other.name).ok()?).ok()?;
    (framework.district == *district || framework.district.is_commons()).then_some(framework)
}

/// The framework as it is read where nobody pinned it: its last revision, or the draft while there is
/// none. None where there is no such framework.
pub(crate) async fn current(store: &Store, framework: &FrameworkRef) -> Result<Option<FrameworkRef>> {
    let found = store::frameworks::find(&store.read(&framework.district), framework).await?;
    Ok(found.map(|found| match (framework.pin, found.revision) {
        (None, revision) if revision > 0 => framework.at(revision),
        _ => framework.clone(),
    }))
}

/// Frameworks that are held in memory at once, in the order in which they were read.
#[derive(Default)]
pub(crate) struct Web {
    snapshots: Vec<Arc<Snapshot>>,
}

impl Web {
    /// Those of them that are held.
    pub(crate) fn snapshots(&self) -> &[Arc<Snapshot>] {
        &self.snapshots
    }

    /// Adds a framework, unless it is held in whatever revision.
    pub(crate) async fn add(&mut self, snapshots: &Snapshots, framework: &FrameworkRef) -> Result<()> {
        if self.holds(framework) {
            return Ok(());
        }
        if self.snapshots.len() >= FRAMEWORKS {
            return Err(Failure::exhausted(
                Reason::LimitExceeded,
                "The associations lead through more frameworks than one call looks at.",
            )
            .with("limit", FRAMEWORKS));
        }
        self.snapshots.push(snapshots.of(framework).await?);
        Ok(())
    }

    /// Whether a framework is held, in whatever revision.
    pub(crate) fn holds(&self, framework: &FrameworkRef) -> bool {
        self.snapshots.iter().any(|snapshot| snapshot.framework().same_framework(framework))
    }

    /// The first framework that holds an outcome, and its place there.
    pub(crate) fn find(&self, key: &Key) -> Option<(usize, u32)> {
        let Key::Outcome(id) = key else { return None };
        let mut all = self.snapshots.iter().enumerate();
        all.find_map(|(index, snapshot)| Some((index, snapshot.tree().place(*id)?)))
    }

    /// What each end that is no outcome of these frameworks is called: its name, or its URI, and its
    /// title.
    pub(crate) fn labels(&self) -> HashMap<Key, Label> {
        let mut labels: HashMap<Key, Label> = HashMap::new();
        for link in self.snapshots.iter().flat_map(|snapshot| snapshot.links()) {
            for end in [&link.origin, &link.destination] {
                let (End::Other(other), Some(key)) = (end, key(end)) else { continue };
                if self.find(&key).is_some() {
                    continue;
                }
                let names = [&other.name, &other.uri, &other.identifier];
                let name = names.into_iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
                let label = Label { name, title: other.title.clone() };
                // Of several spellings the first by order, whoever was read first.
                labels
                    .entry(key)
                    .and_modify(|known| *known = known.clone().min(label.clone()))
                    .or_insert(label);
            }
        }
        labels
    }

    /// The name of the outcome at a place of one of them.
    pub(crate) fn name(&self, (index, place): (usize, u32)) -> String {
        let snapshot = &self.snapshots[index];
        outcome_name(snapshot.framework(), snapshot.id(place)).to_string()
    }
}

/// What something is called that is not held in the frameworks at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label {
    /// Its name, or its URI, or its identifier.
    pub(crate) name: String,
    /// Its title.
    pub(crate) title: String,
}
