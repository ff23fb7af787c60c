//! How the suite is reached, and how its services reach each other.
//!
//! - [`Server`] serves everything that the services mount on one listener: gRPC (h2c or TLS, and
//!   gRPC-Web over HTTP/1.1), reflection, health, and plain HTTP. It limits, times and ends what
//!   comes in, so that a handler need not.
//! - [`Peer`] is another service of the suite, in this process or over a socket; the caller cannot
//!   tell which, and neither can the callee: the call carries a token in both.
//! - [`Deps`] is what a service is mounted with, [`Mounted`] what it hands back.
//! - [`trail`] is where the guards of a service write down what is read, [`AccessTrail`] tells it.
//! - [`Sandboxes`] leads the services through a reset of a sandbox, [`ResetSteps`] are one service's part in it.
//! - [`http`] tells a failure over plain HTTP, whose routes are behind the same limits as the calls.
//! - [`change()`] makes a call into a change of the store; [`changes`] serves the change feeds, [`jobs`] shows
//!   work that takes longer than a request.
//!
//! Architecture invariant: nothing here knows a service's messages, other than the access decision
//! that [`RemoteStandings`] asks the profile service for.

mod admission;
mod audit;
mod calls;
mod change;
pub mod changes;
mod deadline;
mod figures;
pub mod http;
pub mod jobs;
mod mount;
mod peer;
mod sandbox;
mod server;
mod standings;

pub use audit::{AccessTrail, trail};
pub use change::{change, change_as};
pub use mount::{Deps, Mounted, Peers};
pub use peer::{Dns, Peer, PeerChannel, Policy, Remote, Resolve, Target};
pub use sandbox::{ResetSteps, Sandboxes};
pub use server::{ClientAuth, Limits, Rate, Server, Tls};
pub use standings::RemoteStandings;
pub use trellis_store::Task;
