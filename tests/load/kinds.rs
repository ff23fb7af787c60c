//! The kinds of calls on a database, beside the same statements behind tonic alone.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use trellis_testkit::{Backend, Role, postgres};

use crate::house::{self, DISTRICT, Filled, House, learner_name};
use crate::meter::{Call, Measured, Pace, Subject, measure};
use crate::process::Process;
use crate::report::{self, Targets, head, row};

/// The kinds that a floor of raw SQL answers too; then those that it does not.
const PAIRED: usize = 3;

/// A suite with data, that does not run.
struct Stocked {
    house: House,
    filled: Filled,
}

impl Stocked {
    async fn new(program: &Path, backend: Backend) -> Self {
        let house = House::new(program, backend);
        let process = house.serve();
        let filled = house.fill(&process, DISTRICT).await;
        process.end();
        Self { house, filled }
    }

    /// Every kind of call, to a server that has these data.
    fn calls(&self, process: &Process) -> Vec<(&'static str, Call)> {
        let person = |sourced: &str, role| self.house.person(process, DISTRICT, sourced, role);
        let learner = |sourced: &str| person(sourced, Role::Learner);
        let Filled { framework, entry } = &self.filled;
        let (read, written) = (learner_name(DISTRICT, "learner"), learner_name(DISTRICT, "classmate"));
        vec![
            ("own entry (GetEntry)", learner("learner").entry(entry.clone())),
            ("own 20 entries (ListEntries)", learner("learner").entries(read)),
            // Written for another, so that the list does not grow.
            ("durable write (CreateEntry)", learner("classmate").write_entry(written)),
            ("who am I (WhoAmI)", learner("learner").who_am_i()),
            ("a framework (GetFramework)", learner("learner").framework(framework.clone())),
            ("guardian reads it (GetEntry)", person("guardian", Role::Guardian).entry(entry.clone())),
        ]
    }
}

/// Measures the real program on one database.
pub(crate) async fn run(pace: Pace, backend: Backend, targets: &mut Targets) {
    let stocked = Stocked::new(&house::program(), backend).await;
    let copy = tempfile::tempdir().expect("a directory");
    let floor = floor_of(&stocked.house, &copy);
    let suite = stocked.house.serve();
    let database = stocked.house.database();
    let subject = |name: String, process, call| Subject { name, process, database, call };
    let raw = stocked.calls(&floor).into_iter().take(PAIRED);
    let mut measured: Vec<Vec<Measured>> = Vec::new();
    let mut real = stocked.calls(&suite).into_iter();
    for ((name, raw), (_, call)) in raw.zip(real.by_ref()) {
        let pair =
            vec![subject(format!("raw SQL: {name}"), &floor, raw), subject(name.to_owned(), &suite, call)];
        measured.push(measure(pace, pair).await);
    }
    let others = real.map(|(name, call)| subject(name.to_owned(), &suite, call)).collect();
    let others = measure(pace, others).await;
    head(&format!("{backend:?}: the real program, beside the same statements behind tonic alone"));
    for pair in &measured {
        row(&pair[0], &pair[0]);
        row(&pair[1], &pair[0]);
    }
    println!("  (the rest beside the raw read)");
    for kind in &others {
        row(kind, &measured[0][0]);
    }
    judge(backend, &measured, targets);
}

fn judge(backend: Backend, measured: &[Vec<Measured>], targets: &mut Targets) {
    let part = |kind: usize| measured[kind][1].rate() / measured[kind][0].rate();
    if backend == Backend::Postgres {
        targets.at_least("PostgreSQL: a personal read, calls/s of the raw floor", 0.7, part(0), "×");
        targets.at_least("PostgreSQL: a list, calls/s of the raw floor", 0.7, part(1), "×");
    }
    targets.at_least(&format!("{backend:?}: a durable write, calls/s of the raw floor"), 0.8, part(2), "×");
}

/// Measures two programs in alternation, each on data of its own.
pub(crate) async fn compare(pace: Pace, old: &Path, new: &Path) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let both = [Stocked::new(old, backend).await, Stocked::new(new, backend).await];
        let suites = both.each_ref().map(|stocked| stocked.house.serve());
        report::compared(&format!("{backend:?}"));
        let kinds = both[0].calls(&suites[0]).into_iter().zip(both[1].calls(&suites[1]));
        for ((name, before), (_, after)) in kinds {
            let subject = |at: usize, call| Subject {
                name: name.to_owned(),
                process: &suites[at],
                database: both[at].house.database(),
                call,
            };
            let pair = measure(pace, vec![subject(0, before), subject(1, after)]).await;
            report::difference(&pair[0], &pair[1]);
        }
    }
}

/// The same data behind raw statements, in a copy, so that neither is in the other's way.
fn floor_of(house: &House, copy: &TempDir) -> Process {
    if let Some(url) = &house.url {
        return Process::floor(&["postgres".to_owned(), postgres::copy_of(url)]);
    }
    for entry in fs::read_dir(house.directory.path()).expect("the directory") {
        let path = entry.expect("a file").path();
        if path.is_file() {
            fs::copy(&path, copy.path().join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    Process::floor(&["sqlite".to_owned(), copy.path().display().to_string()])
}
