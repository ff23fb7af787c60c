//! `db check`.

use clap::{Args, Subcommand};
use trellis_kernel::{Clock as _, SystemClock};
use trellis_store::check::{Finding, Report};

use super::{Format, Settings, Stop};
use crate::data;

#[derive(Debug, Subcommand)]
pub(super) enum Db {
    /// Look whether the databases are whole, while the suite serves or not: damage, schema, row-level
    /// security, rows whose counterpart is gone, events that nobody has heard of. Changes nothing, and
    /// tells counts and tables, never what a row holds. Exit code 1 when there is anything to do.
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    settings: Settings,
    /// How to print.
    #[arg(long, visible_alias = "format", value_enum, default_value_t)]
    output: Format,
}

impl Db {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let Self::Check(Check { settings, output }) = self;
        let config = settings.config()?;
        let report = data::check(&config, SystemClock.now()).await?;
        match output {
            Format::Json => println!("{}", serde_json::to_string_pretty(&report).map_err(Stop::failed)?),
            Format::Text => print!("{}", words(&report)),
        }
        match report.findings.len() {
            0 => Ok(()),
            1 => Err(Stop::Failed("There is 1 finding.".to_owned())),
            some => Err(Stop::Failed(format!("There are {some} findings."))),
        }
    }
}

fn words(report: &Report) -> String {
    use std::fmt::Write as _;
    let mut words = String::new();
    for standing in &report.services {
        let _ = write!(
            words,
            "{}: {}, {} migrations, {} events",
            standing.service, standing.database, standing.migrations, standing.head
        );
        if standing.waiting > 0 {
            let _ = write!(words, ", {} waiting for a position", standing.waiting);
        }
        for followed in &standing.followed {
            let behind = followed.behind.map_or_else(|| "unknown".to_owned(), |behind| behind.to_string());
            let _ = write!(words, ", {} behind by {behind}", followed.consumer);
        }
        words.push('\n');
    }
    for Finding { service, check, count, what, remedy } in &report.findings {
        let _ = writeln!(words, "\n{service}: {check}: {count} × {what}\n  {remedy}");
    }
    if report.findings.is_empty() {
        words.push_str("All is well.\n");
    }
    words
}
