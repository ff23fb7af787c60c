//! How the database is used: how many connections, and how long anybody waits for it.

use std::time::Duration;

use super::{Layers, Refusal, refuse};

/// How each service uses its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// How many connections may read, and how many may write. `SQLite` has one writer.
    pub connections: u32,
    /// How long a request may wait for one, or for another's lock.
    pub wait: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
    /// A replica that reads go to.
    pub replica_url: Option<String>,
    /// Whether a pooler that hands out a server for each transaction is before both.
    pub pooler: bool,
}

pub(super) fn read(layers: &Layers) -> Result<Database, Refusal> {
    let number = |key: &str, default: u32, most: u32| {
        let Some((value, source)) = layers.one(key) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| (1..=most).contains(number));
        number.map_or_else(|| refuse(format!("{source}: `{key}` must be a number from 1 to {most}.")), Ok)
    };
    let seconds = |key: &str, default| Ok(Duration::from_secs(number(key, default, 600)?.into()));
    let replica_url = match layers.one("database_replica_url") {
        Some((_, source)) if layers.one("database_url").is_none() => {
            return refuse(format!("{source}: `database_replica_url` means nothing without database_url."));
        }
        Some((url, _)) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Some(url.to_owned())
        }
        Some((_, source)) => {
            return refuse(format!("{source}: `database_replica_url` must begin with postgres://."));
        }
        None => None,
    };
    let pooler = layers.is_set("database_pooler")?;
    if pooler && layers.one("database_url").is_none() {
        return refuse("`database_pooler` means nothing without database_url.");
    }
    Ok(Database {
        connections: number("database_connections", 6, 1000)?,
        wait: seconds("database_wait", 10)?,
        statement_timeout: seconds("database_statement_timeout", 20)?,
        replica_url,
        pooler,
    })
}

/// What is in force, as `config check` shows it.
pub(super) fn shown(database: &Database) -> Vec<(&'static str, String)> {
    let Database { connections, wait, statement_timeout, replica_url, pooler } = database;
    let mut shown = vec![
        ("database_connections", connections.to_string()),
        ("database_wait", wait.as_secs().to_string()),
        ("database_statement_timeout", statement_timeout.as_secs().to_string()),
    ];
    if *pooler {
        shown.push(("database_pooler", pooler.to_string()));
    }
    shown.extend(replica_url.as_deref().map(|url| ("database_replica_url", super::without_password(url))));
    shown
}
