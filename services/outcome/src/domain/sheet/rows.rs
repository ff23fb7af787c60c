//! The rows of a spreadsheet as what they say of outcomes.

use std::borrow::Cow;

use jiff::civil::Date;
use trellis_kernel::Uuid;

use super::guard::unguard;
use super::suggest::is_language;
use super::tree::{self, Above, Position};
use super::{Column, Field, Hierarchy, Issue, Mapping, Row, Table};
use crate::domain::outcome::{OutcomeContent, OutcomeKind};
use crate::domain::text::{ExternalId, Text};

/// The longest code, type or number, in characters.
const MAX_LINE: usize = 500;
/// The longest text in one language, in characters.
const MAX_TEXT: usize = 20_000;

/// What a row says of an outcome.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The row, from 1.
    pub(crate) row: u32,
    /// The identity of the outcome.
    pub(crate) id: Option<Uuid>,
    /// Its code; empty when the row says none.
    pub(crate) code: String,
    /// What it stands below.
    pub(crate) above: Above,
    /// Its place among its siblings.
    pub(crate) order: Option<i32>,
    sets: Vec<Set>,
}

/// What a cell says of an outcome.
#[derive(Debug)]
enum Set {
    Code(String),
    Kind(OutcomeKind),
    Type(String),
    Text(Field, Text),
    EducationLevels(Vec<String>),
    ConceptKeywords(Vec<String>),
    ListEnumeration(String),
    Language(String),
    ValidFrom(Option<Date>),
    ValidUntil(Option<Date>),
    ExternalId(ExternalId),
}

impl Entry {
    /// The outcome as the row would have it; what the row does not say stays.
    pub(crate) fn apply(&self, mut content: OutcomeContent) -> OutcomeContent {
        for set in &self.sets {
            match set {
                Set::Code(code) => content.code.clone_from(code),
                Set::Kind(kind) => content.kind = *kind,
                Set::Type(item_type) => content.item_type.clone_from(item_type),
                Set::Text(Field::Abbreviated, text) => put_text(&mut content.abbreviated, text),
                Set::Text(Field::Notes, text) => put_text(&mut content.notes, text),
                Set::Text(_, text) => put_text(&mut content.statement, text),
                Set::EducationLevels(levels) => content.education_levels.clone_from(levels),
                Set::ConceptKeywords(keywords) => content.concept_keywords.clone_from(keywords),
                Set::ListEnumeration(enumeration) => content.list_enumeration.clone_from(enumeration),
                Set::Language(language) => content.language.clone_from(language),
                Set::ValidFrom(day) => content.valid_from = *day,
                Set::ValidUntil(day) => content.valid_until = *day,
                Set::ExternalId(id) => put_id(&mut content.external_ids, id),
            }
        }
        content
    }
}

fn put_text(texts: &mut Vec<Text>, new: &Text) {
    let own = texts.iter().position(|text| text.language.eq_ignore_ascii_case(&new.language));
    match own {
        Some(place) if new.text.is_empty() => drop(texts.remove(place)),
        Some(place) => texts[place].text.clone_from(&new.text),
        None if new.text.is_empty() => {}
        None => texts.push(new.clone()),
    }
}

fn put_id(ids: &mut Vec<ExternalId>, new: &ExternalId) {
    let own = ids.iter().position(|id| id.system == new.system);
    match own {
        Some(place) if new.id.is_empty() => drop(ids.remove(place)),
        Some(place) => ids[place].id.clone_from(&new.id),
        None if new.id.is_empty() => {}
        None => ids.push(new.clone()),
    }
}

