//! Frameworks.

use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Etag, Failure, Name, Reason, Result, Timestamp, Uuid};

use super::text::{CaseIdentity, ExternalId, Text, check_external_ids, check_line, check_texts};

/// The collection of frameworks in a name.
pub(crate) const FRAMEWORKS: &str = "frameworks";
/// The type of a framework in errors and changes.
pub(crate) const FRAMEWORK: &str = "trellis.dev/Framework";

/// What sort of framework it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FrameworkKind {
    /// Not stated.
    #[default]
    Unspecified,
    /// What a community wants its graduates to know, do and be.
    PortraitOfAGraduate,
    /// Academic standards.
    Standards,
    /// Competencies of learners.
    Competencies,
    /// Learning progressions.
    Progressions,
    /// Competencies of educators.
    EducatorCompetencies,
    /// Something else.
    Other,
}

impl FrameworkKind {
    /// How it is kept in its column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::PortraitOfAGraduate => "portrait_of_a_graduate",
            Self::Standards => "standards",
            Self::Competencies => "competencies",
            Self::Progressions => "progressions",
            Self::EducatorCompetencies => "educator_competencies",
            Self::Other => "other",
        }
    }
}

/// How far the adoption of a framework has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AdoptionStatus {
    /// Not stated.
    #[default]
    Unspecified,
    /// Being written, and not yet shown to the public.
    PrivateDraft,
    /// Under public review.
    Draft,
    /// In force.
    Adopted,
    /// No longer to be used for new work.
    Deprecated,
}

/// Who may read what is published of a framework over CASE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Whoever may read the district's frameworks.
    #[default]
    District,
    /// Everybody.
    Public,
}

/// The licence of a framework.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct License {
    /// Its title.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Where it is published.
    pub uri: String,
}

/// What people write about a framework.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrameworkContent {
    /// What sort of framework it is.
    pub kind: FrameworkKind,
    /// The title.
    pub title: Vec<Text>,
    /// What it is about.
    pub description: Vec<Text>,
    /// Who wrote it.
    pub creator: String,
    /// Who publishes it.
    pub publisher: String,
    /// The version as its authors count.
    pub version_label: String,
    /// The main language.
    pub language: String,
    /// The subjects.
    pub subjects: Vec<String>,
    /// The education levels.
    pub education_levels: Vec<String>,
    /// The licence.
    pub license: Option<License>,
    /// Where its authors publish it.
    pub official_source_uri: String,
    /// How far its adoption has come.
    pub adoption_status: AdoptionStatus,
    /// Its identifiers in other systems.
    pub external_ids: Vec<ExternalId>,
    /// What it is called in CASE.
    pub case: Option<CaseIdentity>,
}

impl FrameworkContent {
    /// Refuses what no framework may be.
    pub(crate) fn check(&self) -> Result<()> {
        if self.kind == FrameworkKind::Unspecified {
            return Err(Failure::field("framework.kind", "value is required"));
        }
        check_texts("framework.title", &self.title, true)?;
        check_texts("framework.description", &self.description, false)?;
        check_external_ids(&self.external_ids)?;
        for (field, line) in [
            ("framework.creator", &self.creator),
            ("framework.publisher", &self.publisher),
            ("framework.version_label", &self.version_label),
            ("framework.official_source_uri", &self.official_source_uri),
        ] {
            check_line(field, line)?;
        }
        Ok(())
    }
}

/// How much a framework holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holdings {
    /// Outcomes.
    pub outcomes: i32,
    /// Associations.
    pub associations: i32,
    /// Progressions.
    pub progressions: i32,
}

/// A framework: its draft, or a revision of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Framework {
    /// Where it is.
    pub place: FrameworkRef,
    /// What is written about it.
    pub content: FrameworkContent,
    /// Of a revision its number; of the draft the last number published, or 0.
    pub revision: u32,
    /// When that was.
    pub revision_time: Option<Timestamp>,
    /// Whether the draft was changed since.
    pub unpublished: bool,
    /// What the publishers say that the revision changes; empty of a draft.
    #[serde(default)]
    pub release_note: Vec<Text>,
    /// How much it holds.
    pub holdings: Holdings,
    /// When it was created here.
    pub create_time: Timestamp,
    /// When it, or anything in it, was last changed.
    pub update_time: Timestamp,
    /// Counts the changes of the draft and of everything in it.
    pub version: i64,
}

impl Framework {
    /// Its etag.
    pub(crate) fn etag(&self) -> Etag {
        Etag::new(self.version)
    }
}

/// A framework, pinned to a revision or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct FrameworkRef {
    /// The district that holds it.
    pub district: District,
    /// Its identity.
    pub id: Uuid,
    /// The revision; none for the draft.
    pub pin: Option<u32>,
}

impl FrameworkRef {
    /// The draft of a framework.
    pub(crate) const fn draft(district: District, id: Uuid) -> Self {
        Self { district, id, pin: None }
    }

    /// The framework that a name begins with.
    pub(crate) fn of(name: &Name) -> Result<Self> {
        let segment = name.segments.first().filter(|segment| segment.collection == FRAMEWORKS);
        let segment = segment.ok_or_else(|| {
            Failure::invalid(
                Reason::InvalidName,
                "The name is not that of a framework or of something in one.",
            )
        })?;
        Ok(Self { district: name.district.clone(), id: segment.id, pin: segment.revision })
    }

    /// Reads the name of a framework.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self> {
        Self::of(&Name::of(field, text, &[FRAMEWORKS])?)
    }

    /// Reads the name of a draft; a pinned one is refused, because a revision never changes.
    pub(crate) fn parse_draft(field: &str, text: &str) -> Result<Self> {
        let name = Name::of(field, text, &[FRAMEWORKS])?;
        unpinned(&name)?;
        Self::of(&name)
    }

    /// Reads the name of a revision that something of a district may build on: of the district or the commons.
    pub(crate) fn parse_revision(field: &str, text: &str, district: &District) -> Result<Self> {
        let own = Self::parse(field, text)?;
        if own.pin.is_none() {
            return Err(Failure::field(field, "must be pinned to a revision of the framework, with @"));
        }
        if own.district != *district && !own.district.is_commons() {
            return Err(Failure::field(field, "must be a framework of the same district or of the commons"));
        }
        Ok(own)
    }

    /// The name.
    pub(crate) fn name(&self) -> Name {
        let name = Name::district(self.district.clone()).child(FRAMEWORKS, self.id);
        match self.pin {
            Some(revision) => name.at_revision(revision),
            None => name,
        }
    }

    /// The number under which its rows are kept: 0 for the draft.
    pub(crate) fn row_revision(&self) -> i32 {
        self.pin.and_then(|pin| i32::try_from(pin).ok()).unwrap_or(if self.pin.is_some() {
            i32::MAX
        } else {
            0
        })
    }

    /// The same framework at a revision.
    pub(crate) fn at(&self, revision: u32) -> Self {
        Self { pin: Some(revision), ..self.clone() }
    }

    /// Whether the two are one framework, whatever the revision.
    pub(crate) fn same_framework(&self, other: &Self) -> bool {
        self.id == other.id && self.district == other.district
    }

    /// That it does not exist.
    pub(crate) fn missing(&self) -> Failure {
        Failure::not_found(FRAMEWORK, self.name().to_string())
    }
}

/// Refuses a pinned name.
pub(crate) fn unpinned(name: &Name) -> Result<()> {
    if name.is_pinned() {
        return Err(Failure::precondition(
            Reason::RevisionImmutable,
            "A revision never changes: change the draft, by the name without the revision.",
        ));
    }
    Ok(())
}
