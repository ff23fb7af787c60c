//! Goals and their endorsements.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Document, Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::{goal, goal_endorsement};
use super::entry_columns::{broken, maybe_instant, name};
use crate::domain::entry::Voice;
use crate::domain::goal::{Decision, Endorsement, Goal};

use goal::{Column, Entity, Model};

/// Writes a new goal, which nobody has endorsed yet.
pub(crate) async fn insert(tx: &Tx, goal: &Goal) -> Result<()> {
    tx.insert(goal::ActiveModel {
        id: Set(goal.id),
        learner: Set(goal.learner),
        outcome: Set(goal.outcome.to_string()),
        why: Set(Document(goal.why.clone())),
        milestones: Set(Document(goal.milestones.clone())),
        target_date: Set(goal.target_date.map(|day| day.to_string())),
        proposed_by: Set(goal.proposed_by),
        proposer_voice: Set(goal.proposer_voice.key().to_owned()),
        decided_by: Set(goal.decision.map(|decision| decision.person)),
        decide_time: Set(goal.decision.map(|decision| decision.decide_time.as_microsecond())),
        create_time: Set(goal.create_time.as_microsecond()),
        update_time: Set(goal.update_time.as_microsecond()),
        version: Set(goal.version),
        ..Default::default()
    })
    .await
}

/// The goal of a learner.
pub(crate) async fn get<S: Scope>(scope: &S, learner: Uuid, id: Uuid) -> Result<Option<Goal>> {
    let select = scope.find::<Entity>().filter(Column::Learner.eq(learner)).filter(Column::Id.eq(id));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    Ok(whole(scope, rows).await?.pop())
}

/// A page of the goals of a learner, in the order they were proposed.
pub(crate) async fn list(
    reader: &Reader,
    learner: Uuid,
    request: &PageRequest,
    context: &str,
) -> Result<Page<Goal>> {
    let select = reader.find::<Entity>().filter(Column::Learner.eq(learner));
    let page = trellis_store::page(reader, select, Keyset::by(Column::Id), request, context, weigh).await?;
    Ok(Page { items: whole(reader, page.items).await?, next: page.next })
}

/// Goals by id, in the order of their ids.
pub(crate) async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Goal>> {
    let select = reader.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.order_by_asc(Column::Id).all(reader.conn()).await.map_err(failure)?;
    whole(reader, rows).await
}

/// The goals of the district after an id.
pub(crate) async fn after(reader: &Reader, id: Option<Uuid>, limit: u64) -> Result<Vec<Goal>> {
    let select = reader.find::<Entity>().filter(Column::Id.gt(id.unwrap_or_default()));
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    whole(reader, rows).await
}

/// Keeps the learner's decision; false when the goal has changed since it was read.
pub(crate) async fn decide(tx: &Tx, goal: &Goal, decision: Decision) -> Result<bool> {
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::DecidedBy, decision.person.into())
        .col_expr(Column::DecideTime, decision.decide_time.as_microsecond().into())
        .col_expr(Column::UpdateTime, tx.now().as_microsecond().into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(goal.id))
        .filter(Column::Version.eq(goal.version))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(done.rows_affected == 1)
}

/// Adds an endorsement; `RESOURCE_EXISTS` when the person has endorsed the goal before.
pub(crate) async fn endorse(tx: &Tx, goal: Uuid, endorsement: &Endorsement) -> Result<()> {
    tx.insert(goal_endorsement::ActiveModel {
        goal: Set(goal),
        person: Set(endorsement.person),
        voice: Set(endorsement.voice.key().to_owned()),
        words: Set(Document(endorsement.words.clone())),
        endorse_time: Set(endorsement.endorse_time.as_microsecond()),
        ..Default::default()
    })
    .await?;
    tx.update_many::<Entity>()
        .col_expr(Column::UpdateTime, tx.now().as_microsecond().into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Id.eq(goal))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// A goal with its words. Its endorsements come on top: one for each adult close to one learner.
fn weigh(row: &Model) -> usize {
    4096 + row.why.0.bytes() + row.milestones.0.iter().map(|step| step.title.bytes()).sum::<usize>()
}

/// The goals of these rows, in their order, with the endorsements of all of them in one query.
async fn whole<S: Scope>(scope: &S, rows: Vec<Model>) -> Result<Vec<Goal>> {
    use goal_endorsement::Column;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let endorsements = scope
        .find::<goal_endorsement::Entity>()
        .filter(Column::Goal.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(Column::EndorseTime)
        .order_by_asc(Column::Person)
        .all(scope.conn())
        .await
        .map_err(failure)?;
    let mut by_goal: HashMap<Uuid, Vec<Endorsement>> = HashMap::new();
    for endorsement in endorsements {
        by_goal.entry(endorsement.goal).or_default().push(read_endorsement(endorsement)?);
    }
    rows.into_iter()
        .map(|row| {
            let endorsements = by_goal.remove(&row.id).unwrap_or_default();
            read(row, endorsements)
        })
        .collect()
}

fn read_endorsement(row: goal_endorsement::Model) -> Result<Endorsement> {
    let goal_endorsement::Model { district: _, goal: _, person, voice, words, endorse_time } = row;
    Ok(Endorsement {
        person,
        voice: Voice::from_key(&voice).ok_or_else(broken)?,
        words: words.0,
        endorse_time: instant(endorse_time)?,
    })
}

fn read(row: Model, endorsements: Vec<Endorsement>) -> Result<Goal> {
    let Model {
        district: _,
        id,
        learner,
        outcome,
        why,
        milestones,
        target_date,
        proposed_by,
        proposer_voice,
        decided_by,
        decide_time,
        create_time,
        update_time,
        version,
    } = row;
    let decide_time: Option<Timestamp> = maybe_instant(decide_time)?;
    let target_date = target_date.map(|day| day.parse()).transpose().map_err(|_| broken())?;
    Ok(Goal {
        id,
        learner,
        outcome: name(&outcome)?,
        why: why.0,
        milestones: milestones.0,
        target_date,
        proposed_by,
        proposer_voice: Voice::from_key(&proposer_voice).ok_or_else(broken)?,
        decision: decided_by.zip(decide_time).map(|(person, decide_time)| Decision { person, decide_time }),
        endorsements,
        create_time: instant(create_time)?,
        update_time: instant(update_time)?,
        version,
    })
}
