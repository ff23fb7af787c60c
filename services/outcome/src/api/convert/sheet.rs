//! Spreadsheets.

use trellis_contracts::common::JobState;
use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Result};

use super::{outcome, transfer};
use crate::app::sheet_plan::RowChange;
use crate::app::spreadsheets::{Imported, Preview};
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::outcome_name;
use crate::domain::sheet::{Column, Field, Format, Hierarchy, Issue, Mapping};

/// How much of a cell a preview shows, in characters.
const SHOWN: usize = 100;

/// What the columns mean, from the wire; the contract has checked the numbers.
pub(in crate::api) fn read_mapping(mapping: proto::SpreadsheetMapping) -> Result<Mapping> {
    let proto::SpreadsheetMapping {
        columns,
        hierarchy,
        header_row,
        sheet,
        kind_words,
        default_kind,
        default_language,
    } = mapping;
    let columns = columns.into_iter().enumerate().map(|(place, column)| {
        let proto::SpreadsheetColumn { column, field, language, system } = column;
        let at = |part: &str| format!("mapping.columns[{place}].{part}");
        let index =
            usize::try_from(column - 1).map_err(|_| Failure::field(at("column"), "must be 1 or more"))?;
        let field = read_field(field).ok_or_else(|| Failure::field(at("field"), "value is required"))?;
        if !field.is_text() && !language.is_empty() {
            return Err(Failure::field(
                at("language"),
                "only statements, short statements and notes have one",
            ));
        }
        if field != Field::ExternalId && !system.is_empty() {
            return Err(Failure::field(at("system"), "only an identifier in another system has one"));
        }
        let qualifier = if field == Field::ExternalId { system } else { language };
        Ok(Column { index, field, qualifier })
    });
    let words = kind_words.into_iter().map(|(word, kind)| (word.to_lowercase(), outcome::read_kind(kind)));
    Ok(Mapping {
        columns: columns.collect::<Result<_>>()?,
        hierarchy: read_hierarchy(hierarchy),
        header_row: u32::try_from(header_row).unwrap_or_default(),
        sheet: u32::try_from(sheet).unwrap_or_default(),
        kind_words: words.collect(),
        default_kind: outcome::read_kind(default_kind),
        default_language,
    })
}

fn write_mapping(mapping: Mapping) -> proto::SpreadsheetMapping {
    let Mapping { columns, hierarchy, header_row, sheet, kind_words, default_kind, default_language } =
        mapping;
    let columns = columns.into_iter().map(|column| {
        let number = number(column.number());
        let Column { index: _, field, qualifier } = column;
        let (language, system) =
            if field == Field::ExternalId { (String::new(), qualifier) } else { (qualifier, String::new()) };
        proto::SpreadsheetColumn { column: number, field: write_field(field).into(), language, system }
    });
    proto::SpreadsheetMapping {
        columns: columns.collect(),
        hierarchy: write_hierarchy(hierarchy).into(),
        header_row: number(header_row),
        sheet: number(sheet),
        kind_words: kind_words
            .into_iter()
            .map(|(word, kind)| (word, outcome::write_kind(kind).into()))
            .collect(),
        default_kind: outcome::write_kind(default_kind).into(),
        default_language,
    }
}

/// A preview as the contract has it.
pub(in crate::api) fn write_preview(preview: Preview) -> proto::SpreadsheetPreview {
    let Preview { table, rows, header, suggested, place, counts, changes, issues, issue_count, refused } =
        preview;
    let headers = (1..).zip(&header.cells).map(|(column, text)| proto::SpreadsheetHeader {
        column: number(column),
        letter: letter(column),
        text: shown(text),
    });
    let samples = table.rows.iter().map(|row| proto::SpreadsheetSample {
        row: number(row.number),
        cells: row.cells.iter().map(|cell| shown(cell)).collect(),
    });
    proto::SpreadsheetPreview {
        format: write_format(table.format).into(),
        header_row: number(header.number),
        row_count: count(rows),
        headers: headers.collect(),
        suggested_mapping: Some(write_mapping(suggested)),
        samples: samples.collect(),
        outcomes: Some(transfer::counts(counts)),
        changes: changes.into_iter().map(|change| write_change(&place, change)).collect(),
        issues: issues.into_iter().map(write_issue).collect(),
        issue_count: count(issue_count),
        refused,
        sheets: table.sheets,
    }
}

