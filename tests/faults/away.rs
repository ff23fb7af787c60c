//! The database goes away under load, and comes back.

use std::time::Duration;

use tonic_health::pb::health_check_response::ServingStatus;
use trellis_testkit::postgres::Own;
use trellis_testkit::{Extra, Suite, run};

use super::load::{DISTRICT, Load, Refusal, kept, until_healthy, until_ready};

/// How long it is away at full size; tests/README.md says how to ask for it.
fn at_full_size() -> Option<Duration> {
    let seconds = std::env::var("TESTKIT_AWAY_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("TESTKIT_AWAY_SECONDS is a number of seconds")))
}

/// Lets it be away for as long as it should be.
async fn absence() {
    tokio::time::sleep(at_full_size().unwrap_or(Duration::from_secs(2))).await;
}

async fn suite(cluster: &Own) -> Suite {
    let directory = tempfile::tempdir().expect("a directory for the suite");
    // Enough for what is asked here, and soon over. At full size the settings are those of everybody.
    let patience = [("TRELLIS_DATABASE_WAIT", "2"), ("TRELLIS_DATABASE_STATEMENT_TIMEOUT", "3")];
    let patience = patience.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = if at_full_size().is_some() { &[][..] } else { &patience[..] };
    let extra = Extra { environment, ..Extra::default() };
    Suite::troubled(directory, Some(cluster.database()), &extra).await
}

/// Nothing but what a database that is away is answered by, with the advice to try again.
fn only(load: &Load, reason: &str) {
    for refusal in load.refusals() {
        assert!(refusal.reason == reason && refusal.retry, "{refusal:?}");
    }
}

async fn nothing_is_lost(suite: &Suite, load: Load) {
    let acknowledged = load.end().await;
    let kept = kept(&suite.operator(DISTRICT)).await;
    let lost: Vec<&String> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{} acknowledged writes are lost", lost.len());
    assert_eq!(kept.len(), acknowledged.len(), "no retried write was made twice");
}

#[test]
fn crashed_and_recovered() {
    run(async {
        let cluster = Own::start();
        let suite = suite(&cluster).await;
        let load = Load::start(&suite);
        load.more(30).await;
        cluster.crash();
        load.writes_refused("STORE_UNAVAILABLE").await;
        load.reads_refused("STORE_UNAVAILABLE").await;
        until_ready(&suite, 503).await;
        until_healthy(&suite, ServingStatus::NotServing).await;
        absence().await;
        cluster.recover();
        until_ready(&suite, 200).await;
        until_healthy(&suite, ServingStatus::Serving).await;
        load.more(30).await;
        only(&load, "STORE_UNAVAILABLE");
        nothing_is_lost(&suite, load).await;
    });
}

#[test]
fn frozen_and_thawed() {
    run(async {
        let cluster = Own::start();
        let suite = suite(&cluster).await;
        let load = Load::start(&suite);
        load.more(30).await;
        cluster.freeze();
        // Every connection stays open, and nothing is answered on any.
        load.writes_refused("STORE_UNAVAILABLE").await;
        load.reads_refused("STORE_UNAVAILABLE").await;
        until_ready(&suite, 503).await;
        absence().await;
        cluster.thaw();
        until_ready(&suite, 200).await;
        load.more(30).await;
        only(&load, "STORE_UNAVAILABLE");
        nothing_is_lost(&suite, load).await;
    });
}

#[test]
fn read_only_for_a_while() {
    run(async {
        let cluster = Own::start();
        let suite = suite(&cluster).await;
        let database = suite.database_url().and_then(|url| url.rsplit('/').next()).expect("a database");
        let everybody_again =
            format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'");
        let load = Load::start(&suite);
        load.more(30).await;
        // As a standby is, to which a name was moved too early.
        cluster.sql(&format!("alter database {database} set default_transaction_read_only = on"));
        cluster.sql(&everybody_again);
        load.writes_refused("STORE_READ_ONLY").await;
        load.more_reads(30).await;
        until_ready(&suite, 200).await;
        absence().await;
        cluster.sql(&format!("alter database {database} reset default_transaction_read_only"));
        cluster.sql(&everybody_again);
        load.more(30).await;
        for Refusal { reason, retry, .. } in load.refusals() {
            assert!(["STORE_READ_ONLY", "STORE_UNAVAILABLE"].contains(&reason.as_str()) && retry, "{reason}");
        }
        nothing_is_lost(&suite, load).await;
    });
}
