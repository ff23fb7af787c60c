//! CSV as RFC 4180 and the standard have it: UTF-8, commas, quotes doubled within quotes, a header.
//!
//! A reader of our own, since it must say at which line a quote went wrong, where others read on.

use std::borrow::Cow;

use super::File;
use super::row::Row;
use crate::domain::issue::{Issue, Report, Severity};

/// Reads a file's rows and hands each on; answers how many there are.
pub(super) fn read(file: File, bytes: &[u8], report: &mut Report, mut each: impl FnMut(Row<'_>)) -> u32 {
    let Some(text) = text(file.name(), bytes, report) else { return 0 };
    let mut records = Records::new(text);
    match records.next() {
        Some(Ok(header)) if is_header(file, &header.fields) => {}
        Some(Err(fault)) => {
            report.add(fault.issue(file.name()));
            return 0;
        }
        _ => {
            report.add(Issue {
                severity: Severity::Error,
                file: file.name(),
                line: 1,
                column: "",
                reason: "HEADER_MISMATCH",
                text: format!(
                    "The first line must name the columns of OneRoster 1.2 in their order: {}.",
                    file.columns().join(",")
                ),
            });
            return 0;
        }
    }
    let width = records.width;
    let mut rows = 0;
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(fault) => {
                report.add(fault.issue(file.name()));
                return rows;
            }
        };
        rows += 1;
        if record.fields.len() == width {
            each(Row::new(file, record.line, record.fields, report));
        } else {
            report.add(Issue {
                severity: Severity::Error,
                file: file.name(),
                line: record.line,
                column: "",
                reason: "WRONG_NUMBER_OF_FIELDS",
                text: format!("The header has {width} columns, and this row {}.", record.fields.len()),
            });
        }
    }
    rows
}

/// The header's columns; a vendor's own may follow the standard's.
fn is_header(file: File, fields: &[Cow<'_, str>]) -> bool {
    let columns = file.columns();
    fields.len() >= columns.len()
        && fields.iter().zip(columns).all(|(field, column)| field == column)
        && fields[columns.len()..].iter().all(|field| field.starts_with("metadata."))
}

/// The bytes as text, without a byte order mark.
pub(super) fn text<'b>(file: &'static str, bytes: &'b [u8], report: &mut Report) -> Option<&'b str> {
    let (bad, reason, what) = match std::str::from_utf8(bytes) {
        Ok(text) => match text.bytes().position(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n'))
        {
            None => return Some(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Some(at) => (at, "CONTROL_CHARACTER", "The file holds a control character here."),
        },
        Err(error) => {
            (error.valid_up_to(), "NOT_UTF8", "The file is not UTF-8 from here on: export it as UTF-8.")
        }
    };
    let line = bytes[..bad].split(|byte| *byte == b'\n').count();
    report.add(Issue {
        severity: Severity::Error,
        file,
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: "",
        reason,
        text: what.to_owned(),
    });
    None
}

/// One record and the line it begins on.
pub(super) struct Record<'t> {
    pub(super) line: u32,
    pub(super) fields: Vec<Cow<'t, str>>,
}

/// Where a quote went wrong. What follows cannot be told apart into rows, so reading ends there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    line: u32,
    what: &'static str,
}

impl Fault {
    pub(super) fn issue(&self, file: &'static str) -> Issue {
        Issue {
            severity: Severity::Error,
            file,
            line: self.line,
            column: "",
            reason: "QUOTING",
            text: self.what.to_owned(),
        }
    }
}

/// The records of a text, blank lines left out.
pub(super) struct Records<'t> {
    rest: &'t str,
    line: u32,
    /// The number of fields of the first record.
    pub(super) width: usize,
    ended: bool,
}

impl<'t> Records<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, line: 1, width: 0, ended: false }
    }

    fn record(&mut self) -> Result<Record<'t>, Fault> {
        let line = self.line;
        let mut fields = Vec::with_capacity(self.width);
        loop {
            fields.push(self.field()?);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            if !self.rest.is_empty() {
                self.rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
                self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
                self.line += 1;
            }
            return Ok(Record { line, fields });
        }
    }

    /// A field, up to the comma, the line's end or the end that follows it.
    fn field(&mut self) -> Result<Cow<'t, str>, Fault> {
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            return self.quoted();
        }
        let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        if field.contains('"') {
            return Err(Fault {
                line: self.line,
                what: "A quote stands inside a field that does not begin with one.",
            });
        }
        Ok(Cow::Borrowed(field))
    }

    /// The rest of a field whose opening quote was taken.
    fn quoted(&mut self) -> Result<Cow<'t, str>, Fault> {
        let opened = self.line;
        let mut field = Cow::Borrowed("");
        loop {
            let Some(at) = self.rest.find('"') else {
                return Err(Fault { line: opened, what: "A quote opens here and is never closed." });
            };
            let (part, rest) = self.rest.split_at(at);
            field += part;
            self.line = self.line.saturating_add(breaks(part));
            self.rest = &rest[1..];
            if let Some(rest) = self.rest.strip_prefix('"') {
                field += "\"";
                self.rest = rest;
            } else if self.rest.is_empty() || self.rest.starts_with([',', '\r', '\n']) {
                return Ok(field);
            } else {
                return Err(Fault {
                    line: self.line,
                    what: "Something follows the quote that closes a field.",
                });
            }
        }
    }
}

fn breaks(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<Record<'t>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended && !self.rest.is_empty() {
            match self.record() {
                Ok(record) if record.fields.len() == 1 && record.fields[0].is_empty() => {}
                Ok(record) => {
                    if self.width == 0 {
                        self.width = record.fields.len();
                    }
                    return Some(Ok(record));
                }
                Err(fault) => {
                    self.ended = true;
                    return Some(Err(fault));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(records: &[Vec<String>]) -> String {
        let line = |fields: &Vec<String>| {
            let fields = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
            fields.collect::<Vec<_>>().join(",") + "\r\n"
        };
        records.iter().map(line).collect()
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back(records in prop::collection::vec(prop::collection::vec(".{0,8}", 2..5), 0..6)) {
            let text = quoted(&records);
            let read: Result<Vec<_>, _> = Records::new(&text).collect();
            let read: Vec<Vec<String>> =
                read.unwrap().into_iter().map(|r| r.fields.into_iter().map(Cow::into_owned).collect()).collect();
            prop_assert_eq!(read, records);
        }

        #[test]
        fn any_text_is_read_to_its_end(text in "[a,\"\r\n]{0,60}") {
            let lines = text.lines().count() + text.matches('\r').count() + 1;
            for record in Records::new(&text) {
                let line = match record {
                    Ok(record) => record.line,
                    Err(fault) => fault.line,
                };
                prop_assert!((1..=lines).contains(&(line as usize)));
            }
        }
    }
}
