//! What is different between two states of a framework.
//!
//! Resources are compared by identity; times, versions and the revision they are read at are no
//! difference.

use std::cmp::Ordering;

use trellis_kernel::Uuid;

use super::association::{Association, AssociationContent};
use super::framework::{Framework, FrameworkContent};
use super::outcome::{Outcome, OutcomeContent};
use super::progression::{Progression, ProgressionContent};
use super::rubric::{Rubric, RubricContent};

/// The path of a field, as the contract names it.
pub(crate) type Path = &'static str;

/// Something that can be compared with itself at another time.
pub(crate) trait Comparable {
    /// Its identity.
    fn id(&self) -> Uuid;

    /// The paths of the fields in which the two differ.
    fn changed(&self, other: &Self) -> Vec<Path>;
}

/// What became of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference<T> {
    /// It came.
    Added(T),
    /// It went.
    Removed(T),
    /// It says something else.
    Changed {
        /// As it was.
        before: Box<T>,
        /// As it is.
        after: Box<T>,
        /// The paths of the fields that differ.
        paths: Vec<Path>,
    },
}

/// Compares two lists, each in the order of the identities; so is what is found.
pub(crate) fn between<T: Comparable>(before: Vec<T>, after: Vec<T>) -> Vec<Difference<T>> {
    let mut found = Vec::new();
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (Some(old), Some(new)) => old.id().cmp(&new.id()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return found,
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        match (old, new) {
            (Some(old), Some(new)) => {
                let paths = old.changed(&new);
                if !paths.is_empty() {
                    let (before, after) = (Box::new(old), Box::new(new));
                    found.push(Difference::Changed { before, after, paths });
                }
            }
            (Some(old), None) => found.push(Difference::Removed(old)),
            (None, Some(new)) => found.push(Difference::Added(new)),
            (None, None) => {}
        }
    }
}

/// The paths at which two values of one type differ. Each is taken apart whole, so that a new field is a
/// compile error until somebody thought of it.
macro_rules! differing {
    ($type:ident, $one:expr, $other:expr, { $($field:ident => $path:literal),* $(,)? }) => {{
        let $type { $($field),* } = $one;
        let mut paths: Vec<Path> = Vec::new();
        $(if *$field != $other.$field { paths.push($path); })*
        paths
    }};
}

impl Comparable for Outcome {
    fn id(&self) -> Uuid {
        self.id
    }

    fn changed(&self, other: &Self) -> Vec<Path> {
        let mut paths = differing!(OutcomeContent, &self.content, other.content, {
            kind => "kind",
            statement => "statement",
            abbreviated => "abbreviated_statement",
            notes => "notes",
            code => "code",
            item_type => "type",
            education_levels => "education_levels",
            concept_keywords => "concept_keywords",
            list_enumeration => "list_enumeration",
            language => "language",
            valid_from => "valid_from",
            valid_until => "valid_until",
            external_ids => "external_ids",
            case => "case_identity",
        });
        if self.parent != other.parent {
            paths.push(PARENT);
        }
        if self.list_order != other.list_order {
            paths.push(ORDER);
        }
        paths
    }
}

const PARENT: Path = "parent_outcome";
const ORDER: Path = "list_order";

/// Whether these paths say that an outcome stands elsewhere in the tree.
pub(crate) fn moved(paths: &[Path]) -> bool {
    paths.contains(&PARENT) || paths.contains(&ORDER)
}

impl Comparable for Association {
    fn id(&self) -> Uuid {
        self.id
    }

    fn changed(&self, other: &Self) -> Vec<Path> {
        differing!(AssociationContent, &self.content, other.content, {
            kind => "type",
            extension => "extension_type",
            origin => "origin",
            destination => "destination",
            sequence => "sequence_number",
            grouping => "grouping",
            notes => "notes",
            case => "case_identity",
        })
    }
}

impl Comparable for Progression {
    fn id(&self) -> Uuid {
        self.id
    }

    fn changed(&self, other: &Self) -> Vec<Path> {
        differing!(ProgressionContent, &self.content, other.content, {
            title => "title",
            outcomes => "outcomes",
            scale => "scale",
            levels => "levels",
        })
    }
}

impl Comparable for Rubric {
    fn id(&self) -> Uuid {
        self.id
    }

    fn changed(&self, other: &Self) -> Vec<Path> {
        differing!(RubricContent, &self.content, other.content, {
            title => "title",
            description => "description",
            criteria => "criteria",
            case => "case_identity",
        })
    }
}

/// The paths of a framework's own fields in which the two differ.
pub(crate) fn framework(one: &Framework, other: &Framework) -> Vec<Path> {
    differing!(FrameworkContent, &one.content, other.content, {
        kind => "kind",
        title => "title",
        description => "description",
        creator => "creator",
        publisher => "publisher",
        version_label => "version_label",
        language => "language",
        subjects => "subjects",
        education_levels => "education_levels",
        license => "license",
        official_source_uri => "official_source_uri",
        adoption_status => "adoption_status",
        external_ids => "external_ids",
        case => "case_identity",
    })
}

