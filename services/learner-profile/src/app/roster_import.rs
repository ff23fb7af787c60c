//! Bringing a roster in: read, compare, write in one transaction, tell what changed.

use std::collections::{HashMap, HashSet};

use trellis_kernel::{District, Failure, Result, Uuid};
use trellis_store::{Change, Scope, Store, Told, Tx, Write};

use crate::domain::issue::Report;
use crate::domain::merge::{Merge, merge};
use crate::domain::roster::{
    AcademicSession, Class, Course, Demographics, Enrollment, Organization, Person, Record, Relationship,
    Role, Span,
};
use crate::domain::transfer::{FileResult, Transfer};
use crate::events::roster::{Telling, What, applied, told};
use crate::oneroster::{File, Known, Placed, Roster, link, read};
use crate::store::import::{Before, alone, before, put, put_lineage};
use crate::store::records::Kept;
use crate::store::transfers;

/// What to import, and how.
pub(crate) struct Ask {
    /// A ZIP of `OneRoster` 1.2 CSV.
    pub archive: Vec<u8>,
    /// The time zone of the organisations, where it is said.
    pub time_zone: Option<String>,
    /// Whether to write nothing of the roster.
    pub dry_run: bool,
}

/// Imports a roster. One that is wrong makes a transfer that failed, and changes nothing else.
pub(crate) async fn import(store: &Store, change: Change, ask: Ask) -> Result<Transfer> {
    let district = change.district.clone();
    let Ask { archive, time_zone, dry_run } = ask;
    let (roster, report) = {
        let district = district.clone();
        // Unpacking and reading a large district takes the processor for a while.
        tokio::task::spawn_blocking(move || read(&district, &archive)).await.map_err(Failure::internal)?
    };
    let tx = match store.write::<Uuid>(change).await? {
        Write::Replay(id) => return get(store, &district, id).await,
        Write::Begin(tx) => tx,
    };
    let mut import = Import { write: false, dry_run, results: Vec::new(), told: Vec::new(), tx };
    let report = import.apply(roster, report, time_zone).await?;
    let id = import.end(&report).await?;
    get(store, &district, id).await
}

/// A transfer.
pub(crate) async fn get(store: &Store, district: &District, id: Uuid) -> Result<Transfer> {
    let found = transfers::get(&store.read_latest(district), id).await?;
    found.ok_or_else(|| {
        Failure::not_found(
            crate::events::roster::TRANSFER,
            format!("districts/{district}/rosterTransfers/{id}"),
        )
    })
}

/// An import under way, in its transaction.
struct Import {
    tx: Tx,
    dry_run: bool,
    /// Whether anything of the roster is written.
    write: bool,
    results: Vec<FileResult>,
    told: Vec<Told>,
}

impl Import {
    async fn apply(
        &mut self,
        mut roster: Roster,
        mut report: Report,
        time_zone: Option<String>,
    ) -> Result<Report> {
        // What is compared must still be so when it is written.
        alone(&self.tx).await?;
        let kept = KeptRoster::load(&self.tx).await?;
        let ties = link(self.tx.district(), &mut roster, &kept.known(), &mut report);
        if report.is_refused() {
            self.results = roster.rows.iter().map(|(file, rows)| refused(*file, *rows)).collect();
            return Ok(report);
        }
        self.write = !self.dry_run;
        self.places(&mut roster, &kept, time_zone).await?;
        self.people(&mut roster, &kept).await?;
        if let Some(ties) = ties {
            let rows = u32::try_from(ties.len()).unwrap_or(u32::MAX);
            let merge = self.settle("relationships", rows, &kept.ties, ties).await?;
            self.tell(&merge);
        }
        Ok(report)
    }

