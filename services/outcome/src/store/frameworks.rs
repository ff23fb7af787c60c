//! Rows of frameworks.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::{
    associations, case_entries, frameworks, outcomes, progressions, rubric_outcomes, rubrics,
    transfer_changes,
};
use super::{decode, encode, micros};
use crate::domain::framework::{Framework, FrameworkKind, FrameworkRef, Holdings};

/// The revision under which a draft is kept.
pub(crate) const DRAFT: i32 = 0;

/// Reads a framework, its draft or a revision of it; not found when there is none.
pub(crate) async fn get<S: Scope>(scope: &S, of: &FrameworkRef) -> Result<Framework> {
    let found = scope
        .find::<frameworks::Entity>()
        .filter(frameworks::Column::Id.eq(of.id))
        .filter(frameworks::Column::Revision.eq(of.row_revision()))
        .one(scope.conn())
        .await
        .map_err(failure)?;
    found.map_or_else(|| Err(of.missing()), |row| read(&of.district, &row))
}

/// Reads a draft for a change of it or of anything in it: whoever changes it too waits.
pub(crate) async fn lock(tx: &Tx, of: &FrameworkRef) -> Result<Framework> {
    find_locked(tx, of).await?.ok_or_else(|| of.missing())
}

/// The same; none when there is none.
pub(crate) async fn find_locked(tx: &Tx, of: &FrameworkRef) -> Result<Option<Framework>> {
    let found = tx
        .find::<frameworks::Entity>()
        .filter(frameworks::Column::Id.eq(of.id))
        .filter(frameworks::Column::Revision.eq(DRAFT))
        .lock_exclusive()
        .one(tx.conn())
        .await
        .map_err(failure)?;
    found.map(|row| read(&of.district, &row)).transpose()
}

/// The draft of a framework for what is only said, not done; none when there is none.
pub(crate) async fn find(reader: &Reader, of: &FrameworkRef) -> Result<Option<Framework>> {
    let found = reader
        .find::<frameworks::Entity>()
        .filter(frameworks::Column::Id.eq(of.id))
        .filter(frameworks::Column::Revision.eq(of.row_revision()))
        .one(reader.conn())
        .await
        .map_err(failure)?;
    found.map(|row| read(&of.district, &row)).transpose()
}

