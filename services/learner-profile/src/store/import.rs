//! A roster as an import finds it, and as it leaves it.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait as _, DbBackend, Set, Statement};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Scope, Tx, failure};

use super::entities::organization_ancestor;
use super::records::{Kept, Stored};
use crate::domain::meta::Meta;
use crate::domain::roster::Organization;

/// Waits until no other import of the district is under way. `SQLite` has one writer anyway.
pub(crate) async fn alone(tx: &Tx) -> Result<()> {
    let backend = tx.conn().get_database_backend();
    if backend == DbBackend::Postgres {
        let key = format!("roster import {}", tx.district());
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        let lock = Statement::from_sql_and_values(backend, sql, [key.into()]);
        tx.conn().query_one_raw(lock).await.map_err(failure)?;
    }
    Ok(())
}

/// The records of a kind in a district, and when each was written.
#[derive(Debug)]
pub(crate) struct Before<T> {
    pub records: HashMap<Uuid, T>,
    pub metas: HashMap<Uuid, Meta>,
}

/// Every record of a kind in the district, the retired ones too.
pub(crate) async fn before<T: Kept>(tx: &Tx) -> Result<Before<T>> {
    let rows = tx.find::<T::Entity>().all(tx.conn()).await.map_err(failure)?;
    let mut before = Before { records: HashMap::new(), metas: HashMap::new() };
    for row in rows {
        let Stored { record, meta } = T::read(row)?;
        before.metas.insert(record.id(), meta);
        before.records.insert(record.id(), record);
    }
    Ok(before)
}

/// Writes records that are new or have changed.
pub(crate) async fn put<T: Kept>(tx: &Tx, records: &[T], metas: &HashMap<Uuid, Meta>) -> Result<()> {
    let now = tx.now();
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let (create_time, version) =
            metas.get(&record.id()).map_or((now, 1), |meta| (meta.create_time, meta.version + 1));
        rows.push(record.row(Meta { create_time, update_time: now, version })?);
    }
    T::put(tx, rows).await
}

/// Keeps which organisation is a part of which, by however long a way: what access is decided on.
pub(crate) async fn put_lineage(tx: &Tx, organizations: &[Organization]) -> Result<()> {
    tx.delete_many::<organization_ancestor::Entity>().exec(tx.conn()).await.map_err(failure)?;
    let parents: HashMap<Uuid, Uuid> =
        organizations.iter().filter_map(|record| Some((record.id, record.parent?))).collect();
    let mut rows = Vec::new();
    for organization in organizations.iter().map(|record| record.id) {
        let (mut seen, mut at) = (HashSet::new(), Some(organization));
        while let Some(ancestor) = at.filter(|id| seen.insert(*id)) {
            rows.push(organization_ancestor::ActiveModel {
                district: sea_orm::NotSet,
                organization_id: Set(organization),
                ancestor_id: Set(ancestor),
            });
            at = parents.get(&ancestor).copied();
        }
    }
    tx.insert_many(rows).await
}
