//! `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;
use trellis_kernel::{Clock as _, RandomIds, SystemClock};
use trellis_store::backup::{Asked, Manifest, backup, restore};

use super::{Format, Settings, Stop};
use crate::config::Config;
use crate::data;

/// The program that a backup says it was made by.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The directory for the backup: new, or empty.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// Take the keys too: whoever has such a backup can speak as the suite. Without them a suite that is
    /// restored elsewhere makes new ones: clients list again, and the development issuer's tokens end.
    #[arg(long)]
    with_keys: bool,
    #[command(flatten)]
    settings: Settings,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The directory of the backup.
    #[arg(value_name = "DIR")]
    from: PathBuf,
    /// Replace databases that are there already.
    #[arg(long)]
    force: bool,
    /// Take the keys of the backup, in place of those that are there.
    #[arg(long)]
    with_keys: bool,
    #[command(flatten)]
    settings: Settings,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let config = on_files(&self.settings)?;
        let services: Vec<&'static str> = config.services.iter().map(|service| service.name()).collect();
        let keys = self.with_keys.then_some(config.keys_dir.as_path());
        let made = backup(&config.data_dir, &services, keys, &self.to, VERSION, SystemClock.now()).await?;
        if self.output == Format::Json {
            return print(&made);
        }
        println!("Backed up to {}, as of {}:", self.to.display(), made.time);
        list(&made);
        if made.keys.is_empty() {
            println!("  The keys are not in it; keep {} safe by itself.", config.keys_dir.display());
        } else {
            println!("  The keys are in it: whoever has it can speak as this suite.");
        }
        Ok(())
    }
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let config = on_files(&self.settings)?;
        let known = data::known_migrations(&config).await?;
        let asked = Asked {
            backup: &self.from,
            data: &config.data_dir,
            services: &known,
            keys: self.with_keys.then_some(config.keys_dir.as_path()),
            force: self.force,
            ids: &RandomIds,
        };
        let made = restore(asked).await?;
        if self.output == Format::Json {
            return print(&made);
        }
        println!("Restored {}, as of {}:", config.data_dir.display(), made.time);
        list(&made);
        if !self.with_keys && !config.keys_dir.join("sealing.keys").exists() {
            println!(
                "  There are no keys yet; the suite makes new ones at its start, and clients list again."
            );
        }
        println!("  Look at it with trellis db check, then start the suite.");
        Ok(())
    }
}

fn on_files(settings: &Settings) -> Result<Config, Stop> {
    let config = settings.config()?;
    if config.database_url.is_some() {
        return Err(Stop::Usage(
            "The data is in PostgreSQL, whose own tools back it up and restore it: pg_dump and pg_restore, or \
             pg_basebackup with archived WAL for any moment. See docs/operations.md."
                .to_owned(),
        ));
    }
    Ok(config)
}

fn list(manifest: &Manifest) {
    for kept in &manifest.services {
        let rows: i64 = kept.rows.values().sum();
        println!("  {:<12} {rows} rows, {} bytes, {} events", kept.service, kept.bytes, kept.head);
    }
}

fn print(manifest: &Manifest) -> Result<(), Stop> {
    println!("{}", serde_json::to_string_pretty(manifest).map_err(Stop::failed)?);
    Ok(())
}
