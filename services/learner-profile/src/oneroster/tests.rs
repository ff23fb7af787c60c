use std::io::{Cursor, Write as _};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::issue::{Issue, Severity};
use crate::domain::roster::Collection;
use crate::domain::roster::Kinship::{Guardian, Parent, Relative};

const MANIFEST: &str = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n";

fn district() -> District {
    District::parse("grand-bend").unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An archive whose manifest declares the given files in bulk mode.
fn archive(files: &[(File, &str)]) -> Vec<u8> {
    let mut manifest = MANIFEST.to_owned();
    for (file, _) in files {
        manifest.extend([file.property(), ",bulk\n"]);
    }
    let mut all: Vec<(&str, &[u8])> = vec![("manifest.csv", manifest.as_bytes())];
    all.extend(files.iter().map(|(file, text)| (file.name(), text.as_bytes())));
    zipped(&all)
}

fn with_header(file: File, rows: &str) -> String {
    format!("{}\n{rows}", file.columns().join(","))
}

/// Reads and links; the first error is the one that a test asks for.
fn issues(archive: &[u8]) -> Vec<Issue> {
    let (mut roster, mut report) = read(&district(), archive);
    link(&district(), &mut roster, &Known::default(), &mut report);
    report.issues
}

#[track_caller]
fn one(archive: &[u8], reason: &str, file: &str, line: u32) -> Issue {
    let found = issues(archive);
    let errors: Vec<_> = found.iter().filter(|issue| issue.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 1, "{found:#?}");
    assert_eq!((errors[0].reason, errors[0].file, errors[0].line), (reason, file, line));
    errors[0].clone()
}

fn orgs(rows: &str) -> Vec<u8> {
    archive(&[(File::Orgs, &with_header(File::Orgs, rows))])
}

const GRAND_BEND: &str = "d,,,Grand Bend,district,,\ns,,,High School,school,,d\n";

#[test]
fn a_sound_file_has_no_issues_and_keeps_every_row() {
    let (mut roster, mut report) = read(&district(), &orgs(GRAND_BEND));
    link(&district(), &mut roster, &Known::default(), &mut report);
    assert_eq!(report, Report::default());
    let [of_district, of_school] = roster.organizations.as_slice() else {
        panic!("two rows make two records")
    };
    assert_eq!(of_school.record.parent, Some(of_district.record.id));
    assert_eq!((of_school.line, of_school.record.title.as_str()), (3, "High School"));
}

#[test]
fn identities_are_the_same_every_time_and_differ_by_district_and_kind() {
    let other = District::parse("lake-side").unwrap();
    let id = crate::domain::roster::identity;
    assert_eq!(id(&district(), Collection::People, "1"), id(&district(), Collection::People, "1"));
    assert_ne!(id(&district(), Collection::People, "1"), id(&other, Collection::People, "1"));
    assert_ne!(id(&district(), Collection::People, "1"), id(&district(), Collection::Classes, "1"));
}

#[test]
fn an_extension_is_a_word_and_an_unknown_word_is_an_issue() {
    assert_eq!(issues(&orgs("d,,,Grand Bend,ext:co-op,,\n")), []);
    let issue = one(&orgs("d,,,Grand Bend,coop,,\n"), "UNKNOWN_VALUE", "orgs.csv", 2);
    assert_eq!(issue.column, "type");
    assert!(!issue.text.contains("coop"), "an issue repeats no value");
    one(&orgs("d,,,Grand Bend,ext:,,\n"), "UNKNOWN_VALUE", "orgs.csv", 2);
}

#[test]
fn rows_that_break_the_table_are_issues_at_their_lines() {
    one(&orgs("d,,,Grand Bend,district,\n"), "WRONG_NUMBER_OF_FIELDS", "orgs.csv", 2);
    one(&orgs("d,,,,district,,\n"), "MISSING_VALUE", "orgs.csv", 2);
    one(&orgs(&format!("{GRAND_BEND}d,,,Again,district,,\n")), "DUPLICATE_ID", "orgs.csv", 4);
    one(&orgs("s,,,High School,school,,elsewhere\n"), "DANGLING_REFERENCE", "orgs.csv", 2);
    one(&orgs("s,,,High School,school,,s\n"), "CIRCLE", "orgs.csv", 2);
    one(&orgs(&format!("d,,,{},district,,\n", "x".repeat(1001))), "TOO_LONG", "orgs.csv", 2);
}

#[test]
fn a_chain_of_organisations_ends_at_twenty_above() {
    let chain = |length: usize| {
        (1..=length).fold("o0,,,Top,state,,\n".to_owned(), |rows, level| {
            format!("{rows}o{level},,,Below,department,,o{}\n", level - 1)
        })
    };
    assert_eq!(issues(&orgs(&chain(20))), []);
    one(&orgs(&chain(21)), "TOO_DEEP", "orgs.csv", 23);
}

#[test]
fn a_quote_that_goes_wrong_is_an_issue_at_the_line_where_it_does() {
    one(&orgs("d,,,\"Grand\nBend\",district,,\ns,,,\"High,school,,d\n"), "QUOTING", "orgs.csv", 4);
    one(&orgs("d,,,\"Grand\" Bend,district,,\n"), "QUOTING", "orgs.csv", 2);
    one(&orgs("d,,,Grand \"Bend\",district,,\n"), "QUOTING", "orgs.csv", 2);
}

#[test]
fn quoted_fields_keep_commas_quotes_and_line_breaks() {
    let (roster, report) = read(&district(), &orgs("d,,,\"Grand, \"\"Bend\"\"\r\nISD\",district,,\r\n"));
    assert_eq!(report.issues, []);
    assert_eq!(roster.organizations[0].record.title, "Grand, \"Bend\"\r\nISD");
}

#[test]
fn a_header_must_have_the_columns_in_order_and_may_have_a_vendors_own_behind() {
    let swapped = "sourcedId,status,dateLastModified,type,name,identifier,parentSourcedId\n";
    one(&archive(&[(File::Orgs, swapped)]), "HEADER_MISMATCH", "orgs.csv", 1);
    one(&archive(&[(File::Orgs, "")]), "HEADER_MISMATCH", "orgs.csv", 1);
    let columns = File::Orgs.columns().join(",");
    let text = format!("\u{feff}{columns},metadata.region\nd,,,Grand Bend,district,,,north\n");
    assert_eq!(issues(&archive(&[(File::Orgs, &text)])), []);
}

#[test]
fn what_is_not_text_is_an_issue_at_its_line() {
    let mut text = with_header(File::Orgs, GRAND_BEND).into_bytes();
    text.extend(b"x,,,Montr\xe9al,school,,\n");
    let manifest = format!("{MANIFEST}file.orgs,bulk\n");
    one(&zipped(&[("manifest.csv", manifest.as_bytes()), ("orgs.csv", &text)]), "NOT_UTF8", "orgs.csv", 4);
    one(&orgs("d,,,Grand\0Bend,district,,\n"), "CONTROL_CHARACTER", "orgs.csv", 2);
}

#[test]
fn the_archive_must_be_one_with_a_manifest_of_this_version() {
    one(b"sourcedId,status", "NOT_AN_ARCHIVE", "", 0);
    one(&zipped(&[("orgs.csv", b"")]), "MANIFEST_MISSING", "manifest.csv", 0);
    let older = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n";
    one(&zipped(&[("manifest.csv", older.as_bytes())]), "VERSION_UNSUPPORTED", "manifest.csv", 3);
    let lacking = format!("{MANIFEST}file.orgs,bulk\n");
    one(&zipped(&[("manifest.csv", lacking.as_bytes())]), "FILE_MISSING", "orgs.csv", 0);
    let delta = format!("{MANIFEST}file.orgs,delta\n");
    let text = with_header(File::Orgs, GRAND_BEND);
    one(
        &zipped(&[("manifest.csv", delta.as_bytes()), ("orgs.csv", text.as_bytes())]),
        "MODE_UNSUPPORTED",
        "manifest.csv",
        4,
    );
}

#[test]
fn files_that_unpack_to_more_than_the_limit_are_cut_off_there() {
    let big = vec![b'0'; 300_000];
    let archive = zipped(&[("users.csv", &big), ("roles.csv", &big)]);
    assert!(archive.len() < 10_000, "it is small as it comes");
    let mut report = Report::default();
    assert!(archive::unpack(&archive, 599_999, &mut report).is_none());
    assert_eq!(report.issues[0].reason, "ARCHIVE_TOO_LARGE");
    assert!(archive::unpack(&archive, 600_000, &mut Report::default()).is_some());
}

#[test]
fn a_damaged_archive_is_refused_and_never_panics() {
    let whole = orgs(GRAND_BEND);
    for end in 0..whole.len() {
        let (_, report) = read(&district(), &whole[..end]);
        assert!(report.is_refused(), "cut off at {end}");
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        let _ = read(&district(), &damaged);
    }
}

fn family(roles: &str, users: &str) -> Vec<u8> {
    let users = with_header(File::Users, users);
    let roles = with_header(File::Roles, roles);
    let orgs = with_header(File::Orgs, GRAND_BEND);
    archive(&[(File::Orgs, &orgs), (File::Users, &users), (File::Roles, &roles)])
}

fn user(id: &str, agents: &str) -> String {
    format!("{id},,,true,{id},,Given,Family,,,,,,\"{agents}\",,secret,,,,,,,\n")
}

#[test]
fn agents_and_roles_together_make_relationships() {
    let users =
        [user("l", "p,r"), user("p", ""), user("g", "l"), user("r", ""), user("t", "l,nobody")].concat();
    let roles = "1,,,l,primary,student,,,s,\n2,,,p,primary,parent,,,s,\n3,,,g,primary,guardian,,,s,\n\
                 4,,,r,primary,relative,,,s,\n5,,,t,primary,teacher,,,s,\n";
    let (mut roster, mut report) = read(&district(), &family(roles, &users));
    let made = link(&district(), &mut roster, &Known::default(), &mut report).unwrap();
    let person = |id| crate::domain::roster::identity(&district(), Collection::People, id);
    let mut found: Vec<_> = made.iter().map(|r| (r.other, r.kind, r.education_rights)).collect();
    found.sort_by_key(|(_, kind, _)| *kind);
    assert_eq!(
        found,
        [(person("r"), Relative, false), (person("g"), Guardian, true), (person("p"), Parent, true)]
    );
    assert!(made.iter().all(|r| r.learner == person("l")));
    let warned: Vec<_> = report.issues.iter().map(|issue| (issue.reason, issue.line)).collect();
    assert_eq!(warned, [("AGENT_WITHOUT_ROLE", 6), ("AGENT_UNKNOWN", 6)]);
}

#[test]
fn a_password_is_not_read() {
    let (roster, _) = read(&district(), &family("", &user("l", "")));
    assert!(!format!("{roster:?}").contains("secret"));
}

/// The shipped sample district.
fn sample() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trellis/demo/grandbend-1.2");
    let mut files = Vec::new();
    for name in File::ALL.into_iter().map(File::name).chain(["manifest.csv"]) {
        if let Ok(bytes) = std::fs::read(folder.join(name)) {
            files.push((name, bytes));
        }
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    zipped(&files)
}

#[test]
fn a_whole_district_is_accounted_for_to_the_last_row() {
    let (mut roster, mut report) = read(&district(), &sample());
    let made = link(&district(), &mut roster, &Known::default(), &mut report).unwrap();
    assert_eq!(report.issues, []);
    assert_eq!(roster.people.len(), 2901);
    assert_eq!(roster.roles.len(), 2901);
    assert_eq!(roster.demographics.len(), 960);
    assert_eq!(roster.classes.len(), 520);
    assert_eq!(roster.enrollments.len(), 545);
    assert_eq!(made.len(), 1872);
    assert!(roster.classes.iter().all(|class| class.record.span.is_some()));
}
