//! Taking tokens back.

use trellis_kernel::{Reason, Result, Timestamp, Uuid};
use trellis_store::{Change, Store, Write};

use crate::domain::token::{Revoked, end, forgotten};
use crate::events::token as told;
use crate::store::tokens as kept;

/// Takes a token back, for good. Of one that was taken back before, the later end is kept.
pub(crate) async fn revoke(
    store: &Store,
    change: Change,
    token_id: &str,
    expire: Option<Timestamp>,
) -> Result<Revoked> {
    match write(store, change.clone(), token_id, expire).await {
        // Another call took the same token back at the same moment: it is there now.
        Err(failure) if failure.reason() == Reason::ResourceExists => {
            write(store, change, token_id, expire).await
        }
        done => done,
    }
}

async fn write(store: &Store, change: Change, token_id: &str, expire: Option<Timestamp>) -> Result<Revoked> {
    let district = change.district.clone();
    // Also where a reset of a sandbox was broken off: what is taken back outlives it.
    let mut tx = match store.write_regardless(change).await? {
        Write::Replay(revoked) => return Ok(revoked),
        Write::Begin(tx) => tx,
    };
    let expire = end(expire, tx.machine_time())?;
    if kept::lengthen(&tx, token_id, expire).await?
        && let Some(revoked) = kept::by_token(&tx, token_id).await?
    {
        return tx.commit(revoked).await;
    }
    kept::delete_ended(&tx, forgotten(tx.machine_time())).await?;
    // Kept beyond a reset of a sandbox, which begins to count anew.
    let id: Uuid = store.ids().next();
    let new = Revoked { id, token_id: token_id.to_owned(), expire, create_time: tx.machine_time() };
    kept::insert(&tx, &new).await?;
    tx.tell(told::revoked(&district, id));
    tx.commit(new).await
}
