//! One row, column by column, into values of the domain.

use std::borrow::Cow;

use jiff::civil::Date;
use trellis_kernel::{District, Uuid};

use super::File;
use crate::domain::issue::{Issue, Report, Severity};
use crate::domain::roster::{Collection, identity};

/// The longest text that a field may hold.
const MAX_TEXT: usize = 1000;

/// The most items that a list in a field may hold.
const MAX_ITEMS: usize = 200;

/// Makes identities for one district.
pub(super) struct Identities<'d>(&'d District);

impl<'d> Identities<'d> {
    pub(super) fn new(district: &'d District) -> Self {
        Self(district)
    }

    pub(super) fn of(&self, collection: Collection, sourced_id: &str) -> Uuid {
        identity(self.0, collection, sourced_id)
    }
}

/// A row being read. What is wrong with it goes to the report, and then it makes no record.
pub(super) struct Row<'r> {
    file: File,
    line: u32,
    fields: Vec<Cow<'r, str>>,
    report: &'r mut Report,
    refused: bool,
}

impl<'r> Row<'r> {
    pub(super) fn new(file: File, line: u32, fields: Vec<Cow<'r, str>>, report: &'r mut Report) -> Self {
        Self { file, line, fields, report, refused: false }
    }

    /// The record, unless something in the row was refused.
    pub(super) fn finish<T>(self, record: T) -> Option<super::Placed<T>> {
        (!self.refused).then_some(super::Placed { line: self.line, record })
    }

    fn refuse(&mut self, column: &'static str, reason: &'static str, text: String) {
        self.refused = true;
        let (file, line) = (self.file.name(), self.line);
        self.report.add(Issue { severity: Severity::Error, file, line, column, reason, text });
    }

    /// What the column holds, without the blanks around it; empty when it holds nothing.
    pub(super) fn text(&mut self, column: &'static str) -> String {
        let index = self.file.columns().iter().position(|known| *known == column);
        let field =
            index.and_then(|index| self.fields.get(index)).map_or("", |field| field.trim()).to_owned();
        if field.chars().count() > MAX_TEXT {
            self.refuse(column, "TOO_LONG", format!("The field is longer than {MAX_TEXT} characters."));
            return String::new();
        }
        field
    }

    /// What the column holds, which must be something.
    pub(super) fn required(&mut self, column: &'static str) -> String {
        let text = self.text(column);
        if text.is_empty() && !self.refused {
            self.refuse(column, "MISSING_VALUE", "The standard requires a value here.".to_owned());
        }
        text
    }

    /// The identity of the record itself, and the sourcedId that it is made from.
    pub(super) fn own(&mut self, ids: &Identities<'_>, collection: Collection) -> (Uuid, String) {
        let sourced_id = self.required("sourcedId");
        (ids.of(collection, &sourced_id), sourced_id)
    }

    /// The record that the column refers to.
    pub(super) fn reference(&mut self, column: &'static str, ids: &Identities<'_>, to: Collection) -> Uuid {
        ids.of(to, &self.required(column))
    }

    /// The record that the column refers to, if to any.
    pub(super) fn optional_reference(
        &mut self,
        column: &'static str,
        ids: &Identities<'_>,
        to: Collection,
    ) -> Option<Uuid> {
        let text = self.text(column);
        (!text.is_empty()).then(|| ids.of(to, &text))
    }

    /// Whether the row says that its record is there. Blank in bulk mode.
    pub(super) fn active(&mut self) -> bool {
        match self.text("status").as_str() {
            "" | "active" => true,
            "tobedeleted" => false,
            _ => {
                self.unknown("status", &["active", "tobedeleted"]);
                false
            }
        }
    }

    /// One of the words of the standard, or an extension (`ext:…`).
    pub(super) fn word(&mut self, column: &'static str, words: &[&str]) -> String {
        let text = self.required(column);
        let extension = text.strip_prefix("ext:").is_some_and(|rest| !rest.is_empty());
        if !text.is_empty() && !extension && !words.contains(&text.as_str()) {
            self.unknown(column, words);
        }
        text
    }

    /// One of the words of the standard, extensions excluded.
    pub(super) fn closed_word(&mut self, column: &'static str, words: &[&str]) -> String {
        let text = self.required(column);
        if !text.is_empty() && !words.contains(&text.as_str()) {
            self.unknown(column, words);
        }
        text
    }

    fn unknown(&mut self, column: &'static str, words: &[&str]) {
        self.refuse(column, "UNKNOWN_VALUE", format!("The value must be one of: {}.", words.join(", ")));
    }

    /// `true` or `false`; nothing means `default`.
    pub(super) fn flag(&mut self, column: &'static str, default: bool) -> bool {
        match self.text(column).to_ascii_lowercase().as_str() {
            "" => default,
            "true" => true,
            "false" => false,
            _ => {
                self.unknown(column, &["true", "false"]);
                default
            }
        }
    }

    /// A day, if any.
    pub(super) fn date(&mut self, column: &'static str) -> Option<Date> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        // The one form of the standard; the parser alone would take others too.
        let shaped = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
        match text.parse::<Date>() {
            Ok(date) if shaped => Some(date),
            _ => {
                self.refuse(column, "BAD_DATE", "A date must be written YYYY-MM-DD.".to_owned());
                None
            }
        }
    }

    /// A day that must be there.
    pub(super) fn required_date(&mut self, column: &'static str) -> Date {
        if self.required(column).is_empty() {
            return Date::MIN;
        }
        self.date(column).unwrap_or(Date::MIN)
    }

    /// Refuses when the second day comes before the first.
    pub(super) fn ordered(&mut self, first: Option<Date>, last: Option<Date>, column: &'static str) {
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            self.refuse(column, "DATES_REVERSED", "The end lies before the beginning.".to_owned());
        }
    }

    /// A year, four digits.
    pub(super) fn year(&mut self, column: &'static str) -> i32 {
        let text = self.required(column);
        match text.parse::<i32>() {
            Ok(year) if (1000..=9999).contains(&year) => year,
            _ => {
                if !text.is_empty() {
                    self.refuse(
                        column,
                        "BAD_YEAR",
                        "A school year is the year in which it ends, YYYY.".to_owned(),
                    );
                }
                0
            }
        }
    }

    /// The items of a list, which commas separate.
    pub(super) fn list(&mut self, column: &'static str) -> Vec<String> {
        let text = self.text(column);
        let items: Vec<String> =
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        if items.len() > MAX_ITEMS {
            self.refuse(column, "TOO_MANY_ITEMS", format!("The list is longer than {MAX_ITEMS} items."));
            return Vec::new();
        }
        items
    }
}
