//! What is printed.

use std::fs;
use std::process::Command;

use crate::meter::{Measured, Pace};

/// On what, and of what, the figures are.
pub(crate) fn circumstances(pace: Pace) {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let model = text("/proc/cpuinfo");
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = text("/proc/loadavg");
    let revision = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let revision = revision.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!(
        "{cores} cores of {}; other work at the start (load average): {}; revision {}",
        model.trim_start_matches([' ', '\t', ':']),
        load.split(' ').next().unwrap_or_default(),
        revision.unwrap_or_default(),
    );
    println!(
        "{} callers over 4 connections; each line {} times {:.1} s, in alternation with its floor",
        pace.callers,
        pace.rounds,
        pace.counted.as_secs_f64(),
    );
}

/// The head of a table of calls.
pub(crate) fn head(title: &str) {
    println!("\n{title}");
    println!(
        "  {:<44} {:>9} {:>8} {:>8} {:>9} {:>7} {:>8} {:>9} {:>9}",
        "call", "calls/s", "p50 ms", "p99 ms", "CPU µs", "spread", "DB µs", "CPU ×", "calls ×"
    );
}

/// A row of it: the ratios are to `floor`.
pub(crate) fn row(measured: &Measured, floor: &Measured) {
    println!(
        "  {:<44} {:>9.0} {:>8.2} {:>8.2} {:>9.1} {:>6.0}% {:>8.1} {:>9.2} {:>9.2}",
        measured.name,
        measured.rate(),
        measured.within(500),
        measured.within(990),
        measured.cpu(),
        measured.spread() * 100.0,
        measured.database(),
        measured.cpu() / floor.cpu(),
        measured.rate() / floor.rate(),
    );
}

/// The head of a comparison of two programs.
pub(crate) fn compared(title: &str) {
    println!("\n{title}: before and after");
    println!(
        "  {:<34} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>9} {:>9}",
        "call", "CPU µs", "CPU µs", "CPU", "spread", "calls/s", "calls/s", "calls", "p99 ms"
    );
}

/// A row of it. A difference within the spread says nothing.
pub(crate) fn difference(old: &Measured, new: &Measured) {
    let change = |old: f64, new: f64| (new / old - 1.0) * 100.0;
    println!(
        "  {:<34} {:>9.1} {:>9.1} {:>+8.1}% {:>8.1}% {:>10.0} {:>10.0} {:>+8.1}% {:>9}",
        old.name,
        old.cpu(),
        new.cpu(),
        change(old.cpu(), new.cpu()),
        old.spread().max(new.spread()) * 100.0,
        old.rate(),
        new.rate(),
        change(old.rate(), new.rate()),
        format!("{:.1}→{:.1}", old.within(990), new.within(990)),
    );
}

/// The targets, and what was measured.
#[derive(Default)]
pub(crate) struct Targets {
    lines: Vec<(String, String, String, bool)>,
}

impl Targets {
    /// A figure that may be at most so high.
    pub(crate) fn at_most(&mut self, what: &str, target: f64, measured: f64, unit: &str) {
        self.line(what, format!("≤ {target}{unit}"), format!("{measured:.2}{unit}"), measured <= target);
    }

    /// A figure that must be at least so high.
    pub(crate) fn at_least(&mut self, what: &str, target: f64, measured: f64, unit: &str) {
        self.line(what, format!("≥ {target}{unit}"), format!("{measured:.2}{unit}"), measured >= target);
    }

    fn line(&mut self, what: &str, target: String, measured: String, met: bool) {
        self.lines.push((what.to_owned(), target, measured, met));
    }

    /// Whether all were met.
    pub(crate) fn met(&self) -> bool {
        self.lines.iter().all(|(.., met)| *met)
    }

    /// Prints them.
    pub(crate) fn print(&self) {
        println!("\n  {:<80} {:>10} {:>10}  met", "target", "", "measured");
        for (what, target, measured, met) in &self.lines {
            println!("  {what:<80} {target:>10} {measured:>10}  {}", if *met { "yes" } else { "NO" });
        }
    }
}
