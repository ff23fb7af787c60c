//! Spreadsheets of outcomes: read as a table, mapped column by column, read row by row; and written.
//!
//! What comes is bounded in every direction before it grows: bytes, rows, columns, cells, text. What
//! cannot be read is refused whole ([`Refusal`]); what is wrong with one row is an [`Issue`] of it.

mod compare;
mod csv;
mod guard;
mod mapping;
mod rows;
mod suggest;
mod tree;
mod write;
mod xlsx;

pub(crate) use compare::{differences, fault};
pub(crate) use mapping::{Column, Field, Hierarchy, Mapping};
pub(crate) use rows::{Entry, entries};
pub(crate) use suggest::suggest;
pub(crate) use tree::Above;
pub(crate) use write::Sheet;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::transfer::Severity;

/// The largest spreadsheet that is taken, in bytes.
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most rows, blank ones left out.
pub(crate) const MAX_ROWS: usize = 100_000;
/// The most columns.
pub(crate) const MAX_COLUMNS: usize = 200;
/// The most cells, empty ones between others counted.
const MAX_CELLS: usize = 2_000_000;
/// The longest cell, in bytes.
const MAX_CELL: usize = 32 * 1024;
/// The most text in all cells together, in bytes: a workbook can repeat one text in every cell.
const MAX_TEXT: usize = 64 * 1024 * 1024;

/// The format of a spreadsheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text between commas, semicolons or tabs, in UTF-8.
    Csv,
    /// An Office Open XML workbook.
    Xlsx,
}

/// A row that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number, from 1, as a spreadsheet shows it.
    pub(crate) number: u32,
    /// Its cells, up to the last that is filled.
    pub(crate) cells: Vec<String>,
}

impl Row {
    /// A cell, empty where the row is shorter.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

/// A spreadsheet, read.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its format.
    pub(crate) format: Format,
    /// The names of the sheets of a workbook.
    pub(crate) sheets: Vec<String>,
    /// The rows of the sheet that was asked for.
    pub(crate) rows: Vec<Row>,
    /// What there is to know about its cells.
    pub(crate) issues: Vec<Issue>,
}

/// Something to know about a row of a spreadsheet. Never quotes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Issue {
    /// How much it matters.
    pub(crate) severity: Severity,
    /// What it is, for programs.
    pub(crate) code: Cow<'static, str>,
    /// The row, from 1; 0 for the whole sheet.
    pub(crate) row: u32,
    /// The column, from 1; 0 for the whole row.
    pub(crate) column: u32,
    /// What is the matter, for people.
    pub(crate) text: Cow<'static, str>,
    /// What was done about it.
    pub(crate) repair: Cow<'static, str>,
}

impl Issue {
    /// Why nothing of the sheet is written.
    pub(crate) fn error(
        code: &'static str,
        row: u32,
        column: u32,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (code, repair) = (Cow::Borrowed(code), Cow::Borrowed(""));
        Self { severity: Severity::Error, code, row, column, text: text.into(), repair }
    }

    /// What was repaired or left out.
    pub(crate) fn warning(
        code: &'static str,
        row: u32,
        column: u32,
        text: impl Into<Cow<'static, str>>,
        repair: &'static str,
    ) -> Self {
        let (code, repair) = (Cow::Borrowed(code), Cow::Borrowed(repair));
        Self { severity: Severity::Warning, code, row, column, text: text.into(), repair }
    }
}

/// Why a spreadsheet was refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Whether it passes a limit; else it cannot be read.
    pub(crate) too_large: bool,
    /// What is the matter.
    pub(crate) text: &'static str,
    /// The row, from 1; 0 for the whole document.
    pub(crate) row: u32,
}

impl Refusal {
    const fn malformed(text: &'static str) -> Self {
        Self { too_large: false, text, row: 0 }
    }

    const fn too_large(text: &'static str, row: u32) -> Self {
        Self { too_large: true, text, row }
    }
}

/// Reads a spreadsheet; of a workbook the sheet of that number, from 1, or (0) the first.
pub(crate) fn read(bytes: &[u8], sheet: u32) -> Result<Table, Refusal> {
    match bytes {
        [b'P', b'K', 3 | 5, ..] => xlsx::read(bytes, sheet),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(Refusal::malformed(
            "The document is a workbook of the old format (XLS) or one with a password: save it as XLSX, without one.",
        )),
        _ if sheet > 1 => Err(Refusal::malformed("Text has no sheets: ask for the first.")),
        _ => csv::read(bytes),
    }
}

/// The rows of a table as they are gathered, within the limits.
struct Gathering {
    rows: Vec<Row>,
    issues: Vec<Issue>,
    cells: usize,
    text: usize,
}

impl Gathering {
    const fn new() -> Self {
        Self { rows: Vec::new(), issues: Vec::new(), cells: 0, text: 0 }
    }

    /// Takes a row, unless it is blank.
    fn row(&mut self, number: u32, mut cells: Vec<String>) -> Result<(), Refusal> {
        let filled = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        cells.truncate(filled);
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        if self.rows.len() > MAX_ROWS {
            return Err(Refusal::too_large("The sheet has more than 100,000 rows.", number));
        }
        if cells.len() > MAX_COLUMNS {
            return Err(Refusal::too_large("A row has more than 200 columns.", number));
        }
        self.cells += cells.len();
        self.text += cells.iter().map(String::len).sum::<usize>();
        if self.cells > MAX_CELLS || self.text > MAX_TEXT {
            return Err(Refusal::too_large(
                "The sheet has more than 2,000,000 cells or 64 MiB of text.",
                number,
            ));
        }
        for (column, cell) in (1_u32..).zip(&mut cells) {
            if cell.len() > MAX_CELL {
                self.issues.push(Issue::error(
                    "CELL_TOO_LONG",
                    number,
                    column,
                    "The cell is longer than 32 KiB.",
                ));
                cell.clear();
            } else if cell.contains('\0') {
                let text = "The cell contains the character U+0000.";
                self.issues.push(Issue::error("CELL_NUL", number, column, text));
                cell.clear();
            }
        }
        self.rows.push(Row { number, cells });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
