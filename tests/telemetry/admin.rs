//! What those who operate the suite ask of it.

use reqwest::{Client, StatusCode};
use trellis_testkit::{Backend, run};

use super::Telling;

async fn set(telling: &Telling, level: &str) -> (StatusCode, String) {
    put(&telling.admin, level).await
}

/// Asks the operators' address for a level of the log.
pub(super) async fn put(admin: &str, level: &str) -> (StatusCode, String) {
    let request = Client::new().put(format!("{admin}/log-level")).body(level.to_owned());
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("text"))
}

async fn level(telling: &Telling) -> String {
    telling.get("/log-level", "*/*").await.text().await.expect("text")
}

#[test]
fn the_level_of_the_log_changes_while_it_runs_and_sql_is_never_logged() {
    run(async {
        let (_suite, telling) = Telling::start(Backend::Sqlite).await;
        assert!(level(&telling).await.contains("trace"));
        let (status, told) = set(&telling, "warn,sqlx::query=trace").await;
        assert_eq!(status, StatusCode::OK);
        assert!(told.contains("warn") && told.contains("sqlx::query=off"), "{told}");
        assert!(!told.contains("sqlx::query=trace"), "{told}");
        assert_eq!(level(&telling).await, told);

        let quiet = telling.log().len();
        telling.get("/livez", "*/*").await;
        assert_eq!(telling.log().len(), quiet, "nothing is said at the level of traces any more");

        for wrong in ["trellis=loud", "a=b=c"] {
            let (status, words) = set(&telling, wrong).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {words}");
            assert!(words.contains("info,trellis_store=debug"), "{words}");
        }
        assert_eq!(level(&telling).await, told, "what is wrong changes nothing");
    });
}

#[test]
fn health_and_metrics_are_told_and_metrics_only_there() {
    run(async {
        let (suite, telling) = Telling::start(Backend::Sqlite).await;
        for path in ["/livez", "/readyz"] {
            let answer = telling.get(path, "*/*").await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.text().await.expect("text"), "ok\n");
        }
        assert_eq!(telling.get("/metrics", "*/*").await.status(), StatusCode::OK);
        let main = reqwest::get(format!("{}/metrics", suite.url())).await.expect("an answer");
        assert_eq!(main.status(), StatusCode::NOT_FOUND);
        let main = reqwest::get(format!("{}/log-level", suite.url())).await.expect("an answer");
        assert_eq!(main.status(), StatusCode::NOT_FOUND);
        let main = reqwest::get(format!("{}/readyz", suite.url())).await.expect("an answer");
        assert_eq!(main.status(), StatusCode::OK);
    });
}

#[test]
fn what_is_not_ready_is_named_without_saying_more() {
    run(async {
        let (suite, telling) = Telling::start(Backend::Sqlite).await;
        // As a disk would that lost the file: it is there, and is no database.
        let file = suite.directory().join("scheduling.db");
        for ending in ["-wal", "-shm", ""] {
            let path = format!("{}{ending}", file.display());
            std::fs::write(&path, vec![b'x'; 8192]).expect("writing over the database");
        }
        let answer = telling.get("/readyz", "*/*").await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let words = answer.text().await.expect("text");
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(lines.first(), Some(&"not ok"));
        assert!(lines.iter().any(|line| line.starts_with("store scheduling: ")), "{words}");
        assert!(!words.contains('/') && !words.contains("sqlite"), "{words}");
        assert_eq!(
            telling.get("/livez", "*/*").await.status(),
            StatusCode::OK,
            "another would not do better"
        );
    });
}
