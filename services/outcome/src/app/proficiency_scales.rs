//! Writing and publishing proficiency scales.

use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result};
use trellis_store::{Change, Scope as _, Store, Write};

use super::told;
use crate::domain::proficiency_scale::{SCALE, Scale, ScaleContent, ScaleRef};
use crate::store;

/// Reads a scale, its draft or a revision.
pub(crate) async fn get(store: &Store, of: &ScaleRef) -> Result<Scale> {
    store::proficiency_scales::get(&store.read(&of.district), of).await
}

/// Lists the drafts of a district.
pub(crate) async fn list(store: &Store, district: &District, page: &PageRequest) -> Result<Page<Scale>> {
    store::proficiency_scales::list(&store.read(district), page).await
}

/// Lists the revisions of a scale.
pub(crate) async fn revisions(store: &Store, of: &ScaleRef, page: &PageRequest) -> Result<Page<Scale>> {
    let reader = store.read(&of.district);
    let page = store::proficiency_scales::revisions(&reader, of, page).await?;
    if page.items.is_empty() {
        store::proficiency_scales::get(&reader, of).await?;
    }
    Ok(page)
}

/// Creates a draft.
pub(crate) async fn create(store: &Store, change: Change, content: ScaleContent) -> Result<Scale> {
    let content = content.complete()?;
    let mut tx = match store.write::<Scale>(change).await? {
        Write::Replay(scale) => return Ok(scale),
        Write::Begin(tx) => tx,
    };
    let scale = Scale {
        place: ScaleRef { district: tx.district().clone(), id: tx.new_id(), pin: None },
        content,
        revision: 0,
        revision_time: None,
        unpublished: true,
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    store::proficiency_scales::insert(&tx, &scale).await?;
    tx.tell(told("proficiency_scale.created", &scale.place.name(), SCALE));
    tx.commit(scale).await
}

/// Changes a draft.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    of: &ScaleRef,
    etag: &str,
    edit: impl FnOnce(ScaleContent) -> ScaleContent + Send,
) -> Result<Scale> {
    let mut tx = match store.write::<Scale>(change).await? {
        Write::Replay(scale) => return Ok(scale),
        Write::Begin(tx) => tx,
    };
    let mut scale = store::proficiency_scales::lock(&tx, of).await?;
    scale.etag().check(etag)?;
    let content = edit(scale.content.clone()).complete()?;
    if content != scale.content {
        scale.content = content;
        scale.unpublished = true;
        scale.version += 1;
        scale.update_time = tx.now();
        store::proficiency_scales::update(&tx, &scale).await?;
        tx.tell(told("proficiency_scale.updated", &of.name(), SCALE));
    }
    tx.commit(scale).await
}

/// Publishes a draft as the next revision; answers with the revision.
pub(crate) async fn publish(store: &Store, change: Change, of: &ScaleRef, etag: &str) -> Result<Scale> {
    let mut tx = match store.write::<Scale>(change).await? {
        Write::Replay(scale) => return Ok(scale),
        Write::Begin(tx) => tx,
    };
    let mut scale = store::proficiency_scales::lock(&tx, of).await?;
    scale.etag().require(etag)?;
    if !scale.unpublished {
        let text = "The draft has not changed since it was last published.";
        return Err(Failure::precondition(Reason::StateConflict, text).with("revision", scale.revision));
    }
    scale.revision += 1;
    scale.revision_time = Some(tx.now());
    scale.unpublished = false;
    scale.version += 1;
    scale.update_time = tx.now();
    let revision = Scale { place: of.at(scale.revision), ..scale.clone() };
    store::proficiency_scales::insert(&tx, &revision).await?;
    store::proficiency_scales::update(&tx, &scale).await?;
    tx.tell(told("proficiency_scale.published", &of.name(), SCALE));
    tx.commit(revision).await
}

/// Deletes a draft that was never published.
pub(crate) async fn delete(store: &Store, change: Change, of: &ScaleRef, etag: &str) -> Result<()> {
    let mut tx = match store.write::<()>(change).await? {
        Write::Replay(()) => return Ok(()),
        Write::Begin(tx) => tx,
    };
    let scale = store::proficiency_scales::lock(&tx, of).await?;
    scale.etag().check(etag)?;
    if scale.revision > 0 {
        let text = "A scale that was published stays: what was read by it must remain readable.";
        return Err(Failure::precondition(Reason::StateConflict, text).with("revision", scale.revision));
    }
    store::proficiency_scales::delete(&tx, of.id).await?;
    tx.tell(told("proficiency_scale.deleted", &of.name(), SCALE));
    tx.commit(()).await
}
