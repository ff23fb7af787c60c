//! The moment by which a call must be answered, known to everything that is done for it.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

/// The gRPC header that carries the time that is left (PROTOCOL-HTTP2, "Timeout").
const GRPC_TIMEOUT: &str = "grpc-timeout";

tokio::task_local! {
    static DEADLINE: Option<Instant>;
}

/// Does a piece of work in the knowledge of its deadline.
pub(crate) fn within<T>(deadline: Option<Instant>, work: impl FnOnce() -> T) -> T {
    DEADLINE.sync_scope(deadline, work)
}

/// The deadline of the call that is being served, if one is.
pub(crate) fn current() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok().flatten()
}

/// The time that a call says it has left; none when it says nothing that can be read.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

/// Says how much time a call has left.
pub(crate) fn write(headers: &mut HeaderMap, left: Duration) {
    // At most eight digits: milliseconds up to a day, and no call of ours has longer.
    let millis = left.as_millis().clamp(1, 86_400_000);
    if let Ok(value) = HeaderValue::from_str(&format!("{millis}m")) {
        headers.insert(GRPC_TIMEOUT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, text.parse().expect("a header"));
        read(&headers)
    }

    #[test]
    fn a_timeout_is_read_in_each_of_its_units() {
        assert_eq!(left("1H"), Some(Duration::from_hours(1)));
        assert_eq!(left("2M"), Some(Duration::from_mins(2)));
        assert_eq!(left("3S"), Some(Duration::from_secs(3)));
        assert_eq!(left("4m"), Some(Duration::from_millis(4)));
        assert_eq!(left("5u"), Some(Duration::from_micros(5)));
        assert_eq!(left("99999999n"), Some(Duration::from_nanos(99_999_999)));
    }

    #[test]
    fn what_is_no_timeout_is_not_read() {
        for text in ["", "S", "5", "-5S", "+5S", "5x", "123456789S", "5é"] {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_bytes(text.as_bytes()).expect("a header"));
            assert_eq!(read(&headers), None, "{text}");
        }
    }

    #[test]
    fn a_written_timeout_reads_back() {
        let mut headers = HeaderMap::new();
        write(&mut headers, Duration::from_millis(1500));
        assert_eq!(read(&headers), Some(Duration::from_millis(1500)));
        write(&mut headers, Duration::ZERO);
        assert_eq!(read(&headers), Some(Duration::from_millis(1)), "no time left is not no limit");
    }
}
