//! Rows of progressions.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::progressions::{ActiveModel, Column, Entity, Model};
use super::frameworks::DRAFT;
use super::{decode, encode, micros};
use crate::domain::framework::FrameworkRef;
use crate::domain::progression::{PROGRESSION, PROGRESSIONS, Progression};

fn of<S: Scope>(scope: &S, framework: &FrameworkRef) -> Select<Entity> {
    scope
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
}

/// Reads a progression; not found when there is none.
pub(crate) async fn get<S: Scope>(scope: &S, framework: &FrameworkRef, id: Uuid) -> Result<Progression> {
    let found = some(scope, framework, &[id]).await?.pop();
    found.ok_or_else(|| Failure::not_found(PROGRESSION, framework.name().child(PROGRESSIONS, id).to_string()))
}

/// Lists progressions in the order in which they were made.
pub(crate) async fn list(
    reader: &Reader,
    framework: &FrameworkRef,
    outcome: Option<Uuid>,
    request: &PageRequest,
) -> Result<Page<Progression>> {
    let mut select = of(reader, framework);
    if let Some(outcome) = outcome {
        select = select.filter(Column::Outcomes.contains(format!(" {outcome} ")));
    }
    let context = format!("ListProgressions {} {outcome:?}", framework.name());
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let rows =
        page(reader, select, keys, request, &context, |row| row.content.len() + row.outcomes.len() + 500)
            .await?;
    let items = rows.items.into_iter().map(|row| read(reader.district(), &row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// Every progression of a framework.
pub(crate) async fn every<S: Scope>(scope: &S, framework: &FrameworkRef) -> Result<Vec<Progression>> {
    let rows = of(scope, framework).all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// The progressions after one in the order of their identities.
pub(crate) async fn window(
    reader: &Reader,
    framework: &FrameworkRef,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Progression>> {
    let mut select = of(reader, framework);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Reads those of these progressions that there are, in any order.
pub(crate) async fn some<S: Scope>(
    scope: &S,
    framework: &FrameworkRef,
    ids: &[Uuid],
) -> Result<Vec<Progression>> {
    let select = of(scope, framework).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// Progressions of drafts after one, in the order of framework and identity.
pub(crate) async fn after(
    reader: &Reader,
    after: Option<(Uuid, Uuid)>,
    limit: u64,
) -> Result<Vec<Progression>> {
    let mut select = reader.find::<Entity>().filter(Column::Revision.eq(DRAFT));
    if let Some((framework, id)) = after {
        let later = Condition::all().add(Column::Framework.eq(framework)).add(Column::Id.gt(id));
        select = select.filter(Condition::any().add(Column::Framework.gt(framework)).add(later));
    }
    let select = select.order_by_asc(Column::Framework).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Writes a new progression.
pub(crate) async fn insert(tx: &Tx, progression: &Progression) -> Result<()> {
    tx.insert(row(progression)?).await
}

/// Writes progressions of a draft that were changed.
pub(crate) async fn put(tx: &Tx, progressions: &[Progression]) -> Result<()> {
    tx.put_each(progressions.iter().map(row)).await
}

/// Deletes progressions of a draft.
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

fn row(progression: &Progression) -> Result<ActiveModel> {
    let Progression { framework, id, content, create_time, update_time, version } = progression;
    let mut outcomes = String::from(" ");
    for outcome in &content.outcomes {
        outcomes.push_str(&outcome.to_string());
        outcomes.push(' ');
    }
    let model = Model {
        district: framework.district.to_string(),
        framework: framework.id,
        revision: framework.row_revision(),
        id: *id,
        version: *version,
        outcomes,
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
    };
    Ok(model.into_active_model().reset_all())
}

fn read(district: &District, row: &Model) -> Result<Progression> {
    let pin = if row.revision == DRAFT { None } else { u32::try_from(row.revision).ok() };
    Ok(Progression {
        framework: FrameworkRef { district: district.clone(), id: row.framework, pin },
        id: row.id,
        content: decode(&row.content)?,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
