//! Writing associations.

use trellis_kernel::{Etag, Failure, Name, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Store, Tx, Write};

use super::{ASSOCIATION_ENTRIES, dangling, places, told, touch};
use crate::domain::association::{
    ASSOCIATION, Association, AssociationContent, AssociationType, Held, Node, association_name,
};
use crate::domain::framework::{FRAMEWORK, Framework, FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::store;

/// Reads an association.
pub(crate) async fn get(store: &Store, framework: &FrameworkRef, id: Uuid) -> Result<Association> {
    store::associations::get(&store.read(&framework.district), framework, id).await
}

/// Lists the associations of a framework.
pub(crate) async fn list(
    store: &Store,
    framework: &FrameworkRef,
    kind: Option<AssociationType>,
    outcome: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<Association>> {
    let reader = store.read(&framework.district);
    let page = store::associations::list(&reader, framework, kind, outcome, page).await?;
    if page.items.is_empty() {
        store::frameworks::get(&reader, framework).await?;
    }
    Ok(page)
}

/// Creates an association in a draft.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    content: AssociationContent,
) -> Result<Association> {
    content.check()?;
    // Looked up before the transaction: it may be in another district, the commons.
    elsewhere(store, [&content.origin, &content.destination]).await?;
    let mut tx = match store.write::<Association>(change).await? {
        Write::Replay(association) => return Ok(association),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    here(&tx, of, &content).await?;
    places::refuse_circle(&tx, of, &content, None).await?;
    let association = Association {
        framework: of.clone(),
        id: tx.new_id(),
        content,
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    store::associations::insert(&tx, &[(association.clone(), framework.holdings.associations)]).await?;
    tx.tell(told("association.created", &association.name(), ASSOCIATION));
    if let Some(child) = association.content.placed() {
        places::again(&mut tx, of, child).await?;
    }
    touch(&mut tx, &mut framework, Holdings { associations: 1, ..Holdings::default() });
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(association).await
}

/// Changes an association of a draft. `ends` are those that the change names, others being empty.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
    ends: [&Node; 2],
    edit: impl FnOnce(AssociationContent) -> Result<AssociationContent> + Send,
) -> Result<Association> {
    elsewhere(store, ends).await?;
    let mut tx = match store.write::<Association>(change).await? {
        Write::Replay(association) => return Ok(association),
        Write::Begin(tx) => tx,
    };
    let (mut framework, mut association) = locked(&tx, of, id, etag).await?;
    let before = association.content.clone();
    let content = edit(before.clone())?;
    content.check()?;
    if content == before {
        return tx.commit(association).await;
    }
    here(&tx, of, &content).await?;
    places::refuse_circle(&tx, of, &content, Some(&before)).await?;
    association.content = content;
    association.version += 1;
    association.update_time = tx.now();
    store::associations::update(&tx, &association).await?;
    tx.tell(told("association.updated", &association.name(), ASSOCIATION));
    let mut placed = vec![before.placed(), association.content.placed()];
    placed.dedup();
    for child in placed.into_iter().flatten() {
        places::again(&mut tx, of, child).await?;
    }
    touch(&mut tx, &mut framework, Holdings::default());
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(association).await
}

/// Deletes an association of a draft.
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
    let (mut framework, association) = locked(&tx, of, id, etag).await?;
    store::associations::delete(&tx, of.id, &[id]).await?;
    store::case_entries::delete(&tx, of.id, ASSOCIATION_ENTRIES, &[id]).await?;
    tx.tell(told("association.deleted", &association.name(), ASSOCIATION));
    if let Some(child) = association.content.placed() {
        places::again(&mut tx, of, child).await?;
    }
    touch(&mut tx, &mut framework, Holdings { associations: -1, ..Holdings::default() });
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(()).await
}

/// An association as a change finds it, with its framework, which is taken first.
async fn locked(tx: &Tx, of: &FrameworkRef, id: Uuid, etag: &str) -> Result<(Framework, Association)> {
    let missing = || Failure::not_found(ASSOCIATION, association_name(of, id).to_string());
    let framework = store::frameworks::find_locked(tx, of).await?.ok_or_else(missing)?;
    let association = store::associations::get(tx, of, id).await?;
    Etag::new(association.version).check(etag)?;
    Ok((framework, association))
}

/// Refuses an end that is said to be an outcome of this draft and is not.
async fn here(tx: &Tx, of: &FrameworkRef, content: &AssociationContent) -> Result<()> {
    for (field, node) in [("origin", &content.origin), ("destination", &content.destination)] {
        if let Some(Held::Outcome(id)) = node.held
            && store::outcomes::find(tx, of, id).await?.is_none()
        {
            let field = format!("association.{field}.resource");
            return Err(dangling(&field, OUTCOME, &outcome_name(of, id)));
        }
    }
    Ok(())
}

/// Refuses an end that is said to be held in another framework and is not.
async fn elsewhere(store: &Store, ends: [&Node; 2]) -> Result<()> {
    for (field, node) in ["origin", "destination"].into_iter().zip(ends) {
        let Some(Held::Other(text)) = &node.held else { continue };
        let field = format!("association.{field}.resource");
        let name = Name::parse(text)?;
        let framework = FrameworkRef::of(&name)?;
        let reader = store.read(&name.district);
        let (kind, there) = match name.id_in("outcomes") {
            Some(id) => (OUTCOME, store::outcomes::find(&reader, &framework, id).await?.is_some()),
            None => (FRAMEWORK, store::frameworks::find(&reader, &framework).await?.is_some()),
        };
        if !there {
            return Err(dangling(&field, kind, &name));
        }
    }
    Ok(())
}
