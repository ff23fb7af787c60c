//! The roster: who is here, where, and as what. Records as the source gives them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Uuid};

/// The kinds of record whose identity comes from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Collection {
    /// Organisations.
    Organizations,
    /// Academic sessions.
    AcademicSessions,
    /// Courses.
    Courses,
    /// Classes.
    Classes,
    /// People.
    People,
    /// Roles of people in organisations.
    Roles,
    /// Enrolments.
    Enrollments,
    /// Relationships between people.
    Relationships,
}

impl Collection {
    const fn word(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::AcademicSessions => "academicSessions",
            Self::Courses => "courses",
            Self::Classes => "classes",
            Self::People => "people",
            Self::Roles => "roles",
            Self::Enrollments => "enrollments",
            Self::Relationships => "relationships",
        }
    }
}

/// The namespace of identities that are made from a source's own (RFC 9562, section 5.5). Never changed:
/// every id in every district's names follows from it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_54a0_2b1e_5c0c_9d3e_7b0d_a4c1_e2f8);

/// The identity of a record that the source calls `sourced_id`: the same whenever it comes again, so that
/// a name that a vendor keeps stays good.
pub(crate) fn identity(district: &District, collection: Collection, sourced_id: &str) -> Uuid {
    identity_in(district, collection.word(), sourced_id)
}

/// The same for a collection by its word in names.
pub(crate) fn identity_in(district: &District, collection: &str, sourced_id: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{district}/{collection}/{sourced_id}").as_bytes())
}

/// A record that an import brings, keeps or retires.
pub(crate) trait Record: Clone + PartialEq {
    /// Its identity in the district.
    fn id(&self) -> Uuid;
    /// Whether the roster holds it.
    fn is_active(&self) -> bool;
    /// Marks it as no longer in the roster.
    fn retire(&mut self);
}

macro_rules! records {
    ($($record:ident)*) => {$(
        impl Record for $record {
            fn id(&self) -> Uuid {
                self.id
            }

            fn is_active(&self) -> bool {
                self.active
            }

            fn retire(&mut self) {
                self.active = false;
            }
        }
    )*};
}

records!(Organization AcademicSession Course Class Person Role Enrollment Relationship Demographics);

/// A district, a school, a department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Organization {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub title: String,
    /// `OneRoster`'s word.
    pub kind: String,
    /// The district's own identifier; may be empty.
    pub identifier: String,
    pub parent: Option<Uuid>,
    /// An IANA name.
    pub time_zone: String,
}

/// A school year or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AcademicSession {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub title: String,
    pub kind: String,
    pub start: Date,
    /// The last day.
    pub end: Date,
    pub parent: Option<Uuid>,
    pub school_year: i32,
}

/// A course of study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub title: String,
    pub code: String,
    pub organization: Uuid,
    pub school_year: Option<Uuid>,
    pub grades: Vec<String>,
    pub subjects: Vec<String>,
    pub subject_codes: Vec<String>,
}

/// A course as a group takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub title: String,
    pub code: String,
    pub kind: String,
    pub course: Uuid,
    pub organization: Uuid,
    pub sessions: Vec<Uuid>,
    /// The first day of the earliest of the sessions, and the last of the latest.
    pub span: Option<Span>,
    pub location: String,
    pub periods: Vec<String>,
    pub grades: Vec<String>,
    pub subjects: Vec<String>,
    pub subject_codes: Vec<String>,
}

/// Days from the first to the last, both within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub first: Date,
    pub last: Date,
}

impl Span {
    /// The days from the earliest first to the latest last.
    pub(crate) fn around(spans: impl IntoIterator<Item = Self>) -> Option<Self> {
        spans.into_iter().reduce(|a, b| Self { first: a.first.min(b.first), last: a.last.max(b.last) })
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    /// Whether the person may act here at all (`enabledUser`).
    pub enabled: bool,
    /// The name that the person uses.
    pub given_name: String,
    pub family_name: String,
    /// The name of the record: restricted, and served nowhere yet.
    pub legal_name: LegalName,
    pub pronouns: String,
    pub grades: Vec<String>,
    pub identifier: String,
}

/// The name in the person's papers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LegalName {
    pub given: String,
    pub middle: String,
    pub family: String,
}

impl std::fmt::Debug for LegalName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LegalName(..)")
    }
}

/// `OneRoster`'s words for what a person is in an organisation; an extension begins with `ext:`.
pub(crate) const ROLES: &[&str] = &[
    "aide",
    "counselor",
    "districtAdministrator",
    "guardian",
    "parent",
    "principal",
    "proctor",
    "relative",
    "siteAdministrator",
    "student",
    "systemAdministrator",
    "teacher",
];

/// What a person is in an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub person: Uuid,
    pub organization: Uuid,
    /// `OneRoster`'s word.
    pub word: String,
    pub primary: bool,
    /// The first day.
    pub begin: Option<Date>,
    /// The first day on which it no longer holds.
    pub end: Option<Date>,
}

/// A person's place in a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enrollment {
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub class: Uuid,
    pub organization: Uuid,
    pub person: Uuid,
    pub role: String,
    pub primary: bool,
    pub begin: Option<Date>,
    /// The first day on which it no longer holds.
    pub end: Option<Date>,
}

/// What a person is to a learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kinship {
    /// A relative without education rights.
    Relative,
    /// A guardian who is not called a parent.
    Guardian,
    /// A parent.
    Parent,
}

impl Kinship {
    /// Whether the roster gives education rights to one who is this.
    pub(crate) const fn has_education_rights(self) -> bool {
        matches!(self, Self::Guardian | Self::Parent)
    }

    /// From `OneRoster`'s role of the person.
    pub(crate) fn of_role(role: &str) -> Option<Self> {
        match role {
            "parent" => Some(Self::Parent),
            "guardian" => Some(Self::Guardian),
            "relative" => Some(Self::Relative),
            _ => None,
        }
    }

    /// As it is kept.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Relative => "relative",
        }
    }
}

/// How another person stands to a learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relationship {
    pub id: Uuid,
    pub active: bool,
    pub learner: Uuid,
    pub other: Uuid,
    pub kind: Kinship,
    pub education_rights: bool,
}

/// What is kept apart about a person, under their id: sensitive, and served nowhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Demographics {
    pub id: Uuid,
    pub active: bool,
    pub birth_date: Option<Date>,
    /// The other columns of the source, those that are filled, by name.
    pub facts: std::collections::BTreeMap<String, String>,
}

impl std::fmt::Debug for Demographics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Demographics(..)")
    }
}
