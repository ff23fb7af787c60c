//! The contracts of Trellis as Rust: messages, clients, guarded servers and the descriptor set.
//!
//! Everything here but the guard and the status conversion is made from `proto/` by the build script.

pub mod guard;
pub mod prepared;
pub mod status;
pub mod values;

#[expect(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "made by the build script"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}

use std::sync::LazyLock;

pub use generated::{METHODS, trellis};
pub use trellis::common::v1 as common;
pub use trellis::experience::v1alpha1 as experience;
pub use trellis::internal::v1alpha1 as internal;
pub use trellis::outcome::v1 as outcome;
pub use trellis::profile::v1alpha1 as profile;
pub use trellis::scheduling::v1alpha1 as scheduling;

/// The encoded descriptor set of every contract, with all options and comments: what reflection
/// serves and what a release ships.
pub static DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// The descriptors of every contract.
pub static DESCRIPTOR_POOL: LazyLock<prost_reflect::DescriptorPool> = LazyLock::new(|| {
    prost_reflect::DescriptorPool::decode(DESCRIPTOR_SET)
        .expect("the build script encoded it from checked files")
});
