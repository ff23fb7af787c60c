//! What takes the place of what: newer revisions, replacing frameworks, replacing outcomes.
//!
//! A revision never changes; this can, at any time after it was published. So it is kept and looked up
//! apart from the revision, and never copied into one.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;

use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Name, Result, Timestamp, Uuid};

use super::association::{Association, AssociationType, Held, Node};
use super::framework::{FrameworkRef, Visibility};
use super::outcome::{OUTCOMES, outcome_name};
use super::text::{Text, check_texts};

/// How many replacements are followed from one: more is no chain that people made.
pub(crate) const FOLLOWED: usize = 1000;

/// That a framework is no longer to be used for new work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deprecation {
    /// The framework that replaces it, unpinned.
    pub replacing: Option<FrameworkRef>,
    /// Why.
    pub reason: Vec<Text>,
    /// When it was deprecated.
    pub time: Timestamp,
}

impl Deprecation {
    /// Refuses what no deprecation of `of` may be.
    pub(crate) fn check(&self, of: &FrameworkRef) -> Result<()> {
        check_texts("reason", &self.reason, false)?;
        if self.replacing.as_ref().is_some_and(|replacing| replacing.same_framework(of)) {
            return Err(trellis_kernel::Failure::field("replacing_framework", "must be another framework"));
        }
        Ok(())
    }
}

/// What can be said of a framework, pinned or not, beside what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Currency {
    /// That it is no longer to be used for new work.
    pub(crate) deprecation: Option<Deprecation>,
    /// What to use instead, the nearest first.
    pub(crate) superseded_by: Vec<Name>,
    /// Who may read it over CASE.
    pub(crate) visibility: Visibility,
}

/// An outcome, whatever the revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OutcomeId {
    /// The district that holds it.
    pub(crate) district: District,
    /// Its framework.
    pub(crate) framework: Uuid,
    /// Its identity.
    pub(crate) id: Uuid,
}

impl OutcomeId {
    /// An outcome of a framework.
    pub(crate) fn of(framework: &FrameworkRef, id: Uuid) -> Self {
        Self { district: framework.district.clone(), framework: framework.id, id }
    }

    /// The outcome that a name names, pinned or not; none when it names something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name = Name::parse(text).ok()?;
        let framework = FrameworkRef::of(&name).ok()?;
        name.id_in(OUTCOMES).map(|id| Self::of(&framework, id))
    }

    /// The name, not pinned.
    pub(crate) fn name(&self) -> Name {
        outcome_name(&FrameworkRef::draft(self.district.clone(), self.framework), self.id)
    }
}

/// That one outcome replaces another, by an association of a framework that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Succession {
    /// The association that says so.
    pub(crate) association: Uuid,
    /// What is replaced: an outcome of the district of the framework that says so.
    pub(crate) origin: OutcomeId,
    /// What replaces it.
    pub(crate) destination: OutcomeId,
}

impl Succession {
    /// What an association says of this: none unless it is a replacement of an outcome of the district,
    /// whose own affair that is, by one that is held here.
    pub(crate) fn told_by(association: &Association) -> Option<Self> {
        let Association { framework, id, content, .. } = association;
        let outcome = |node: &Node| match node.held.as_ref()? {
            Held::Outcome(id) => Some(OutcomeId::of(framework, *id)),
            Held::Other(name) => OutcomeId::parse(name),
            Held::Framework => None,
        };
        let (origin, destination) = (outcome(&content.origin)?, outcome(&content.destination)?);
        let tells = content.kind == AssociationType::ReplacedBy
            && origin.district == framework.district
            && origin != destination;
        tells.then_some(Self { association: *id, origin, destination })
    }
}

/// What a publication changes in the successions that a framework tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Renewal {
    /// Those that are new or lead elsewhere now.
    pub(crate) told: Vec<Succession>,
    /// The associations of those that hold no longer.
    pub(crate) withdrawn: Vec<Uuid>,
}

