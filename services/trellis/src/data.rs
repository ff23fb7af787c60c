//! What the suite keeps, looked at from outside: where it is, who uses it, and whether it is whole.

use std::collections::BTreeSet;

use trellis_kernel::{Result, Timestamp};
use trellis_store::Migrations;
use trellis_store::backup::DataLock;
use trellis_store::check::{self, Inspected, Promise, Report};

use crate::config::{Config, Service};
use crate::keys;

/// Where the services of a configuration keep their data, as [`trellis_store::Options::url`] has it.
pub fn url(config: &Config) -> String {
    config.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", config.data_dir.display()))
}

/// Says that this process uses the directory of data, for as long as the value lives: nothing is
/// restored into it meanwhile. There is none where the data is in PostgreSQL.
pub fn used(config: &Config) -> Result<Option<DataLock>> {
    if config.database_url.is_some() {
        return Ok(None);
    }
    keys::prepare(&config.data_dir)?;
    DataLock::shared(&config.data_dir).map(Some)
}

/// Whether what the configured services keep is whole.
pub async fn check(config: &Config, now: Timestamp) -> Result<Report> {
    let inspected = config.services.iter().map(|service| Inspected {
        service: service.name(),
        migrations: migrations(*service),
        promises: promises(*service),
    });
    check::check(&url(config), inspected.collect(), now).await
}

/// The configured services, each with the names of the migrations that this program knows.
pub async fn known_migrations(config: &Config) -> Result<Vec<(&'static str, BTreeSet<String>)>> {
    let mut known = Vec::with_capacity(config.services.len());
    for service in &config.services {
        known.push((service.name(), check::known(service.name(), migrations(*service)).await?));
    }
    Ok(known)
}

/// What brings a service's database to what this program knows.
pub fn migrations(service: Service) -> Migrations {
    match service {
        Service::Outcome => trellis_outcome::migrations(),
        Service::Profile => trellis_learner_profile::migrations(),
        Service::Experience => trellis_experience::migrations(),
        Service::Scheduling => trellis_scheduling::migrations(),
    }
}

fn promises(service: Service) -> Vec<Promise> {
    match service {
        Service::Outcome => trellis_outcome::promises(),
        Service::Profile => trellis_learner_profile::promises(),
        Service::Experience => trellis_experience::promises(),
        Service::Scheduling => trellis_scheduling::promises(),
    }
}
