//! Saying that a framework is no longer to be used for new work, and taking it back.

use std::collections::HashMap;

use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Reason, Result, Uuid};
use trellis_store::{Change, Store, Told, Tx, Write};

use super::{carrying, dangling, told};
use crate::domain::framework::{FRAMEWORK, Framework, FrameworkRef};
use crate::domain::succession::Deprecation;
use crate::domain::text::Text;
use crate::store;

/// Deprecates a framework that was published.
pub(crate) async fn deprecate(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    etag: &str,
    (replacing, reason): (Option<FrameworkRef>, Vec<Text>),
) -> Result<Framework> {
    // Looked up before the transaction: it may be in another district, the commons.
    if let Some(replacing) = &replacing
        && store::frameworks::find(&store.read(&replacing.district), replacing).await?.is_none()
    {
        return Err(dangling("replacing_framework", FRAMEWORK, &replacing.name()));
    }
    let tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let deprecation = Deprecation { replacing, reason, time: tx.now() };
    deprecation.check(of)?;
    let (framework, known) = locked(&tx, of, etag).await?;
    if framework.revision == 0 {
        return Err(Failure::precondition(
            Reason::StateConflict,
            "A framework that was never published is in nobody's use: delete its draft.",
        ));
    }
    if known.contains_key(&of.id) {
        return Err(Failure::precondition(
            Reason::StateConflict,
            "The framework is deprecated already: to change why or for which, take that back first.",
        ));
    }
    store::deprecations::insert(&tx, of.id, &deprecation).await?;
    let name = |of: &FrameworkRef| of.name().to_string();
    let event = proto::FrameworkDeprecated {
        framework: name(of),
        replacing_framework: deprecation.replacing.as_ref().map(name).unwrap_or_default(),
    };
    let said = carrying(told("framework.deprecated", &of.name(), FRAMEWORK), "FrameworkDeprecated", &event);
    finish(tx, framework, said).await
}

/// Takes a deprecation back.
pub(crate) async fn undeprecate(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    etag: &str,
) -> Result<Framework> {
    let tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let (framework, known) = locked(&tx, of, etag).await?;
    if !known.contains_key(&of.id) {
        return Err(Failure::precondition(Reason::StateConflict, "The framework is not deprecated."));
    }
    store::deprecations::delete(&tx, of.id).await?;
    let event = proto::FrameworkUndeprecated { framework: of.name().to_string() };
    let said =
        carrying(told("framework.undeprecated", &of.name(), FRAMEWORK), "FrameworkUndeprecated", &event);
    finish(tx, framework, said).await
}

async fn locked(tx: &Tx, of: &FrameworkRef, etag: &str) -> Result<(Framework, HashMap<Uuid, Deprecation>)> {
    let framework = store::frameworks::lock(tx, of).await?;
    framework.etag().check(etag)?;
    let known = store::deprecations::some(tx, &[of.id]).await?;
    Ok((framework, known))
}

/// Counts the change without a word of the draft's being other than what was published.
async fn finish(mut tx: Tx, mut framework: Framework, said: Told) -> Result<Framework> {
    framework.version += 1;
    framework.update_time = tx.now();
    store::frameworks::update(&tx, &framework).await?;
    tx.tell(said);
    tx.commit(framework).await
}
