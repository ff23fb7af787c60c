//! Ratings.

use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::growth_rating::{ActiveModel, Column, Entity, Model};
use super::entry_columns::{name, number};
use crate::domain::growth::{Rating, outcome_key};

/// Writes new ratings.
pub(crate) async fn insert(tx: &Tx, ratings: &[Rating]) -> Result<()> {
    let rows = ratings.iter().map(|rating| ActiveModel {
        id: Set(rating.id),
        learner: Set(rating.learner),
        outcome_key: Set(outcome_key(&rating.outcome)),
        outcome: Set(rating.outcome.to_string()),
        progression: Set(rating.progression.to_string()),
        level: Set(rating.level.into()),
        level_count: Set(rating.level_count.into()),
        assessment: Set(rating.assessment),
        assess_time: Set(rating.assess_time.as_microsecond()),
        superseded_by: Set(rating.superseded_by),
        create_time: Set(rating.create_time.as_microsecond()),
        update_time: Set(rating.update_time.as_microsecond()),
        version: Set(rating.version),
        ..Default::default()
    });
    tx.insert_many(rows.collect()).await
}

/// The ratings of a learner that came from an assessment and have not been superseded.
pub(crate) async fn standing(tx: &Tx, learner: Uuid, assessment: Uuid) -> Result<Vec<Rating>> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::Learner.eq(learner))
        .filter(Column::Assessment.eq(assessment))
        .filter(Column::SupersededBy.is_null())
        .order_by_asc(Column::Id)
        .all(tx.conn())
        .await
        .map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// Notes that ratings no longer count.
pub(crate) async fn supersede(tx: &Tx, ids: &[Uuid], by: Uuid) -> Result<()> {
    tx.update_many::<Entity>()
        .col_expr(Column::SupersededBy, by.into())
        .col_expr(Column::UpdateTime, tx.now().as_microsecond().into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// All ratings of a learner on an outcome, at whatever revision.
pub(crate) async fn on_outcome<S: Scope>(scope: &S, learner: Uuid, outcome_key: &str) -> Result<Vec<Rating>> {
    let select =
        scope.find::<Entity>().filter(Column::Learner.eq(learner)).filter(Column::OutcomeKey.eq(outcome_key));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// A page of the ratings of a learner, in the order in which they were assessed.
pub(crate) async fn list(
    reader: &Reader,
    learner: Uuid,
    request: &PageRequest,
    context: &str,
) -> Result<Page<Rating>> {
    let select = reader.find::<Entity>().filter(Column::Learner.eq(learner));
    let order = Keyset::by(Column::AssessTime).then(Column::Id);
    let page = trellis_store::page(reader, select, order, request, context, |_| 1024).await?;
    let next = page.next;
    Ok(Page { items: page.items.into_iter().map(read).collect::<Result<_>>()?, next })
}

/// Ratings by id.
pub(crate) async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Rating>> {
    let select = reader.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// The ratings of the district after an id.
pub(crate) async fn after(reader: &Reader, id: Option<Uuid>, limit: u64) -> Result<Vec<Rating>> {
    let select = reader.find::<Entity>().filter(Column::Id.gt(id.unwrap_or_default()));
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

fn read(row: Model) -> Result<Rating> {
    let Model {
        district: _,
        id,
        learner,
        outcome_key: _,
        outcome,
        progression,
        level,
        level_count,
        assessment,
        assess_time,
        superseded_by,
        create_time,
        update_time,
        version,
    } = row;
    let assess_time: Timestamp = instant(assess_time)?;
    Ok(Rating {
        id,
        learner,
        outcome: name(&outcome)?,
        progression: name(&progression)?,
        level: number(level)?,
        level_count: number(level_count)?,
        assessment,
        assess_time,
        superseded_by,
        create_time: instant(create_time)?,
        update_time: instant(update_time)?,
        version,
    })
}
