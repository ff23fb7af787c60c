//! Whether a database can be read whole, and how its events stand.

use sea_orm::sqlx::Error;
use trellis_kernel::Timestamp;

use super::probe::Probe;
use super::{Finding, Followed, Report, Standing};

/// What to do about a damaged database.
pub(super) const RESTORE: &str = "Stop the suite, keep the damaged files aside, and restore the last good \
    backup: trellis restore (PostgreSQL: pg_restore). Look at the disk and its log before trusting it again.";
/// What to do where a consumer's place is none that its producer has.
const APART: &str = "One of the two databases was restored without the other: restore both from one backup, or \
    let it go on by hand (docs/operations.md).";
/// How long an event may wait for its position before that says that nobody gives any.
const WAITING: i64 = 60;
/// By how many events, and for how many seconds, a consumer may be behind its producer.
const BEHIND: (i64, i64) = (1000, 300);
/// How long the reply to a `request_id` is kept, and how long it may take to be deleted, in seconds.
const REQUESTS: i64 = 24 * 3600 + 3600;

/// Whether a driver's code says that what is on the disk is not what was written.
pub(super) fn is_damage(code: &str) -> bool {
    // `PostgreSQL`: data corrupted, index corrupted.
    if code.len() == 5 {
        return matches!(code, "XX001" | "XX002");
    }
    // `SQLite`: malformed, not a database; the low byte of an extended code is the primary one.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 11 | 26))
}

/// What is wrong with the database as such, and whether its rows can be read nonetheless.
pub(super) async fn of(probe: &mut Probe, service: &'static str) -> Result<(Vec<Finding>, bool), Error> {
    if probe.is_sqlite() { file(probe, service).await } else { schema(probe, service).await }
}

async fn file(probe: &mut Probe, service: &'static str) -> Result<(Vec<Finding>, bool), Error> {
    // Its words are of pages, indexes and rowids; none is of what a row holds.
    let told = probe.column("PRAGMA integrity_check").await?;
    if told.first().is_some_and(|first| first != "ok") {
        let first = told.first().map(|text| text.lines().next().unwrap_or_default()).unwrap_or_default();
        let what = format!("the file is damaged: {first}");
        let count = told.len() as u64;
        return Ok((vec![Finding { service, check: "integrity", count, what, remedy: RESTORE }], false));
    }
    let astray = probe.number("SELECT count(*) FROM pragma_foreign_key_check").await?;
    let remedy = "Something wrote past the suite with foreign keys switched off: restore a backup.";
    let what = "rows whose foreign key leads nowhere";
    Ok((counted(service, "foreign_keys", astray, what, remedy).into_iter().collect(), true))
}

async fn schema(probe: &mut Probe, service: &'static str) -> Result<(Vec<Finding>, bool), Error> {
    let mut found = Vec::new();
    let failures =
        "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()";
    let failures = probe.number(failures).await?;
    found.extend(counted(
        service,
        "integrity",
        failures,
        "pages whose checksum was wrong when read",
        RESTORE,
    ));
    // The second wall: every table with a district lets only that district's rows through.
    let unguarded = "SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace \
         AND c.relkind IN ('r', 'p') AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid \
         AND a.attname = 'district' AND NOT a.attisdropped) AND NOT (c.relrowsecurity AND \
         c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid))";
    let unguarded = probe.number(unguarded).await?;
    let remedy = "Run trellis migrate, which puts row-level security on every table that lacks it.";
    found.extend(counted(service, "policies", unguarded, "tables without row-level security", remedy));
    let above = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)";
    let above = probe.number(above).await?;
    let remedy = "Connect as an ordinary role that owns the schemas: NOSUPERUSER NOBYPASSRLS.";
    let what = "the role of database_url passes by row-level security";
    found.extend(counted(service, "policies", above, what, remedy));
    found.extend(indexes(probe, service).await?);
    Ok((found, true))
}

/// What `amcheck` finds, where it is installed and this role may use it.
async fn indexes(probe: &mut Probe, service: &'static str) -> Result<Option<Finding>, Error> {
    let may = "SELECT count(*) FROM pg_proc WHERE oid = to_regprocedure('bt_index_check(regclass)') \
               AND has_function_privilege(oid, 'EXECUTE')";
    if probe.number(may).await? == 0 {
        return Ok(None);
    }
    let all = "SELECT CAST(i.indexrelid AS TEXT) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
               JOIN pg_am m ON m.oid = c.relam WHERE c.relnamespace = current_schema()::regnamespace \
               AND m.amname = 'btree' AND i.indisvalid";
    let mut damaged = 0;
    for index in probe.column(all).await? {
        probe.texts("SAVEPOINT one").await?;
        let sql = format!("SELECT CAST(bt_index_check(CAST({index} AS regclass)) AS TEXT)");
        match probe.texts(&sql).await {
            Ok(_) => {}
            Err(Error::Database(told)) if told.code().as_deref().is_some_and(is_damage) => damaged += 1,
            Err(error) => return Err(error),
        }
        probe.texts("ROLLBACK TO SAVEPOINT one").await?;
    }
    let remedy =
        "Rebuild the indexes (REINDEX SCHEMA), and find out why: a collation that changed, or the disk.";
    Ok(counted(service, "integrity", damaged, "damaged indexes", remedy))
}

