//! By what a search is narrowed and what it finds is counted.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::Outcome;
use super::text::Text;

/// A trait of outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Trait {
    /// The framework, by its unpinned name.
    Framework,
    /// Knowledge, skill or mindset.
    Kind,
    /// What sort of thing it is in its framework.
    Type,
    /// The languages of its texts, in lower case.
    Language,
    /// The education levels.
    EducationLevel,
    /// The subjects of its framework.
    Subject,
}

impl Trait {
    /// Every trait.
    pub(crate) const ALL: [Self; 6] =
        [Self::Kind, Self::Type, Self::Language, Self::EducationLevel, Self::Subject, Self::Framework];

    /// As the contract's request calls it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Framework => "frameworks",
            Self::Kind => "kinds",
            Self::Type => "types",
            Self::Language => "languages",
            Self::EducationLevel => "education_levels",
            Self::Subject => "subjects",
        }
    }

    /// The values that an outcome has of it, each once.
    pub(crate) fn values(self, outcome: &Outcome, subjects: &[String]) -> BTreeSet<String> {
        let content = &outcome.content;
        let known = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        match self {
            Self::Framework => {
                let draft = super::framework::FrameworkRef { pin: None, ..outcome.framework.clone() };
                BTreeSet::from([draft.name().to_string()])
            }
            Self::Kind => BTreeSet::from([content.kind.as_str().to_owned()]),
            Self::Type => known(&content.item_type).into_iter().collect(),
            Self::Language => {
                let texts = [&content.statement, &content.abbreviated, &content.notes].into_iter().flatten();
                texts.map(|Text { language, .. }| language.to_lowercase()).collect()
            }
            Self::EducationLevel => {
                content.education_levels.iter().filter_map(|level| known(level)).collect()
            }
            Self::Subject => subjects.iter().filter_map(|subject| known(subject)).collect(),
        }
    }
}

/// What a search is narrowed to: of each trait that is named one of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters(pub(crate) BTreeMap<Trait, BTreeSet<String>>);

impl Filters {
    /// Whether an outcome of a framework with these subjects is searched.
    pub(crate) fn admit(&self, outcome: &Outcome, subjects: &[String]) -> bool {
        self.0.iter().all(|(own, wanted)| !own.values(outcome, subjects).is_disjoint(wanted))
    }
}

/// How many outcomes have each value of each trait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(pub(crate) BTreeMap<Trait, BTreeMap<String, u32>>);

impl Counts {
    /// Counts an outcome of a framework with these subjects.
    pub(crate) fn count(&mut self, outcome: &Outcome, subjects: &[String]) {
        for own in Trait::ALL {
            for value in own.values(outcome, subjects) {
                self.add(own, value, 1);
            }
        }
    }

    /// Adds to what is counted.
    pub(crate) fn add(&mut self, own: Trait, value: String, count: u32) {
        *self.0.entry(own).or_default().entry(value).or_default() += count;
    }

    /// The values of a trait, the most frequent first, then by the alphabet.
    pub(crate) fn most(&self, own: Trait, limit: usize) -> Vec<(&str, u32)> {
        let mut values: Vec<(&str, u32)> =
            self.0.get(&own).into_iter().flatten().map(|(value, count)| (value.as_str(), *count)).collect();
        values.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        values.truncate(limit);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first() {
        let mut counts = Counts::default();
        for (value, count) in [("b", 2), ("a", 2), ("c", 3), ("b", 0), ("d", 1)] {
            counts.add(Trait::Type, value.to_owned(), count);
        }
        assert_eq!(counts.most(Trait::Type, 3), [("c", 3), ("a", 2), ("b", 2)]);
        assert!(counts.most(Trait::Kind, 3).is_empty());
    }
}
