//! `config check`.

use clap::{Args, Subcommand};

use super::{Format, Settings, Stop};

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Read file, environment and flags as `serve` does, print what is in force, and say whether it
    /// would be served.
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    settings: Settings,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

impl Config {
    pub(super) fn run(self) -> Result<(), Stop> {
        let Self::Check(Check { settings, output }) = self;
        let config = settings.config()?;
        let shown = config.shown();
        match output {
            Format::Json => {
                let map: serde_json::Map<String, serde_json::Value> =
                    shown.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
                println!("{}", serde_json::to_string_pretty(&map).map_err(Stop::failed)?);
            }
            Format::Text => {
                for (key, value) in shown {
                    println!("{key} = {value}");
                }
            }
        }
        config.check()?;
        if output == Format::Text {
            println!("This would be served.");
        }
        Ok(())
    }
}