    async fn places(
        &mut self,
        roster: &mut Roster,
        kept: &KeptRoster,
        time_zone: Option<String>,
    ) -> Result<()> {
        if let Some(mut came) = take(roster, File::Orgs, |roster| &mut roster.organizations) {
            for organization in &mut came {
                let known =
                    kept.organizations.records.get(&organization.id).map(|known| known.time_zone.clone());
                organization.time_zone = time_zone.clone().or(known).unwrap_or_else(|| "UTC".to_owned());
            }
            if self.write {
                put_lineage(&self.tx, &came).await?;
            }
            let merge = self.settle_file(roster, File::Orgs, &kept.organizations, came).await?;
            self.tell(&merge);
        }
        let spans = sessions(roster, kept);
        if let Some(came) = take(roster, File::AcademicSessions, |roster| &mut roster.sessions) {
            let merge = self.settle_file(roster, File::AcademicSessions, &kept.sessions, came).await?;
            self.tell(&merge);
        }
        if let Some(came) = take(roster, File::Courses, |roster| &mut roster.courses) {
            let merge = self.settle_file(roster, File::Courses, &kept.courses, came).await?;
            self.tell(&merge);
        }
        match take(roster, File::Classes, |roster| &mut roster.classes) {
            Some(came) => {
                let merge = self.settle_file(roster, File::Classes, &kept.classes, came).await?;
                self.tell(&merge);
            }
            // The days of a class follow from its sessions, which may have moved.
            None => self.move_classes(kept, &spans).await?,
        }
        Ok(())
    }

    async fn move_classes(&mut self, kept: &KeptRoster, spans: &HashMap<Uuid, Span>) -> Result<()> {
        let mut moved = Vec::new();
        for class in kept.classes.records.values() {
            let span = Span::around(class.sessions.iter().filter_map(|session| spans.get(session).copied()));
            if span != class.span {
                moved.push(Class { span, ..class.clone() });
            }
        }
        self.rewrite(&moved, &kept.classes).await
    }

    async fn people(&mut self, roster: &mut Roster, kept: &KeptRoster) -> Result<()> {
        let mut seen = HashSet::new();
        let people = take_people(roster);
        let roles = take(roster, File::Roles, |roster| &mut roster.roles);
        if let Some(came) = people {
            let merge = self.settle_file(roster, File::Users, &kept.people, came).await?;
            seen.extend(merge.changed().map(Record::id));
            self.tell(&merge);
        }
        if let Some(came) = roles {
            let merge = self.settle_file(roster, File::Roles, &kept.roles, came).await?;
            // A person is told of with their roles, so a change of a role is a change of the person.
            let touched: HashSet<Uuid> =
                merge.changed().map(|role| role.person).filter(|person| !seen.contains(person)).collect();
            let people: Vec<Person> =
                touched.iter().filter_map(|id| kept.people.records.get(id).cloned()).collect();
            self.rewrite(&people, &kept.people).await?;
        }
        if let Some(came) = take(roster, File::Enrollments, |roster| &mut roster.enrollments) {
            let merge = self.settle_file(roster, File::Enrollments, &kept.enrollments, came).await?;
            self.tell(&merge);
        }
        if let Some(came) = take(roster, File::Demographics, |roster| &mut roster.demographics) {
            self.settle_file(roster, File::Demographics, &kept.demographics, came).await?;
        }
        Ok(())
    }

    async fn settle_file<T: Kept>(
        &mut self,
        roster: &Roster,
        file: File,
        kept: &Before<T>,
        came: Vec<T>,
    ) -> Result<Merge<T>> {
        let rows = roster.rows.iter().find(|(known, _)| *known == file).map_or(0, |(_, rows)| *rows);
        self.settle(file.name(), rows, kept, came).await
    }

