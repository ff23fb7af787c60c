//! Reads `OneRoster` 1.2 CSV archives (1EdTech `OneRoster` 1.2, CSV binding), bulk mode. Pure: bytes in,
//! records and issues out. Nothing of a row is ever in an issue but its file, line and column.

mod archive;
mod file;
mod link;
mod manifest;
mod people;
mod places;
mod row;
mod table;

use std::collections::HashSet;

use trellis_kernel::District;

pub(crate) use file::File;
pub(crate) use link::{Known, link};

use crate::domain::issue::Report;
use crate::domain::roster::{AcademicSession, Class, Course, Demographics, Enrollment, Organization, Role};

/// The most that an archive may weigh as it comes.
pub(crate) const MAX_ARCHIVE: usize = 64 * 1024 * 1024;

/// A record and where it stands in its file.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    /// The line, the first being 1.
    pub line: u32,
    /// The record.
    pub record: T,
}

/// What an archive holds, each file's rows in their order.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    /// The files that it declares in bulk: each is the whole truth about its records.
    pub bulk: HashSet<File>,
    /// How many rows each of them has, those that could not be read among them.
    pub rows: Vec<(File, u32)>,
    pub organizations: Vec<Placed<Organization>>,
    pub sessions: Vec<Placed<AcademicSession>>,
    pub courses: Vec<Placed<Course>>,
    pub classes: Vec<Placed<Class>>,
    pub people: Vec<Placed<people::User>>,
    pub roles: Vec<Placed<Role>>,
    pub enrollments: Vec<Placed<Enrollment>>,
    pub demographics: Vec<Placed<Demographics>>,
    /// Whom each user profile belongs to: checked, and not kept.
    pub profiles: Vec<Placed<trellis_kernel::Uuid>>,
}

/// Reads an archive. Whatever cannot be read is in the report, and then nothing of the roster is to be used.
pub(crate) fn read(district: &District, archive: &[u8]) -> (Roster, Report) {
    let mut report = Report::default();
    let mut roster = Roster::default();
    let Some(files) = archive::unpack(archive, archive::MAX_UNPACKED, &mut report) else {
        return (roster, report);
    };
    let Some(bulk) = manifest::read(&files, &mut report) else { return (roster, report) };
    for file in File::ALL.into_iter().filter(|file| bulk.contains(file)) {
        let Some(bytes) = files.get(file.name()) else { continue };
        let rows = read_file(district, file, bytes, &mut roster, &mut report);
        roster.rows.push((file, rows));
    }
    roster.bulk = bulk;
    (roster, report)
}

fn read_file(district: &District, file: File, bytes: &[u8], roster: &mut Roster, report: &mut Report) -> u32 {
    let ids = row::Identities::new(district);
    match file {
        File::Orgs => table::read(file, bytes, report, |row| {
            roster.organizations.extend(places::organization(row, &ids));
        }),
        File::AcademicSessions => table::read(file, bytes, report, |row| {
            roster.sessions.extend(places::academic_session(row, &ids));
        }),
        File::Courses => table::read(file, bytes, report, |row| {
            roster.courses.extend(places::course(row, &ids));
        }),
        File::Classes => table::read(file, bytes, report, |row| {
            roster.classes.extend(places::class(row, &ids));
        }),
        File::Users => table::read(file, bytes, report, |row| {
            roster.people.extend(people::user(row, &ids));
        }),
        File::Roles => table::read(file, bytes, report, |row| {
            roster.roles.extend(people::role(row, &ids));
        }),
        File::Enrollments => table::read(file, bytes, report, |row| {
            roster.enrollments.extend(people::enrollment(row, &ids));
        }),
        File::Demographics => table::read(file, bytes, report, |row| {
            roster.demographics.extend(people::demographics(row, &ids));
        }),
        File::UserProfiles => table::read(file, bytes, report, |row| {
            roster.profiles.extend(people::profile(row, &ids));
        }),
    }
}

#[cfg(test)]
mod tests;
