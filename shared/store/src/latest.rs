//! Work whose reads must see every change that was acknowledged, whoever makes them.

tokio::task_local! {
    static LATEST: ();
}

/// Does some work in which [`Store::read`](crate::Store::read) reads as
/// [`read_latest`](crate::Store::read_latest) does: the primary, never a replica.
///
/// It is for who follows the feed and has a service read the rows: a row that a replica does not have
/// yet would be taken for one that is gone, and the change would never be told. What the work spawns
/// is not in it.
pub async fn latest<T>(work: impl Future<Output = T>) -> T {
    LATEST.scope((), work).await
}

/// Whether this is such work.
pub(crate) fn is_wanted() -> bool {
    LATEST.try_with(|()| ()).is_ok()
}
