//! What a call from outside must pass besides the guard: the limits of the server.
//!
//! The guard knows who calls, and the server how much it bears. The server puts a [`Door`] around each
//! call that it takes from a socket ([`within`]); the guard goes through it ([`enter`]) once it knows the
//! caller and before it does anything else for them. Where there is no door, everybody may pass: a call
//! within the process is part of one that has passed.

use std::pin::Pin;
use std::sync::Arc;

use trellis_kernel::{Actor, Failure, Kind, Result};

tokio::task_local! {
    static DOOR: Option<Arc<dyn Door>>;
}

/// Lets callers in, each in their turn. One for each call.
pub trait Door: Send + Sync {
    /// Before a token is verified that was not met before, which costs more than a whole small call.
    fn before_proof(&self) -> Result<()>;

    /// Takes note of a call that proves nobody, and says what it is answered with.
    fn unproven(&self, failure: Failure) -> Failure;

    /// Lets the caller in, now or in its turn. The second time for the same call does nothing.
    fn enter(&self, actor: &Actor) -> Turn;
}

/// When a caller is let in.
pub enum Turn {
    /// At once; or not at all.
    Now(Result<()>),
    /// When the future is done.
    Later(Pin<Box<dyn Future<Output = Result<()>> + Send>>),
}

/// Does a piece of work behind a door; none means that everybody may pass.
pub fn within<T>(door: Option<Arc<dyn Door>>, work: impl FnOnce() -> T) -> T {
    DOOR.sync_scope(door, work)
}

/// The same for work that waits.
pub async fn behind<T>(door: Arc<dyn Door>, work: impl Future<Output = T>) -> T {
    DOOR.scope(Some(door), work).await
}

/// Lets in who proves themself by a secret that is no token: the address of a calendar. `find` looks for
/// what the secret stands for, `holder` says in whose place it is used. A secret that stands for nothing
/// is a call that proves nobody; where there are too many of those, nothing is looked for.
pub async fn enter_by<T>(
    find: impl Future<Output = Result<Option<T>>>,
    holder: impl FnOnce(&T) -> Actor,
) -> Result<Option<T>> {
    before_proof()?;
    let Some(found) = find.await? else {
        let nobody = unproven(Failure::unauthenticated("The secret stands for nothing."));
        return if nobody.kind() == Kind::Unauthenticated { Ok(None) } else { Err(nobody) };
    };
    enter(&holder(&found)).await?;
    Ok(Some(found))
}

/// Asks the door of the call that is being served, if it has one.
fn at_door<T>(ask: impl FnOnce(&dyn Door) -> T) -> Option<T> {
    DOOR.try_with(|door| door.as_deref().map(ask)).ok().flatten()
}

pub(crate) fn before_proof() -> Result<()> {
    at_door(|door| door.before_proof()).unwrap_or(Ok(()))
}

pub(crate) fn unproven(failure: Failure) -> Failure {
    let door = DOOR.try_with(Clone::clone).ok().flatten();
    match door {
        Some(door) if failure.kind() == Kind::Unauthenticated => door.unproven(failure),
        _ => failure,
    }
}

pub(crate) async fn enter(actor: &Actor) -> Result<()> {
    match at_door(|door| door.enter(actor)) {
        None => Ok(()),
        Some(Turn::Now(done)) => done,
        Some(Turn::Later(turn)) => turn.await,
    }
}
