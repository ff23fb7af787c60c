//! Entries.

use sea_orm::{ColumnTrait, Condition, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Document, Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::entry::{ActiveModel, Column, Entity, Model};
use super::entry_columns::{broken, maybe_instant};
use crate::domain::entry::{Audience, Entry, Facet, FacetKind, Sight, Viewer, Voice};

/// Writes a new entry.
pub(crate) async fn insert(tx: &Tx, entry: &Entry) -> Result<()> {
    tx.insert(ActiveModel {
        id: Set(entry.id),
        learner: Set(entry.learner),
        facet: Set(entry.facet.kind().key().to_owned()),
        other_facet: Set(entry.facet.other().to_owned()),
        text: Set(Document(entry.text.clone())),
        author: Set(entry.sight.author),
        voice: Set(entry.sight.voice.key().to_owned()),
        audience: Set(entry.sight.audience.key().to_owned()),
        learner_read_time: Set(entry.sight.learner_read_time.map(Timestamp::as_microsecond)),
        create_time: Set(entry.create_time.as_microsecond()),
        update_time: Set(entry.update_time.as_microsecond()),
        version: Set(entry.version),
        ..Default::default()
    })
    .await
}

/// The entry of a learner, whoever may see it.
pub(crate) async fn get<S: Scope>(scope: &S, learner: Uuid, id: Uuid) -> Result<Option<Entry>> {
    let row = scope
        .find::<Entity>()
        .filter(Column::Learner.eq(learner))
        .filter(Column::Id.eq(id))
        .one(scope.conn())
        .await
        .map_err(failure)?;
    row.map(read).transpose()
}

/// A page of the entries about a learner that the viewer may see, in the order they were written.
pub(crate) async fn list(
    reader: &Reader,
    learner: Uuid,
    viewer: &Viewer,
    request: &PageRequest,
    context: &str,
) -> Result<Page<Entry>> {
    let select = reader.find::<Entity>().filter(Column::Learner.eq(learner)).filter(seen_by(viewer));
    let page = trellis_store::page(reader, select, Keyset::by(Column::Id), request, context, weigh).await?;
    let next = page.next;
    Ok(Page { items: page.items.into_iter().map(read).collect::<Result<_>>()?, next })
}

/// Entries by id, whoever may see them.
pub(crate) async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Entry>> {
    let rows = reader
        .find::<Entity>()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(reader.conn())
        .await
        .map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// The entries of the district after an id, whoever may see them.
pub(crate) async fn after(reader: &Reader, id: Option<Uuid>, limit: u64) -> Result<Vec<Entry>> {
    let rows = reader
        .find::<Entity>()
        .filter(Column::Id.gt(id.unwrap_or_default()))
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(reader.conn())
        .await
        .map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// Notes that the learner has read what others wrote; false for an entry that is gone or was read before.
pub(crate) async fn mark_read(tx: &Tx, learner: Uuid, id: Uuid) -> Result<bool> {
    let now = tx.now().as_microsecond();
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::LearnerReadTime, now.into())
        .col_expr(Column::UpdateTime, now.into())
        .col_expr(Column::Version, Column::Version.into_expr().add(1))
        .filter(Column::Learner.eq(learner))
        .filter(Column::Id.eq(id))
        .filter(Column::LearnerReadTime.is_null())
        .filter(Column::Voice.ne(Voice::Learner.key()))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(done.rows_affected == 1)
}

/// Removes the row, words and all; false when it has changed since.
pub(crate) async fn delete(tx: &Tx, entry: &Entry) -> Result<bool> {
    let done = tx
        .delete_many::<Entity>()
        .filter(Column::Id.eq(entry.id))
        .filter(Column::Version.eq(entry.version))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(done.rows_affected == 1)
}

/// [`Sight::allows`], as a condition on rows.
fn seen_by(viewer: &Viewer) -> Condition {
    if viewer.is_learner() {
        return Condition::all();
    }
    let audiences = Audience::ALL.iter().filter(|audience| audience.includes(viewer.relations));
    let included =
        Condition::all().add(Column::Audience.is_in(audiences.map(|audience| audience.key()))).add(
            Condition::any()
                .add(Column::Voice.eq(Voice::Learner.key()))
                .add(Column::LearnerReadTime.is_not_null()),
        );
    match viewer.person {
        Some(person) => Condition::any().add(included).add(Column::Author.eq(person)),
        None => included,
    }
}

fn weigh(row: &Model) -> usize {
    // A guess at names and numbers, and the words, which make the difference.
    512 + row.text.0.bytes()
}

fn read(row: Model) -> Result<Entry> {
    let Model {
        district: _,
        id,
        learner,
        facet,
        other_facet,
        text,
        author,
        voice,
        audience,
        learner_read_time,
        create_time,
        update_time,
        version,
    } = row;
    let kind = FacetKind::from_key(&facet).ok_or_else(broken)?;
    Ok(Entry {
        id,
        learner,
        facet: Facet::parse(kind, other_facet).map_err(|_| broken())?,
        text: text.0,
        sight: Sight {
            author,
            voice: Voice::from_key(&voice).ok_or_else(broken)?,
            audience: Audience::from_key(&audience).ok_or_else(broken)?,
            learner_read_time: maybe_instant(learner_read_time)?,
        },
        create_time: instant(create_time)?,
        update_time: instant(update_time)?,
        version,
    })
}