/// How the events of a service stand, and what of that is not as it should be.
pub(super) async fn standing(
    probe: &mut Probe,
    service: &'static str,
    migrations: usize,
    now: Timestamp,
) -> Result<(Standing, Vec<Finding>), Error> {
    let mut found = Vec::new();
    let waiting = probe.number("SELECT count(*) FROM outbox WHERE position IS NULL").await?;
    let oldest = probe.number("SELECT min(event_time) FROM outbox WHERE position IS NULL").await?;
    let oldest_waiting_seconds = if waiting == 0 { 0 } else { seconds_since(oldest, now) };
    if oldest_waiting_seconds > WAITING {
        let what = format!("events without a position, the oldest for {oldest_waiting_seconds} s");
        let remedy = "Nobody else hears of these changes until they have one. Start the suite, or look for \
                      \"the relay failed\" in its log.";
        found.extend(counted(service, "outbox", waiting, &what, remedy));
    }
    let head = probe.number("SELECT head FROM relay").await?;
    let beyond = "SELECT count(*) FROM outbox WHERE position > (SELECT head FROM relay)";
    let beyond = probe.number(beyond).await?;
    found.extend(counted(service, "outbox", beyond, "events beyond the last position given", RESTORE));
    let letters = probe.number("SELECT sum(open) FROM event_checkpoints").await?;
    let remedy = "Their effect is missing here. List them (trellis events dead-letters), mend the cause, and replay or discard \
                  them.";
    found.extend(counted(
        service,
        "dead_letters",
        letters,
        "events put aside after their effect failed",
        remedy,
    ));
    let trail = "SELECT count(*) FROM access_learners l WHERE NOT EXISTS (SELECT 1 FROM accesses a WHERE \
                 a.district = l.district AND a.access_time = l.access_time AND a.uid = l.uid)";
    let trail = probe.number(trail).await?;
    let remedy =
        "Something took rows off the trail of accesses past the suite: find out who, and restore a backup.";
    found.extend(counted(service, "trail", trail, "learners on the trail of accesses that are gone", remedy));
    let before = now.as_microsecond() - REQUESTS * 1_000_000;
    let late = format!("SELECT count(*) FROM idempotency WHERE create_time < {before}");
    let late = probe.number(&late).await?;
    let remedy = "The suite deletes them by itself while it serves: start it, or look for \"housekeeping failed\" \
                  in its log.";
    found.extend(counted(service, "requests", late, "replies kept beyond their 24 hours", remedy));
    let rows = "SELECT consumer, CAST(position AS TEXT), HEX(incarnation) FROM event_checkpoints \
                ORDER BY consumer";
    let followed = probe.texts(rows).await?.into_iter().filter_map(|row| {
        let [consumer, position, incarnation] = <[String; 3]>::try_from(row).ok()?;
        Some(Followed { consumer, position: position.parse().ok()?, behind: None, incarnation })
    });
    let followed = followed.collect();
    let database = if probe.is_sqlite() { "sqlite" } else { "postgres" };
    let standing =
        Standing { service, database, migrations, head, waiting, oldest_waiting_seconds, followed };
    Ok((standing, found))
}

/// Holds the consumers of a service's events, wherever their checkpoints are kept, against its head.
pub(super) async fn consumers_of(
    probe: &mut Probe,
    producer: &'static str,
    now: Timestamp,
    report: &mut Report,
) -> Result<(), Error> {
    let head = probe.number("SELECT head FROM relay").await?;
    let floor = probe.number("SELECT floor FROM relay").await?;
    let incarnation = probe.column("SELECT HEX(incarnation) FROM relay").await?.pop().unwrap_or_default();
    for standing in &mut report.services {
        for followed in &mut standing.followed {
            if followed.consumer.rsplit('/').next() != Some(producer) {
                continue;
            }
            let consumer = &followed.consumer;
            if !followed.incarnation.is_empty() && followed.incarnation != incarnation {
                let what = format!(
                    "{consumer} has followed events that {producer} had before it was restored: it stands still \
                     at {}, and those of now reach to {head}",
                    followed.position
                );
                report.findings.extend(counted(standing.service, "checkpoints", 1, &what, APART));
                continue;
            }
            let behind = head - followed.position;
            followed.behind = Some(behind);
            if followed.position < floor {
                let what = format!(
                    "events of {producer} that {consumer} has not applied and that are kept no longer: it \
                     stands still at {}, and those after {floor} are kept",
                    followed.position
                );
                let remedy = "They are lost to it: restore all services from one backup, or make good what is \
                              missing and let it go on by hand (docs/operations.md).";
                report.findings.extend(counted(
                    standing.service,
                    "checkpoints",
                    floor - followed.position,
                    &what,
                    remedy,
                ));
            }
            if behind < 0 {
                let what = format!("{consumer} is ahead of the events of {producer}");
                report.findings.extend(counted(standing.service, "checkpoints", -behind, &what, APART));
                continue;
            }
            let next = format!("SELECT min(event_time) FROM outbox WHERE position > {}", followed.position);
            let next = probe.number(&next).await?;
            if behind > BEHIND.0 && seconds_since(next, now) > BEHIND.1 {
                let what = format!("events of {producer} that {consumer} has not applied");
                let remedy = "Start the suite; if it serves, look for \"could not be applied\" in its log and for \
                              dead letters.";
                report.findings.extend(counted(standing.service, "checkpoints", behind, &what, remedy));
            }
        }
    }
    Ok(())
}

fn counted(
    service: &'static str,
    check: &'static str,
    count: i64,
    what: &str,
    remedy: &'static str,
) -> Option<Finding> {
    let count = u64::try_from(count).ok().filter(|count| *count > 0)?;
    Some(Finding { service, check, count, what: what.to_owned(), remedy })
}

fn seconds_since(microseconds: i64, now: Timestamp) -> i64 {
    (now.as_microsecond() - microseconds) / 1_000_000
}
