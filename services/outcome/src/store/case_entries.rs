//! What was imported, as it came.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Scope, Tx, failure};

use super::entities::case_entries::{Column, Entity, Model};
use super::frameworks::DRAFT;

/// An entry of a package, under its section and identity.
pub(crate) type Key = (String, Uuid);

/// The digests of the entries of a draft.
pub(crate) async fn digests<S: Scope>(scope: &S, framework: Uuid) -> Result<HashMap<Key, String>> {
    let rows = scope
        .find::<Entity>()
        .filter(Column::Framework.eq(framework))
        .filter(Column::Revision.eq(DRAFT))
        .select_only()
        .columns([Column::Section, Column::Id, Column::Digest])
        .into_tuple::<(String, Uuid, String)>()
        .all(scope.conn())
        .await
        .map_err(failure)?;
    Ok(rows.into_iter().map(|(section, id, digest)| ((section, id), digest)).collect())
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

/// Keeps entries of a draft, new or changed.
pub(crate) async fn put(tx: &Tx, framework: Uuid, entries: Vec<Entry>) -> Result<()> {
    let rows = entries.into_iter().map(|entry| {
        let Entry { section, id, title, digest, json } = entry;
        let district = tx.district().to_string();
        let model = Model { district, framework, revision: DRAFT, section, id, title, digest, json };
        model.into_active_model().reset_all()
    });
    tx.put_many(rows.collect()).await
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