/// What became of an import as the contract has it.
pub(in crate::api) fn write_imported(
    imported: Imported,
    framework: Option<proto::Framework>,
) -> proto::ImportSpreadsheetResponse {
    let Imported { refused, framework: _, changed, counts, issues, issue_count } = imported;
    let state = if refused { JobState::Failed } else { JobState::Succeeded };
    proto::ImportSpreadsheetResponse {
        state: state.into(),
        framework,
        changed,
        outcomes: Some(transfer::counts(counts)),
        issues: issues.into_iter().map(write_issue).collect(),
        issue_count: count(issue_count),
    }
}

fn write_change(place: &FrameworkRef, change: RowChange) -> proto::SpreadsheetChange {
    let RowChange { row, outcome, fields } = change;
    proto::SpreadsheetChange {
        row: number(row),
        outcome: outcome.map(|id| outcome_name(place, id).to_string()).unwrap_or_default(),
        fields: fields.into_iter().map(str::to_owned).collect(),
    }
}

fn write_issue(issue: Issue) -> proto::SpreadsheetIssue {
    let Issue { severity, code, row, column, text, repair } = issue;
    proto::SpreadsheetIssue {
        severity: transfer::write_severity(severity).into(),
        code: code.into_owned(),
        row: number(row),
        column: number(column),
        text: text.into_owned(),
        repair: repair.into_owned(),
    }
}

fn shown(cell: &str) -> String {
    cell.chars().take(SHOWN).collect()
}

/// A column as a spreadsheet shows it: `A`, `Z`, `AA`.
fn letter(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or_default()));
        column /= 26;
    }
    letters.into_iter().rev().collect()
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

const fn write_format(format: Format) -> proto::SpreadsheetFormat {
    match format {
        Format::Csv => proto::SpreadsheetFormat::Csv,
        Format::Xlsx => proto::SpreadsheetFormat::Xlsx,
    }
}

const fn write_hierarchy(hierarchy: Hierarchy) -> proto::SpreadsheetHierarchy {
    match hierarchy {
        Hierarchy::Unstated => proto::SpreadsheetHierarchy::Unspecified,
        Hierarchy::Parent => proto::SpreadsheetHierarchy::Parent,
        Hierarchy::Level => proto::SpreadsheetHierarchy::Level,
        Hierarchy::Indentation => proto::SpreadsheetHierarchy::Indentation,
        Hierarchy::Numbering => proto::SpreadsheetHierarchy::Numbering,
    }
}

fn read_hierarchy(number: i32) -> Hierarchy {
    match proto::SpreadsheetHierarchy::try_from(number).unwrap_or_default() {
        proto::SpreadsheetHierarchy::Unspecified => Hierarchy::Unstated,
        proto::SpreadsheetHierarchy::Parent => Hierarchy::Parent,
        proto::SpreadsheetHierarchy::Level => Hierarchy::Level,
        proto::SpreadsheetHierarchy::Indentation => Hierarchy::Indentation,
        proto::SpreadsheetHierarchy::Numbering => Hierarchy::Numbering,
    }
}

macro_rules! same {
    ($($field:ident = $own:ident,)*) => {
        const fn write_field(field: Field) -> proto::SpreadsheetField {
            match field { $(Field::$own => proto::SpreadsheetField::$field,)* }
        }

        fn read_field(number: i32) -> Option<Field> {
            match proto::SpreadsheetField::try_from(number).unwrap_or_default() {
                proto::SpreadsheetField::Unspecified => None,
                $(proto::SpreadsheetField::$field => Some(Field::$own),)*
            }
        }
    };
}

same! {
    Id = Id,
    Code = Code,
    ParentId = ParentId,
    ParentCode = ParentCode,
    Level = Level,
    Numbering = Numbering,
    Kind = Kind,
    Type = Type,
    Statement = Statement,
    AbbreviatedStatement = Abbreviated,
    Notes = Notes,
    EducationLevels = EducationLevels,
    ConceptKeywords = ConceptKeywords,
    ListEnumeration = ListEnumeration,
    Language = Language,
    ListOrder = ListOrder,
    ValidFrom = ValidFrom,
    ValidUntil = ValidUntil,
    ExternalId = ExternalId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_a_spreadsheet_calls_them() {
        let letters: Vec<String> = [1, 26, 27, 52, 53, 200].into_iter().map(letter).collect();
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "GR"]);
    }
}
