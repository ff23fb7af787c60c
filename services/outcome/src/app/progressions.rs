//! Writing progressions.

use trellis_kernel::{Etag, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Store, Tx, Write};

use super::{dangling, told, touch};
use crate::domain::framework::{Framework, FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::domain::proficiency_scale::SCALE;
use crate::domain::progression::{PROGRESSION, PROGRESSIONS, Progression, ProgressionContent};
use crate::store;

/// Reads a progression.
pub(crate) async fn get(store: &Store, framework: &FrameworkRef, id: Uuid) -> Result<Progression> {
    store::progressions::get(&store.read(&framework.district), framework, id).await
}

/// Lists the progressions of a framework.
pub(crate) async fn list(
    store: &Store,
    framework: &FrameworkRef,
    outcome: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<Progression>> {
    let reader = store.read(&framework.district);
    let page = store::progressions::list(&reader, framework, outcome, page).await?;
    if page.items.is_empty() {
        store::frameworks::get(&reader, framework).await?;
    }
    Ok(page)
}

/// Creates a progression in a draft.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    content: ProgressionContent,
) -> Result<Progression> {
    content.check()?;
    scaled(store, &content).await?;
    let mut tx = match store.write::<Progression>(change).await? {
        Write::Replay(progression) => return Ok(progression),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    described(&tx, of, &content).await?;
    let progression = Progression {
        framework: of.clone(),
        id: tx.new_id(),
        content,
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    store::progressions::insert(&tx, &progression).await?;
    tx.tell(told("progression.created", &progression.name(), PROGRESSION));
    touch(&mut tx, &mut framework, Holdings { progressions: 1, ..Holdings::default() });
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(progression).await
}

/// Changes a progression of a draft. What of it is new is given; all else is kept.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
    edit: impl FnOnce(ProgressionContent) -> ProgressionContent + Send,
) -> Result<Progression> {
    // Looked up before the transaction, because the scale may be in another district, the commons. A
    // revision never goes, so what is found stays true; the draft is read again below.
    let before = store::progressions::get(&store.read_latest(&of.district), of, id).await?;
    let content = edit(before.content.clone());
    content.check()?;
    scaled(store, &content).await?;
    let mut tx = match store.write::<Progression>(change).await? {
        Write::Replay(progression) => return Ok(progression),
        Write::Begin(tx) => tx,
    };
    let (mut framework, mut progression) = locked(&tx, of, id).await?;
    Etag::new(progression.version).check(etag)?;
    Etag::new(progression.version).check(&Etag::new(before.version).to_string())?;
    if content != progression.content {
        described(&tx, of, &content).await?;
        progression.content = content;
        progression.version += 1;
        progression.update_time = tx.now();
        store::progressions::put(&tx, std::slice::from_ref(&progression)).await?;
        tx.tell(told("progression.updated", &progression.name(), PROGRESSION));
        touch(&mut tx, &mut framework, Holdings::default());
        store::frameworks::update(&tx, &framework).await?;
    }
    tx.commit(progression).await
}

/// Deletes a progression of a draft.
pub(crate) async fn delete(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
) -> Result<()> {
    let mut tx = match store.write::<()>(change).await? {
        Write::Replay(()) => return Ok(()),
        Write::Begin(tx) => tx,
    };
    let (mut framework, progression) = locked(&tx, of, id).await?;
    Etag::new(progression.version).check(etag)?;
    store::progressions::delete(&tx, of.id, &[id]).await?;
    tx.tell(told("progression.deleted", &progression.name(), PROGRESSION));
    touch(&mut tx, &mut framework, Holdings { progressions: -1, ..Holdings::default() });
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(()).await
}

/// A progression of a draft, the draft locked.
async fn locked(tx: &Tx, of: &FrameworkRef, id: Uuid) -> Result<(Framework, Progression)> {
    let missing = || Failure::not_found(PROGRESSION, of.name().child(PROGRESSIONS, id).to_string());
    let framework = store::frameworks::find_locked(tx, of).await?.ok_or_else(missing)?;
    Ok((framework, store::progressions::get(tx, of, id).await?))
}

/// Refuses a progression of outcomes that its draft does not hold.
async fn described(tx: &Tx, of: &FrameworkRef, content: &ProgressionContent) -> Result<()> {
    let held = store::outcomes::some(tx, of, &content.outcomes).await?;
    for (index, id) in content.outcomes.iter().enumerate() {
        if !held.iter().any(|outcome| outcome.id == *id) {
            return Err(dangling(&format!("progression.outcomes[{index}]"), OUTCOME, &outcome_name(of, *id)));
        }
    }
    Ok(())
}

/// Refuses levels that are not those of the scale that is said to be theirs.
async fn scaled(store: &Store, content: &ProgressionContent) -> Result<()> {
    let Some(named) = &content.scale else { return Ok(()) };
    let found = store::proficiency_scales::find(&store.read_latest(&named.district), named).await?;
    let missing = || dangling("progression.proficiency_scale", SCALE, &named.name());
    content.check_scale(&found.ok_or_else(missing)?)
}
