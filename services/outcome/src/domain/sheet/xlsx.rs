//! Office Open XML workbooks: the values of one sheet, formulas as they were last computed.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx};
use zip::ZipArchive;

use super::{Format, Gathering, Issue, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_TEXT, Refusal, Table};

/// How many files a workbook may consist of.
const MAX_FILES: usize = 1_000;
/// How much they may hold together when unpacked, whatever they say of themselves.
const MAX_UNPACKED: u64 = 128 * 1024 * 1024;

const UNREADABLE: Refusal = Refusal::malformed("The document is no XLSX workbook that can be read.");

/// Reads a sheet.
pub(super) fn read(bytes: &[u8], sheet: u32) -> Result<Table, Refusal> {
    refuse_bomb(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| UNREADABLE)?;
    let sheets = workbook.sheet_names();
    let place = usize::try_from(sheet.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(name) = sheets.get(place) else {
        return Err(Refusal::malformed("The workbook has no sheet of that number."));
    };
    let mut cells = Cells::default();
    let mut reader = workbook.worksheet_cells_reader(name).map_err(|_| UNREADABLE)?;
    while let Some(cell) = reader.next_cell().map_err(|_| UNREADABLE)? {
        let (row, column) = cell.get_position();
        cells.take(row, column, cell.get_value())?;
    }
    let mut gathering = Gathering::new();
    for (row, cells) in cells.rows {
        gathering.row(row.saturating_add(1), cells)?;
    }
    let Gathering { rows, issues, .. } = gathering;
    let issues = cells.issues.into_iter().chain(issues).collect();
    Ok(Table { format: Format::Xlsx, sheets, rows, issues })
}

/// Unpacks everything once and keeps nothing, so that what comes after holds no more than that.
fn refuse_bomb(bytes: &[u8]) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| UNREADABLE)?;
    if archive.len() > MAX_FILES {
        return Err(Refusal::too_large("The workbook consists of more than 1,000 files.", 0));
    }
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| UNREADABLE)?;
        let read = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()).map_err(|_| UNREADABLE)?;
        let Some(rest) = left.checked_sub(read) else {
            return Err(Refusal::too_large("The workbook holds more than 128 MiB when unpacked.", 0));
        };
        left = rest;
    }
    Ok(())
}

/// The cells of a sheet, which may come in any order.
#[derive(Default)]
struct Cells {
    rows: BTreeMap<u32, Vec<String>>,
    issues: Vec<Issue>,
    count: usize,
    text: usize,
}

impl Cells {
    fn take(&mut self, row: u32, column: u32, value: &DataRef<'_>) -> Result<(), Refusal> {
        let number = row.saturating_add(1);
        let text = match value {
            DataRef::Empty => return Ok(()),
            DataRef::Error(_) => {
                let text = "The cell holds an error of its formula.";
                self.issues.push(Issue::error("CELL_ERROR", number, column.saturating_add(1), text));
                return Ok(());
            }
            DataRef::Int(number) => number.to_string(),
            DataRef::Float(number) => number.to_string(),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Bool(truth) => truth.to_string(),
            DataRef::DateTime(time) => day(time),
        };
        if text.is_empty() {
            return Ok(());
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if column >= MAX_COLUMNS {
            return Err(Refusal::too_large("A row has more than 200 columns.", number));
        }
        self.text += text.len();
        let cells = self.rows.entry(row).or_default();
        if cells.len() <= column {
            self.count += column + 1 - cells.len();
            cells.resize(column + 1, String::new());
        }
        cells[column] = text;
        // The header is one row more.
        if self.rows.len() > MAX_ROWS + 1 || self.count > MAX_CELLS || self.text > MAX_TEXT {
            let text = "The sheet has more than 100,000 rows, 2,000,000 cells or 64 MiB of text.";
            return Err(Refusal::too_large(text, number));
        }
        Ok(())
    }
}

/// A day as `YYYY-MM-DD`; of a time too, since outcomes know only days.
fn day(time: &ExcelDateTime) -> String {
    let (year, month, day, ..) = time.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}
