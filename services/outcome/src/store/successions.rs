//! Rows of successions.

use std::collections::HashSet;

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};
use trellis_kernel::{District, Result, Uuid};
use trellis_store::{Reader, Scope, Tx, failure};

use super::entities::successions::{Column, Entity, Model};
use crate::domain::succession::{OutcomeId, Succession};

/// What a framework told.
pub(crate) async fn told_by(tx: &Tx, framework: Uuid) -> Result<Vec<Succession>> {
    let select = tx.find::<Entity>().filter(Column::Framework.eq(framework));
    let rows = select.all(tx.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(tx.district(), row)).collect()
}

/// What replaces outcomes of these identities; of two frameworks with one identity, of both.
pub(crate) async fn replacing<S: Scope>(scope: &S, origins: &[Uuid]) -> Result<Vec<Succession>> {
    let select = scope.find::<Entity>().filter(Column::Origin.is_in(origins.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), row)).collect()
}

/// The identities of all outcomes that are replaced; none when there are more than `limit`.
pub(crate) async fn origins(reader: &Reader, limit: usize) -> Result<Option<HashSet<Uuid>>> {
    let select = reader.find::<Entity>().select_only().column(Column::Origin).limit(limit as u64 + 1);
    let origins: Vec<Uuid> = select.into_tuple().all(reader.conn()).await.map_err(failure)?;
    Ok((origins.len() <= limit).then(|| origins.into_iter().collect()))
}

/// Writes what a framework tells, new or changed.
pub(crate) async fn put(tx: &Tx, framework: Uuid, told: &[Succession]) -> Result<()> {
    let row = |Succession { association, origin, destination }: &Succession| {
        let model = Model {
            district: tx.district().to_string(),
            framework,
            association: *association,
            origin_framework: origin.framework,
            origin: origin.id,
            destination_district: destination.district.to_string(),
            destination_framework: destination.framework,
            destination: destination.id,
        };
        model.into_active_model().reset_all()
    };
    tx.put_many(told.iter().map(row).collect()).await
}

/// Forgets what a framework told by these associations.
pub(crate) async fn delete(tx: &Tx, framework: Uuid, associations: &[Uuid]) -> Result<()> {
    for some in associations.chunks(10_000) {
        tx.delete_many::<Entity>()
            .filter(Column::Framework.eq(framework))
            .filter(Column::Association.is_in(some.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(failure)?;
    }
    Ok(())
}

fn read(district: &District, row: Model) -> Result<Succession> {
    let Model {
        district: _,
        framework: _,
        association,
        origin_framework,
        origin,
        destination_district,
        destination_framework,
        destination,
    } = row;
    Ok(Succession {
        association,
        origin: OutcomeId { district: district.clone(), framework: origin_framework, id: origin },
        destination: OutcomeId {
            district: District::parse(&destination_district)?,
            framework: destination_framework,
            id: destination,
        },
    })
}
