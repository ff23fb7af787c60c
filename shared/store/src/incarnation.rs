//! Which feed a position is one of.
//!
//! A restore takes a feed back, and it then gives positions once more, to other events: whoever stood at
//! one of them would be told nothing wrong, and miss what happened up to there. So a feed has an
//! incarnation, which a restore renews, and whoever keeps a position keeps that beside it.

use sea_orm::{ConnectionTrait, DbBackend};
use trellis_kernel::Result;

use crate::{Store, failure};

/// The step that brings it.
pub(crate) const STEP: &str = "house_0004_incarnation";

/// The step [`STEP`].
pub(crate) fn tables(backend: DbBackend) -> Vec<String> {
    let (uuid, relay) = if backend == DbBackend::Postgres {
        ("UUID", vec!["ALTER TABLE relay ADD COLUMN incarnation UUID NOT NULL DEFAULT gen_random_uuid()"])
    } else {
        // A column that is added takes no default that has to be computed.
        let add = "ALTER TABLE relay ADD COLUMN incarnation BLOB NOT NULL \
                   DEFAULT X'00000000000000000000000000000000'";
        ("BLOB", vec![add, "UPDATE relay SET incarnation = randomblob(16)"])
    };
    let mut statements: Vec<String> = relay.into_iter().map(str::to_owned).collect();
    statements.extend([
        // Of the producer's feed; none until the producer was heard.
        format!("ALTER TABLE event_checkpoints ADD COLUMN incarnation {uuid}"),
        // The same position may be given again, to another event.
        "DROP INDEX dead_letters_event".to_owned(),
        "CREATE UNIQUE INDEX dead_letters_event ON dead_letters (consumer, producer, event_uid)".to_owned(),
    ]);
    statements
}

/// Renews the incarnations of stores whose databases were put back, all as of one moment, by other means
/// than [`restore`](crate::backup::restore()). Their consumers go on with each other; every client, and
/// every consumer that is not among them, is told that its place is gone.
///
/// Run again, it does what a run that failed left undone.
pub async fn restored(stores: &[Store]) -> Result<()> {
    let mut extents = Vec::with_capacity(stores.len());
    for store in stores {
        extents.push(store.extent().await?);
    }
    // Before any is renewed, or a run that came after one that failed would not know what belongs together.
    for store in stores {
        let tx = store.begin_everything().await?;
        for extent in &extents {
            // Who is ahead was not put back with the producer, and must go on knowing that.
            let sql =
                "UPDATE event_checkpoints SET incarnation = NULL WHERE incarnation = $1 AND position <= $2";
            let of = [extent.incarnation.into(), extent.head.into()];
            tx.execute_raw(store.statement(sql, of)).await.map_err(failure)?;
        }
        tx.commit().await.map_err(failure)?;
    }
    for store in stores {
        let tx = store.begin_everything().await?;
        let renew = store.statement("UPDATE relay SET incarnation = $1", [store.ids().next().into()]);
        tx.execute_raw(renew).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
    }
    Ok(())
}
