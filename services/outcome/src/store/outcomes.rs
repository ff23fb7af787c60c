//! Rows of outcomes.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::outcomes::{ActiveModel, Column, Entity, Model};
use super::frameworks::DRAFT;
use super::{decode, encode, micros};
use crate::domain::framework::FrameworkRef;
use crate::domain::graph::Standing;
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeKind, outcome_name};
use crate::domain::siblings::Rank;

/// Where outcomes stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Below {
    /// Anywhere.
    #[default]
    Any,
    /// Directly below the framework.
    Framework,
    /// Directly below an outcome.
    Outcome(Uuid),
}

/// Which outcomes of a framework are listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Only those that stand here.
    pub(crate) below: Below,
    /// Only those of this type.
    pub(crate) item_type: String,
    /// Only those with this code.
    pub(crate) code: String,
    /// Only those of this kind.
    pub(crate) kind: OutcomeKind,
}

fn of<S: Scope>(scope: &S, framework: &FrameworkRef) -> Select<Entity> {
    scope
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
}

/// Reads an outcome; not found when there is none.
pub(crate) async fn get<S: Scope>(scope: &S, framework: &FrameworkRef, id: Uuid) -> Result<Outcome> {
    let found = find(scope, framework, id).await?;
    found.ok_or_else(|| Failure::not_found(OUTCOME, outcome_name(framework, id).to_string()))
}

/// Reads an outcome; none when there is none.
pub(crate) async fn find<S: Scope>(scope: &S, framework: &FrameworkRef, id: Uuid) -> Result<Option<Outcome>> {
    let row = of(scope, framework).filter(Column::Id.eq(id)).one(scope.conn()).await.map_err(failure)?;
    row.map(|row| read(scope.district(), &row)).transpose()
}

