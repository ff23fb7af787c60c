//! The layers, and the suite as a whole.

use std::time::Duration;

use trellis_testkit::{Backend, Role};

use crate::house::{self, DISTRICT, House, learner_name};
use crate::meter::{Pace, Subject, measure};
use crate::process::Process;
use crate::report::{Targets, head, row};

/// The suite's layers, one upon the other, before an answer that costs nothing to find.
pub(crate) async fn layers(pace: Pace, targets: &mut Targets) {
    let house = House::new(&house::program(), Backend::Sqlite);
    // Once, so that there are keys to sign tokens with.
    house.serve().end();
    let keys = house.directory.path().join("keys").display().to_string();
    let layer = |name: &str| Process::floor(&["layers".to_owned(), name.to_owned(), keys.clone()]);
    // The program itself, with an answer from its memory.
    let suite = house.serve();
    let servers = [
        ("bare tonic echo", Process::floor(&["bare".to_owned()])),
        ("+ limits", layer("limits")),
        ("+ token", layer("auth")),
        ("+ guard", layer("guard")),
        ("+ telemetry", layer("telemetry")),
    ];
    let learner = |process| house.person(process, DISTRICT, "learner", Role::Learner);
    let subjects = servers.iter().map(|(name, process)| Subject {
        name: (*name).to_owned(),
        process,
        database: None,
        call: learner(process)
            .framework("districts/bench/frameworks/01900000-0000-7000-8000-000000000001".to_owned()),
    });
    let memory = Subject {
        name: "the program: who am I (WhoAmI)".to_owned(),
        process: &suite,
        database: None,
        call: learner(&suite).who_am_i(),
    };
    let measured = measure(pace, subjects.chain([memory]).collect()).await;
    head("Layers: the same small message and token, a constant answer");
    for layer in &measured {
        row(layer, &measured[0]);
    }
    targets.at_most(
        "all layers: server CPU of the bare echo",
        1.4,
        measured[4].cpu() / measured[0].cpu(),
        "×",
    );
}

/// Real data imported by the import's own calls, and again, when nothing of them has changed.
pub(crate) async fn imports(backend: Backend, targets: &mut Targets) -> (House, Process) {
    println!("\nImports on {backend:?}");
    let house = House::new(&house::program(), backend);
    let process = house.serve();
    println!("  ready on no data after {} ms", process.started.as_millis());
    let case = house::import_case(&house, &process).await;
    let same_case = house::import_case(&house, &process).await;
    let roster = house::import_grand_bend(&house, &process).await;
    let same_roster = house::import_grand_bend(&house, &process).await;
    let told = |what: &str, rows: f64, first: Duration, again: Duration| {
        let rate = rows / first.as_secs_f64();
        println!("  {what}: {} ms ({rate:.0} rows/s), again {} ms", first.as_millis(), again.as_millis());
    };
    told("mockMATH (585 items, 3,368 associations)", 585.0 + 3368.0, case, same_case);
    told(
        "Grand Bend (2,901 people, 520 classes, 545 enrolments)",
        2901.0 + 520.0 + 545.0,
        roster,
        same_roster,
    );
    targets.at_most(&format!("{backend:?}: mockMATH imported"), 0.5, case.as_secs_f64(), " s");
    targets.at_most(&format!("{backend:?}: Grand Bend imported"), 0.7, roster.as_secs_f64(), " s");
    (house, process)
}

/// The start of the whole suite on data, and what it needs of memory.
pub(crate) async fn house(pace: Pace, targets: &mut Targets) {
    let (house, process) = imports(Backend::Sqlite, targets).await;
    println!("\nThe whole suite on SQLite");
    house.fill(&process, DISTRICT).await;
    process.end();
    let process = house.serve();
    let started = process.started;
    println!("  ready on these data after {} ms", started.as_millis());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = process.resident();
    let before = process.cpu();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let at_rest = process.cpu().saturating_sub(before) / 2;
    let learner = |sourced: &str| house.person(&process, DISTRICT, sourced, Role::Learner);
    let subjects = [
        learner("learner").entries(learner_name(DISTRICT, "learner")),
        learner("classmate").write_entry(learner_name(DISTRICT, "classmate")),
    ];
    for call in subjects {
        let subject = Subject { name: "under load".to_owned(), process: &process, database: None, call };
        measure(Pace { rounds: 1, ..pace }, vec![subject]).await;
    }
    let (peak, after) = (process.peak(), process.resident());
    println!("  memory: idle {idle}, at most {peak} under load, {after} after it");
    println!("  processor at rest: {} ms a second", at_rest.as_millis());
    targets.at_most("start to ready on existing data", 0.5, started.as_secs_f64(), " s");
    targets.at_most("memory of the whole suite, idle", 80.0, idle.0, " MB");
}
