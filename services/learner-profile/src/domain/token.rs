//! Tokens that are no longer believed though they have not ended.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result, Timestamp, Uuid};

/// For how long every record is kept, whatever end was stated: one that is stated too early must not revive
/// the token.
const KEPT: SignedDuration = SignedDuration::from_hours(365 * 24);

/// For how long after its end a token may still be believed: clocks differ.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// How long after the token's own end its record is deleted: clocks differ, and `exp` may be misread.
const AFTER_ITS_END: SignedDuration = SignedDuration::from_hours(24);

/// A token that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revoked {
    pub id: Uuid,
    /// The token's `jti`.
    pub token_id: String,
    /// When the token ends by itself.
    pub expire: Timestamp,
    pub create_time: Timestamp,
}

/// When a token ends by itself, as it was stated; a token that has ended needs no taking back.
pub(crate) fn end(stated: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    match stated {
        Some(end) if now.duration_since(end) < LEEWAY => Ok(end),
        Some(_) => Err(Failure::field("expire_time", "must be in the future: the token has ended by itself")),
        None => now.checked_add(KEPT).map_err(Failure::internal),
    }
}

/// Tokens are forgotten that ended before the first of these moments and were taken back before the second.
pub(crate) fn forgotten(now: Timestamp) -> (Timestamp, Timestamp) {
    let before = |kept| now.checked_sub(kept).unwrap_or(Timestamp::MIN);
    (before(AFTER_ITS_END), before(KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_kept_for_a_year_and_until_the_token_has_ended_for_a_day() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let later = now + SignedDuration::from_hours(1);
        assert_eq!(end(Some(later), now).unwrap(), later);
        assert!(end(Some(now - LEEWAY), now).is_err());
        assert_eq!(
            end(Some(now - SignedDuration::from_secs(59)), now).unwrap(),
            now - SignedDuration::from_secs(59)
        );
        assert_eq!(end(None, now).unwrap(), now + KEPT);
        assert_eq!(forgotten(later + AFTER_ITS_END).0, later);
        assert_eq!(forgotten(now + KEPT).1, now);
    }
}
