//! What the suite costs: every layer and kind of call, beside the least that it could cost, measured in the
//! same run. `make bench` runs it; docs/performance.md says what the lines mean.
//!
//! Three processes at least: the real program or a layer of it, the floor to compare with (this program as
//! `load serve-floor …`), and the client, which is this one.

mod calls;
mod capacity;
mod events;
mod floor;
mod house;
mod kinds;
mod meter;
mod overload;
mod process;
mod report;
mod rows;
mod sections;

use std::path::Path;

use trellis_testkit::Backend;

use crate::meter::Pace;
use crate::report::Targets;

fn main() {
    // `cargo bench` passes flags of its own harness, which this has no use for.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    trellis_testkit::run(async {
        match words.split_first() {
            Some((first, rest)) if first == "serve-floor" => floor::serve(rest).await,
            Some((first, [old, new])) if first == "compare" => {
                // A difference needs more rounds than a ratio: what is compared is closer together.
                let pace = Pace::chosen();
                kinds::compare(Pace { rounds: pace.rounds * 2, ..pace }, Path::new(old), Path::new(new))
                    .await;
            }
            _ => run(&words).await,
        }
    });
}

/// Runs the named sections, or all.
async fn run(sections: &[String]) {
    let pace = Pace::chosen();
    report::circumstances(pace);
    let wanted = |section: &str| sections.is_empty() || sections.iter().any(|named| named == section);
    let mut targets = Targets::default();
    if wanted("layers") {
        sections::layers(pace, &mut targets).await;
    }
    if wanted("sqlite") {
        kinds::run(pace, Backend::Sqlite, &mut targets).await;
    }
    if wanted("postgres") {
        kinds::run(pace, Backend::Postgres, &mut targets).await;
    }
    if wanted("house") {
        sections::imports(Backend::Postgres, &mut targets).await;
        sections::house(pace, &mut targets).await;
    }
    if wanted("events") {
        events::run(pace).await;
    }
    if wanted("capacity") {
        capacity::run(pace).await;
    }
    if wanted("overload") {
        overload::run(pace, &mut targets).await;
    }
    targets.print();
    // A person reads the table; a machine that must not let a slower program pass asks for more.
    let strict = std::env::var("STRICT").is_ok_and(|set| set == "1");
    assert!(targets.met() || !strict, "a target was missed");
}
