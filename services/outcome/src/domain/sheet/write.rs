//! Writing outcomes as a spreadsheet that reads again as what was written.

use std::collections::BTreeMap;

use super::rows::join;
use super::{Field, MAX_COLUMNS, csv, guard};
use crate::domain::outcome::{Outcome, OutcomeContent};
use crate::domain::text::Text;

/// The columns before those of texts.
const BEFORE: [Field; 5] = [Field::Id, Field::Code, Field::ParentId, Field::Kind, Field::Type];
/// The texts, each with a column for each language.
const TEXTS: [Field; 3] = [Field::Statement, Field::Abbreviated, Field::Notes];
/// The columns after those of texts.
const AFTER: [Field; 7] = [
    Field::EducationLevels,
    Field::ConceptKeywords,
    Field::ListEnumeration,
    Field::Language,
    Field::ListOrder,
    Field::ValidFrom,
    Field::ValidUntil,
];

/// A spreadsheet of outcomes: its columns.
#[derive(Debug)]
pub(crate) struct Sheet {
    columns: Vec<(Field, String)>,
}

impl Sheet {
    /// The columns that hold all of these outcomes; none when they are more than an import reads.
    pub(crate) fn of(outcomes: &[Outcome]) -> Option<Self> {
        let mut qualifiers: BTreeMap<(Field, String), &str> = BTreeMap::new();
        for content in outcomes.iter().map(|outcome| &outcome.content) {
            for field in TEXTS {
                for text in texts(content, field) {
                    // One column for `en-us` and `en-US`: of several spellings the first by its letters.
                    let key = (field, text.language.to_ascii_lowercase());
                    let spelling = qualifiers.entry(key).or_insert(&text.language);
                    *spelling = (*spelling).min(&text.language);
                }
            }
            for id in &content.external_ids {
                qualifiers.insert((Field::ExternalId, id.system.clone()), &id.system);
            }
        }
        let mut columns: Vec<(Field, String)> = BEFORE.map(|field| (field, String::new())).into();
        let of = |field: Field| {
            let own = qualifiers.iter().filter(move |((of, _), _)| *of == field);
            own.map(|((field, _), qualifier)| (*field, (*qualifier).to_owned()))
        };
        columns.extend(TEXTS.into_iter().flat_map(of));
        columns.extend(AFTER.map(|field| (field, String::new())));
        columns.extend(of(Field::ExternalId));
        (columns.len() <= MAX_COLUMNS).then_some(Self { columns })
    }

    /// The byte order mark, if it is wanted, and the headers.
    pub(crate) fn begin(
        &self,
        mark: bool,
    ) -> Result<Vec<u8>, impl std::error::Error + Send + Sync + 'static> {
        let header = |(field, qualifier): &(Field, String)| match qualifier.as_str() {
            "" => field.header().to_owned(),
            qualifier => format!("{}@{qualifier}", field.header()),
        };
        let headers: Vec<String> = self.columns.iter().map(header).collect();
        let row = csv::write(&headers)?;
        Ok::<_, ::csv::Error>(if mark { [csv::MARK, &row].concat() } else { row })
    }

    /// The row of an outcome.
    pub(crate) fn row(
        &self,
        outcome: &Outcome,
    ) -> Result<Vec<u8>, impl std::error::Error + Send + Sync + 'static> {
        let cells =
            self.columns.iter().map(|(field, qualifier)| guard::guard(cell(outcome, *field, qualifier)));
        csv::write(&cells.collect::<Vec<_>>())
    }
}

fn texts(content: &OutcomeContent, field: Field) -> &[Text] {
    match field {
        Field::Statement => &content.statement,
        Field::Abbreviated => &content.abbreviated,
        Field::Notes => &content.notes,
        _ => &[],
    }
}

fn cell(outcome: &Outcome, field: Field, qualifier: &str) -> String {
    let content = &outcome.content;
    match field {
        Field::Id => outcome.id.to_string(),
        Field::Code => content.code.clone(),
        Field::ParentId => outcome.parent.map(|id| id.to_string()).unwrap_or_default(),
        Field::Kind => content.kind.as_str().to_owned(),
        Field::Type => content.item_type.clone(),
        Field::Statement | Field::Abbreviated | Field::Notes => {
            let own = |text: &&Text| text.language.eq_ignore_ascii_case(qualifier);
            texts(content, field).iter().find(own).map(|text| text.text.clone()).unwrap_or_default()
        }
        Field::EducationLevels => join(&content.education_levels),
        Field::ConceptKeywords => join(&content.concept_keywords),
        Field::ListEnumeration => content.list_enumeration.clone(),
        Field::Language => content.language.clone(),
        Field::ListOrder => outcome.list_order.to_string(),
        Field::ValidFrom => content.valid_from.map(|day| day.to_string()).unwrap_or_default(),
        Field::ValidUntil => content.valid_until.map(|day| day.to_string()).unwrap_or_default(),
        Field::ExternalId => {
            let own = content.external_ids.iter().find(|id| id.system == qualifier);
            own.map(|id| id.id.clone()).unwrap_or_default()
        }
        // Said by the identity of the parent.
        Field::ParentCode | Field::Level | Field::Numbering => String::new(),
    }
}
