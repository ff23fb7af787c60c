//! How many files and sockets this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the databases, the log and the listeners need beside the connections.
const OTHERS: u64 = 256;

/// Takes as many descriptors as the system gives without being asked by an administrator: what a shell
/// or a service manager hands out at first is often 1024. Says so where they are too few for the
/// connections that may come.
pub(crate) fn raise(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let has = if setrlimit(Resource::Nofile, all).is_ok() { limit.maximum } else { limit.current };
    if let Some(has) = has
        && has < u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHERS)
    {
        tracing::warn!(descriptors = has, connections, "fewer descriptors than connections may come");
    }
}