/// Lists the drafts of a district in the order in which they were created.
pub(crate) async fn list(
    reader: &Reader,
    kind: FrameworkKind,
    request: &PageRequest,
) -> Result<Page<Framework>> {
    let mut select = reader.find::<frameworks::Entity>().filter(frameworks::Column::Revision.eq(DRAFT));
    if kind != FrameworkKind::Unspecified {
        select = select.filter(frameworks::Column::Kind.eq(kind.as_str()));
    }
    let keys = Keyset::by(frameworks::Column::CreateTime).then(frameworks::Column::Id);
    let context = format!("ListFrameworks {}", kind.as_str());
    let rows = page(reader, select, keys, request, &context, |row| row.content.len() + 500).await?;
    let items = rows.items.into_iter().map(|row| read(reader.district(), &row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// Lists the revisions of a framework, the newest first.
pub(crate) async fn revisions(
    reader: &Reader,
    of: &FrameworkRef,
    request: &PageRequest,
) -> Result<Page<Framework>> {
    let select = reader
        .find::<frameworks::Entity>()
        .filter(frameworks::Column::Id.eq(of.id))
        .filter(frameworks::Column::Revision.gt(DRAFT));
    let keys = Keyset::by_desc(frameworks::Column::Revision);
    let context = format!("ListFrameworkRevisions {}", of.name());
    let weigh = |row: &frameworks::Model| row.content.len() + row.release_note.len() + 500;
    let rows = page(reader, select, keys, request, &context, weigh).await?;
    let items = rows.items.into_iter().map(|row| read(reader.district(), &row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// The numbers last published of these frameworks; 0 where none was.
pub(crate) async fn latest(reader: &Reader, ids: Vec<Uuid>) -> Result<HashMap<Uuid, u32>> {
    let rows = reader
        .find::<frameworks::Entity>()
        .filter(frameworks::Column::Id.is_in(ids))
        .filter(frameworks::Column::Revision.eq(DRAFT))
        .select_only()
        .columns([frameworks::Column::Id, frameworks::Column::LatestRevision])
        .into_tuple::<(Uuid, i32)>()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    Ok(rows.into_iter().map(|(id, latest)| (id, u32::try_from(latest).unwrap_or_default())).collect())
}

/// The drafts of these identities.
pub(crate) async fn some(reader: &Reader, ids: Vec<Uuid>) -> Result<Vec<Framework>> {
    let select = reader.find::<frameworks::Entity>().filter(frameworks::Column::Id.is_in(ids));
    let rows =
        select.filter(frameworks::Column::Revision.eq(DRAFT)).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// The drafts after one, in the order of their identities.
pub(crate) async fn after(reader: &Reader, after: Option<Uuid>, limit: u64) -> Result<Vec<Framework>> {
    let mut select = reader.find::<frameworks::Entity>().filter(frameworks::Column::Revision.eq(DRAFT));
    if let Some(after) = after {
        select = select.filter(frameworks::Column::Id.gt(after));
    }
    let select = select.order_by_asc(frameworks::Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Writes a new draft or a new revision.
pub(crate) async fn insert(tx: &Tx, framework: &Framework) -> Result<()> {
    tx.insert(row(framework)?).await
}

/// Writes a draft that was changed. It must have been read with [`lock`].
pub(crate) async fn update(tx: &Tx, framework: &Framework) -> Result<()> {
    let row = row(framework)?;
    tx.update_many::<frameworks::Entity>()
        .set(row)
        .filter(frameworks::Column::Id.eq(framework.place.id))
        .filter(frameworks::Column::Revision.eq(DRAFT))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// Deletes a draft and everything in it.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<()> {
    let frameworks = tx.delete_many::<frameworks::Entity>().filter(frameworks::Column::Id.eq(id));
    frameworks.exec(tx.conn()).await.map_err(failure)?;
    let outcomes = tx.delete_many::<outcomes::Entity>().filter(outcomes::Column::Framework.eq(id));
    outcomes.exec(tx.conn()).await.map_err(failure)?;
    let associations =
        tx.delete_many::<associations::Entity>().filter(associations::Column::Framework.eq(id));
    associations.exec(tx.conn()).await.map_err(failure)?;
    let progressions =
        tx.delete_many::<progressions::Entity>().filter(progressions::Column::Framework.eq(id));
    progressions.exec(tx.conn()).await.map_err(failure)?;
    super::public_frameworks::delete(tx, id).await?;
    let rubrics = tx.delete_many::<rubrics::Entity>().filter(rubrics::Column::Framework.eq(id));
    rubrics.exec(tx.conn()).await.map_err(failure)?;
    let alignments =
        tx.delete_many::<rubric_outcomes::Entity>().filter(rubric_outcomes::Column::Framework.eq(id));
    alignments.exec(tx.conn()).await.map_err(failure)?;
    let entries = tx.delete_many::<case_entries::Entity>().filter(case_entries::Column::Framework.eq(id));
    entries.exec(tx.conn()).await.map_err(failure)?;
    let changes =
        tx.delete_many::<transfer_changes::Entity>().filter(transfer_changes::Column::Framework.eq(id));
    changes.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

fn row(framework: &Framework) -> Result<frameworks::ActiveModel> {
    let Framework {
        place,
        content,
        revision,
        revision_time,
        unpublished,
        release_note,
        holdings,
        create_time,
        update_time,
        version,
    } = framework;
    let model = frameworks::Model {
        district: place.district.to_string(),
        id: place.id,
        revision: place.row_revision(),
        version: *version,
        kind: content.kind.as_str().to_owned(),
        latest_revision: i32::try_from(*revision).map_err(Failure::internal)?,
        latest_time: revision_time.map(micros),
        unpublished: *unpublished,
        outcomes: holdings.outcomes,
        associations: holdings.associations,
        progressions: holdings.progressions,
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
        release_note: encode(release_note)?,
    };
    Ok(model.into_active_model().reset_all())
}

pub(super) fn read(district: &District, row: &frameworks::Model) -> Result<Framework> {
    let pin = if row.revision == DRAFT { None } else { u32::try_from(row.revision).ok() };
    Ok(Framework {
        place: FrameworkRef { district: district.clone(), id: row.id, pin },
        content: decode(&row.content)?,
        revision: u32::try_from(row.latest_revision).unwrap_or_default(),
        revision_time: row.latest_time.map(instant).transpose()?,
        unpublished: row.unpublished,
        release_note: decode(&row.release_note)?,
        holdings: Holdings {
            outcomes: row.outcomes,
            associations: row.associations,
            progressions: row.progressions,
        },
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