/// Reads those of these outcomes that there are, in any order.
pub(crate) async fn some<S: Scope>(
    scope: &S,
    framework: &FrameworkRef,
    ids: &[Uuid],
) -> Result<Vec<Outcome>> {
    let rows = of(scope, framework)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(scope.conn())
        .await
        .map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// Every outcome of a framework.
pub(crate) async fn every<S: Scope>(scope: &S, framework: &FrameworkRef) -> Result<Vec<Outcome>> {
    let rows = of(scope, framework).all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// How many rows are read at a time where many are.
const ROWS: u64 = 10_000;

/// Where every outcome of a draft stands: what it is below, and its place there.
pub(crate) async fn places(tx: &Tx, framework: &FrameworkRef) -> Result<HashMap<Uuid, (Option<Uuid>, i32)>> {
    let mut places = HashMap::new();
    let mut last: Option<Uuid> = None;
    loop {
        let mut select = of(tx, framework);
        if let Some(last) = last {
            select = select.filter(Column::Id.gt(last));
        }
        let rows = select
            .order_by_asc(Column::Id)
            .limit(ROWS)
            .select_only()
            .columns([Column::Id, Column::Parent, Column::ListOrder])
            .into_tuple::<(Uuid, Option<Uuid>, i32)>()
            .all(tx.conn())
            .await
            .map_err(failure)?;
        let more = rows.len() as u64 == ROWS;
        last = rows.last().map(|(id, _, _)| *id);
        places.extend(rows.into_iter().map(|(id, parent, order)| (id, (parent, order))));
        if !more {
            return Ok(places);
        }
    }
}

/// The outcomes after one in the order of their identities.
pub(crate) async fn window(
    reader: &Reader,
    framework: &FrameworkRef,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Outcome>> {
    let mut select = of(reader, framework);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// The outcomes that stand directly below one, or (none) at the top, in their order.
pub(crate) async fn siblings(tx: &Tx, framework: &FrameworkRef, parent: Option<Uuid>) -> Result<Vec<Rank>> {
    let select = of(tx, framework);
    let select = match parent {
        Some(parent) => select.filter(Column::Parent.eq(parent)),
        None => select.filter(Column::Parent.is_null()),
    };
    let mut ranks = select
        .select_only()
        .columns([Column::ListOrder, Column::Id])
        .into_tuple::<Rank>()
        .all(tx.conn())
        .await
        .map_err(failure)?;
    ranks.sort_unstable();
    Ok(ranks)
}

/// Those of these outcomes that there are.
pub(crate) async fn held(tx: &Tx, framework: &FrameworkRef, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let mut held = HashSet::new();
    for some in ids.chunks(10_000) {
        let found = of(tx, framework)
            .filter(Column::Id.is_in(some.iter().copied()))
            .select_only()
            .column(Column::Id)
            .into_tuple::<Uuid>()
            .all(tx.conn())
            .await
            .map_err(failure)?;
        held.extend(found);
    }
    Ok(held)
}

/// The last revision that holds an outcome; none when none does.
pub(crate) async fn last_held(reader: &Reader, framework: &FrameworkRef, id: Uuid) -> Result<Option<u32>> {
    let found = reader
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.gt(DRAFT))
        .filter(Column::Id.eq(id))
        .order_by_desc(Column::Revision)
        .select_only()
        .column(Column::Revision)
        .into_tuple::<i32>()
        .one(reader.conn())
        .await
        .map_err(failure)?;
    Ok(found.and_then(|revision| u32::try_from(revision).ok()))
}

/// Of these identities, those that outcomes of other frameworks' drafts have too.
pub(crate) async fn elsewhere(tx: &Tx, framework: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    tx.find::<Entity>()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::Framework.ne(framework))
        .filter(Column::Revision.eq(DRAFT))
        .select_only()
        .column(Column::Id)
        .distinct()
        .into_tuple::<Uuid>()
        .all(tx.conn())
        .await
        .map_err(failure)
}

/// Lists outcomes in list order.
pub(crate) async fn list(
    reader: &Reader,
    framework: &FrameworkRef,
    filter: &Filter,
    request: &PageRequest,
) -> Result<Page<Outcome>> {
    let mut select = of(reader, framework);
    select = match filter.below {
        Below::Any => select,
        Below::Framework => select.filter(Column::Parent.is_null()),
        Below::Outcome(parent) => select.filter(Column::Parent.eq(parent)),
    };
    if !filter.item_type.is_empty() {
        select = select.filter(Column::ItemType.eq(&filter.item_type));
    }
    if !filter.code.is_empty() {
        select = select.filter(Column::Code.eq(&filter.code));
    }
    if filter.kind != OutcomeKind::Unspecified {
        select = select.filter(Column::Kind.eq(filter.kind.as_str()));
    }
    let context = format!("ListOutcomes {} {filter:?}", framework.name());
    let keys = Keyset::by(Column::ListOrder).then(Column::Id);
    let rows = page(reader, select, keys, request, &context, weight).await?;
    let items = rows.items.into_iter().map(|row| read(reader.district(), &row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// The outcomes of a framework after a place, in the order in which they stand.
pub(crate) async fn in_order(
    reader: &Reader,
    framework: &FrameworkRef,
    after: Option<(i32, Uuid)>,
    limit: u64,
) -> Result<Vec<Outcome>> {
    let mut select = of(reader, framework);
    if let Some((order, id)) = after {
        let later = Condition::all().add(Column::ListOrder.eq(order)).add(Column::Id.gt(id));
        select = select.filter(Condition::any().add(Column::ListOrder.gt(order)).add(later));
    }
    let select = select.order_by_asc(Column::ListOrder).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Where every outcome of a framework stands.
pub(crate) async fn standings<S: Scope>(scope: &S, framework: &FrameworkRef) -> Result<Vec<Standing>> {
    let rows = of(scope, framework)
        .select_only()
        .columns([Column::Id, Column::Parent, Column::ListOrder])
        .into_tuple::<(Uuid, Option<Uuid>, i32)>()
        .all(scope.conn())
        .await
        .map_err(failure)?;
    Ok(rows.into_iter().map(|(id, parent, order)| Standing { id, parent, order }).collect())
}

/// The outcomes of a framework that a search looks at, at most `limit`.
pub(crate) async fn searched(reader: &Reader, framework: &FrameworkRef, limit: u64) -> Result<Vec<Outcome>> {
    let rows = of(reader, framework).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Outcomes of drafts after one, in the order of framework and identity.
pub(crate) async fn after(reader: &Reader, after: Option<(Uuid, Uuid)>, limit: u64) -> Result<Vec<Outcome>> {
    let mut select = reader.find::<Entity>().filter(Column::Revision.eq(DRAFT));
    if let Some((framework, id)) = after {
        let later = Condition::all().add(Column::Framework.eq(framework)).add(Column::Id.gt(id));
        select = select.filter(Condition::any().add(Column::Framework.gt(framework)).add(later));
    }
    let select = select.order_by_asc(Column::Framework).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Writes new outcomes.
pub(crate) async fn insert(tx: &Tx, outcomes: &[Outcome]) -> Result<()> {
    tx.insert_each(outcomes.iter().map(row)).await
}

/// Writes outcomes of a draft that were changed.
pub(crate) async fn put(tx: &Tx, outcomes: &[Outcome]) -> Result<()> {
    tx.put_each(outcomes.iter().map(row)).await
}

/// Deletes outcomes of a draft.
pub(crate) async fn delete(tx: &Tx, framework: Uuid, ids: &[Uuid]) -> Result<()> {
    for some in ids.chunks(10_000) {
        tx.delete_many::<Entity>()
            .filter(Column::Framework.eq(framework))
            .filter(Column::Revision.eq(DRAFT))
            .filter(Column::Id.is_in(some.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(failure)?;
    }
    Ok(())
}

fn weight(row: &Model) -> usize {
    row.content.len() + row.code.len() + 500
}

fn row(outcome: &Outcome) -> Result<ActiveModel> {
    let Outcome { framework, id, content, parent, list_order, published, create_time, update_time, version } =
        outcome;
    let model = Model {
        district: framework.district.to_string(),
        framework: framework.id,
        revision: framework.row_revision(),
        id: *id,
        version: *version,
        kind: content.kind.as_str().to_owned(),
        code: content.code.clone(),
        item_type: content.item_type.clone(),
        parent: *parent,
        list_order: *list_order,
        published: i32::try_from(*published).map_err(Failure::internal)?,
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
    };
    Ok(model.into_active_model().reset_all())
}

pub(super) fn read(district: &District, row: &Model) -> Result<Outcome> {
    let pin = if row.revision == DRAFT { None } else { u32::try_from(row.revision).ok() };
    Ok(Outcome {
        framework: FrameworkRef { district: district.clone(), id: row.framework, pin },
        id: row.id,
        content: decode(&row.content)?,
        parent: row.parent,
        list_order: row.list_order,
        published: u32::try_from(row.published).unwrap_or_default(),
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
