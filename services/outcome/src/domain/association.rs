//! Associations.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};

use super::framework::{FRAMEWORKS, FrameworkRef, unpinned};
use super::outcome::own_id;
use super::text::{CaseIdentity, check_line};

/// The collection of associations in a name.
pub(crate) const ASSOCIATIONS: &str = "associations";
/// The type of an association in errors and changes.
pub(crate) const ASSOCIATION: &str = "trellis.dev/Association";

macro_rules! types {
    ($($(#[doc = $doc:literal])* $variant:ident = $case:literal,)*) => {
        /// How the origin of an association relates to its destination.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum AssociationType { $($(#[doc = $doc])* $variant,)* }

        impl AssociationType {
            /// As CASE writes it (`CFAssociation.associationType`), and how it is kept in its column.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $case,)* }
            }

            /// Reads what CASE writes.
            pub(crate) fn from_case(text: &str) -> Option<Self> {
                match text { $($case => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

types! {
    /// Stands below it in the tree.
    ChildOf = "isChildOf",
    /// Is a part of it.
    PartOf = "isPartOf",
    /// Stands beside it.
    PeerOf = "isPeerOf",
    /// Has to do with it.
    RelatedTo = "isRelatedTo",
    /// Says the same.
    ExactMatchOf = "exactMatchOf",
    /// Is learned before it.
    Precedes = "precedes",
    /// Is replaced by it.
    ReplacedBy = "replacedBy",
    /// Has it as an example.
    Exemplar = "exemplar",
    /// Has it as a level of skill.
    HasSkillLevel = "hasSkillLevel",
    /// Is a translation of it (CASE 1.1).
    TranslationOf = "isTranslationOf",
    /// A type of its authors' own.
    Extension = "ext:",
}

impl AssociationType {
    /// Whether a circle of these makes no sense.
    pub(crate) const fn is_acyclic(self) -> bool {
        matches!(self, Self::ChildOf | Self::Precedes)
    }
}

/// One end of an association.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Node {
    /// What it is, when it is held here.
    pub held: Option<Held>,
    /// The URI by which its authors know it.
    pub uri: String,
    /// Its identifier there.
    pub identifier: String,
    /// What it was called when the association was made.
    pub title: String,
    /// What sort of thing it is, where it is no CASE item.
    pub target_type: String,
}

/// Something that an association can lead to and that is held here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    /// An outcome of the association's own framework.
    Outcome(Uuid),
    /// The association's own framework.
    Framework,
    /// An outcome or framework elsewhere in the district or in the commons, by its name.
    Other(String),
}

impl Node {
    /// The identity in the association's own framework, for the graph.
    pub(crate) fn own(&self, framework: Uuid) -> Option<Uuid> {
        match &self.held {
            Some(Held::Outcome(id)) => Some(*id),
            Some(Held::Framework) => Some(framework),
            Some(Held::Other(_)) | None => None,
        }
    }
}

/// What people write about an association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AssociationContent {
    /// How the origin relates to the destination.
    pub kind: AssociationType,
    /// The type as its authors call it, `ext:…`.
    pub extension: String,
    /// Where it starts.
    pub origin: Node,
    /// Where it leads.
    pub destination: Node,
    /// Its place among those of the same destination.
    pub sequence: Option<i32>,
    /// The title of the grouping it belongs to.
    pub grouping: String,
    /// Why it was made.
    pub notes: String,
    /// What it is called in CASE.
    pub case: Option<CaseIdentity>,
}

impl AssociationContent {
    /// Its ends, when both are outcomes of its own framework.
    pub(crate) fn own_ends(&self) -> Option<(Uuid, Uuid)> {
        match (&self.origin.held, &self.destination.held) {
            (Some(Held::Outcome(origin)), Some(Held::Outcome(destination))) => Some((*origin, *destination)),
            _ => None,
        }
    }

    /// The same words with its ends where a package has them: an end that stands elsewhere is the package's.
    pub(crate) fn standing_as(mut self, package: Self) -> Self {
        let ends = [(&mut self.origin, package.origin), (&mut self.destination, package.destination)];
        for (end, told) in ends {
            if end.held != told.held {
                *end = told;
            }
        }
        self
    }

    /// The outcome that it places in the tree of its own framework, when it does.
    pub(crate) fn placed(&self) -> Option<Uuid> {
        match (self.kind, &self.origin.held) {
            (AssociationType::ChildOf, Some(Held::Outcome(child))) => Some(*child),
            _ => None,
        }
    }

    /// Refuses what no association may be.
    pub(crate) fn check(&self) -> Result<()> {
        if (self.kind == AssociationType::Extension) == self.extension.is_empty() {
            return Err(Failure::field(
                "association.extension_type",
                "must be set exactly when type is EXTENSION",
            ));
        }
        for (field, node) in [("origin", &self.origin), ("destination", &self.destination)] {
            if node.held.is_none() && node.uri.is_empty() {
                return Err(Failure::field(
                    format!("association.{field}"),
                    "must have a resource, or the uri of what is held elsewhere",
                ));
            }
            for line in [&node.uri, &node.identifier, &node.title, &node.target_type] {
                check_line(&format!("association.{field}"), line)?;
            }
        }
        if !matches!(self.origin.held, Some(Held::Outcome(_)))
            && !matches!(self.destination.held, Some(Held::Outcome(_)))
        {
            return Err(Failure::field(
                "association.origin.resource",
                "one end must be an outcome of this framework",
            ));
        }
        check_line("association.grouping", &self.grouping)?;
        check_line("association.notes", &self.notes)
    }
}

/// An association, as it is in a draft or was in a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Association {
    /// Its framework, pinned or not.
    pub framework: FrameworkRef,
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: AssociationContent,
    /// When it was created here.
    pub create_time: Timestamp,
    /// When it was last changed here.
    pub update_time: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

impl Association {
    /// Its name.
    pub(crate) fn name(&self) -> Name {
        association_name(&self.framework, self.id)
    }
}

/// The name of an association of a framework.
pub(crate) fn association_name(framework: &FrameworkRef, id: Uuid) -> Name {
    framework.name().child(ASSOCIATIONS, id)
}

/// Reads the name of an association, its framework pinned or not.
pub(crate) fn parse_association(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    let name = Name::of(field, text, &[FRAMEWORKS, ASSOCIATIONS])?;
    let id = own_id(field, &name)?;
    Ok((FrameworkRef::of(&name)?, id))
}

/// Reads the name of an association of a draft.
pub(crate) fn parse_draft_association(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    unpinned(&Name::of(field, text, &[FRAMEWORKS, ASSOCIATIONS])?)?;
    parse_association(field, text)
}
