//! How fast the suite serves, as ratios against a bare tonic server measured in the same run.
//!
//! `make bench` runs it: client and servers share one process and its cores, so the absolute figures are those of the
//! machine, and the ratios are what can be compared between machines.

mod meter;
mod subjects;

use trellis_testkit::Backend;

use crate::meter::{Measured, header, row};

fn main() {
    // `cargo bench` passes flags of its own harness, which this has no use for.
    trellis_testkit::run(async {
        header();
        let floor = subjects::bare_echo().await;
        row("bare tonic echo (the floor)", &floor, &floor);
        for backend in [Backend::Sqlite, Backend::Postgres] {
            println!("{backend:?}");
            for (name, measured) in subjects::calls(backend).await {
                row(name, &measured, &floor);
            }
        }
        for (name, took) in subjects::imports().await {
            println!("{name}: {:.2} s", took.as_secs_f64());
        }
        check(&floor);
    });
}

/// A floor that measured nothing makes every ratio mean nothing.
fn check(floor: &Measured) {
    assert!(floor.calls > 1000, "only {} calls of the floor were answered", floor.calls);
}
