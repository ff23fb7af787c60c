//! The journey over a socket: on both databases, in one process and with each service in its own.

mod certificates;
mod replicas;
mod sandbox;

use trellis_kernel::District;
use trellis_suite::demo;
use trellis_suite::journey::{Input, Journey, Traces};
use trellis_testkit::pooler::Pooler;
use trellis_testkit::{Backend, Extra, School, Setup, Shape, Suite, postgres, run};

/// A framework of four outcomes: enough for every step, and quick.
const SMALL: &[u8] = include_bytes!("small.case.json");

async fn walk(suite: &Suite, input: Input) -> Traces {
    let journey = Journey::new(suite.endpoint().clone(), suite.minter().clone(), input);
    let mut steps = 0;
    let traces = journey.walk(|_| steps += 1).await.unwrap_or_else(|stumble| panic!("{stumble}"));
    assert_eq!(steps, 10);
    traces
}

fn small(backend: Backend, shape: Shape) {
    run(async {
        let suite = Suite::with(Setup { backend, shape, clock: None }).await;
        let traces = walk(&suite, School::journey("grand-bend", SMALL.to_vec(), suite.now())).await;
        assert!(traces.level.starts_with("districts/grand-bend/learners/"), "{traces:?}");
    });
}

#[test]
fn in_one_process_on_sqlite() {
    small(Backend::Sqlite, Shape::OneProcess);
}

#[test]
fn in_one_process_on_postgres() {
    small(Backend::Postgres, Shape::OneProcess);
}

#[test]
fn with_each_service_in_its_own_process_on_sqlite() {
    small(Backend::Sqlite, Shape::ProgramPerService);
}

#[test]
fn with_each_service_in_its_own_process_on_postgres() {
    small(Backend::Postgres, Shape::ProgramPerService);
}

/// Two processes of each service share fewer connections to the database than there are of them, and know of none
/// which it is.
#[test]
fn behind_a_pooler_with_each_service_in_two_processes() {
    run(async {
        let pooler = Pooler::before(&postgres::database());
        let setup = Setup { backend: Backend::Postgres, shape: Shape::TwoPerService, clock: None };
        let extra = Extra { flags: &["--database-pooler"], ..Extra::default() };
        let suite = Suite::started_on(pooler.url().to_owned(), setup, &extra).await;
        for district in ["grand-bend", "grand-bend-again"] {
            walk(&suite, School::journey(district, SMALL.to_vec(), suite.now())).await;
        }
    });
}

/// The demonstration's own data: 585 outcomes, 3,368 associations, 2,901 people, every one accounted for,
/// and a second journey in another district of the same suite.
fn with_the_data_of_the_demonstration(backend: Backend) {
    run(async {
        let suite = Suite::start(backend).await;
        for district in ["grand-bend", "grand-bend-again"] {
            let district = District::parse(district).expect("a district");
            walk(&suite, demo::input(district, suite.now()).expect("the data")).await;
        }
    });
}

#[test]
fn with_the_data_of_the_demonstration_on_sqlite() {
    with_the_data_of_the_demonstration(Backend::Sqlite);
}

#[test]
fn with_the_data_of_the_demonstration_on_postgres() {
    with_the_data_of_the_demonstration(Backend::Postgres);
}
