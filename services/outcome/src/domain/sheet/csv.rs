//! Text between commas, semicolons or tabs (RFC 4180), in UTF-8.

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

use super::{Format, Gathering, Refusal, Table};

/// The byte order mark of UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";
/// How much of the beginning is looked at for the delimiter and the encoding.
const LOOKED_AT: usize = 64 * 1024;

/// Reads a table.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Refusal> {
    let text = decode(bytes)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut gathering = Gathering::new();
    let (mut record, mut number) = (StringRecord::new(), 0_u32);
    loop {
        let begin = reader.position().line();
        let more = reader.read_record(&mut record);
        if !more.map_err(|_| Refusal::malformed("The document is no text between delimiters."))? {
            break;
        }
        // Lines that hold nothing are no records, but rows that a spreadsheet counts.
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let lines = reader.position().line() - begin;
        let blank = lines.saturating_sub(within as u64 + 1);
        number = number.saturating_add(1).saturating_add(u32::try_from(blank).unwrap_or(u32::MAX));
        gathering.row(number, record.iter().map(str::to_owned).collect())?;
    }
    let Gathering { rows, issues, .. } = gathering;
    Ok(Table { format: Format::Csv, sheets: Vec::new(), rows, issues })
}

/// The text, without its byte order mark.
fn decode(bytes: &[u8]) -> Result<&str, Refusal> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let beginning = &bytes[..bytes.len().min(LOOKED_AT)];
    let nul = beginning.split(|byte| *byte == 0).count() - 1;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || nul * 4 > beginning.len() {
        return Err(Refusal::malformed(
            "The document is text in UTF-16: save it as «CSV UTF-8», or as XLSX.",
        ));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        Refusal {
            too_large: false,
            text: "The document is neither text in UTF-8 nor XLSX, but perhaps text in Windows-1252: save it as «CSV UTF-8», or as XLSX.",
            row: u32::try_from(line).unwrap_or(u32::MAX),
        }
    })
}

/// Of comma, semicolon and tab the one that the first line has most of, outside quotes.
fn delimiter(text: &str) -> u8 {
    let (mut commas, mut semicolons, mut tabs, mut quoted) = (0, 0, 0, false);
    for byte in text.trim_start().bytes().take(LOOKED_AT) {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b',' => commas += 1,
            b';' => semicolons += 1,
            b'\t' => tabs += 1,
            b'\n' | b'\r' => break,
            _ => {}
        }
    }
    if tabs > commas && tabs > semicolons {
        b'\t'
    } else if semicolons > commas {
        b';'
    } else {
        b','
    }
}

/// Writes one row.
pub(super) fn write(cells: &[String]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
