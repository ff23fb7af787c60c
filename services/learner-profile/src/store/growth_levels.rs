//! Levels. No query here orders learners by them.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{Page, PageRequest, Result, Uuid};
use trellis_store::filter::{self, Field, Kind};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::growth_level::{ActiveModel, Column, Entity, Model};
use super::entry_columns::{broken, name, number};
use crate::domain::growth::{Level, outcome_key};

/// What a list of levels may be filtered by.
const FIELDS: &[Field<Column>] = &[
    Field { name: "outcome", column: Column::OutcomeKey, kind: Kind::Text },
    Field { name: "rule", column: Column::Rule, kind: Kind::Name(&["growthRules"]) },
];

/// Writes a new level.
pub(crate) async fn insert(tx: &Tx, level: &Level) -> Result<()> {
    tx.insert(row(level)?).await
}

/// Writes a level over the one with its id.
pub(crate) async fn replace(tx: &Tx, level: &Level) -> Result<()> {
    tx.put_many(vec![row(level)?]).await
}

/// Removes a level that no rating supports any more.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<()> {
    tx.delete_many::<Entity>().filter(Column::Id.eq(id)).exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

/// The level of a learner on an outcome by a rule.
pub(crate) async fn find(tx: &Tx, learner: Uuid, outcome_key: &str, rule: Uuid) -> Result<Option<Level>> {
    let row = tx
        .find::<Entity>()
        .filter(Column::Learner.eq(learner))
        .filter(Column::OutcomeKey.eq(outcome_key))
        .filter(Column::Rule.eq(rule))
        .one(tx.conn())
        .await
        .map_err(failure)?;
    row.map(read).transpose()
}

/// The level of a learner.
pub(crate) async fn get(reader: &Reader, learner: Uuid, id: Uuid) -> Result<Option<Level>> {
    let row = reader
        .find::<Entity>()
        .filter(Column::Learner.eq(learner))
        .filter(Column::Id.eq(id))
        .one(reader.conn())
        .await
        .map_err(failure)?;
    row.map(read).transpose()
}

/// A page of the levels of a learner that a filter allows, in the order they were first made.
pub(crate) async fn list(
    reader: &Reader,
    learner: Uuid,
    filter: &str,
    request: &PageRequest,
    context: &str,
) -> Result<Page<Level>> {
    let select =
        reader.find::<Entity>().filter(Column::Learner.eq(learner)).filter(filter::parse(filter, FIELDS)?);
    let page =
        trellis_store::page(reader, select, Keyset::by(Column::Id), request, context, |_| 1024).await?;
    let next = page.next;
    Ok(Page { items: page.items.into_iter().map(read).collect::<Result<_>>()?, next })
}

/// Levels by id.
pub(crate) async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Level>> {
    let select = reader.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// The levels of the district after an id.
pub(crate) async fn after(reader: &Reader, id: Option<Uuid>, limit: u64) -> Result<Vec<Level>> {
    let select = reader.find::<Entity>().filter(Column::Id.gt(id.unwrap_or_default()));
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

fn row(level: &Level) -> Result<ActiveModel> {
    Ok(ActiveModel {
        id: Set(level.id),
        learner: Set(level.learner),
        outcome_key: Set(outcome_key(&level.outcome)),
        outcome: Set(level.outcome.to_string()),
        rule: Set(level.rule),
        rule_revision: Set(i32::try_from(level.rule_revision).map_err(|_| broken())?),
        progression: Set(level.progression.to_string()),
        value: Set(level.value),
        level_count: Set(level.progression_levels.into()),
        rating_count: Set(i32::try_from(level.rating_count).map_err(|_| broken())?),
        latest_assess_time: Set(level.latest_assess_time.as_microsecond()),
        create_time: Set(level.create_time.as_microsecond()),
        update_time: Set(level.update_time.as_microsecond()),
        version: Set(level.version),
        ..Default::default()
    })
}

fn read(row: Model) -> Result<Level> {
    let Model {
        district: _,
        id,
        learner,
        outcome_key: _,
        outcome,
        rule,
        rule_revision,
        progression,
        value,
        level_count,
        rating_count,
        latest_assess_time,
        create_time,
        update_time,
        version,
    } = row;
    Ok(Level {
        id,
        learner,
        outcome: name(&outcome)?,
        rule,
        rule_revision: number(rule_revision)?,
        progression: name(&progression)?,
        value,
        progression_levels: number(level_count)?,
        rating_count: number(rating_count)?,
        latest_assess_time: instant(latest_assess_time)?,
        create_time: instant(create_time)?,
        update_time: instant(update_time)?,
        version,
    })
}
