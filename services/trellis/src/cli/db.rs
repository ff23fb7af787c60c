//! `db check` and `db restored`.

use clap::{Args, Subcommand};
use trellis_kernel::{Clock as _, SystemClock};
use trellis_store::check::{Finding, Report};

use super::{Format, Settings, Stop};
use crate::{data, suite};

#[derive(Debug, Subcommand)]
pub(super) enum Db {
    /// Look whether the databases are whole, while the suite serves or not: damage, schema, row-level
    /// security, rows whose counterpart is gone, events that nobody has heard of. Changes nothing, and
    /// tells counts and tables, never what a row holds. Exit code 1 when there is anything to do.
    Check(Check),
    /// Say that the databases of the configured services were put back, all as of one moment, by other
    /// means than `trellis restore`, which says it by itself: before they are served again. Positions in
    /// their feeds are given once more, so clients, and services that were not put back with them, are
    /// told that their place is gone.
    Restored(Settings),
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
        match self {
            Self::Check(check) => check.run().await,
            Self::Restored(settings) => restored(&settings).await,
        }
    }
}

impl Check {
    async fn run(self) -> Result<(), Stop> {
        let Self { settings, output } = self;
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

async fn restored(settings: &Settings) -> Result<(), Stop> {
    for (service, head) in suite::restored(&settings.config()?).await? {
        println!("{service}: a new feed, which goes on from {head}. Clients list again.");
    }
    Ok(())
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
