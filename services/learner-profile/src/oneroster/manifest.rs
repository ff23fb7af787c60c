//! The manifest: which files are there, and in which mode.

use std::collections::{HashMap, HashSet};

use super::File;
use super::archive::MANIFEST;
use super::table::{Records, text};
use crate::domain::issue::{Issue, Report, Severity};

/// The files that the manifest declares in bulk mode; nothing when there is no manifest to go by.
pub(super) fn read(files: &HashMap<&'static str, Vec<u8>>, report: &mut Report) -> Option<HashSet<File>> {
    let Some(bytes) = files.get(MANIFEST) else {
        report.refuse(MANIFEST, "MANIFEST_MISSING", "The archive has no manifest.csv at its top level.");
        return None;
    };
    let properties = properties(text(MANIFEST, bytes, report)?, report)?;
    for (property, expected) in [("manifest.version", "1.0"), ("oneroster.version", "1.2")] {
        match properties.get(property) {
            Some((_, value)) if value == expected => {}
            found => {
                report.add(Issue {
                    severity: Severity::Error,
                    file: MANIFEST,
                    line: found.map_or(0, |(line, _)| *line),
                    column: "value",
                    reason: "VERSION_UNSUPPORTED",
                    text: format!("{property} must be {expected}."),
                });
            }
        }
    }
    let mut bulk = HashSet::new();
    for file in File::ALL {
        declared(file, properties.get(file.property()), files, &mut bulk, report);
    }
    for (property, (line, mode)) in &properties {
        let foreign =
            property.starts_with("file.") && File::ALL.iter().all(|file| file.property() != property);
        if foreign && mode != "absent" {
            report.add(Issue {
                severity: Severity::Warning,
                file: MANIFEST,
                line: *line,
                column: "propertyName",
                reason: "FILE_NOT_READ",
                text: "The file that this line declares is not part of a roster, and was not read."
                    .to_owned(),
            });
        }
    }
    (!report.is_refused()).then_some(bulk)
}

/// The properties by name, with their lines.
fn properties(text: &str, report: &mut Report) -> Option<HashMap<String, (u32, String)>> {
    let mut properties = HashMap::new();
    for (index, record) in Records::new(text).enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(fault) => {
                report.add(fault.issue(MANIFEST));
                return None;
            }
        };
        let [name, value] = record.fields.as_slice() else {
            report.refuse(
                MANIFEST,
                "HEADER_MISMATCH",
                "Every line must hold two fields: propertyName,value.",
            );
            return None;
        };
        if index == 0 {
            if name != "propertyName" || value != "value" {
                report.refuse(MANIFEST, "HEADER_MISMATCH", "The first line must be propertyName,value.");
                return None;
            }
        } else {
            properties.insert(name.clone().into_owned(), (record.line, value.clone().into_owned()));
        }
    }
    Some(properties)
}

fn declared(
    file: File,
    property: Option<&(u32, String)>,
    files: &HashMap<&'static str, Vec<u8>>,
    bulk: &mut HashSet<File>,
    report: &mut Report,
) {
    let present = files.contains_key(file.name());
    match property.map(|(line, mode)| (*line, mode.as_str())) {
        Some((_, "bulk")) if present => {
            bulk.insert(file);
        }
        Some((_, "bulk")) => {
            report.refuse(
                file.name(),
                "FILE_MISSING",
                "The manifest declares this file, and the archive lacks it.",
            );
        }
        None | Some((_, "absent")) => {
            if present {
                report.warn(
                    file.name(),
                    "FILE_NOT_DECLARED",
                    "The manifest says that this file is absent: it was not read.",
                );
            }
        }
        Some((line, mode)) => {
            let text = if mode == "delta" {
                "Delta mode is not read here: send this file in bulk mode."
            } else {
                "The mode of a file is absent or bulk."
            };
            report.add(Issue {
                severity: Severity::Error,
                file: MANIFEST,
                line,
                column: "value",
                reason: "MODE_UNSUPPORTED",
                text: text.to_owned(),
            });
        }
    }
}
