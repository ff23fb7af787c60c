//! `db check`, `db restored`, `backup` and `restore`.

use serde_json::Value;
use tempfile::TempDir;
use trellis_testkit::{postgres, run as wait};

use crate::program::{run, said, stopped};

#[test]
fn what_was_migrated_is_whole_backed_up_and_put_back() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let path = |name: &str| folder.path().join(name).to_str().expect("a path of letters").to_owned();
        let (data, backup, elsewhere) = (path("data"), path("backup"), path("elsewhere"));
        let gone = stopped(&run(&["db", "check", "--data-dir", &data]).await, 1);
        assert!(gone.contains("4 findings"), "{gone}");
        said(&run(&["migrate", "--data-dir", &data]).await);
        assert!(said(&run(&["db", "check", "--data-dir", &data]).await).contains("All is well"));
        let made = said(&run(&["backup", &backup, "--data-dir", &data]).await);
        assert!(made.contains("The keys are not in it"), "{made}");
        assert!(stopped(&run(&["backup", &backup, "--data-dir", &data]).await, 1).contains("not empty"));
        assert!(stopped(&run(&["restore", &backup, "--data-dir", &data]).await, 1).contains("--force"));
        let keys = ["restore", &backup, "--data-dir", &elsewhere, "--with-keys"];
        assert!(stopped(&run(&keys).await, 1).contains("holds no keys"));
        said(&run(&["restore", &backup, "--data-dir", &elsewhere]).await);
        let report = said(&run(&["db", "check", "--data-dir", &elsewhere, "--output", "json"]).await);
        let report: Value = serde_json::from_str(&report).expect("JSON");
        assert_eq!(report["services"].as_array().map(Vec::len), Some(4));
        let not_one = stopped(&run(&["restore", &data, "--data-dir", &elsewhere]).await, 1);
        assert!(not_one.contains("no backup"), "{not_one}");
    });
}

#[test]
fn a_backup_holds_the_keys_where_it_is_asked_to_and_they_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let path = |name: &str| folder.path().join(name).to_str().expect("a path of letters").to_owned();
        let (data, backup, elsewhere) = (path("data"), path("backup"), path("elsewhere"));
        said(&run(&["migrate", "--data-dir", &data]).await);
        said(&run(&["backup", &backup, "--data-dir", &data, "--with-keys"]).await);
        said(&run(&["restore", &backup, "--data-dir", &elsewhere, "--with-keys"]).await);
        for file in ["keys/sealing.keys", "outcome.db", "profile.db", "experience.db", "scheduling.db"] {
            let of = |folder: &str| std::path::Path::new(folder).join(file);
            for place in [of(&backup), of(&elsewhere)] {
                let mode = std::fs::metadata(&place).expect("a file").permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", place.display());
            }
        }
        let read = |folder: &str| std::fs::read(std::path::Path::new(folder).join("keys/sealing.keys"));
        assert_eq!(read(&data).expect("keys"), read(&elsewhere).expect("keys"));
    });
}

#[test]
fn postgres_is_checked_here_and_backed_up_by_its_own_tools() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let data = folder.path().to_str().expect("a path of letters");
        let url = tokio::task::spawn_blocking(postgres::database).await.expect("a database");
        let settings = ["--data-dir", data, "--database-url", &url];
        let with = |command: &[&str]| -> Vec<String> {
            command.iter().chain(&settings).map(|argument| (*argument).to_owned()).collect()
        };
        let trellis = async |command: &[&str]| {
            let arguments = with(command);
            run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
        };
        let before = stopped(&trellis(&["db", "check"]).await, 1);
        assert!(before.contains("findings"), "{before}");
        said(&trellis(&["migrate"]).await);
        let words = said(&trellis(&["db", "check"]).await);
        assert!(words.contains("All is well") && words.contains("profile: postgres"), "{words}");
        let backup = folder.path().join("backup");
        let refused = stopped(&trellis(&["backup", backup.to_str().expect("a path of letters")]).await, 2);
        assert!(refused.contains("pg_dump") && !backup.exists(), "{refused}");
        let refused = stopped(&trellis(&["restore", data]).await, 2);
        assert!(refused.contains("pg_restore"), "{refused}");
    });
}

#[test]
fn what_was_put_back_by_other_means_is_said_to_be() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let data = folder.path().to_str().expect("a path of letters");
        let url = tokio::task::spawn_blocking(postgres::database).await.expect("a database");
        for settings in [&["--data-dir", data][..], &["--data-dir", data, "--database-url", &url]] {
            let trellis = async |command: &[&str]| said(&run(&[command, settings].concat()).await);
            trellis(&["migrate"]).await;
            let words = trellis(&["db", "restored"]).await;
            for service in ["outcome", "profile", "experience", "scheduling"] {
                assert!(words.contains(&format!("{service}: a new feed, which goes on from 0.")), "{words}");
            }
            let mut alone = vec!["db", "restored", "--service", "profile"];
            for elsewhere in ["--outcome-url", "--experience-url", "--scheduling-url"] {
                alone.extend([elsewhere, "http://127.0.0.1:1"]);
            }
            let one = trellis(&alone).await;
            assert_eq!(one.lines().count(), 1, "{one}");
            assert!(trellis(&["db", "check"]).await.contains("All is well"));
        }
    });
}
