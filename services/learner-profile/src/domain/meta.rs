//! What is known of any record.

use trellis_kernel::Timestamp;

/// When a record was written, and which version of it this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub version: i64,
}
