//! Writing rubrics.

use std::collections::HashSet;

use trellis_kernel::{Etag, Failure, Name, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Store, Tx, Write};

use super::{RUBRIC_ENTRIES, dangling, told, touch};
use crate::domain::framework::{Framework, FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::domain::rubric::{Alignment, Held, RUBRIC, Rubric, RubricContent, rubric_name};
use crate::store;

/// Reads a rubric.
pub(crate) async fn get(store: &Store, framework: &FrameworkRef, id: Uuid) -> Result<Rubric> {
    store::rubrics::get(&store.read(&framework.district), framework, id).await
}

/// Lists the rubrics of a framework.
pub(crate) async fn list(
    store: &Store,
    framework: &FrameworkRef,
    outcome: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<Rubric>> {
    let reader = store.read(&framework.district);
    let page = store::rubrics::list(&reader, framework, outcome, page).await?;
    if page.items.is_empty() {
        store::frameworks::get(&reader, framework).await?;
    }
    Ok(page)
}

/// Creates a rubric in a draft.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    content: RubricContent,
) -> Result<Rubric> {
    content.check()?;
    // Looked up before the transaction: it may be in another district, the commons.
    elsewhere(store, &content, None).await?;
    let mut tx = match store.write::<Rubric>(change).await? {
        Write::Replay(rubric) => return Ok(rubric),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    let rubric = Rubric {
        framework: of.clone(),
        id: tx.new_id(),
        content: here(&tx, of, content).await?.arranged(),
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    store::rubrics::put(&tx, std::slice::from_ref(&rubric)).await?;
    tx.tell(told("rubric.created", &rubric.name(), RUBRIC));
    touch(&mut tx, &mut framework, Holdings::default());
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(rubric).await
}

/// Changes a rubric of a draft. What of it is new is given; all else is kept.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
    edit: impl FnOnce(RubricContent) -> RubricContent + Send,
) -> Result<Rubric> {
    // Read before the transaction for what is looked up in other districts; the draft is read again below.
    let before = store::rubrics::get(&store.read_latest(&of.district), of, id).await?;
    let content = edit(before.content.clone());
    content.check()?;
    elsewhere(store, &content, Some(&before.content)).await?;
    let mut tx = match store.write::<Rubric>(change).await? {
        Write::Replay(rubric) => return Ok(rubric),
        Write::Begin(tx) => tx,
    };
    let (mut framework, mut rubric) = locked(&tx, of, id).await?;
    Etag::new(rubric.version).check(etag)?;
    Etag::new(rubric.version).check(&Etag::new(before.version).to_string())?;
    let content = here(&tx, of, content).await?.arranged();
    if content != rubric.content {
        rubric.content = content;
        rubric.version += 1;
        rubric.update_time = tx.now();
        store::rubrics::put(&tx, std::slice::from_ref(&rubric)).await?;
        tx.tell(told("rubric.updated", &rubric.name(), RUBRIC));
        touch(&mut tx, &mut framework, Holdings::default());
        store::frameworks::update(&tx, &framework).await?;
    }
    tx.commit(rubric).await
}

/// Deletes a rubric of a draft, and what came for it with a package.
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
    let (mut framework, rubric) = locked(&tx, of, id).await?;
    Etag::new(rubric.version).check(etag)?;
    store::rubrics::delete(&tx, of.id, &[id]).await?;
    store::case_entries::delete(&tx, of.id, RUBRIC_ENTRIES, &[id]).await?;
    tx.tell(told("rubric.deleted", &rubric.name(), RUBRIC));
    touch(&mut tx, &mut framework, Holdings::default());
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(()).await
}

/// A rubric of a draft, the draft locked.
async fn locked(tx: &Tx, of: &FrameworkRef, id: Uuid) -> Result<(Framework, Rubric)> {
    let missing = || Failure::not_found(RUBRIC, rubric_name(of, id).to_string());
    let framework = store::frameworks::find_locked(tx, of).await?.ok_or_else(missing)?;
    Ok((framework, store::rubrics::get(tx, of, id).await?))
}

/// Follows which of the outcomes that are looked at the draft holds. Refuses those that are said to be held
/// by it and are not.
async fn here(tx: &Tx, of: &FrameworkRef, mut content: RubricContent) -> Result<RubricContent> {
    let named: Vec<Uuid> = content.alignments().filter_map(Alignment::outcome).collect();
    let held = store::outcomes::some(tx, of, &named).await?;
    let held: HashSet<Uuid> = held.into_iter().map(|outcome| outcome.id).collect();
    for (field, alignment) in looked_at(&content) {
        if let Some(id) = alignment.own().filter(|id| !held.contains(id)) {
            return Err(dangling(&field, OUTCOME, &outcome_name(of, id)));
        }
    }
    content.realign(|id| held.contains(&id));
    Ok(content)
}

/// Refuses outcomes that are said to be held by another framework and are not. Those that were named before
/// may have gone since.
async fn elsewhere(store: &Store, content: &RubricContent, before: Option<&RubricContent>) -> Result<()> {
    let known: Vec<&Held> =
        before.into_iter().flat_map(RubricContent::alignments).filter_map(|own| own.held.as_ref()).collect();
    for (field, alignment) in looked_at(content) {
        let Some(held @ Held::Other { name, id }) = &alignment.held else { continue };
        if known.contains(&held) {
            continue;
        }
        let name = Name::parse(name)?;
        let framework = FrameworkRef::of(&name)?;
        if store::outcomes::find(&store.read(&name.district), &framework, *id).await?.is_none() {
            return Err(dangling(&field, OUTCOME, &name));
        }
    }
    Ok(())
}

/// What the criteria look at, each with the field that names it.
fn looked_at(content: &RubricContent) -> impl Iterator<Item = (String, &Alignment)> {
    content.criteria.iter().enumerate().filter_map(|(index, criterion)| {
        Some((format!("rubric.criteria[{index}].outcome.resource"), criterion.outcome.as_ref()?))
    })
}
