//! Saying who may read a framework over CASE.

use trellis_kernel::Result;
use trellis_store::{Change, Store, Write};

use super::told;
use crate::domain::framework::{FRAMEWORK, Framework, FrameworkRef, Visibility};
use crate::store;

/// Opens a framework to everybody, or closes it again. Nothing happens when it is so already.
pub(crate) async fn set(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    etag: &str,
    visibility: Visibility,
) -> Result<Framework> {
    let mut tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    framework.etag().check(etag)?;
    let open = !store::public_frameworks::some(&tx, &[of.id]).await?.is_empty();
    match (open, visibility) {
        (false, Visibility::Public) => store::public_frameworks::insert(&tx, of.id).await?,
        (true, Visibility::District) => store::public_frameworks::delete(&tx, of.id).await?,
        (true, Visibility::Public) | (false, Visibility::District) => return tx.commit(framework).await,
    }
    // No word of the draft is other than what was published.
    framework.version += 1;
    framework.update_time = tx.now();
    store::frameworks::update(&tx, &framework).await?;
    tx.tell(told("framework.updated", &of.name(), FRAMEWORK));
    tx.commit(framework).await
}