/// How many resources of one type are different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DiffCounts {
    /// Those that came.
    pub(crate) added: i32,
    /// Those that went.
    pub(crate) removed: i32,
    /// Those that changed.
    pub(crate) changed: i32,
    /// Those of them that stand elsewhere in the tree.
    pub(crate) moved: i32,
}

impl DiffCounts {
    /// Counts what was found.
    pub(crate) fn count<T>(&mut self, found: &[Difference<T>]) {
        for difference in found {
            match difference {
                Difference::Added(_) => self.added += 1,
                Difference::Removed(_) => self.removed += 1,
                Difference::Changed { paths, .. } => {
                    self.changed += 1;
                    self.moved += i32::from(moved(paths));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use trellis_kernel::{District, Timestamp};

    use super::*;
    use crate::domain::framework::FrameworkRef;
    use crate::domain::text::Text;

    fn outcome((own, parent, order, code, day): (u8, u8, i32, u8, u8)) -> Outcome {
        Outcome {
            framework: FrameworkRef::draft(
                District::parse("grand-bend").expect("a district"),
                Uuid::from_u128(1),
            ),
            id: Uuid::from_u128(u128::from(own)),
            content: OutcomeContent {
                statement: vec![Text::new("en", format!("I can {code}."))],
                code: if code % 2 == 0 { String::new() } else { format!("C{code}") },
                valid_until: (day > 0).then(|| jiff::civil::date(2026, 1, i8::try_from(day).unwrap_or(1))),
                ..OutcomeContent::default()
            },
            parent: (parent > 0).then(|| Uuid::from_u128(u128::from(parent))),
            list_order: order,
            published: 0,
            create_time: Timestamp::UNIX_EPOCH,
            update_time: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
        let one = (0_u8..12, 0_u8..3, 0_i32..3, 0_u8..4, 0_u8..3);
        prop::collection::vec(one, 0..12).prop_map(|all| {
            let all: BTreeMap<Uuid, Outcome> =
                all.into_iter().map(outcome).map(|own| (own.id, own)).collect();
            all.into_values().collect()
        })
    }

    /// Makes of what was what is.
    fn apply(before: Vec<Outcome>, differences: Vec<Difference<Outcome>>) -> Vec<Outcome> {
        let mut all: BTreeMap<Uuid, Outcome> = before.into_iter().map(|own| (own.id, own)).collect();
        for difference in differences {
            match difference {
                Difference::Added(new) => drop(all.insert(new.id, new)),
                Difference::Removed(old) => drop(all.remove(&old.id)),
                Difference::Changed { after, .. } => drop(all.insert(after.id, *after)),
            }
        }
        all.into_values().collect()
    }

    fn inverse(difference: Difference<Outcome>) -> Difference<Outcome> {
        match difference {
            Difference::Added(new) => Difference::Removed(new),
            Difference::Removed(old) => Difference::Added(old),
            Difference::Changed { before, after, paths } => {
                Difference::Changed { before: after, after: before, paths }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_different_makes_the_one_of_the_other(before in outcomes(), after in outcomes()) {
            let found = between(before.clone(), after.clone());
            prop_assert_eq!(apply(before, found), after);
        }

        #[test]
        fn nothing_is_different_from_itself(own in outcomes()) {
            prop_assert!(between(own.clone(), own).is_empty());
        }

        #[test]
        fn back_is_the_inverse_of_there(before in outcomes(), after in outcomes()) {
            let there: Vec<_> =
                between(before.clone(), after.clone()).into_iter().map(inverse).collect();
            prop_assert_eq!(there, between(after, before));
        }

        #[test]
        fn windows_find_what_the_whole_finds(before in outcomes(), after in outcomes(), cut in 0_u8..12) {
            let cut = Uuid::from_u128(u128::from(cut));
            let split = |all: &[Outcome]| all.iter().cloned().partition::<Vec<_>, _>(|own| own.id <= cut);
            let ((low, high), (new_low, new_high)) = (split(&before), split(&after));
            let parts = [between(low, new_low), between(high, new_high)].concat();
            prop_assert_eq!(parts, between(before, after));
        }
    }

    #[test]
    fn a_move_is_told_from_a_change() {
        let paths = |one, other| outcome(one).changed(&outcome(other));
        assert!(moved(&paths((1, 1, 0, 1, 0), (1, 2, 0, 1, 0))));
        assert_eq!(paths((1, 1, 0, 1, 0), (1, 2, 1, 1, 0)), [PARENT, ORDER]);
        let changed = paths((1, 1, 0, 1, 0), (1, 1, 0, 2, 3));
        assert_eq!(changed, ["statement", "code", "valid_until"]);
        assert!(!moved(&changed));
    }
}
