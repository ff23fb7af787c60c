//! Rows of proficiency scales.

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::proficiency_scales::{ActiveModel, Column, Entity, Model};
use super::frameworks::DRAFT;
use super::{decode, encode, micros};
use crate::domain::proficiency_scale::{Scale, ScaleRef};

/// Reads a scale, its draft or a revision of it; not found when there is none.
pub(crate) async fn get(reader: &Reader, of: &ScaleRef) -> Result<Scale> {
    find(reader, of).await?.ok_or_else(|| of.missing())
}

/// The same; none when there is none.
pub(crate) async fn find(reader: &Reader, of: &ScaleRef) -> Result<Option<Scale>> {
    let Some(revision) = of.row_revision() else { return Ok(None) };
    let select = reader.find::<Entity>().filter(Column::Id.eq(of.id)).filter(Column::Revision.eq(revision));
    let found = select.one(reader.conn()).await.map_err(failure)?;
    found.map(|row| read(&of.district, &row)).transpose()
}

/// Reads a draft for a change: whoever changes it too waits.
pub(crate) async fn lock(tx: &Tx, of: &ScaleRef) -> Result<Scale> {
    let select = tx.find::<Entity>().filter(Column::Id.eq(of.id)).filter(Column::Revision.eq(DRAFT));
    let found = select.lock_exclusive().one(tx.conn()).await.map_err(failure)?;
    found.map_or_else(|| Err(of.missing()), |row| read(&of.district, &row))
}

/// Lists the drafts of a district in the order in which they were created.
pub(crate) async fn list(reader: &Reader, request: &PageRequest) -> Result<Page<Scale>> {
    let select = reader.find::<Entity>().filter(Column::Revision.eq(DRAFT));
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let rows = page(reader, select, keys, request, "ListProficiencyScales", weight).await?;
    read_page(reader, rows)
}

/// Lists the revisions of a scale, the first first.
pub(crate) async fn revisions(reader: &Reader, of: &ScaleRef, request: &PageRequest) -> Result<Page<Scale>> {
    let select = reader.find::<Entity>().filter(Column::Id.eq(of.id)).filter(Column::Revision.gt(DRAFT));
    let context = format!("ListProficiencyScaleRevisions {}", of.name());
    let rows = page(reader, select, Keyset::by(Column::Revision), request, &context, weight).await?;
    read_page(reader, rows)
}

/// The drafts of these identities.
pub(crate) async fn some(reader: &Reader, ids: Vec<Uuid>) -> Result<Vec<Scale>> {
    let select = reader.find::<Entity>().filter(Column::Id.is_in(ids)).filter(Column::Revision.eq(DRAFT));
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| read(reader.district(), row)).collect()
}

/// The drafts after one, in the order of their identities.
pub(crate) async fn after(reader: &Reader, after: Option<Uuid>, limit: u64) -> Result<Vec<Scale>> {
    let mut select = reader.find::<Entity>().filter(Column::Revision.eq(DRAFT));
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    let select = select.order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| read(reader.district(), row)).collect()
}

/// Writes a new draft or a new revision.
pub(crate) async fn insert(tx: &Tx, scale: &Scale) -> Result<()> {
    tx.insert(row(scale)?).await
}

/// Writes a draft that was changed. It must have been read with [`lock`].
pub(crate) async fn update(tx: &Tx, scale: &Scale) -> Result<()> {
    tx.update_many::<Entity>()
        .set(row(scale)?)
        .filter(Column::Id.eq(scale.place.id))
        .filter(Column::Revision.eq(DRAFT))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// Deletes a scale.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<()> {
    let select = tx.delete_many::<Entity>().filter(Column::Id.eq(id));
    select.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

const fn weight(row: &Model) -> usize {
    row.content.len() + 500
}

fn read_page(reader: &Reader, rows: Page<Model>) -> Result<Page<Scale>> {
    let items = rows.items.iter().map(|row| read(reader.district(), row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

fn row(scale: &Scale) -> Result<ActiveModel> {
    let Scale { place, content, revision, revision_time, unpublished, create_time, update_time, version } =
        scale;
    let number = |number: u32| i32::try_from(number).map_err(Failure::internal);
    let model = Model {
        district: place.district.to_string(),
        id: place.id,
        revision: number(place.pin.unwrap_or_default())?,
        version: *version,
        latest_revision: number(*revision)?,
        latest_time: revision_time.map(micros),
        unpublished: *unpublished,
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
    };
    Ok(model.into_active_model().reset_all())
}

fn read(district: &District, row: &Model) -> Result<Scale> {
    let pin = if row.revision == DRAFT { None } else { u32::try_from(row.revision).ok() };
    Ok(Scale {
        place: ScaleRef { district: district.clone(), id: row.id, pin },
        content: decode(&row.content)?,
        revision: u32::try_from(row.latest_revision).unwrap_or_default(),
        revision_time: row.latest_time.map(instant).transpose()?,
        unpublished: row.unpublished,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
