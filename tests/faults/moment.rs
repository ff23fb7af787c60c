//! A PostgreSQL that is lost under load, and put back as of a moment.

use trellis_suite::config::Service;
use trellis_testkit::postgres::Own;
use trellis_testkit::{Extra, Suite, run};

use super::command;
use super::load::{DISTRICT, Load, kept};

#[test]
fn what_was_acknowledged_by_a_moment_is_there_after_going_back_to_it_and_nothing_of_after() {
    run(async {
        let cluster = Own::start();
        let url = cluster.database();
        let directory = tempfile::tempdir().expect("a directory");
        let mut suite = Suite::troubled(directory, Some(url.clone()), &Extra::default()).await;
        let operator = suite.operator(DISTRICT);
        suite.school().await;
        tokio::task::block_in_place(|| cluster.archive());
        let load = Load::start(&suite);
        load.more(100).await;
        let before = kept(&operator).await;
        let moment = cluster.moment();
        let by_then = kept(&operator).await;
        load.more(100).await;
        let after = load.end().await;
        assert!(after.len() > by_then.len(), "the load went on");

        suite.processes().stop(Service::Outcome);
        tokio::task::block_in_place(|| cluster.put_back(&moment));
        let on_it = ["--database-url", &url];
        let told = command::run(&[&["db", "restored"], &on_it[..]].concat(), suite.directory()).await;
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        suite.processes().restart(Service::Outcome).await;

        let back = kept(&operator).await;
        assert!(
            before.is_subset(&back),
            "{} of {} are back",
            before.intersection(&back).count(),
            before.len()
        );
        assert!(back.is_subset(&by_then), "nothing is of after");
        let checked = command::run(&[&["db", "check"], &on_it[..]].concat(), suite.directory()).await;
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
        suite.school().await;
    });
}
