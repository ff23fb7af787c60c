//! Writing progressions.

use trellis_kernel::{Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Store, Write};

use super::{dangling, told, touch};
use crate::domain::framework::{FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::domain::progression::{PROGRESSION, Progression, ProgressionContent};
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
    let mut tx = match store.write::<Progression>(change).await? {
        Write::Replay(progression) => return Ok(progression),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    let held = store::outcomes::some(&tx, of, &content.outcomes).await?;
    for (index, id) in content.outcomes.iter().enumerate() {
        if !held.iter().any(|outcome| outcome.id == *id) {
            return Err(dangling(&format!("progression.outcomes[{index}]"), OUTCOME, &outcome_name(of, *id)));
        }
    }
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
