//! What the columns of a spreadsheet mean.

use std::collections::{BTreeMap, HashSet};

use trellis_kernel::{Failure, Result};

use crate::domain::outcome::OutcomeKind;
use crate::domain::text::UNDETERMINED;

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $variant:ident = $header:literal,)*) => {
        /// What the cells of a column are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Field { $($(#[doc = $doc])* $variant,)* }

        impl Field {
            /// Its header, as an export writes it.
            pub(crate) const fn header(self) -> &'static str {
                match self { $(Self::$variant => $header,)* }
            }

            /// The field whose header an export writes so.
            pub(crate) fn of_header(header: &str) -> Option<Self> {
                match header { $($header => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

fields! {
    /// The identity.
    Id = "id",
    /// The code.
    Code = "code",
    /// The identity of the outcome above.
    ParentId = "parent_id",
    /// The code of the outcome above.
    ParentCode = "parent_code",
    /// How deep the row stands, from 1.
    Level = "level",
    /// A number that begins with that of the outcome above.
    Numbering = "numbering",
    /// Knowledge, skill or mindset.
    Kind = "kind",
    /// The type.
    Type = "type",
    /// The statement.
    Statement = "statement",
    /// The statement in a few words.
    Abbreviated = "abbreviated_statement",
    /// The notes.
    Notes = "notes",
    /// The education levels.
    EducationLevels = "education_levels",
    /// The concepts that it is about.
    ConceptKeywords = "concept_keywords",
    /// How it is numbered among its siblings.
    ListEnumeration = "list_enumeration",
    /// The language of the outcome.
    Language = "language",
    /// Its place among its siblings.
    ListOrder = "list_order",
    /// The first day on which it is in force.
    ValidFrom = "valid_from",
    /// The last day on which it is in force.
    ValidUntil = "valid_until",
    /// Its identifier in another system.
    ExternalId = "external_id",
}

impl Field {
    /// Whether its columns are each in a language.
    pub(crate) const fn is_text(self) -> bool {
        matches!(self, Self::Statement | Self::Abbreviated | Self::Notes)
    }
}

/// What one column means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its place, from 0.
    pub(crate) index: usize,
    /// What its cells are.
    pub(crate) field: Field,
    /// The language of its texts, or the system of its identifiers; empty for all others.
    pub(crate) qualifier: String,
}

impl Column {
    /// Its number, from 1.
    pub(crate) fn number(&self) -> u32 {
        u32::try_from(self.index + 1).unwrap_or(u32::MAX)
    }
}

/// How the rows say what stands below what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hierarchy {
    /// They do not.
    #[default]
    Unstated,
    /// By the columns of the parent.
    Parent,
    /// By the column of the level.
    Level,
    /// By the white space before the statement.
    Indentation,
    /// By numbers that begin with that of the parent.
    Numbering,
}

/// What a spreadsheet means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The columns that are read.
    pub(crate) columns: Vec<Column>,
    /// How the rows say what stands below what.
    pub(crate) hierarchy: Hierarchy,
    /// The row of the headers, from 1; 0 for the first that is not blank.
    pub(crate) header_row: u32,
    /// The sheet, from 1; 0 for the first.
    pub(crate) sheet: u32,
    /// Further words for kinds, in lower case.
    pub(crate) kind_words: BTreeMap<String, OutcomeKind>,
    /// The kind of a new outcome whose row says none.
    pub(crate) default_kind: OutcomeKind,
    /// The language of texts whose column has none.
    pub(crate) default_language: String,
}

impl Mapping {
    /// The first column of a field.
    pub(crate) fn column(&self, field: Field) -> Option<&Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// The language of a column of texts.
    pub(crate) fn language<'a>(&'a self, column: &'a Column) -> &'a str {
        let languages = [column.qualifier.as_str(), self.default_language.as_str()];
        languages.into_iter().find(|language| !language.is_empty()).unwrap_or(UNDETERMINED)
    }

    /// Refuses what no mapping may be. In a draft that is there already, rows must be known again.
    pub(crate) fn check(&self, existing: bool) -> Result<()> {
        let (mut places, mut meanings) = (HashSet::new(), HashSet::new());
        for (place, column) in self.columns.iter().enumerate() {
            let at = |part: &str| format!("mapping.columns[{place}].{part}");
            if !places.insert(column.index) {
                return Err(Failure::field(at("column"), "must be different from the columns before it"));
            }
            if column.field == Field::ExternalId && column.qualifier.is_empty() {
                return Err(Failure::field(at("system"), "is required of an identifier in another system"));
            }
            let qualifier = if column.field.is_text() { self.language(column) } else { &column.qualifier };
            if !meanings.insert((column.field, qualifier.to_ascii_lowercase())) {
                return Err(Failure::field(at("field"), "must not be there twice in one language or system"));
            }
        }
        let has = |fields: &[Field]| fields.iter().any(|field| self.column(*field).is_some());
        let needed = match self.hierarchy {
            Hierarchy::Unstated => true,
            Hierarchy::Parent => has(&[Field::ParentId, Field::ParentCode]),
            Hierarchy::Level => has(&[Field::Level]),
            Hierarchy::Indentation => has(&[Field::Statement]),
            Hierarchy::Numbering => has(&[Field::Numbering, Field::Code]),
        };
        if !needed {
            return Err(Failure::field("mapping.hierarchy", "needs a column that is not mapped"));
        }
        if existing && !has(&[Field::Id, Field::Code]) {
            let text = "must hold a column of identities or codes, by which rows are known again";
            return Err(Failure::field("mapping.columns", text));
        }
        if !existing && !has(&[Field::Statement]) {
            return Err(Failure::field("mapping.columns", "must hold a column of statements"));
        }
        Ok(())
    }
}
