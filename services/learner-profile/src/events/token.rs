//! What is told of tokens that were taken back.

use trellis_kernel::{District, Name, Uuid};
use trellis_store::Told;

/// The type of the record of a token that was taken back.
pub(crate) const REVOKED_TOKEN: &str = "trellis.dev/RevokedToken";

/// A token was taken back.
pub(crate) fn revoked(district: &District, id: Uuid) -> Told {
    Told {
        kind: "token.revoked",
        resource: Name::district(district.clone()).child("revokedTokens", id).to_string(),
        resource_type: REVOKED_TOKEN,
        subjects: Vec::new(),
        deleted: false,
        payload: None,
    }
}
