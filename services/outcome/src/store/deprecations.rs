//! Rows of deprecations.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Scope, Tx, failure};

use super::entities::deprecations::{Column, Entity, Model};
use super::{decode, encode};
use crate::domain::succession::Deprecation;

/// Those of these frameworks that are deprecated.
pub(crate) async fn some<S: Scope>(scope: &S, frameworks: &[Uuid]) -> Result<HashMap<Uuid, Deprecation>> {
    let select = scope.find::<Entity>().filter(Column::Framework.is_in(frameworks.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| Ok((row.framework, decode(&row.content)?))).collect()
}

/// Writes that a framework is deprecated.
pub(crate) async fn insert(tx: &Tx, framework: Uuid, deprecation: &Deprecation) -> Result<()> {
    let model = Model { district: tx.district().to_string(), framework, content: encode(deprecation)? };
    tx.insert(model.into_active_model().reset_all()).await
}

/// Takes back that a framework is deprecated.
pub(crate) async fn delete(tx: &Tx, framework: Uuid) -> Result<()> {
    let rows = tx.delete_many::<Entity>().filter(Column::Framework.eq(framework));
    rows.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}
