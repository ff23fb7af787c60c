//! The archive as files, with a bound on everything that a hostile one could make grow.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::{File, MAX_ARCHIVE};
use crate::domain::issue::Report;

/// The manifest's name.
pub(super) const MANIFEST: &str = "manifest.csv";

/// How many entries an archive may have: the standard knows some 25 files.
const MAX_ENTRIES: usize = 100;

/// The most that all files together may weigh when unpacked.
pub(super) const MAX_UNPACKED: usize = 256 * 1024 * 1024;

/// The files of a roster, by their names; nothing when the archive cannot be used at all, or when its files
/// weigh more than `most` together.
pub(super) fn unpack(
    archive: &[u8],
    most: usize,
    report: &mut Report,
) -> Option<HashMap<&'static str, Vec<u8>>> {
    if archive.len() > MAX_ARCHIVE {
        report.refuse("", "ARCHIVE_TOO_LARGE", "The archive is larger than 64 MiB.");
        return None;
    }
    let Ok(mut zip) = ZipArchive::new(Cursor::new(archive)) else {
        report.refuse("", "NOT_AN_ARCHIVE", "What came is not a ZIP archive that can be read.");
        return None;
    };
    if zip.len() > MAX_ENTRIES {
        report.refuse("", "TOO_MANY_FILES", "The archive holds more than 100 entries.");
        return None;
    }
    let mut files = HashMap::new();
    let (mut left, mut foreign) = (most, 0_u32);
    for index in 0..zip.len() {
        let Some(name) = zip.name_for_index(index).and_then(Result::ok).and_then(|name| known(&name)) else {
            foreign += 1;
            continue;
        };
        let Ok(entry) = zip.by_index(index) else {
            report.refuse(name, "FILE_UNREADABLE", "The file cannot be unpacked: it is damaged, encrypted or compressed by a method other than deflate.");
            continue;
        };
        let content = read(entry, left);
        match content {
            Ok(bytes) if bytes.len() > left => {
                report.refuse("", "ARCHIVE_TOO_LARGE", "The files are larger than 256 MiB when unpacked.");
                return None;
            }
            Ok(bytes) => {
                left -= bytes.len();
                files.insert(name, bytes);
            }
            Err(_) => report.refuse(
                name,
                "FILE_UNREADABLE",
                "The file is damaged: it cannot be unpacked to its end.",
            ),
        }
    }
    if foreign > 0 {
        report.warn("", "UNKNOWN_FILE", format!("{foreign} entries of the archive are not files of a roster at its top level, and were left out."));
    }
    Some(files)
}

/// Reads one byte more than is left, so that what is too large shows, whatever the entry says of itself.
fn read(entry: ZipFile<'_, Cursor<&[u8]>>, left: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(left as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn known(name: &str) -> Option<&'static str> {
    if name == MANIFEST {
        return Some(MANIFEST);
    }
    File::ALL.into_iter().map(File::name).find(|known| *known == name)
}
