//! Taking tokens back.

use trellis_kernel::{District, Failure, Reason, Result, Timestamp, Uuid};
use trellis_store::{Change, Store, Write};

use crate::domain::token::{Revoked, end, forgotten};
use crate::events::token as told;
use crate::store::tokens as kept;

/// Takes a token back, for good. One that was taken back before stays as it was.
pub(crate) async fn revoke(
    store: &Store,
    change: Change,
    token_id: String,
    expire: Option<Timestamp>,
) -> Result<Revoked> {
    let district = change.district.clone();
    let done = write(store, change, &token_id, expire).await;
    match done {
        // Another call took the same token back at the same moment.
        Err(failure) if failure.reason() == Reason::ResourceExists => {}
        done => {
            done?;
        }
    }
    found(store, &district, &token_id).await
}

async fn write(store: &Store, change: Change, token_id: &str, expire: Option<Timestamp>) -> Result<()> {
    let district = change.district.clone();
    if let Write::Begin(mut tx) = store.write::<()>(change).await? {
        let expire = end(expire, tx.now())?;
        if kept::by_token(&tx, token_id).await?.is_none() {
            kept::delete_ended(&tx, forgotten(tx.now())).await?;
            let id: Uuid = tx.new_id();
            let new = Revoked { id, token_id: token_id.to_owned(), expire, create_time: tx.now() };
            kept::insert(&tx, &new).await?;
            tx.tell(told::revoked(&district, id));
        }
        tx.commit(()).await?;
    }
    Ok(())
}

async fn found(store: &Store, district: &District, token_id: &str) -> Result<Revoked> {
    let found = kept::by_token(&store.read_latest(district), token_id).await?;
    found.ok_or_else(|| Failure::internal("a token that was taken back is not on the list"))
}
