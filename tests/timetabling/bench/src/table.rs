//! What came out, beside what is known.
#![expect(clippy::cast_precision_loss, reason = "costs and counts are far below 2^52")]

use std::collections::BTreeMap;

use trellis_timetable::Solution;
use trellis_timetabling::Score;

/// What is known of the problems.
const KNOWN: &str = include_str!("../known.csv");

/// A run.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) solution: Solution,
    /// What the checker says.
    pub(crate) score: Score,
    /// Whether the run gave the same plan again, if it was repeated.
    pub(crate) repeated: Option<bool>,
}

/// The best known cost and the mean to be reached.
type Known = (f64, f64);

/// Prints runs as they come, and sums them up.
#[derive(Debug)]
pub(crate) struct Table {
    known: BTreeMap<&'static str, Known>,
    rows: Vec<Row>,
    /// Of each problem: its name, whether all runs were feasible, their mean cost, and what is known.
    means: Vec<(String, bool, f64, Option<Known>)>,
    agreed: bool,
}

impl Row {
    /// Whether the checker came to the same cost as the engine.
    fn agrees(&self) -> bool {
        let cost = self.solution.cost;
        self.score.cost() == cost.soft
            && self.score.is_feasible() == (cost.hard == 0)
            && self.repeated != Some(false)
    }
}

/// How far a cost is over the best known, in hundredths.
fn gap(cost: f64, best: f64) -> String {
    if best == 0.0 { String::from("-") } else { format!("{:+.1} %", (cost - best) / best * 100.0) }
}

impl Table {
    pub(crate) fn new() -> Result<Self, String> {
        let mut known = BTreeMap::new();
        for line in KNOWN.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let [name, best, target] = fields[..] else { return Err(format!("known.csv: {line}")) };
            let number =
                |text: &str| text.parse::<f64>().map_err(|error| format!("known.csv: {line}: {error}"));
            known.insert(name, (number(best)?, number(target)?));
        }
        println!(
            "{:<20} {:>4} {:>5} {:>8} {:>8} {:>9} {:>8} {:>7} {:>7}  checker",
            "instance", "seed", "hard", "cost", "best", "gap", "M/s", "epochs", "seconds"
        );
        Ok(Self { known, rows: Vec::new(), means: Vec::new(), agreed: true })
    }

    /// Prints a run.
    pub(crate) fn add(&mut self, row: Row) {
        let known = self.known.get(row.name.as_str());
        let (cost, seconds) = (row.score.cost(), row.solution.elapsed.as_secs_f64());
        let words = match (row.agrees(), row.repeated) {
            (true, Some(true)) => "agrees, repeated",
            (true, _) => "agrees",
            (false, Some(false)) => "NOT THE SAME AGAIN",
            (false, _) => "DISAGREES",
        };
        println!(
            "{:<20} {:>4} {:>5} {:>8} {:>8} {:>9} {:>8.2} {:>7} {:>7.1}  {words}",
            row.name,
            row.seed,
            row.solution.cost.hard,
            cost,
            known.map_or_else(|| String::from("-"), |(best, _)| best.to_string()),
            known.map_or_else(|| String::from("-"), |(best, _)| gap(cost as f64, *best)),
            row.solution.moves as f64 / seconds / 1e6,
            row.solution.effort.epochs(),
            seconds
        );
        self.agreed &= row.agrees();
        self.rows.push(row);
    }

    /// Sums up the runs since the last time, all of one problem.
    pub(crate) fn sum_up(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let Some(first) = rows.first() else { return };
        let mean = rows.iter().map(|row| row.score.cost() as f64).sum::<f64>() / rows.len() as f64;
        let feasible = rows.iter().all(|row| row.score.is_feasible());
        let known = self.known.get(first.name.as_str()).copied();
        self.means.push((first.name.clone(), feasible, mean, known));
    }

    /// Prints the means. Whether the checker agreed every time.
    pub(crate) fn finish(self) -> bool {
        println!(
            "\n{:<20} {:>8} {:>9} {:>8} {:>8} {:>9}",
            "instance", "feasible", "mean", "target", "best", "gap"
        );
        let mut gaps = Vec::new();
        for (name, feasible, mean, known) in &self.means {
            let feasible = if *feasible { "all" } else { "NOT ALL" };
            match known {
                Some((best, target)) => {
                    let met = if mean <= target { "" } else { "  OVER" };
                    println!(
                        "{name:<20} {feasible:>8} {mean:>9.1} {target:>8} {best:>8} {:>9}{met}",
                        gap(*mean, *best)
                    );
                    if *best > 0.0 {
                        gaps.push((mean - best) / best);
                    }
                }
                None => println!("{name:<20} {feasible:>8} {mean:>9.1} {:>8} {:>8} {:>9}", "-", "-", "-"),
            }
        }
        if !gaps.is_empty() {
            let mean = gaps.iter().sum::<f64>() / gaps.len() as f64 * 100.0;
            println!("\n{mean:+.1} % over the best known on average, where that is not 0");
        }
        self.agreed
    }
}
