//! Whether a schema is what this program's migrations make.

use std::collections::BTreeSet;
use std::sync::Arc;

use sea_orm::sqlx::Error;
use trellis_kernel::{Failure, RandomIds, Result, SystemClock};

use super::Finding;
use super::probe::Probe;
use crate::{Migrations, Options, Sealer, SealingKey, Store};

/// The names of what a schema holds. Types differ between the two databases; names do not.
pub(super) struct Schema {
    pub(super) migrations: BTreeSet<String>,
    columns: BTreeSet<String>,
    indexes: BTreeSet<String>,
}

impl Schema {
    /// What the migrations make of an empty database: of a file that is gone again at once.
    pub(super) async fn expected(service: &'static str, migrations: Migrations) -> Result<Self> {
        let directory = tempfile::tempdir().map_err(Failure::internal)?;
        let url = format!("sqlite://{}", directory.path().display());
        let options = Options::new(url.as_str(), Sealer::new(vec![SealingKey::generate(1)])?);
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        let store = Store::open(&options, service, migrations, clock, ids).await?;
        store.migrate().await?;
        store.close().await;
        let mut probe = Probe::open(&url, service).await.map_err(Failure::internal)?;
        let schema = Self::found(&mut probe, service).await.map_err(Failure::internal)?;
        probe.end().await;
        Ok(schema)
    }

    /// What is there.
    pub(super) async fn found(probe: &mut Probe, service: &str) -> std::result::Result<Self, Error> {
        let (columns, indexes) = if probe.is_sqlite() {
            (
                "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
                "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
            )
        } else {
            (
                "SELECT table_name || '.' || column_name FROM information_schema.columns \
                 WHERE table_schema = current_schema()",
                "SELECT CAST(indexname AS TEXT) FROM pg_indexes WHERE schemaname = current_schema()",
            )
        };
        let columns: BTreeSet<String> = probe.column(columns).await?.into_iter().collect();
        let indexes = probe.column(indexes).await?.into_iter().collect();
        let table = format!("{service}_migrations");
        let migrations = if columns.contains(&format!("{table}.name")) {
            probe.column(&format!("SELECT name FROM {table}")).await?.into_iter().collect()
        } else {
            BTreeSet::new()
        };
        Ok(Self { migrations, columns, indexes })
    }

    /// What of this one is missing there. More than this is well: a newer program may have been here.
    pub(super) fn differences(&self, service: &'static str, there: &Self) -> Vec<Finding> {
        let finding = |check, missing: Vec<&str>, what: &str, remedy| {
            let (shown, count) =
                (missing.iter().take(5).copied().collect::<Vec<_>>().join(", "), missing.len());
            let more = if count > 5 { ", …" } else { "" };
            let what = format!("{what}: {shown}{more}");
            Finding { service, check, count: count as u64, what, remedy }
        };
        let pending: Vec<&str> = missing(&self.migrations, &there.migrations);
        if !pending.is_empty() {
            let remedy = "Run trellis migrate, or start the suite, which does it by itself.";
            return vec![finding("migrations", pending, "migrations not applied", remedy)];
        }
        let mut found = Vec::new();
        let columns = missing(&self.columns, &there.columns);
        if !columns.is_empty() {
            let remedy = "Something other than this program changed the schema: restore a backup \
                          (trellis restore), or put the columns back by hand.";
            found.push(finding("schema", columns, "columns that are gone", remedy));
        }
        let indexes = missing(&self.indexes, &there.indexes);
        if !indexes.is_empty() {
            let remedy = "Something other than this program dropped them; put them back by hand, or restore a \
                          backup (trellis restore).";
            found.push(finding("schema", indexes, "indexes that are gone", remedy));
        }
        found
    }
}

fn missing<'a>(wanted: &'a BTreeSet<String>, there: &'a BTreeSet<String>) -> Vec<&'a str> {
    wanted.difference(there).map(String::as_str).collect()
}