    /// Compares, writes what differs, and counts.
    async fn settle<T: Kept>(
        &mut self,
        file: &str,
        rows: u32,
        kept: &Before<T>,
        came: Vec<T>,
    ) -> Result<Merge<T>> {
        let merge = merge(&kept.records, came);
        if self.write {
            for records in [&merge.created, &merge.updated, &merge.retired] {
                put(&self.tx, records, &kept.metas).await?;
            }
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.results.push(FileResult {
            file: file.to_owned(),
            rows,
            created: count(merge.created.len()),
            updated: count(merge.updated.len()),
            unchanged: count(merge.unchanged),
            retired: count(merge.retired.len()),
        });
        Ok(merge)
    }

    /// Writes and tells of records that changed by what another file says.
    async fn rewrite<T: Kept + Telling>(&mut self, records: &[T], kept: &Before<T>) -> Result<()> {
        if self.write {
            put(&self.tx, records, &kept.metas).await?;
            let district = self.tx.district();
            self.told.extend(records.iter().map(|record| told(district, record, What::Updated)));
        }
        Ok(())
    }

    fn tell<T: Telling>(&mut self, merge: &Merge<T>) {
        if !self.write {
            return;
        }
        let district = self.tx.district();
        for (records, what) in [
            (&merge.created, What::Created),
            (&merge.updated, What::Updated),
            (&merge.retired, What::Retired),
        ] {
            self.told.extend(records.iter().map(|record| told(district, record, what)));
        }
    }

    /// Writes the transfer itself, and commits all.
    async fn end(mut self, report: &Report) -> Result<Uuid> {
        let transfer = Transfer {
            id: self.tx.new_id(),
            dry_run: self.dry_run,
            succeeded: !report.is_refused(),
            files: self.results,
            error_count: report.errors,
            warning_count: report.warnings,
            actor: self.tx.actor().to_owned(),
            create_time: self.tx.now(),
        };
        transfers::insert(&self.tx, &transfer, &report.issues).await?;
        if self.write {
            let sum = |count: fn(&FileResult) -> u32| transfer.files.iter().map(count).sum();
            let counts = [sum(|file| file.created), sum(|file| file.updated), sum(|file| file.retired)];
            self.told.push(applied(self.tx.district(), transfer.id, counts));
        }
        for told in self.told {
            self.tx.tell(told);
        }
        self.tx.commit(transfer.id).await
    }
}

/// The whole roster of the district as it is kept.
struct KeptRoster {
    organizations: Before<Organization>,
    sessions: Before<AcademicSession>,
    courses: Before<Course>,
    classes: Before<Class>,
    people: Before<Person>,
    roles: Before<Role>,
    enrollments: Before<Enrollment>,
    ties: Before<Relationship>,
    demographics: Before<Demographics>,
}

impl KeptRoster {
    async fn load(tx: &Tx) -> Result<Self> {
        Ok(Self {
            organizations: before(tx).await?,
            sessions: before(tx).await?,
            courses: before(tx).await?,
            classes: before(tx).await?,
            people: before(tx).await?,
            roles: before(tx).await?,
            enrollments: before(tx).await?,
            ties: before(tx).await?,
            demographics: before(tx).await?,
        })
    }

    /// What rows may refer to without its being in the archive.
    fn known(&self) -> Known {
        fn active<T: Record>(kept: &Before<T>) -> HashSet<Uuid> {
            kept.records.values().filter(|record| record.is_active()).map(Record::id).collect()
        }
        Known {
            organizations: active(&self.organizations),
            sessions: self.spans(),
            courses: active(&self.courses),
            classes: active(&self.classes),
            people: active(&self.people),
        }
    }

    fn spans(&self) -> HashMap<Uuid, Span> {
        self.sessions.records.values().filter(|session| session.active).map(span).collect()
    }
}

fn span(session: &AcademicSession) -> (Uuid, Span) {
    (session.id, Span { first: session.start, last: session.end })
}

/// The days of every session, as they will be.
fn sessions(roster: &Roster, kept: &KeptRoster) -> HashMap<Uuid, Span> {
    if roster.bulk.contains(&File::AcademicSessions) {
        roster.sessions.iter().map(|placed| span(&placed.record)).collect()
    } else {
        kept.spans()
    }
}

/// The records of a file that came in bulk.
fn take<T>(
    roster: &mut Roster,
    file: File,
    of: impl FnOnce(&mut Roster) -> &mut Vec<Placed<T>>,
) -> Option<Vec<T>> {
    let came = roster.bulk.contains(&file);
    came.then(|| std::mem::take(of(roster)).into_iter().map(|placed| placed.record).collect())
}

fn take_people(roster: &mut Roster) -> Option<Vec<Person>> {
    let users = take(roster, File::Users, |roster| &mut roster.people)?;
    Some(users.into_iter().map(|user| user.person).collect())
}

fn refused(file: File, rows: u32) -> FileResult {
    FileResult { file: file.name().to_owned(), rows, ..FileResult::default() }
}
