//! Rows of the frameworks that everybody may read.

use std::collections::HashSet;

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Reader, Scope, Tx, failure};

use super::entities::public_frameworks::{Column, Entity, Model};

/// All of a district.
pub(crate) async fn all(reader: &Reader) -> Result<HashSet<Uuid>> {
    let select = reader.find::<Entity>().select_only().column(Column::Framework);
    let ids: Vec<Uuid> = select.into_tuple().all(reader.conn()).await.map_err(failure)?;
    Ok(ids.into_iter().collect())
}

/// Those of these frameworks that everybody may read.
pub(crate) async fn some<S: Scope>(scope: &S, frameworks: &[Uuid]) -> Result<HashSet<Uuid>> {
    let select = scope.find::<Entity>().filter(Column::Framework.is_in(frameworks.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    Ok(rows.into_iter().map(|row| row.framework).collect())
}

/// Opens a framework to everybody.
pub(crate) async fn insert(tx: &Tx, framework: Uuid) -> Result<()> {
    let model = Model { district: tx.district().to_string(), framework };
    tx.insert(model.into_active_model().reset_all()).await
}

/// Closes a framework again.
pub(crate) async fn delete(tx: &Tx, framework: Uuid) -> Result<()> {
    let rows = tx.delete_many::<Entity>().filter(Column::Framework.eq(framework));
    rows.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}
