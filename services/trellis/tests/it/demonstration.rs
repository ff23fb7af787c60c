//! `serve --demo`, what `make run` starts.

use tempfile::TempDir;
use trellis_testkit::run as wait;

use crate::program::Serving;

/// The lines to paste that name a resource, from what was printed.
fn lines_to_paste(said: &[String]) -> Vec<&str> {
    let lines = said.iter().filter(|line| line.starts_with("grpcurl -plaintext -H"));
    // The address differs from start to start; what is asked for does not.
    lines.filter_map(|line| line.split(" -d ").nth(1)?.split("' ").next()).collect()
}

#[test]
fn the_first_start_fills_the_district_and_the_second_finds_it() {
    wait(async {
        let folder = TempDir::new().expect("a directory");
        let data = folder.path().join("data");
        let mut first = Serving::start(&data, &["--demo"]);
        let said = first.until("The demonstration is ready at ").await;
        assert!(said.iter().any(|line| line.contains("10. ")), "the journey was told: {said:?}");
        for role in ["operator", "administrator", "educator", "other_educator", "learner", "classmate"] {
            let token = std::fs::read_to_string(data.join("tokens").join(role)).expect("a token");
            assert!(said.contains(&token), "the token of the {role} is printed");
        }
        assert_eq!(first.interrupt().await, Some(0));

        let mut second = Serving::start(&data, &["--demo"]);
        let again = second.until("The demonstration is ready at ").await;
        assert!(!again.iter().any(|line| line.starts_with("Preparing")), "{again:?}");
        assert_eq!(lines_to_paste(&again), lines_to_paste(&said));
        assert!(lines_to_paste(&again).len() >= 5);
        assert_eq!(second.interrupt().await, Some(0));
    });
}
