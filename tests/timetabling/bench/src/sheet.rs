//! Tables of text with named columns. What is wrong in one is told by file, row and column, and never by what
//! stands there: it may be someone's answer.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{DataRef, Reader as _, Xlsx};

/// A table.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The file, as it is named in what is told of it.
    file: String,
    headers: Vec<String>,
    /// The rows below the headers, each with its number in the file; all have a cell for each header.
    rows: Vec<(usize, Vec<String>)>,
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'s> {
    sheet: &'s Sheet,
    number: usize,
    cells: &'s [String],
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column(usize);

impl Sheet {
    /// Reads comma-separated values, quoted where they hold commas.
    pub(crate) fn of_csv(file: &Path) -> Result<Self, String> {
        Self::separated(file, &mut csv::ReaderBuilder::new())
    }

    /// Reads values between which there are bars, and in which quotes mean nothing.
    pub(crate) fn of_bars(file: &Path) -> Result<Self, String> {
        Self::separated(file, csv::ReaderBuilder::new().delimiter(b'|').quoting(false))
    }

    fn separated(file: &Path, builder: &mut csv::ReaderBuilder) -> Result<Self, String> {
        let failed = |error: csv::Error| format!("{}: {error}", file.display());
        // How long rows are is looked at with everything else.
        let mut reader = builder.has_headers(false).flexible(true).from_path(file).map_err(failed)?;
        let mut rows = Vec::new();
        for (at, record) in reader.records().enumerate() {
            rows.push((at + 1, record.map_err(failed)?.iter().map(str::to_owned).collect()));
        }
        Self::new(file, rows)
    }

    /// Reads the first sheet of an Office Open XML workbook.
    pub(crate) fn of_workbook(file: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", file.display());
        // The words of the library may hold what it read.
        let unreadable = || format!("{}: it is no XLSX workbook that can be read", file.display());
        let source = std::io::BufReader::new(std::fs::File::open(file).map_err(failed)?);
        let mut workbook = Xlsx::new(source).map_err(|_| unreadable())?;
        let name = workbook.sheet_names().into_iter().next().ok_or_else(unreadable)?;
        let mut reader = workbook.worksheet_cells_reader(&name).map_err(|_| unreadable())?;
        let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        while let Some(cell) = reader.next_cell().map_err(|_| unreadable())? {
            let (row, column) = cell.get_position();
            let text = match cell.get_value() {
                DataRef::Int(number) => number.to_string(),
                DataRef::Float(number) => number.to_string(),
                DataRef::String(text) => text.clone(),
                DataRef::SharedString(text) => (*text).to_owned(),
                // Nothing else stands for what is read here; whoever looks misses it.
                _ => continue,
            };
            let column = usize::try_from(column).map_err(|_| unreadable())?;
            let cells = rows.entry(row).or_default();
            cells.resize(cells.len().max(column + 1), String::new());
            cells[column] = text;
        }
        // Cells at the end of a row that hold nothing are often not written.
        let width = rows.first_key_value().map_or(0, |(_, cells)| cells.len());
        let rows = rows.into_iter().map(|(row, mut cells)| {
            cells.resize(cells.len().max(width), String::new());
            (row as usize + 1, cells)
        });
        Self::new(file, rows.collect())
    }

    fn new(file: &Path, mut rows: Vec<(usize, Vec<String>)>) -> Result<Self, String> {
        let file = file.display().to_string();
        if rows.is_empty() {
            return Err(format!("{file}: it is empty"));
        }
        let (_, mut headers) = rows.remove(0);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for header in &mut headers {
            let times = seen.entry(header.clone()).or_default();
            *times += 1;
            if *times > 1 {
                *header = format!("{header}.{}", *times - 1);
            }
        }
        if let Some((number, _)) = rows.iter().find(|(_, cells)| cells.len() != headers.len()) {
            return Err(format!("{file}: row {number}: expected {} columns", headers.len()));
        }
        if rows.is_empty() {
            return Err(format!("{file}: there is nothing below the headers"));
        }
        Ok(Self { file, headers, rows })
    }

    /// The column of a name. The second of several with one name has `.1` behind it, the third `.2`.
    pub(crate) fn column(&self, name: &str) -> Result<Column, String> {
        let place = self.headers.iter().position(|header| header == name);
        place.map(Column).ok_or_else(|| format!("{}: there is no column {name}", self.file))
    }

    /// The rows below the headers.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(number, cells)| Row { sheet: self, number: *number, cells })
    }
}

impl<'s> Row<'s> {
    /// What stands in a column, without the space around it.
    pub(crate) fn text(self, column: Column) -> &'s str {
        self.cells[column.0].trim()
    }

    /// A whole number within bounds, or nothing where nothing stands.
    pub(crate) fn number(self, column: Column, least: u32, most: u32) -> Result<Option<u32>, String> {
        match self.text(column) {
            "" => Ok(None),
            text => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
                _ => Err(self.expected(column, &format!("a whole number from {least} to {most}"))),
            },
        }
    }

    /// A whole number within bounds, which must be there.
    pub(crate) fn sure_number(self, column: Column, least: u32, most: u32) -> Result<u32, String> {
        let words = || self.expected(column, &format!("a whole number from {least} to {most}"));
        self.number(column, least, most)?.ok_or_else(words)
    }

    /// Says what should stand in a column.
    pub(crate) fn expected(self, column: Column, what: &str) -> String {
        let Sheet { file, headers, .. } = self.sheet;
        format!("{file}: row {}, column {}: expected {what}", self.number, headers[column.0])
    }
}
