//! `serve`, `migrate` and `config check`.

use tempfile::TempDir;
use trellis_testkit::{postgres, run as wait};

use crate::program::{Serving, run, said, stopped};

#[test]
fn serve_refuses_what_would_leave_it_open_and_says_what_to_set() {
    wait(async {
        let alone = stopped(&run(&["serve"]).await, 2);
        assert!(alone.contains("issuer_url") && alone.contains("--dev"), "{alone}");
        let open = ["serve", "--issuer-url", "https://id.example.org", "--listen", "0.0.0.0:0"];
        let open = stopped(&run(&open).await, 2);
        assert!(open.contains("tls_certificate") && open.contains("--plaintext"), "{open}");
        let dev = stopped(&run(&["serve", "--dev", "--listen", "0.0.0.0:0"]).await, 2);
        assert!(dev.contains("development issuer"), "{dev}");
    });
}

#[test]
fn a_file_with_an_unknown_key_is_refused_by_name() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let file = folder.path().join("trellis.toml");
        std::fs::write(&file, "dev = true\nlisten_on = \"127.0.0.1:1\"").expect("writing");
        let file = file.to_str().expect("a path of letters");
        let words = stopped(&run(&["config", "check", "--config", file]).await, 2);
        assert!(words.contains("listen_on") && words.contains("trellis.toml"), "{words}");
    });
}

#[test]
fn config_check_shows_what_is_in_force() {
    wait(async {
        let shown = said(&run(&["config", "check", "--dev", "--listen", "127.0.0.1:7"]).await);
        assert!(shown.contains("listen = 127.0.0.1:7") && shown.contains("would be served"), "{shown}");
    });
}

#[test]
fn it_ends_in_order_when_interrupted() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let mut serving = Serving::start(&folder.path().join("data"), &["--dev"]);
        serving.until("Trellis is listening on 127.0.0.1:").await;
        assert_eq!(serving.interrupt().await, Some(0));
    });
}

#[test]
fn a_command_tells_whether_it_is_ready() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let mut serving = Serving::start(&folder.path().join("data"), &["--dev"]);
        let line = serving.until("Trellis is listening on").await.pop().expect("a line");
        let address = line.trim_start_matches("Trellis is listening on ").trim_end_matches('.').to_owned();
        let ask = ["health", "--listen", &address];
        assert_eq!(said(&run(&ask).await).trim(), "ok");
        assert_eq!(serving.interrupt().await, Some(0));
        let words = stopped(&run(&ask).await, 3);
        assert!(words.contains(&address), "{words}");
        let encrypted = ["health", "--tls-certificate", "a.pem", "--tls-key", "b.pem"];
        let words = stopped(&run(&encrypted).await, 2);
        assert!(words.contains("admin_listen"), "{words}");
    });
}

#[test]
fn an_address_that_is_taken_is_named() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("an address").to_string();
        let data = folder.path().to_str().expect("a path of letters");
        let words = stopped(&run(&["serve", "--dev", "--listen", &address, "--data-dir", data]).await, 1);
        assert!(words.contains(&address) && words.contains("--listen"), "{words}");
    });
}

#[test]
fn migrate_may_be_run_again_and_the_data_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let data = folder.path().join("data");
        let path = data.to_str().expect("a path of letters");
        for _ in 0..2 {
            assert!(said(&run(&["migrate", "--data-dir", path]).await).contains("up to date"));
        }
        for file in ["outcome.db", "profile.db", "experience.db", "scheduling.db"] {
            let mode = std::fs::metadata(data.join(file)).expect("a database").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        let url = tokio::task::spawn_blocking(postgres::database).await.expect("a database");
        for _ in 0..2 {
            said(&run(&["migrate", "--data-dir", path, "--database-url", &url]).await);
        }
    });
}
