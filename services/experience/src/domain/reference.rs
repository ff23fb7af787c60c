//! The names by which other resources are referred to.

use std::fmt;

use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Failure, Name, Reason, Result, Uuid};

/// The refusal of a reference to what does not exist, or may not be used here.
pub(crate) fn missing(field: impl Into<String>, what: &str) -> Failure {
    Failure::precondition(
        Reason::ReferenceNotFound,
        "A resource that the request names does not exist, or may not be used here.",
    )
    .violation(field, format!("must name {what}"))
}

/// The id in the name of a resource of the call's own district, unpinned.
pub(crate) fn local(field: &str, text: &str, collections: &[&str], home: &District) -> Result<Uuid> {
    let name = Name::of(field, text, collections)?;
    at_home(field, &name, home)?;
    match name.id() {
        Some(id) if !name.is_pinned() => Ok(id),
        _ => Err(Failure::invalid(Reason::InvalidName, "A resource name is not well formed.")
            .violation(field, "must not be pinned to a revision")),
    }
}

/// Refuses a name of another district than the call's.
pub(crate) fn at_home(field: &str, name: &Name, home: &District) -> Result<()> {
    if name.district == *home {
        return Ok(());
    }
    Err(Failure::field(field, "must be of the district that the call is about"))
}

/// A child of a framework: an outcome or a progression, pinned to a revision of it or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct FrameworkChild(Name);

impl FrameworkChild {
    /// Reads the name of an outcome that the district may aim at: its own, or one of the commons.
    pub(crate) fn outcome(field: &str, text: &str, home: &District) -> Result<Self> {
        Self::parse(field, text, "outcomes", home)
    }

    /// Reads the name of a progression, likewise.
    pub(crate) fn progression(field: &str, text: &str, home: &District) -> Result<Self> {
        Self::parse(field, text, "progressions", home)
    }

    fn parse(field: &str, text: &str, collection: &str, home: &District) -> Result<Self> {
        let name = Name::of(field, text, &["frameworks", collection])?;
        if !name.district.is_commons() {
            at_home(field, &name, home)?;
        }
        if name.segments.last().is_some_and(|child| child.revision.is_some()) {
            return Err(Failure::invalid(Reason::InvalidName, "A resource name is not well formed.")
                .violation(field, "a revision is of the framework: frameworks/{framework}@{revision}"));
        }
        Ok(Self(name))
    }

    /// Its own id.
    pub(crate) fn id(&self) -> Option<Uuid> {
        self.0.id()
    }

    /// This child at the revision of the framework at which `other` is; none when it is of another
    /// framework, or pinned to another revision.
    pub(crate) fn beside(&self, other: &Self) -> Option<Self> {
        let (mut name, framework) = (self.0.clone(), other.0.segments.first()?);
        let mine = name.segments.first_mut()?;
        let agrees = mine.revision.is_none() || mine.revision == framework.revision;
        if name.district != other.0.district || mine.id != framework.id || !agrees {
            return None;
        }
        mine.revision = framework.revision;
        Some(Self(name))
    }
}

impl fmt::Display for FrameworkChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for FrameworkChild {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self> {
        Name::parse(&text).map(Self)
    }
}

impl From<FrameworkChild> for String {
    fn from(child: FrameworkChild) -> Self {
        child.to_string()
    }
}

/// The name of a resource directly under a district.
pub(crate) fn within(home: &District, collection: &str, id: Uuid) -> Name {
    Name::district(home.clone()).child(collection, id)
}
