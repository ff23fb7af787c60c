//! Between columns and the domain's values. What a row holds was checked when it was written, so a
//! value that does not read back is a defect.

use trellis_kernel::{Failure, Name, Result, Timestamp};

/// What does not read back.
pub(crate) fn broken() -> Failure {
    Failure::internal("a column holds a value that this program does not know")
}

pub(crate) fn maybe_instant(microseconds: Option<i64>) -> Result<Option<Timestamp>> {
    microseconds.map(trellis_store::instant).transpose()
}

pub(crate) fn name(text: &str) -> Result<Name> {
    Name::parse(text).map_err(|_| broken())
}

/// A number that the domain keeps without a sign.
pub(crate) fn number<T: TryFrom<i32>>(number: i32) -> Result<T> {
    T::try_from(number).map_err(|_| broken())
}
