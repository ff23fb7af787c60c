//! The settings of the server as flags, made from their one table.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::{Config, Kind, Layers, Refusal, SETTINGS, Setting};

/// What the flags say; the file and the environment are read with them.
#[derive(Debug)]
pub(super) struct Settings {
    file: Option<PathBuf>,
    flags: Vec<(&'static str, Vec<String>)>,
}

impl Settings {
    /// The configuration of file, environment and flags together.
    pub(super) fn config(&self) -> Result<Config, Refusal> {
        let mut layers = Layers::default();
        if let Some(file) = &self.file {
            layers.file(file)?;
        }
        layers.environment(std::env::vars())?;
        for (key, values) in &self.flags {
            layers.flag(key, values.clone());
        }
        Config::read(&layers)
    }
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config").long("config").value_name("FILE").env("TRELLIS_CONFIG");
        let command = command
            .arg(file.value_parser(clap::value_parser!(PathBuf)).help("A TOML file with the settings below"));
        SETTINGS.iter().fold(command, |command, setting| command.arg(argument(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let written = setting.flag.trim_start_matches("--");
    let (long, value) = written.split_once(' ').unwrap_or((written, ""));
    let help = format!("{} [default: {}]", setting.meaning.trim_end_matches('.'), setting.default);
    let argument = Arg::new(setting.key).long(long).help(help.replace('`', ""));
    match setting.kind {
        Kind::Text | Kind::Number => argument.value_name(value),
        Kind::List => argument.value_name(value).action(ArgAction::Append),
        Kind::Flag => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(PossibleValuesParser::new(["true", "false"]))
            .hide_possible_values(true),
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |setting: &&Setting| matches.value_source(setting.key) == Some(ValueSource::CommandLine);
        let flags = SETTINGS.iter().filter(given).map(|setting| {
            let values = matches.get_many::<String>(setting.key).unwrap_or_default();
            (setting.key, values.cloned().collect())
        });
        Ok(Self { file: matches.get_one::<PathBuf>("config").cloned(), flags: flags.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
