//! Whether what is kept is whole: what `trellis db check` looks at.
//!
//! It reads snapshots beside the suite that serves, and changes nothing. A finding names tables and
//! counts rows; it never quotes one.

mod compare;
mod health;
mod probe;

use std::collections::BTreeSet;

use serde::Serialize;
use trellis_kernel::{Result, Timestamp};

use crate::Migrations;
use probe::Probe;

/// A service's database, and what is known of how it should be.
pub struct Inspected {
    /// The service.
    pub service: &'static str,
    /// What brings its schema to what this program knows.
    pub migrations: Migrations,
    /// What its rows promise each other where no foreign key says so.
    pub promises: Vec<Promise>,
}

/// Something that the rows of a service promise.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    /// Within the service.
    Within {
        /// What breaks it: "goals of people who are not in the roster".
        broken: &'static str,
        /// A query that counts the rows that break it.
        count: &'static str,
    },
    /// Towards another service's rows.
    Towards {
        /// What breaks it.
        broken: &'static str,
        /// A query for what is referred to: two columns of text, the district and `HEX(id)`; or one,
        /// a resource's whole name.
        references: &'static str,
        /// The service that keeps those.
        service: &'static str,
        /// The table that it keeps them in.
        table: &'static str,
    },
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The service whose database it is in.
    pub service: &'static str,
    /// What was looked at: `integrity`, `orphans`.
    pub check: &'static str,
    /// How many rows, objects or places are concerned.
    pub count: u64,
    /// What is the matter.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

/// How a service's database stands.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The service.
    pub service: &'static str,
    /// Which database: `sqlite` or `postgres`.
    pub database: &'static str,
    /// How many migrations have been applied.
    pub migrations: usize,
    /// The last position that its events were given.
    pub head: i64,
    /// How many events have no position yet.
    pub waiting: i64,
    /// How long the oldest of those has waited, in seconds.
    pub oldest_waiting_seconds: i64,
    /// How far it has followed the events of others.
    pub followed: Vec<Followed>,
}

/// How far a consumer has come.
#[derive(Clone, Debug, Serialize)]
pub struct Followed {
    /// The consumer, as `<effect>/<producer>`.
    pub consumer: String,
    /// The last position that has taken effect.
    pub position: i64,
    /// How many of the producer's events are still to come; none where the producer is kept elsewhere, or
    /// was restored without the consumer.
    pub behind: Option<i64>,
    /// The incarnation of the producer's feed that it has followed, in hexadecimal digits; empty where
    /// that is not known.
    #[serde(skip)]
    incarnation: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Every database that answered.
    pub services: Vec<Standing>,
    /// Everything that is not as it should be.
    pub findings: Vec<Finding>,
}

/// Looks at the databases of some services, at the place that [`Options::url`](crate::Options::url)
/// names. Fails only where it cannot look at all; a database that does not answer is a finding.
pub async fn check(url: &str, inspected: Vec<Inspected>, now: Timestamp) -> Result<Report> {
    let mut report = Report::default();
    let mut kept = Vec::new();
    let mut references = Vec::new();
    for Inspected { service, migrations, promises } in inspected {
        let reference = compare::Schema::expected(service, migrations).await?;
        let mut probe = match Probe::open(url, service).await {
            Ok(probe) => probe,
            Err(error) => {
                report.findings.push(unreadable(service, &error));
                continue;
            }
        };
        match look(&mut probe, service, &reference, &promises, now, &mut report).await {
            Ok(None) => {}
            Ok(Some(found)) => {
                references.extend(found.into_iter().map(|reference| (service, reference)));
                kept.push(service);
            }
            Err(error) => report.findings.push(unreadable(service, &error)),
        }
        probe.end().await;
    }
    // In later snapshots than those above: what was referred to there must be here by now, whatever is
    // written meanwhile.
    for service in &kept {
        let mut probe = match Probe::open(url, service).await {
            Ok(probe) => probe,
            Err(error) => {
                report.findings.push(unreadable(service, &error));
                continue;
            }
        };
        if let Err(error) = against(&mut probe, service, &references, now, &mut report).await {
            report.findings.push(unreadable(service, &error));
        }
        probe.end().await;
    }
    Ok(report)
}

