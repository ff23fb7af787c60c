//! The commands. Each says what it did in plain words, or as JSON for a script.

mod backup;
mod check;
mod db;
mod events;
mod health;
mod import;
mod output;
mod revoke;
mod serve;
mod settings;
mod stop;
mod token;
mod walk;

use clap::{Parser, Subcommand};

pub use output::Format;
pub use stop::Stop;

use settings::Settings;

/// Trellis: one suite of gRPC services for learner-centered education.
#[derive(Debug, Parser)]
#[command(name = "trellis", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration, \
    3 the suite could not be reached.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the suite, or some of its services.
    Serve(Settings),
    /// Say whether the suite that these settings serve on this machine is ready: for a container's health check.
    Health(Settings),
    /// Bring the databases of the configured services up to date, and serve nothing.
    Migrate(Settings),
    /// Print a token of the development issuer, and nothing else; or take one back.
    Token(token::Token),
    /// Import a file or folder of the field's own formats.
    #[command(subcommand)]
    Import(import::Import),
    /// Walk one learner's journey through a running suite, and print each step.
    Journey(walk::Walk),
    /// Look after the events between the services.
    #[command(subcommand)]
    Events(events::Events),
    /// Look at the databases.
    #[command(subcommand)]
    Db(db::Db),
    /// Copy the databases of the configured services as they are at one moment, while they are served.
    Backup(backup::Backup),
    /// Put a backup back, whole or not at all. No suite may serve the data directory meanwhile.
    Restore(backup::Restore),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(check::Config),
}

impl Cli {
    /// Does what the command line says.
    pub async fn run(self) -> Result<(), Stop> {
        match self.command {
            Command::Serve(settings) => serve::serve(&settings).await,
            Command::Health(settings) => health::health(&settings).await,
            Command::Migrate(settings) => serve::migrate(&settings).await,
            Command::Token(token) => token.run().await,
            Command::Import(import) => import.run().await,
            Command::Journey(walk) => walk.run().await,
            Command::Events(events) => events.run().await,
            Command::Db(db) => db.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Config(config) => config.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::config::SETTINGS;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_of_serve() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").expect("serve");
        for setting in SETTINGS {
            let written = setting.flag.trim_start_matches("--").split(' ').next().expect("a flag");
            let found = serve.get_arguments().any(|argument| argument.get_long() == Some(written));
            assert!(found, "--{written}");
        }
    }
}
