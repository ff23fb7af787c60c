//! Rows of associations.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::associations::{ActiveModel, Column, Entity, Model};
use super::frameworks::DRAFT;
use super::{decode, encode, micros};
use crate::domain::association::{ASSOCIATION, Association, AssociationType, association_name};
use crate::domain::framework::FrameworkRef;

fn of<S: Scope>(scope: &S, framework: &FrameworkRef) -> Select<Entity> {
    scope
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
}

/// Reads an association; not found when there is none.
pub(crate) async fn get<S: Scope>(scope: &S, framework: &FrameworkRef, id: Uuid) -> Result<Association> {
    let row = of(scope, framework).filter(Column::Id.eq(id)).one(scope.conn()).await.map_err(failure)?;
    let missing = || Failure::not_found(ASSOCIATION, association_name(framework, id).to_string());
    row.map_or_else(|| Err(missing()), |row| read(scope.district(), &row))
}

/// The associations after one in the order of their identities.
pub(crate) async fn window(
    reader: &Reader,
    framework: &FrameworkRef,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Association>> {
    let mut select = of(reader, framework);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Every association of one type, in the order of their identities.
pub(crate) async fn of_type<S: Scope>(
    scope: &S,
    framework: &FrameworkRef,
    kind: AssociationType,
) -> Result<Vec<Association>> {
    let select = of(scope, framework).filter(Column::Kind.eq(kind.as_str())).order_by_asc(Column::Id);
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// The associations that start from or lead to one of these outcomes, each once.
pub(crate) async fn touching(tx: &Tx, framework: &FrameworkRef, ids: &[Uuid]) -> Result<Vec<Association>> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(10_000) {
        let ends = [Column::Origin, Column::Destination];
        let either = ends.iter().fold(Condition::any(), |any, end| any.add(end.is_in(some.iter().copied())));
        let rows = of(tx, framework).filter(either).all(tx.conn()).await.map_err(failure)?;
        for row in rows {
            found.insert(row.id, read(tx.district(), &row)?);
        }
    }
    Ok(found.into_values().collect())
}

/// Lists associations in the order in which they were made.
pub(crate) async fn list(
    reader: &Reader,
    framework: &FrameworkRef,
    kind: Option<AssociationType>,
    outcome: Option<Uuid>,
    request: &PageRequest,
) -> Result<Page<Association>> {
    let mut select = of(reader, framework);
    if let Some(kind) = kind {
        select = select.filter(Column::Kind.eq(kind.as_str()));
    }
    if let Some(outcome) = outcome {
        let either = Condition::any().add(Column::Origin.eq(outcome)).add(Column::Destination.eq(outcome));
        select = select.filter(either);
    }
    let context = format!("ListAssociations {} {kind:?} {outcome:?}", framework.name());
    let keys = Keyset::by(Column::Position).then(Column::Id);
    let rows = page(reader, select, keys, request, &context, |row| row.content.len() + 500).await?;
    let items = rows.items.into_iter().map(|row| read(reader.district(), &row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// The associations of one type that leave an outcome.
pub(crate) async fn leaving(
    tx: &Tx,
    framework: &FrameworkRef,
    kind: AssociationType,
    origin: Uuid,
) -> Result<Vec<Association>> {
    let rows = of(tx, framework)
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::Origin.eq(origin))
        .all(tx.conn())
        .await
        .map_err(failure)?;
    rows.into_iter().map(|row| read(tx.district(), &row)).collect()
}

/// The graph that the associations of one type make within their framework.
pub(crate) async fn edges(
    tx: &Tx,
    framework: &FrameworkRef,
    kind: AssociationType,
) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = of(tx, framework)
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::Origin.is_not_null())
        .filter(Column::Destination.is_not_null())
        .select_only()
        .columns([Column::Origin, Column::Destination])
        .into_tuple::<(Uuid, Uuid)>()
        .all(tx.conn())
        .await
        .map_err(failure)?;
    Ok(rows)
}

/// How many rows are read at a time where many are.
const ROWS: u64 = 10_000;

/// The ends within the framework of every association of a draft.
pub(crate) async fn ends(
    tx: &Tx,
    framework: &FrameworkRef,
) -> Result<HashMap<Uuid, (Option<Uuid>, Option<Uuid>)>> {
    let mut ends = HashMap::new();
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
            .columns([Column::Id, Column::Origin, Column::Destination])
            .into_tuple::<(Uuid, Option<Uuid>, Option<Uuid>)>()
            .all(tx.conn())
            .await
            .map_err(failure)?;
        let more = rows.len() as u64 == ROWS;
        last = rows.last().map(|(id, _, _)| *id);
        ends.extend(rows.into_iter().map(|(id, origin, destination)| (id, (origin, destination))));
        if !more {
            return Ok(ends);
        }
    }
}

/// Reads those of these associations of a draft that there are, in any order.
pub(crate) async fn some<S: Scope>(
    scope: &S,
    framework: &FrameworkRef,
    ids: &[Uuid],
) -> Result<Vec<Association>> {
    let select = of(scope, framework).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// Every association of a framework.
pub(crate) async fn every<S: Scope>(scope: &S, framework: &FrameworkRef) -> Result<Vec<Association>> {
    let rows = of(scope, framework).all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// The associations of a framework after a place, in the order in which they stand, each with its position.
pub(crate) async fn in_order(
    reader: &Reader,
    framework: &FrameworkRef,
    after: Option<(i32, Uuid)>,
    limit: u64,
) -> Result<Vec<(Association, i32)>> {
    let mut select = of(reader, framework);
    if let Some((position, id)) = after {
        let later = Condition::all().add(Column::Position.eq(position)).add(Column::Id.gt(id));
        select = select.filter(Condition::any().add(Column::Position.gt(position)).add(later));
    }
    let select = select.order_by_asc(Column::Position).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| Ok((read(reader.district(), &row)?, row.position))).collect()
}

/// The positions of these associations of a draft.
pub(crate) async fn positions(tx: &Tx, framework: &FrameworkRef, ids: &[Uuid]) -> Result<HashMap<Uuid, i32>> {
    let mut positions = HashMap::with_capacity(ids.len());
    for some in ids.chunks(10_000) {
        let rows = of(tx, framework)
            .filter(Column::Id.is_in(some.iter().copied()))
            .select_only()
            .columns([Column::Id, Column::Position])
            .into_tuple::<(Uuid, i32)>()
            .all(tx.conn())
            .await
            .map_err(failure)?;
        positions.extend(rows);
    }
    Ok(positions)
}

/// Associations of drafts after one, in the order of framework and identity.
pub(crate) async fn after(
    reader: &Reader,
    after: Option<(Uuid, Uuid)>,
    limit: u64,
) -> Result<Vec<Association>> {
    let mut select = reader.find::<Entity>().filter(Column::Revision.eq(DRAFT));
    if let Some((framework, id)) = after {
        let later = Condition::all().add(Column::Framework.eq(framework)).add(Column::Id.gt(id));
        select = select.filter(Condition::any().add(Column::Framework.gt(framework)).add(later));
    }
    let select = select.order_by_asc(Column::Framework).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Writes new associations, each at its position.
pub(crate) async fn insert(tx: &Tx, associations: &[(Association, i32)]) -> Result<()> {
    tx.insert_each(associations.iter().map(row)).await
}

/// Writes associations of a draft that were changed, each at its position.
pub(crate) async fn put(tx: &Tx, associations: &[(Association, i32)]) -> Result<()> {
    tx.put_each(associations.iter().map(row)).await
}

/// Writes an association of a draft that was changed; it keeps its position.
pub(crate) async fn update(tx: &Tx, association: &Association) -> Result<()> {
    let mut row = row(&(association.clone(), 0))?;
    row.position = ActiveValue::NotSet;
    tx.update_many::<Entity>()
        .set(row)
        .filter(Column::Framework.eq(association.framework.id))
        .filter(Column::Revision.eq(DRAFT))
        .filter(Column::Id.eq(association.id))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// Deletes associations of a draft.
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

fn row((association, position): &(Association, i32)) -> Result<ActiveModel> {
    let Association { framework, id, content, create_time, update_time, version } = association;
    let model = Model {
        district: framework.district.to_string(),
        framework: framework.id,
        revision: framework.row_revision(),
        id: *id,
        version: *version,
        kind: content.kind.as_str().to_owned(),
        position: *position,
        origin: content.origin.own(framework.id),
        destination: content.destination.own(framework.id),
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
    };
    Ok(model.into_active_model().reset_all())
}

pub(super) fn read(district: &District, row: &Model) -> Result<Association> {
    let pin = if row.revision == DRAFT { None } else { u32::try_from(row.revision).ok() };
    Ok(Association {
        framework: FrameworkRef { district: district.clone(), id: row.framework, pin },
        id: row.id,
        content: decode(&row.content)?,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
