//! The client commands against a suite.

use serde_json::Value;
use tempfile::TempDir;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{CallerKind, WhoAmIRequest};
use trellis_testkit::{Backend, Suite};

use crate::program::{run, said, stopped, trellis};

const MATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/mockMATH.json");
const GRAND_BEND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/grandbend-1.2");

/// A suite, and the arguments that lead a client command to it as its operator.
async fn operated() -> (Suite, Vec<String>) {
    let suite = Suite::start(Backend::Sqlite).await;
    let token = suite.operator("grand-bend").token().to_owned();
    let to = ["--district", "grand-bend", "--endpoint", &suite.url(), "--token", &token];
    let to = to.map(str::to_owned).to_vec();
    (suite, to)
}

async fn import(what: &[&str], to: &[String]) -> std::process::Output {
    let arguments: Vec<&str> = ["import"].iter().chain(what).copied().collect();
    trellis(&arguments).args(to).output().await.expect("the program runs")
}

#[test]
fn token_prints_a_token_alone_that_the_suite_believes() {
    trellis_testkit::run(async {
        let suite = Suite::start(Backend::Sqlite).await;
        let directory = suite.directory().to_str().expect("a path of letters");
        let output =
            run(&["token", "--district", "grand-bend", "--role", "operator", "--data-dir", directory]).await;
        let token = said(&output);
        assert_eq!(token.lines().count(), 1);
        let mut client = IdentityServiceClient::new(suite.endpoint().with(token.trim()));
        let me = client.who_am_i(WhoAmIRequest {}).await.expect("believed").into_inner();
        assert_eq!(me.kind(), CallerKind::Operator);
        assert!(me.scopes.contains(&"profile.roster.import".to_owned()), "{:?}", me.scopes);

        let arguments = ["token", "--district", "grand-bend", "--role", "learner", "--data-dir", directory];
        assert!(stopped(&run(&arguments).await, 2).contains("--person"));
        let narrow = ["--person", "604823", "--scope", "profile.goals.read"];
        let token = said(&run(&[&arguments[..], &narrow[..]].concat()).await);
        let mut client = IdentityServiceClient::new(suite.endpoint().with(token.trim()));
        let me = client.who_am_i(WhoAmIRequest {}).await.expect("believed").into_inner();
        assert_eq!(me.scopes, ["profile.goals.read"]);
    });
}

#[test]
fn a_package_is_looked_at_imported_and_found_again() {
    trellis_testkit::run(async {
        let (_suite, to) = operated().await;
        let dry = said(&import(&["case", MATH, "--publish", "--dry-run"], &to).await);
        assert!(dry.contains("nothing was written") && dry.contains("585 read, 585 created"), "{dry}");
        let first = said(&import(&["case", MATH, "--publish"], &to).await);
        assert!(first.contains("3368 read") && first.contains("Published as revision 1"), "{first}");
        let again = said(&import(&["case", MATH, "--publish", "--output", "json"], &to).await);
        let again: Value = serde_json::from_str(&again).expect("JSON");
        assert_eq!(again["outcomes"]["unchanged"], 585, "{again}");
        assert_eq!(again["state"], "JOB_STATE_SUCCEEDED");
    });
}

#[test]
fn a_folder_of_a_roster_is_imported() {
    trellis_testkit::run(async {
        let (_suite, to) = operated().await;
        let first = said(&import(&["oneroster", GRAND_BEND], &to).await);
        assert!(first.contains("2901 rows, 2901 created"), "{first}");
        let again = said(&import(&["oneroster", GRAND_BEND], &to).await);
        assert!(again.starts_with("Nothing changed"), "{again}");
    });
}

#[test]
fn each_way_to_go_wrong_has_its_exit_code() {
    trellis_testkit::run(async {
        let (suite, to) = operated().await;
        let folder = TempDir::new().expect("a directory");
        let broken = folder.path().join("broken.json");
        std::fs::write(&broken, "{\"CFDocument\": ").expect("writing");
        let broken = broken.to_str().expect("a path of letters");
        assert!(stopped(&import(&["case", broken], &to).await, 1).contains("DOCUMENT_MALFORMED"));

        assert!(stopped(&import(&["case", "no-such-file.json"], &to).await, 2).contains("cannot be read"));
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).expect("a directory");
        let empty = empty.to_str().expect("a path of letters");
        assert!(stopped(&import(&["oneroster", empty], &to).await, 2).contains("holds no CSV"));
        stopped(&import(&["case"], &to).await, 2);

        let nowhere = ["--district", "grand-bend", "--endpoint", "http://127.0.0.1:1", "--token", "x"];
        let nowhere = nowhere.map(str::to_owned);
        assert!(stopped(&import(&["case", MATH], &nowhere).await, 3).contains("http://127.0.0.1:1"));

        let url = suite.url();
        let stranger = ["--district", "grand-bend", "--endpoint", &url, "--token", "e30.e30.e30"];
        let stranger = stranger.map(str::to_owned);
        assert!(stopped(&import(&["case", broken], &stranger).await, 1).contains("UNAUTHENTICATED"));
    });
}

#[test]
fn the_journey_is_told_as_json_for_a_script() {
    trellis_testkit::run(async {
        let suite = Suite::start(Backend::Sqlite).await;
        let directory = suite.directory().to_str().expect("a path of letters");
        let url = suite.url();
        let output = run(&["journey", "--endpoint", &url, "--data-dir", directory, "--output", "json"]).await;
        let told: Value = serde_json::from_str(&said(&output)).expect("JSON");
        assert_eq!(told["steps"].as_array().map(Vec::len), Some(10));
        assert!(told["resources"]["level"].as_str().is_some_and(|name| name.contains("/levels/")), "{told}");
    });
}
