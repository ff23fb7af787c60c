//! The shapes of CASE: which keys each entry has, in the order in which they are written, and what may
//! stand there. From the JSON schemas of CASE 1.1, which allow nothing else.

use Kind::{
    AssociationType, Day, End, ExtensionList, Extensions, Id, Instant, Link, Links, Number, Parts, Text,
    Texts, Version as CaseVersion, Whole,
};

/// A version of CASE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    /// CASE 1.0, for old clients: what it does not know is left out.
    V1p0,
    /// CASE 1.1.
    V1p1,
}

impl Version {
    /// As it stands in the paths of a provider.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::V1p0 => "v1p0",
            Self::V1p1 => "v1p1",
        }
    }
}

/// What may stand in a field.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A GUID in lower case.
    Id,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A version of CASE that the entry keeps to: `1.1`.
    Version,
    /// The type of an association.
    AssociationType,
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// A day.
    Day,
    /// A date and time with its offset.
    Instant,
    /// A reference (`LinkURI`).
    Link,
    /// A list of references.
    Links,
    /// An end of an association (`LinkGenURI`).
    End,
    /// A list of entries within the entry.
    Parts(&'static Shape),
    /// What others add.
    Extensions,
    /// What others add, where the schema wants a list.
    ExtensionList,
}

/// A field of an entry.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) since: Version,
}

/// The fields of an entry, in order.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) fields: &'static [Field],
}

const fn must(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: true, since: Version::V1p0 }
}

const fn may(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: false, since: Version::V1p0 }
}

const fn new(key: &'static str, kind: Kind) -> Field {
    Field { key, kind, required: false, since: Version::V1p1 }
}

/// `CFPckgDocument`.
pub(crate) static DOCUMENT: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        new("frameworkType", Text),
        new("caseVersion", CaseVersion),
        must("creator", Text),
        must("title", Text),
        must("lastChangeDateTime", Instant),
        may("officialSourceURL", Text),
        may("publisher", Text),
        may("description", Text),
        may("subject", Texts),
        may("subjectURI", Links),
        may("language", Text),
        may("version", Text),
        may("adoptionStatus", Text),
        may("statusStartDate", Day),
        may("statusEndDate", Day),
        may("licenseURI", Link),
        may("notes", Text),
        new("extensions", Extensions),
    ],
};

/// `CFPckgItem`.
pub(super) static ITEM: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("fullStatement", Text),
        may("alternativeLabel", Text),
        may("CFItemType", Text),
        must("uri", Text),
        may("humanCodingScheme", Text),
        may("listEnumeration", Text),
        may("abbreviatedStatement", Text),
        may("conceptKeywords", Texts),
        may("conceptKeywordsURI", Link),
        may("notes", Text),
        new("subject", Texts),
        new("subjectURI", Links),
        may("language", Text),
        may("educationLevel", Texts),
        may("CFItemTypeURI", Link),
        may("licenseURI", Link),
        may("statusStartDate", Day),
        may("statusEndDate", Day),
        must("lastChangeDateTime", Instant),
        new("extensions", Extensions),
    ],
};

/// `CFPckgAssociation`.
pub(super) static ASSOCIATION: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("associationType", AssociationType),
        may("sequenceNumber", Whole),
        must("uri", Text),
        must("originNodeURI", End),
        must("destinationNodeURI", End),
        may("CFAssociationGroupingURI", Link),
        must("lastChangeDateTime", Instant),
        new("notes", Text),
        new("extensions", Extensions),
    ],
};

static CONCEPT: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        must("title", Text),
        may("keywords", Text),
        must("hierarchyCode", Text),
        may("description", Text),
        must("lastChangeDateTime", Instant),
        new("extensions", Extensions),
    ],
};

static SUBJECT: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        must("title", Text),
        must("hierarchyCode", Text),
        may("description", Text),
        must("lastChangeDateTime", Instant),
        new("extensions", Extensions),
    ],
};

static LICENSE: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        must("title", Text),
        may("description", Text),
        must("licenseText", Text),
        must("lastChangeDateTime", Instant),
        new("extensions", Extensions),
    ],
};

static ITEM_TYPE: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        must("title", Text),
        must("description", Text),
        must("hierarchyCode", Text),
        may("typeCode", Text),
        must("lastChangeDateTime", Instant),
        new("extensions", Extensions),
    ],
};

static GROUPING: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        must("title", Text),
        may("description", Text),
        must("lastChangeDateTime", Instant),
        new("extensions", Extensions),
    ],
};

/// `CFRubric`.
pub(super) static RUBRIC: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        may("title", Text),
        may("description", Text),
        must("lastChangeDateTime", Instant),
        may("CFRubricCriteria", Parts(&CRITERION)),
        new("extensions", Extensions),
    ],
};

pub(super) static CRITERION: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        may("category", Text),
        may("description", Text),
        may("CFItemURI", Link),
        may("weight", Number),
        may("position", Whole),
        may("rubricId", Id),
        must("lastChangeDateTime", Instant),
        may("CFRubricCriterionLevels", Parts(&LEVEL)),
        new("extensions", Extensions),
    ],
};

pub(super) static LEVEL: Shape = Shape {
    fields: &[
        must("identifier", Id),
        must("uri", Text),
        may("description", Text),
        may("quality", Text),
        may("score", Number),
        may("feedback", Text),
        may("position", Whole),
        may("rubricCriterionId", Id),
        must("lastChangeDateTime", Instant),
        new("extensions", ExtensionList),
    ],
};

/// The sections of `CFDefinitions`, in the order in which they are written.
static DEFINITIONS: [(&str, &Shape); 5] = [
    ("CFConcepts", &CONCEPT),
    ("CFSubjects", &SUBJECT),
    ("CFLicenses", &LICENSE),
    ("CFItemTypes", &ITEM_TYPE),
    ("CFAssociationGroupings", &GROUPING),
];

/// The names of the sections of `CFDefinitions`, in the order in which they are written.
pub(crate) fn definition_sections() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().map(|(section, _)| *section)
}

/// The shape of the entries of a section of `CFDefinitions`; none for one that CASE does not define.
pub(super) fn definition(section: &str) -> Option<&'static Shape> {
    DEFINITIONS.iter().find(|(own, _)| *own == section).map(|(_, shape)| *shape)
}

/// Whether `CFDocument` has a field of this name: `title`, `licenseURI.title`.
pub(crate) fn document_knows(path: &str, version: Version) -> bool {
    let (key, within) = path.split_once('.').map_or((path, None), |(key, within)| (key, Some(within)));
    let part_of_link =
        |within: Option<&str>| within.is_none_or(|within| matches!(within, "title" | "identifier" | "uri"));
    if key == "CFPackageURI" {
        return part_of_link(within);
    }
    DOCUMENT.fields.iter().filter(|field| field.key == key && field.since <= version).any(|field| match field
        .kind
    {
        Link | Links => part_of_link(within),
        Extensions | ExtensionList => true,
        _ => within.is_none(),
    })
}
