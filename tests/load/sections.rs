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
    let servers = [
        ("bare tonic echo", Process::floor(&["bare".to_owned()])),
        ("+ limits", layer("limits")),
        ("+ token", layer("auth")),
        ("+ guard", layer("guard")),
        ("+ telemetry", layer("telemetry")),
    ];
    let subjects = servers.iter().map(|(name, process)| Subject {
        name: (*name).to_owned(),
        process,
        database: None,
        call: house
            .person(process, DISTRICT, "learner", Role::Learner)
            .framework("districts/bench/frameworks/01900000-0000-7000-8000-000000000001".to_owned()),
    });
    let measured = measure(pace, subjects.collect()).await;
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

/// Real data imported, the start with them, and what the program needs of memory.
pub(crate) async fn house(pace: Pace, targets: &mut Targets) {
    println!("\nThe whole suite on SQLite");
    let house = House::new(&house::program(), Backend::Sqlite);
    let process = house.serve();
    println!("  started on no data in {} ms", process.started.as_millis());
    let case = house::import_case(&house, &process).await;
    let again = house::import_case(&house, &process).await;
    println!(
        "  mockMATH (585 items, 3,368 associations): {} ms, again {} ms",
        case.as_millis(),
        again.as_millis()
    );
    let roster = house::import_grand_bend(&house, &process).await;
    let same = house::import_grand_bend(&house, &process).await;
    println!(
        "  Grand Bend (960 learners, 520 classes): {} ms, again {} ms",
        roster.as_millis(),
        same.as_millis()
    );
    house.fill(&process, DISTRICT).await;
    process.end();
    let process = house.serve();
    let started = process.started;
    println!("  started on these data in {} ms", started.as_millis());
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
    targets.at_most("mockMATH imported", 0.5, case.as_secs_f64(), " s");
    targets.at_most("Grand Bend imported", 0.7, roster.as_secs_f64(), " s");
    targets.at_most("start to ready on existing data", 0.5, started.as_secs_f64(), " s");
    targets.at_most("memory of the whole suite, idle", 80.0, idle.0, " MB");
}
