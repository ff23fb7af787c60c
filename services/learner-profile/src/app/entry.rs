//! Entries: written, read by those whom they are for, deleted by their author.

use trellis_kernel::{Etag, Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Scope, Store, Write};

use crate::domain::entry::{Audience, Entry, Facet, Sight, Viewer};
use crate::domain::entry_words::Words;
use crate::events::entry as told;
use crate::store::entry as kept;

/// What somebody would write about a learner.
#[derive(Debug)]
pub(crate) struct NewEntry {
    /// What it is about.
    pub facet: Facet,
    /// The words.
    pub text: Words,
    /// Whom they let read it.
    pub audience: Audience,
}

/// The change that the reader of an entry makes by reading.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    /// The store.
    pub store: &'a Store,
    /// Who reads; it carries no `request_id`, for a second reading changes nothing.
    pub change: Change,
    /// The learner whose entries they are.
    pub learner: Uuid,
    /// How the reader stands to the learner.
    pub viewer: Viewer,
}

/// Writes an entry about a learner, in the voice of whoever writes it.
///
/// Only its id is kept for a repetition of the request: kept words would outlive the entry.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    learner: Uuid,
    writer: &Viewer,
    new: NewEntry,
) -> Result<Entry> {
    let district = change.district.clone();
    let author = writer.person.ok_or_else(Failure::access_denied)?;
    let sight = Sight::parse(author, writer.relations, new.audience)?;
    let id = match store.write::<Uuid>(change).await? {
        Write::Replay(id) => id,
        Write::Begin(mut tx) => {
            let now = tx.now();
            let entry = Entry {
                id: tx.new_id(),
                learner,
                facet: new.facet,
                text: new.text,
                sight,
                create_time: now,
                update_time: now,
                version: 1,
            };
            kept::insert(&tx, &entry).await?;
            tx.tell(told::created(&district, &entry));
            tx.commit(entry.id).await?;
            return Ok(entry);
        }
    };
    let reader = store.read(&district);
    kept::get(&reader, learner, id).await?.ok_or_else(|| missing(&reader, learner, id))
}

/// Reads an entry; one that the viewer may not see does not exist.
pub(crate) async fn get(reading: Reading<'_>, id: Uuid) -> Result<Entry> {
    let reader = reading.store.read(&reading.change.district);
    let entry = kept::get(&reader, reading.learner, id)
        .await?
        .filter(|entry| entry.sight.allows(&reading.viewer))
        .ok_or_else(|| missing(&reader, reading.learner, id))?;
    let read = note(reading, vec![entry]).await?;
    read.into_iter().next().ok_or_else(|| Failure::internal("an entry was lost on the way"))
}

/// Lists the entries that the viewer may see.
pub(crate) async fn list(reading: Reading<'_>, request: &PageRequest) -> Result<Page<Entry>> {
    let reader = reading.store.read(&reading.change.district);
    // The viewer is part of the list: one reader's page token is not another's.
    let context = format!("ListEntries {} {:?}", reading.learner, reading.viewer);
    let page = kept::list(&reader, reading.learner, &reading.viewer, request, &context).await?;
    Ok(Page { items: note(reading, page.items).await?, next: page.next })
}

/// When the learner reads what others wrote, notes that they did: from then on others may see it too.
async fn note(reading: Reading<'_>, mut entries: Vec<Entry>) -> Result<Vec<Entry>> {
    let mut unread: Vec<&mut Entry> =
        entries.iter_mut().filter(|entry| entry.sight.awaits_learner()).collect();
    if !reading.viewer.is_learner() || unread.is_empty() {
        return Ok(entries);
    }
    let district = reading.change.district.clone();
    let Write::Begin(mut tx) = reading.store.write::<()>(reading.change).await? else {
        return Err(Failure::internal("a reading was taken for a repeated request"));
    };
    for entry in &mut unread {
        if kept::mark_read(&tx, entry.learner, entry.id).await? {
            tx.tell(told::read(&district, entry.learner, entry.id));
            entry.sight.learner_read_time = Some(tx.now());
            entry.update_time = tx.now();
            entry.version += 1;
        }
    }
    tx.commit(()).await?;
    Ok(entries)
}

/// Deletes an entry, words and all; only its author may.
pub(crate) async fn delete(
    store: &Store,
    change: Change,
    learner: Uuid,
    viewer: &Viewer,
    id: Uuid,
    etag: &str,
) -> Result<()> {
    let district = change.district.clone();
    let Write::Begin(mut tx) = store.write::<()>(change).await? else { return Ok(()) };
    let entry = kept::get(&tx, learner, id)
        .await?
        .filter(|entry| entry.sight.allows(viewer))
        .ok_or_else(|| missing(&tx, learner, id))?;
    if viewer.person != Some(entry.sight.author) {
        return Err(Failure::access_denied());
    }
    Etag::new(entry.version).check(etag)?;
    if !kept::delete(&tx, &entry).await? {
        return Err(Failure::aborted(
            Reason::EtagMismatch,
            "The entry has changed meanwhile: repeat the request.",
        ));
    }
    tx.tell(told::deleted(&district, &entry));
    tx.commit(()).await
}

fn missing(scope: &impl Scope, learner: Uuid, id: Uuid) -> Failure {
    Failure::not_found(told::TYPE, told::name(scope.district(), learner, id).to_string())
}
