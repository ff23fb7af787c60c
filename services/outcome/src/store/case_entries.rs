//! What was imported, as it came.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use trellis_kernel::{Failure, Result, Uuid};
use trellis_store::{Reader, Scope, Tx, failure};

use super::entities::case_entries::{ActiveModel, Column, Entity, Model};
use super::frameworks::DRAFT;
use crate::domain::case::Digest;
use crate::domain::framework::FrameworkRef;

/// How many rows are read at a time where many are.
const ROWS: u64 = 10_000;

/// The digests of the entries of a draft, by section and identity.
pub(crate) async fn digests<S: Scope>(
    scope: &S,
    framework: Uuid,
) -> Result<HashMap<String, HashMap<Uuid, Digest>>> {
    let mut digests: HashMap<String, HashMap<Uuid, Digest>> = HashMap::new();
    let mut last: Option<(String, Uuid)> = None;
    loop {
        let mut select =
            scope.find::<Entity>().filter(Column::Framework.eq(framework)).filter(Column::Revision.eq(DRAFT));
        if let Some((section, id)) = &last {
            let later = Condition::all().add(Column::Section.eq(section)).add(Column::Id.gt(*id));
            let later = Condition::any().add(Column::Section.gt(section)).add(later);
            select = select.filter(Column::Section.gte(section)).filter(later);
        }
        let rows = select
            .order_by_asc(Column::Section)
            .order_by_asc(Column::Id)
            .limit(ROWS)
            .select_only()
            .columns([Column::Section, Column::Id, Column::Digest])
            .into_tuple::<(String, Uuid, String)>()
            .all(scope.conn())
            .await
            .map_err(failure)?;
        let more = rows.len() as u64 == ROWS;
        last = rows.last().map(|(section, id, _)| (section.clone(), *id));
        for (section, id, digest) in rows {
            let digest = Digest::read(&digest)
                .ok_or_else(|| Failure::internal("a row holds a digest of another shape"))?;
            match digests.get_mut(&section) {
                Some(known) => known.insert(id, digest),
                None => digests.entry(section).or_default().insert(id, digest),
            };
        }
        if !more {
            return Ok(digests);
        }
    }
}

/// The JSON of these entries of a draft.
pub(crate) async fn json<S: Scope>(
    scope: &S,
    framework: Uuid,
    section: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    let rows = scope
        .find::<Entity>()
        .filter(Column::Framework.eq(framework))
        .filter(Column::Revision.eq(DRAFT))
        .filter(Column::Section.eq(section))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .select_only()
        .columns([Column::Id, Column::Json])
        .into_tuple::<(Uuid, String)>()
        .all(scope.conn())
        .await
        .map_err(failure)?;
    Ok(rows.into_iter().collect())
}

fn of(reader: &Reader, framework: &FrameworkRef, section: &str) -> Select<Entity> {
    reader
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
        .filter(Column::Section.eq(section))
}

/// The sections of which a framework, at a revision or in draft, has entries, in order.
pub(crate) async fn sections(reader: &Reader, framework: &FrameworkRef) -> Result<Vec<String>> {
    let mut sections: Vec<String> = reader
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
        .select_only()
        .column(Column::Section)
        .distinct()
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    sections.sort_unstable();
    Ok(sections)
}

/// What came for these entries of a section, by their identities.
pub(crate) async fn sources(
    reader: &Reader,
    framework: &FrameworkRef,
    section: &str,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, String>> {
    let rows = of(reader, framework, section)
        .filter(Column::Id.is_in(ids))
        .select_only()
        .columns([Column::Id, Column::Json])
        .into_tuple::<(Uuid, String)>()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    Ok(rows.into_iter().collect())
}

/// The entries of a section after one, in the order of their identities.
pub(crate) async fn after(
    reader: &Reader,
    framework: &FrameworkRef,
    section: &str,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, String)>> {
    let mut select = of(reader, framework, section);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    let select = select.order_by_asc(Column::Id).limit(limit);
    let select = select.select_only().columns([Column::Id, Column::Json]);
    select.into_tuple().all(reader.conn()).await.map_err(failure)
}

/// An entry to keep.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key of the package that holds it.
    pub(crate) section: String,
    /// Its identity.
    pub(crate) id: Uuid,
    /// Its title, if it has one.
    pub(crate) title: String,
    /// A digest of what it says.
    pub(crate) digest: String,
    /// Its JSON.
    pub(crate) json: String,
}

/// Keeps entries of a draft that are new.
pub(crate) async fn insert(tx: &Tx, framework: Uuid, entries: Vec<Entry>) -> Result<()> {
    tx.insert_each(rows(tx, framework, entries)).await
}

/// Keeps entries of a draft, new or changed.
pub(crate) async fn put(tx: &Tx, framework: Uuid, entries: Vec<Entry>) -> Result<()> {
    tx.put_each(rows(tx, framework, entries)).await
}

fn rows(
    tx: &Tx,
    framework: Uuid,
    entries: Vec<Entry>,
) -> impl ExactSizeIterator<Item = Result<ActiveModel>> + Send {
    let row = move |entry| {
        let Entry { section, id, title, digest, json } = entry;
        let district = tx.district().to_string();
        let model = Model { district, framework, revision: DRAFT, section, id, title, digest, json };
        Ok(model.into_active_model().reset_all())
    };
    entries.into_iter().map(row)
}

/// Forgets entries of a draft.
pub(crate) async fn delete(tx: &Tx, framework: Uuid, section: &str, ids: &[Uuid]) -> Result<()> {
    for some in ids.chunks(10_000) {
        tx.delete_many::<Entity>()
            .filter(Column::Framework.eq(framework))
            .filter(Column::Revision.eq(DRAFT))
            .filter(Column::Section.eq(section))
            .filter(Column::Id.is_in(some.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(failure)?;
    }
    Ok(())
}