/// Reads the rows below the headers, and says what is wrong with them.
pub(crate) fn entries(table: &Table, header: &Row, mapping: &Mapping) -> (Vec<Entry>, Vec<Issue>) {
    let mut issues: Vec<Issue> =
        table.issues.iter().filter(|issue| issue.row >= header.number).cloned().collect();
    let width = header.cells.len();
    let widest = table.rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    for column in mapping.columns.iter().filter(|column| column.index >= widest) {
        issues.push(Issue::error("COLUMN_MISSING", 0, column.number(), "The sheet has no such column."));
    }
    let (mut entries, mut positions) = (Vec::new(), Vec::new());
    for row in table.rows.iter().filter(|row| row.number > header.number) {
        let mut reading = Reading { row, mapping, issues: &mut issues };
        reading.refuse_surplus(width);
        let (entry, position) = reading.entry();
        entries.push(entry);
        positions.push(position);
    }
    let above = tree::above(mapping, &positions, &mut issues);
    for (entry, above) in entries.iter_mut().zip(above) {
        entry.above = above;
    }
    issues.sort_by_key(|issue| (issue.row, issue.column));
    (entries, issues)
}

struct Reading<'a> {
    row: &'a Row,
    mapping: &'a Mapping,
    issues: &'a mut Vec<Issue>,
}