/// The names of the migrations that this program applies to a service's database.
pub async fn known(service: &'static str, migrations: Migrations) -> Result<BTreeSet<String>> {
    Ok(compare::Schema::expected(service, migrations).await?.migrations)
}

/// References from one service to another's rows.
struct Outward {
    broken: &'static str,
    service: &'static str,
    table: &'static str,
    places: BTreeSet<(String, String)>,
}

/// Everything that one snapshot can tell; none where it is not of this program's making, or damaged.
async fn look(
    probe: &mut Probe,
    service: &'static str,
    reference: &compare::Schema,
    promises: &[Promise],
    now: Timestamp,
    report: &mut Report,
) -> std::result::Result<Option<Vec<Outward>>, sea_orm::sqlx::Error> {
    let (health, readable) = health::of(probe, service).await?;
    report.findings.extend(health);
    if !readable {
        return Ok(None);
    }
    let here = compare::Schema::found(probe, service).await?;
    let differences = reference.differences(service, &here);
    let complete = differences.is_empty();
    report.findings.extend(differences);
    if !complete {
        return Ok(None);
    }
    let standing = health::standing(probe, service, here.migrations.len(), now).await?;
    report.findings.extend(standing.1);
    report.services.push(standing.0);
    let mut outward = Vec::new();
    for promise in promises {
        match *promise {
            Promise::Within { broken, count } => {
                let count = probe.number(count).await?;
                report.findings.extend(orphans(service, broken, count));
            }
            Promise::Towards { broken, references, service, table } => {
                let rows = probe.texts(references).await?;
                let places = rows.into_iter().filter_map(place).collect();
                outward.push(Outward { broken, service, table, places });
            }
        }
    }
    Ok(Some(outward))
}

/// What refers to this service's rows and events from elsewhere, held against what it keeps.
async fn against(
    probe: &mut Probe,
    service: &'static str,
    references: &[(&'static str, Outward)],
    now: Timestamp,
    report: &mut Report,
) -> std::result::Result<(), sea_orm::sqlx::Error> {
    for (from, outward) in references.iter().filter(|(_, outward)| outward.service == service) {
        let sql = format!("SELECT DISTINCT district, HEX(id) FROM {}", outward.table);
        let held: BTreeSet<(String, String)> =
            probe.texts(&sql).await?.into_iter().filter_map(place).collect();
        let missing = outward.places.difference(&held).count();
        report.findings.extend(orphans(from, outward.broken, i64::try_from(missing).unwrap_or(i64::MAX)));
    }
    health::consumers_of(probe, service, now, report).await
}

/// A district and the digits of an id, from two columns or from a resource's name.
fn place(row: probe::Texts) -> Option<(String, String)> {
    match <[String; 2]>::try_from(row) {
        Ok([district, id]) => Some((district, id)),
        Err(row) => {
            let name = row.into_iter().next()?;
            let mut segments = name.split('/').skip(1);
            let district = segments.next()?.to_owned();
            let id = segments.last()?.replace('-', "").to_ascii_uppercase();
            Some((district, id))
        }
    }
}

fn orphans(service: &'static str, broken: &str, count: i64) -> Option<Finding> {
    let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
    let remedy = "The rows are kept and harm no others, but are not shown in full. If a restore came before, \
                  restore all services from one backup; otherwise report it as a defect.";
    Some(Finding { service, check: "orphans", count, what: broken.to_owned(), remedy })
}

/// A database that does not answer, or no longer.
fn unreadable(service: &'static str, error: &sea_orm::sqlx::Error) -> Finding {
    let code = error.as_database_error().and_then(|told| told.code().map(String::from));
    let (check, what, remedy) = match code.as_deref() {
        Some("14") => (
            "reachable",
            "there is no database file".to_owned(),
            "Check data_dir; a file that is gone comes back from a backup: trellis restore.",
        ),
        Some(code) if health::is_damage(code) => {
            ("integrity", format!("the database is damaged (code {code})"), health::RESTORE)
        }
        Some(code) => (
            "reachable",
            format!("the database refused to be read (code {code})"),
            "Check that the database is up, and that this user or role may read it.",
        ),
        None => (
            "reachable",
            "the database does not answer".to_owned(),
            "Check that the database is up and that database_url or data_dir leads to it.",
        ),
    };
    Finding { service, check, count: 1, what, remedy }
}
