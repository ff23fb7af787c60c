//! Who asks, and whether they may.
//!
//! - [`Authority`] turns a bearer token into an [`Actor`](trellis_kernel::Actor): tokens of the issuers
//!   that the installation trusts, and of the suite's own services.
//! - [`Guard`] is the gate before every method: it authenticates, then requires the method's scope, then
//!   decides on the resource, then checks the message against the contract. What it cannot decide it
//!   refuses.
//! - [`Standings`] and [`Subjects`] are what it asks: how a party stands to learners, and whether a token
//!   was taken back (the profile service knows both), and whom a resource is about (the service that
//!   holds it knows). [`Remembered`] keeps the answers of the first for a second.
//! - [`Trail`] keeps who read what, before it is read.
//! - [`Signer`] mints the tokens of the suite's services and, in development, of everyone.

mod authority;
mod claims;
pub mod door;
mod fetch;
mod guard;
mod jwks;
mod key;
mod remembered;
mod rules;
mod screen;
pub mod secret;
mod signer;
mod standing;
mod trail;

pub use authority::{Authority, Issuer};
pub use claims::Claims;
pub use guard::Guard;
pub use jwks::Keys;
pub use remembered::Remembered;
pub use rules::check;
pub use signer::{ServiceIdentity, Signer};
pub use standing::{NoSubjects, Query, Standings, Subjects};
pub use trail::{Access, MemoryTrail, NothingPersonal, Trail};

/// The audience that every token for the suite names.
pub const AUDIENCE: &str = "trellis";

/// The issuer of the suite's own services; no configured issuer may take this name.
pub const SERVICE_ISSUER: &str = "trellis:services";

/// The issuer of development tokens, trusted only with `--dev` or `--demo`.
pub const DEV_ISSUER: &str = "trellis:dev";