/// Compares what a framework told before with what it tells now. What it told of an outcome of its own
/// that it no longer `holds` stays: that outcome lives on in revisions, and nobody took it back.
pub(crate) fn renew(
    before: &[Succession],
    now: &[Succession],
    framework: Uuid,
    holds: impl Fn(Uuid) -> bool,
) -> Renewal {
    let known: HashMap<Uuid, &Succession> = before.iter().map(|told| (told.association, told)).collect();
    let current: HashSet<Uuid> = now.iter().map(|told| told.association).collect();
    let told = now.iter().filter(|told| known.get(&told.association) != Some(told)).cloned().collect();
    let withdrawn = before
        .iter()
        .filter(|told| !current.contains(&told.association))
        .filter(|told| told.origin.framework != framework || holds(told.origin.id))
        .map(|told| told.association)
        .collect();
    Renewal { told, withdrawn }
}

/// Where replacements lead in the end: what is reached from `start` and is not replaced itself. When
/// all of them go round in a circle, what replaces `start` directly. In the order of the values.
pub(crate) fn ends<T: Clone + Eq + Hash + Ord>(start: &T, replaced: &HashMap<T, Vec<T>>) -> Vec<T> {
    let direct = replaced.get(start).map(Vec::as_slice).unwrap_or_default();
    let mut seen: HashSet<&T> = HashSet::from([start]);
    let mut open: VecDeque<&T> = direct.iter().collect();
    let mut last: BTreeSet<&T> = BTreeSet::new();
    while let Some(next) = open.pop_front() {
        if !seen.insert(next) {
            continue;
        }
        match replaced.get(next).filter(|further| !further.is_empty()) {
            Some(further) => open.extend(further),
            None => drop(last.insert(next)),
        }
    }
    if last.is_empty() {
        last.extend(direct.iter().filter(|direct| *direct != start));
    }
    last.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(u8, u8)]) -> HashMap<u8, Vec<u8>> {
        let mut graph: HashMap<u8, Vec<u8>> = HashMap::new();
        for (from, to) in edges {
            graph.entry(*from).or_default().push(*to);
        }
        graph
    }

    #[test]
    fn a_chain_is_followed_to_its_end_and_a_split_to_both() {
        let edges = graph(&[(1, 2), (2, 3), (2, 4), (4, 5)]);
        assert_eq!(ends(&1, &edges), [3, 5]);
        assert_eq!(ends(&4, &edges), [5]);
        assert_eq!(ends(&5, &edges), [0; 0]);
    }

    #[test]
    fn a_circle_ends_where_it_is_left_or_at_the_next() {
        assert_eq!(ends(&1, &graph(&[(1, 2), (2, 1)])), [2]);
        assert_eq!(ends(&1, &graph(&[(1, 2), (2, 1), (2, 3)])), [3]);
        assert_eq!(ends(&1, &graph(&[(1, 1)])), [0; 0]);
        assert_eq!(ends(&1, &graph(&[(1, 2), (2, 3), (3, 2)])), [2]);
    }

    fn told(association: u128, origin: u128, destination: u128) -> Succession {
        let district = District::parse("grand-bend").expect("a district");
        let of = |id| OutcomeId {
            district: district.clone(),
            framework: Uuid::from_u128(9),
            id: Uuid::from_u128(id),
        };
        Succession {
            association: Uuid::from_u128(association),
            origin: of(origin),
            destination: of(destination),
        }
    }

    #[test]
    fn what_was_told_of_an_outcome_that_is_gone_stays() {
        let before = [told(1, 10, 20), told(2, 11, 20), told(3, 12, 20)];
        let now = [told(3, 12, 21), told(4, 13, 20)];
        let renewal = renew(&before, &now, Uuid::from_u128(9), |id| id != Uuid::from_u128(10));
        assert_eq!(renewal.told, now);
        assert_eq!(renewal.withdrawn, [Uuid::from_u128(2)]);
        assert_eq!(renew(&now, &now, Uuid::from_u128(9), |_| true), Renewal::default());
    }

    proptest! {
        #[test]
        fn following_always_ends_and_never_leads_back(
            edges in prop::collection::vec((0_u8..8, 0_u8..8), 0..30),
            start in 0_u8..8,
        ) {
            let graph = graph(&edges);
            let found = ends(&start, &graph);
            prop_assert!(!found.contains(&start));
            let others = edges.iter().any(|(from, to)| *from == start && *to != start);
            prop_assert_eq!(found.is_empty(), !others);
        }
    }
}
