//! Resource names (AIP-122): `districts/{district}/frameworks/{framework}@{revision}/outcomes/{outcome}`.

use std::fmt;

use uuid::Uuid;

use crate::{District, Failure, Reason};

/// One collection and the id in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// The collection, `frameworks`.
    pub collection: String,
    /// The id in it; every id below the district is a UUID, so that no name holds anything personal.
    pub id: Uuid,
    /// The pinned revision, when the name has one (AIP-162).
    pub revision: Option<u32>,
}

/// The name of a district or of a resource in one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The district that holds it.
    pub district: District,
    /// What follows the district, outermost first.
    pub segments: Vec<Segment>,
}

/// Longer is no name of ours, and need not be taken apart.
const MAX_LENGTH: usize = 512;

impl Name {
    /// The name of a district.
    pub const fn district(district: District) -> Self {
        Self { district, segments: Vec::new() }
    }

    /// The name of a resource under this one.
    #[must_use]
    pub fn child(&self, collection: &str, id: Uuid) -> Self {
        let mut name = self.clone();
        name.segments.push(Segment { collection: collection.to_owned(), id, revision: None });
        name
    }

    /// The same name, its last segment pinned to a revision.
    #[must_use]
    pub fn at_revision(mut self, revision: u32) -> Self {
        if let Some(last) = self.segments.last_mut() {
            last.revision = Some(revision);
        }
        self
    }

    /// Reads any name, whatever its collections.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        Self::read(text)
            .ok_or_else(|| Failure::invalid(Reason::InvalidName, "A resource name is not well formed."))
    }

    /// Reads a name of the pattern that `collections` spell, outermost first.
    ///
    /// `Name::of("…", &["frameworks", "outcomes"])` takes `districts/{d}/frameworks/{f}/outcomes/{o}`.
    /// `field` is the request's field that holds it, for the violation.
    pub fn of(field: &str, text: &str, collections: &[&str]) -> Result<Self, Failure> {
        Self::read(text)
            .filter(|name| {
                name.segments.len() == collections.len()
                    && name.segments.iter().zip(collections).all(|(s, c)| s.collection == *c)
            })
            .ok_or_else(|| {
                let mut pattern = String::from("districts/{district}");
                for collection in collections {
                    pattern.push('/');
                    pattern.push_str(collection);
                    pattern.push_str("/{id}");
                }
                Failure::invalid(Reason::InvalidName, "A resource name is not well formed.")
                    .violation(field, format!("must be a name of the form {pattern}"))
            })
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let mut parts = text.split('/');
        if parts.next()? != "districts" {
            return None;
        }
        let district = District::parse(parts.next()?).ok()?;
        let mut segments = Vec::new();
        while let Some(collection) = parts.next() {
            let legal = !collection.is_empty() && collection.bytes().all(|b| b.is_ascii_alphabetic());
            let part = parts.next()?;
            let (id, revision) = match part.split_once('@') {
                Some((id, revision)) => (id, Some(revision.parse().ok().filter(|r| *r > 0)?)),
                None => (part, None),
            };
            if !legal {
                return None;
            }
            segments.push(Segment { collection: collection.to_owned(), id: read_id(id)?, revision });
        }
        Some(Self { district, segments })
    }

    /// The id of the innermost resource, or nothing when this names a district.
    pub fn id(&self) -> Option<Uuid> {
        self.segments.last().map(|segment| segment.id)
    }

    /// The id in the given collection, when the name passes through it.
    pub fn id_in(&self, collection: &str) -> Option<Uuid> {
        self.segments.iter().find(|s| s.collection == collection).map(|s| s.id)
    }

    /// The person that the name passes through, as `learners/{l}` or `people/{p}`: the two share an id.
    pub fn learner(&self) -> Option<Uuid> {
        self.id_in("learners").or_else(|| self.id_in("people"))
    }

    /// Whether any segment is pinned to a revision.
    pub fn is_pinned(&self) -> bool {
        self.segments.iter().any(|segment| segment.revision.is_some())
    }
}

/// Reads an id in its one spelling: a name is compared as text by clients, so it must have no other.
fn read_id(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(id)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "districts/{}", self.district)?;
        for segment in &self.segments {
            write!(f, "/{}/{}", segment.collection, segment.id.hyphenated())?;
            if let Some(revision) = segment.revision {
                write!(f, "@{revision}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOME: &str = "districts/grand-bend/frameworks/01900000-0000-7000-8000-000000000001@3/outcomes/01900000-0000-7000-8000-000000000002";

    #[test]
    fn a_name_reads_back_as_it_was_written() {
        let name = Name::parse(OUTCOME).expect("a legal name");
        assert_eq!(name.to_string(), OUTCOME);
        assert_eq!(name.segments[0].revision, Some(3));
        assert!(name.is_pinned());
    }

    #[test]
    fn names_that_are_not_ours_are_refused() {
        for text in [
            "",
            "districts",
            "districts/",
            "districts/A",
            "districts/grand-bend/frameworks",
            "districts/grand-bend/frameworks/1",
            "districts/grand-bend/frameworks/01900000000070008000000000000001",
            "districts/grand-bend/frameworks/01900000-0000-7000-8000-00000000000A",
            "districts/grand-bend/frameworks/01900000-0000-7000-8000-000000000001@0",
            "districts/grand-bend/frameworks/01900000-0000-7000-8000-000000000001@x",
            "districts/grand-bend/frame works/01900000-0000-7000-8000-000000000001",
            "schools/grand-bend",
        ] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
        assert!(Name::parse(&format!("districts/grand-bend/{}", "a".repeat(1000))).is_err());
    }

    #[test]
    fn a_pattern_refuses_another_collection_and_names_the_field() {
        let failure = Name::of("outcome", OUTCOME, &["frameworks"]).expect_err("one segment too many");
        assert_eq!(failure.violations()[0].field, "outcome");
    }
}
