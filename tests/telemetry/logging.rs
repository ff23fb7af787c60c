//! How much is logged, as it is changed while the program runs.

use std::fs::File;
use std::net::UdpSocket;
use std::time::Duration;

use reqwest::StatusCode;
use tempfile::NamedTempFile;
use tonic::Code;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Suite, free_port, run};

use super::Telling;
use super::admin::put;

/// How a line of the call below names it.
const LINE: &str = "IdentityService/WhoAmI";
/// How long a line may take to be written.
const PATIENCE: Duration = Duration::from_mins(1);

/// A call that there is something to say of: it is refused.
async fn refused(suite: &Suite) {
    let mut client = IdentityServiceClient::new(suite.endpoint().with("a.b.c"));
    let answer = client.who_am_i(WhoAmIRequest {}).await;
    assert_eq!(answer.expect_err("no token").code(), Code::Unauthenticated);
}

fn read(log: &NamedTempFile) -> String {
    std::fs::read_to_string(log.path()).expect("the log")
}

/// Waits until the log holds this.
async fn until_logged(log: impl Fn() -> String, line: &str) {
    let logged = async {
        while !log().contains(line) {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, logged).await.is_ok(), "{line} is not in the log: {}", log());
}

#[test]
fn a_log_that_was_off_tells_of_calls_once_it_is_asked_to() {
    run(async {
        let (suite, telling) = Telling::start(Backend::Sqlite).await;
        assert_eq!(put(&telling.admin, "off").await.0, StatusCode::OK);
        let before = telling.log().len();
        refused(&suite).await;
        // What was about to be written at the time is the only thing that could be.
        assert!(!telling.log()[before..].contains(LINE), "{}", telling.log());
        assert_eq!(put(&telling.admin, "trace").await.0, StatusCode::OK);
        refused(&suite).await;
        until_logged(|| telling.log()[before..].to_owned(), LINE).await;
    });
}

/// An address of this machine that is not its own alone. Nothing is sent to the one that is named.
fn outward() -> std::net::IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect("192.0.2.1:9").expect("a machine with a route to others");
    socket.local_addr().expect("an address").ip()
}

#[test]
fn whoever_is_not_on_the_machine_reads_the_level_and_does_not_set_it() {
    run(async {
        let port = free_port();
        let log = tempfile::tempfile().expect("a file");
        let listen = format!("0.0.0.0:{port}");
        let _suite = Suite::program(Backend::Sqlite, &["--admin-listen", &listen], &log).await;
        let from_outside = format!("http://{}:{port}", outward());
        let level = async || {
            let answer = reqwest::get(format!("{from_outside}/log-level")).await.expect("an answer");
            answer.text().await.expect("text")
        };
        let before = level().await;
        assert!(before.contains("error"), "{before}");
        let (status, words) = put(&from_outside, "trace").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{words}");
        assert_eq!(level().await, before, "nothing has changed");
        assert_eq!(put(&format!("http://127.0.0.1:{port}"), "trace").await.0, StatusCode::OK);
        assert_ne!(level().await, before);
    });
}

#[test]
fn a_hangup_makes_it_log_as_the_configuration_says_now() {
    run(async {
        let directory = tempfile::tempdir().expect("a directory");
        let config = directory.path().join("trellis.toml");
        let write = |text: &str| std::fs::write(&config, text).expect("writing");
        write("log = 'off'\n");
        let log = NamedTempFile::new().expect("a file for the log");
        let file: File = log.reopen().expect("the file of the log");
        let flags = ["--config", config.to_str().expect("a path of letters")];
        let mut suite = Suite::program(Backend::Sqlite, &flags, &file).await;
        refused(&suite).await;
        assert_eq!(read(&log), "", "it is off");

        write("log = 'trace'\n");
        suite.processes().signal(Service::Profile, "HUP");
        until_logged(|| read(&log), "the level of the log was changed").await;
        refused(&suite).await;
        until_logged(|| read(&log), LINE).await;

        write("logs = 'off'\n");
        suite.processes().signal(Service::Profile, "HUP");
        until_logged(|| read(&log), "cannot be followed").await;
        let before = read(&log).len();
        refused(&suite).await;
        until_logged(|| read(&log)[before..].to_owned(), LINE).await;
    });
}
