//! The final assessments that were told of.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, Set};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Scope, Tx, failure};

use super::entities::growth_assessment::{ActiveModel, Column, Entity};

/// Whether the assessment has taken effect already.
pub(crate) async fn is_known(tx: &Tx, assessment: Uuid) -> Result<bool> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(assessment)).one(tx.conn()).await.map_err(failure)?;
    Ok(row.is_some())
}

/// Notes that the assessment takes effect now.
pub(crate) async fn insert(tx: &Tx, assessment: Uuid, learner: Uuid, supersedes: Option<Uuid>) -> Result<()> {
    tx.insert(ActiveModel {
        id: Set(assessment),
        learner: Set(learner),
        supersedes: Set(supersedes),
        create_time: Set(tx.now().as_microsecond()),
        ..Default::default()
    })
    .await
}

/// The assessment of the same learner that has corrected this one already.
pub(crate) async fn correction(tx: &Tx, assessment: Uuid, learner: Uuid) -> Result<Option<Uuid>> {
    let row = tx
        .find::<Entity>()
        .filter(Column::Supersedes.eq(assessment))
        .filter(Column::Learner.eq(learner))
        .order_by_asc(Column::Id)
        .one(tx.conn())
        .await
        .map_err(failure)?;
    Ok(row.map(|row| row.id))
}