impl Reading<'_> {
    fn refuse_surplus(&mut self, width: usize) {
        let known = |index: usize| self.mapping.columns.iter().any(|column| column.index == index);
        let surplus =
            (width..self.row.cells.len()).find(|index| !self.row.cell(*index).is_empty() && !known(*index));
        if let Some(index) = surplus {
            let column = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let text = "The row has more cells than there are headers.";
            let repair = "The cells without a header are left out.";
            self.issues.push(Issue::warning("ROW_TOO_LONG", self.row.number, column, text, repair));
        }
    }

    fn wrong(&mut self, column: &Column, code: &'static str, text: impl Into<Cow<'static, str>>) {
        self.issues.push(Issue::error(code, self.row.number, column.number(), text));
    }

    fn entry(&mut self) -> (Entry, Position) {
        let mut entry = Entry {
            row: self.row.number,
            id: None,
            code: String::new(),
            above: Above::Stays,
            order: None,
            sets: Vec::new(),
        };
        let mut position = Position { row: self.row.number, ..Position::default() };
        let mapping = self.mapping;
        for column in &mapping.columns {
            let cell = unguard(self.row.cell(column.index));
            let line = cell.trim();
            match column.field {
                Field::Id => entry.id = self.uuid(column, line),
                Field::Code => {
                    entry.code = self.line(column, line, MAX_LINE);
                    position.code.clone_from(&entry.code);
                    entry.sets.push(Set::Code(entry.code.clone()));
                }
                Field::ParentId => position.parent_id = self.uuid(column, line),
                Field::ParentCode => line.clone_into(&mut position.parent_code),
                Field::Level => line.clone_into(&mut position.level),
                Field::Numbering => position.number = self.line(column, line, MAX_LINE),
                Field::Kind => entry.sets.extend(self.kind(column, line).map(Set::Kind)),
                Field::Type => entry.sets.push(Set::Type(self.line(column, line, MAX_LINE))),
                Field::Statement | Field::Abbreviated | Field::Notes => {
                    let indented =
                        mapping.hierarchy == Hierarchy::Indentation && column.field == Field::Statement;
                    if indented {
                        position.indentation = cell.len() - cell.trim_start_matches([' ', '\t']).len();
                    }
                    let text = self.line(column, if indented { line } else { cell }, MAX_TEXT);
                    let language = mapping.language(column).to_owned();
                    entry.sets.push(Set::Text(column.field, Text { language, text }));
                }
                Field::EducationLevels => {
                    let levels = self.list(column, line, 50);
                    entry.sets.push(Set::EducationLevels(levels));
                }
                Field::ConceptKeywords => {
                    let keywords = self.list(column, line, 200);
                    entry.sets.push(Set::ConceptKeywords(keywords));
                }
                Field::ListEnumeration => entry.sets.push(Set::ListEnumeration(self.line(column, line, 100))),
                Field::Language if line.is_empty() || is_language(line) => {
                    entry.sets.push(Set::Language(line.to_owned()));
                }
                Field::Language => {
                    self.wrong(column, "LANGUAGE_UNKNOWN", "The cell is no language tag (BCP 47).");
                }
                Field::ListOrder => entry.order = self.order(column, line),
                Field::ValidFrom => entry.sets.push(Set::ValidFrom(self.day(column, line))),
                Field::ValidUntil => entry.sets.push(Set::ValidUntil(self.day(column, line))),
                Field::ExternalId => {
                    let (system, id) = (column.qualifier.clone(), self.line(column, cell, 512));
                    entry.sets.push(Set::ExternalId(ExternalId { system, id }));
                }
            }
        }
        (entry, position)
    }

    fn line(&mut self, column: &Column, text: &str, most: usize) -> String {
        // A character has four bytes at most.
        if text.len() > most && text.chars().count() > most {
            self.issues.push(Issue::error(
                "CELL_TOO_LONG",
                self.row.number,
                column.number(),
                format!("The cell is longer than {most} characters."),
            ));
            return String::new();
        }
        text.to_owned()
    }

    fn uuid(&mut self, column: &Column, line: &str) -> Option<Uuid> {
        if line.is_empty() {
            return None;
        }
        let id = Uuid::try_parse(line).ok();
        if id.is_none() {
            self.wrong(
                column,
                "ID_MALFORMED",
                "The cell is no UUID: map the column as codes, if it holds codes.",
            );
        }
        id
    }

    fn kind(&mut self, column: &Column, line: &str) -> Option<OutcomeKind> {
        let word = line.to_lowercase();
        let kind = match word.as_str() {
            "" => return None,
            "knowledge" | "conocimiento" | "conocimientos" => OutcomeKind::Knowledge,
            "skill" | "skills" | "habilidad" | "habilidades" | "destreza" | "destrezas" => OutcomeKind::Skill,
            "mindset" | "mindsets" | "actitud" | "actitudes" | "mentalidad" => OutcomeKind::Mindset,
            _ => OutcomeKind::Unspecified,
        };
        let kind = self.mapping.kind_words.get(&word).copied().unwrap_or(kind);
        if kind == OutcomeKind::Unspecified {
            let text =
                "The cell is no word for knowledge, skill or mindset: add it to the mapping's kind_words.";
            self.wrong(column, "KIND_UNKNOWN", text);
            return None;
        }
        Some(kind)
    }

    fn order(&mut self, column: &Column, line: &str) -> Option<i32> {
        if line.is_empty() {
            return None;
        }
        let order = line.parse().ok().filter(|order| *order >= 0);
        if order.is_none() {
            self.wrong(column, "ORDER_MALFORMED", "The cell is no whole number from 0.");
        }
        order
    }

    fn day(&mut self, column: &Column, line: &str) -> Option<Date> {
        if line.is_empty() {
            return None;
        }
        let day = line.parse().ok();
        if day.is_none() {
            self.wrong(column, "DAY_MALFORMED", "The cell is no day that there is, YYYY-MM-DD.");
        }
        day
    }

    /// The parts of a cell, none of them longer than so many characters.
    fn list(&mut self, column: &Column, line: &str, longest: usize) -> Vec<String> {
        let parts = split(line);
        if parts.len() > 100 || parts.iter().any(|part| part.chars().count() > longest) {
            let text =
                format!("The cell holds more than 100 parts, or one longer than {longest} characters.");
            self.wrong(column, "CELL_TOO_LONG", text);
            return Vec::new();
        }
        parts
    }
}

/// The parts between semicolons; a backslash takes what follows it as it is.
fn split(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, parts.last_mut()) {
            (';', _) | (_, None) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(characters.next()),
            (character, Some(part)) => part.push(character),
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The parts as [`split`] reads them.
pub(super) fn join(parts: &[String]) -> String {
    let quoted = parts.iter().map(|part| part.replace('\\', "\\\\").replace(';', "\\;"));
    quoted.collect::<Vec<_>>().join(";")
}
