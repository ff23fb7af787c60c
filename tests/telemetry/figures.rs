//! What limits and pools count, beside what callers meet.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Request};
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_testkit::{Backend, Suite, reason, run};

use super::Telling;
use crate::endurance::load::framework;

/// How long what must come may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The sum of a metric over the series with all of these labels.
async fn figure(telling: &Telling, name: &str, labels: &[&str]) -> u64 {
    let text = telling.metrics("text/plain").await;
    let of = |line: &&str| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'))
            && labels.iter().all(|label| line.contains(label))
    };
    let values: Vec<u64> = text
        .lines()
        .filter(of)
        .map(|line| line.rsplit(' ').next().unwrap_or_default().trim_end_matches(".0"))
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no whole number: {value}")))
        .collect();
    assert!(!values.is_empty(), "{name} by {labels:?} is not told: {text}");
    values.iter().sum()
}

/// One connection, on which nothing is made again.
async fn raw(suite: &Suite) -> Channel {
    Channel::from_shared(suite.url()).expect("a URL").connect().await.expect("a connection")
}

fn signed<M>(suite: &Suite, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let token = format!("Bearer {}", suite.operator("grand-bend").token()).parse().expect("a header");
    request.metadata_mut().insert("authorization", token);
    request
}

#[test]
fn a_caller_who_is_refused_for_calling_too_often_is_counted() {
    run(async {
        let (suite, telling) = Telling::with(Backend::Sqlite, &["--caller-rate", "1"]).await;
        let labels = ["limit=\"caller_rate\""];
        assert_eq!(figure(&telling, "trellis_calls_refused_total", &labels).await, 0);
        let mut client = IdentityServiceClient::new(raw(&suite).await);
        let mut refused = 0;
        let enough = async {
            while refused < 5 {
                if let Err(status) = client.who_am_i(signed(&suite, WhoAmIRequest {})).await {
                    assert_eq!(reason(&status).as_deref(), Some("RATE_LIMITED"), "{status:?}");
                    refused += 1;
                }
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("refused");
        assert_eq!(figure(&telling, "trellis_calls_refused_total", &labels).await, refused);
    });
}

#[test]
fn caches_tell_whether_they_help() {
    run(async {
        let (suite, telling) = Telling::with(Backend::Sqlite, &[]).await;
        let tokens = ["cache=\"tokens\""];
        let mut client = IdentityServiceClient::new(raw(&suite).await);
        let request = signed(&suite, WhoAmIRequest {});
        let token = request.metadata().get("authorization").expect("a token").clone();
        let figures = async || {
            let hits = figure(&telling, "trellis_cache_hits_total", &tokens).await;
            let misses = figure(&telling, "trellis_cache_misses_total", &tokens).await;
            (hits, misses, figure(&telling, "trellis_cache_entries", &tokens).await)
        };
        let before = figures().await;
        for _ in 0..3 {
            let mut request = Request::new(WhoAmIRequest {});
            request.metadata_mut().insert("authorization", token.clone());
            client.who_am_i(request).await.expect("an answer");
        }
        assert_eq!(figures().await, (before.0 + 2, before.1 + 1, before.2 + 1));
    });
}

#[test]
fn whoever_gets_no_connection_in_time_is_counted() {
    run(async {
        let flags = ["--database-connections", "3", "--database-wait", "1"];
        let (suite, telling) = Telling::with(Backend::Sqlite, &flags).await;
        let (read, write) = ("pool_name=\"reader\"", "pool_name=\"writer\"");
        let outcome = "db_namespace=\"outcome\"";
        assert_eq!(figure(&telling, "db_client_connection_max", &[read, outcome]).await, 3);
        assert_eq!(figure(&telling, "db_client_connection_max", &[write, outcome]).await, 1);
        let open = figure(&telling, "db_client_connection_count", &[write, outcome]).await;
        assert_eq!(open, 1, "the one that SQLite has for writing");
        let timeouts = "db_client_connection_timeouts_total";
        assert_eq!(figure(&telling, timeouts, &[outcome]).await, 0);

        // Somebody else holds the lock, and so whoever comes first the connection.
        let file = SqliteConnectOptions::new().filename(suite.directory().join("outcome.db"));
        let mut other = file.connect().await.expect("the file");
        other.execute("BEGIN IMMEDIATE").await.expect("the lock");
        let channel = raw(&suite).await;
        let mut writes = JoinSet::new();
        for number in 0..4 {
            let mut client = FrameworkServiceClient::new(channel.clone());
            let request = signed(&suite, framework(&number.to_string()));
            writes.spawn(async move { client.create_framework(request).await.map(|_| ()) });
        }
        for refused in writes.join_all().await {
            let refused = refused.expect_err("the lock is held");
            assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
            assert_eq!(reason(&refused).as_deref(), Some("STORE_UNAVAILABLE"));
        }
        assert!(figure(&telling, timeouts, &[write, outcome]).await > 0, "somebody got no connection");
        assert_eq!(figure(&telling, timeouts, &[read, outcome]).await, 0, "nobody read");
        other.execute("ROLLBACK").await.expect("the lock is given back");
        let request = signed(&suite, framework("Afterwards"));
        FrameworkServiceClient::new(channel).create_framework(request).await.expect("a framework");
    });
}
