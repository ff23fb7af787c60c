//! Writing and publishing frameworks.

use trellis_contracts::outcome as proto;
use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result};
use trellis_store::{Change, Scope as _, Store, Tx, Write};

use super::{carrying, told};
use crate::domain::association::{ASSOCIATION, association_name};
use crate::domain::framework::{
    FRAMEWORK, Framework, FrameworkContent, FrameworkKind, FrameworkRef, Holdings,
};
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::domain::progression::PROGRESSION;
use crate::domain::rubric::{RUBRIC, rubric_name};
use crate::domain::text::{Text, check_texts};
use crate::store;

/// Reads a framework, its draft or a revision.
pub(crate) async fn get(store: &Store, of: &FrameworkRef) -> Result<Framework> {
    store::frameworks::get(&store.read(&of.district), of).await
}

/// Lists the drafts of a district.
pub(crate) async fn list(
    store: &Store,
    district: &District,
    kind: FrameworkKind,
    page: &PageRequest,
) -> Result<Page<Framework>> {
    store::frameworks::list(&store.read(district), kind, page).await
}

/// Lists the revisions of a framework, the newest first.
pub(crate) async fn revisions(
    store: &Store,
    of: &FrameworkRef,
    page: &PageRequest,
) -> Result<Page<Framework>> {
    let reader = store.read(&of.district);
    let page = store::frameworks::revisions(&reader, of, page).await?;
    if page.items.is_empty() {
        store::frameworks::get(&reader, of).await?;
    }
    Ok(page)
}

/// Creates a draft.
pub(crate) async fn create(store: &Store, change: Change, content: FrameworkContent) -> Result<Framework> {
    content.check()?;
    let mut tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let framework = draft(&tx, FrameworkRef::draft(tx.district().clone(), tx.new_id()), content);
    store::frameworks::insert(&tx, &framework).await?;
    tx.tell(told("framework.created", &framework.place.name(), FRAMEWORK));
    tx.commit(framework).await
}

/// A draft that holds nothing yet.
pub(super) fn draft(tx: &Tx, place: FrameworkRef, content: FrameworkContent) -> Framework {
    Framework {
        place,
        content,
        revision: 0,
        revision_time: None,
        unpublished: true,
        release_note: Vec::new(),
        holdings: Holdings::default(),
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    }
}

/// Changes a draft.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    etag: &str,
    edit: impl FnOnce(FrameworkContent) -> FrameworkContent + Send,
) -> Result<Framework> {
    let mut tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    framework.etag().check(etag)?;
    let content = edit(framework.content.clone());
    content.check()?;
    if content != framework.content {
        framework.content = content;
        super::touch(&mut tx, &mut framework, Holdings::default());
        store::frameworks::update(&tx, &framework).await?;
    }
    tx.commit(framework).await
}

/// Publishes a draft as the next revision.
pub(crate) async fn publish(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    etag: &str,
    release_note: Vec<Text>,
) -> Result<Framework> {
    check_texts("release_note", &release_note, false)?;
    let mut tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    framework.etag().require(etag)?;
    if !framework.unpublished {
        return Err(Failure::precondition(
            Reason::StateConflict,
            "The draft has not changed since it was last published.",
        )
        .with("revision", framework.revision));
    }
    framework.release_note = release_note;
    let revision = publish_locked(&mut tx, &mut framework).await?;
    tx.commit(revision).await
}

/// Publishes a draft that this transaction has locked; answers with the revision.
pub(super) async fn publish_locked(tx: &mut Tx, framework: &mut Framework) -> Result<Framework> {
    framework.revision += 1;
    framework.revision_time = Some(tx.now());
    framework.unpublished = false;
    framework.version += 1;
    framework.update_time = tx.now();
    let revision = Framework { place: framework.place.at(framework.revision), ..framework.clone() };
    framework.release_note.clear();
    store::frameworks::insert(tx, &revision).await?;
    store::publish::copy(tx, framework.place.id, revision.place.row_revision()).await?;
    store::frameworks::update(tx, framework).await?;
    let event = proto::FrameworkPublished { framework: revision.place.name().to_string() };
    let published = told("framework.published", &framework.place.name(), FRAMEWORK);
    tx.tell(carrying(published, "FrameworkPublished", &event));
    super::successions::renew(tx, &revision.place).await?;
    Ok(revision)
}

/// Deletes a draft that was never published, with everything in it.
pub(crate) async fn delete(store: &Store, change: Change, of: &FrameworkRef, etag: &str) -> Result<()> {
    let mut tx = match store.write::<()>(change).await? {
        Write::Replay(()) => return Ok(()),
        Write::Begin(tx) => tx,
    };
    let framework = store::frameworks::lock(&tx, of).await?;
    framework.etag().check(etag)?;
    if framework.revision > 0 {
        return Err(Failure::precondition(
            Reason::StateConflict,
            "A framework that was published stays: deprecate it instead.",
        )
        .with("revision", framework.revision));
    }
    for standing in store::outcomes::standings(&tx, of).await? {
        tx.tell(told("outcome.deleted", &outcome_name(of, standing.id), OUTCOME));
    }
    for id in store::associations::ends(&tx, of).await?.into_keys() {
        tx.tell(told("association.deleted", &association_name(of, id), ASSOCIATION));
    }
    for progression in store::progressions::every(&tx, of).await? {
        tx.tell(told("progression.deleted", &progression.name(), PROGRESSION));
    }
    for id in store::rubrics::ids(&tx, of).await? {
        tx.tell(told("rubric.deleted", &rubric_name(of, id), RUBRIC));
    }
    store::frameworks::delete(&tx, of.id).await?;
    tx.tell(told("framework.deleted", &of.name(), FRAMEWORK));
    tx.commit(()).await
}
