//! Another service of the suite, wherever it runs.

mod answer;
mod attempts;
mod budget;
mod channel;
mod circuit;
mod connect;
mod figures;
mod heard;
mod member;
mod methods;
mod missed;
mod policy;
mod pool;
mod resolve;
mod stream;
mod target;

use std::fmt;
use std::sync::Arc;

use trellis_auth::ServiceIdentity;
use trellis_kernel::Actor;

pub use channel::PeerChannel;
pub use policy::Policy;
pub use resolve::{Dns, Resolve};
pub use target::{Remote, Target};

/// Another service of the suite, as one service calls it.
///
/// In process or over a socket it is called alike: with a token of the calling service, the deadline
/// of the call that is being served, and its trace.
#[derive(Clone)]
pub struct Peer {
    target: Target,
    identity: ServiceIdentity,
}

impl Peer {
    /// The service at `target`, called under `identity`.
    pub const fn new(target: Target, identity: ServiceIdentity) -> Self {
        Self { target, identity }
    }

    /// Calls on behalf of the actor whose call is being served: what they may not, the call may not.
    pub fn on_behalf_of(&self, actor: &Actor) -> PeerChannel {
        PeerChannel::service(self.target.clone(), self.identity.clone(), Some(Arc::new(actor.clone())))
    }

    /// Calls for the service itself.
    pub fn itself(&self) -> PeerChannel {
        PeerChannel::service(self.target.clone(), self.identity.clone(), None)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peer").field(&self.target.name()).finish()
    }
}
