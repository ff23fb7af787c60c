//! `OneRoster` archives: whatever a file of one holds, it is read or refused with a place.
#![no_main]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trellis_kernel::District;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

static DISTRICT: LazyLock<District> = LazyLock::new(|| District::parse("fuzz").expect("a district"));

const FILES: [&str; 9] = [
    "orgs",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "roles",
    "enrollments",
    "demographics",
    "userProfiles",
];

/// An archive whose manifest declares one file, which holds `rows`.
fn archive(file: &str, rows: &[u8]) -> Option<Vec<u8>> {
    let mut manifest = String::from(
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nsource.systemName,fuzz\n",
    );
    for known in FILES {
        let mode = if known == file { "bulk" } else { "absent" };
        writeln!(manifest, "file.{known},{mode}").ok()?;
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("manifest", manifest.as_bytes()), (file, rows)] {
        zip.start_file(format!("{name}.csv"), SimpleFileOptions::default()).ok()?;
        zip.write_all(content).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (which, bytes) = input;
    // Both the archive itself and, with a sound one around it, each of its files.
    let whole = trellis_learner_profile::check_archive(&DISTRICT, bytes);
    assert!(whole.errors > 0 || whole.records == 0 || bytes.starts_with(b"PK"));
    let file = FILES[usize::from(which) % FILES.len()];
    let Some(archive) = archive(file, bytes) else { return };
    let first = trellis_learner_profile::check_archive(&DISTRICT, &archive);
    assert_eq!(trellis_learner_profile::check_archive(&DISTRICT, &archive), first);
});
