//! What a caller knows of a method by its path.

use std::collections::HashMap;
use std::sync::LazyLock;

use trellis_contracts::{DESCRIPTOR_POOL, METHODS, guard};
use trellis_telemetry::calls;

/// The bytes before a message: whether it is compressed, and its length (PROTOCOL-HTTP2).
const FRAME_HEADER: usize = 5;

/// A method that can be called.
#[derive(Debug)]
pub(super) struct Method {
    /// Where its calls are counted.
    pub(super) told: calls::Method,
    /// Whether the caller sends a stream.
    pub(super) streams_in: bool,
    /// Whether the answer is a stream.
    streams_out: bool,
    repeats: Repeats,
}

/// When a second call does nothing that the first has not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    /// Always: it only reads.
    Always,
    /// When the field with this number, its `request_id`, is there: the service knows it again by it.
    By(u32),
    Never,
}

static KNOWN: LazyLock<HashMap<&'static str, Method>> =
    LazyLock::new(|| METHODS.iter().filter_map(|method| Some((method.path, Method::of(method)?))).collect());

/// Health, reflection and whatever does not exist: counted as one, and taken for streams, since some
/// of them are.
static OTHER: LazyLock<Method> = LazyLock::new(|| Method {
    told: calls::Method::called("_OTHER"),
    streams_in: true,
    streams_out: true,
    repeats: Repeats::Never,
});

/// What is known of the method that has this path.
pub(super) fn method(path: &str) -> &'static Method {
    KNOWN.get(path).unwrap_or(&OTHER)
}

impl Method {
    fn of(method: &'static guard::Method) -> Option<Self> {
        let service = DESCRIPTOR_POOL.get_service_by_name(method.service)?;
        let descriptor = service.methods().find(|m| m.name() == method.name)?;
        let streams_in = descriptor.is_client_streaming();
        let request_id = descriptor.input().get_field_by_name("request_id").map(|field| field.number());
        let repeats = match (streams_in, method.writes, request_id) {
            (false, false, _) => Repeats::Always,
            (false, true, Some(number)) => Repeats::By(number),
            (true, ..) | (false, true, None) => Repeats::Never,
        };
        Some(Self {
            told: calls::Method::called(method.path.trim_start_matches('/')),
            streams_in,
            streams_out: descriptor.is_server_streaming(),
            repeats,
        })
    }

    /// Whether one message is answered by one.
    pub(super) const fn is_unary(&self) -> bool {
        !self.streams_in && !self.streams_out
    }

    /// Whether the call with this request, as it is sent, may be made a second time though the first
    /// may have been served.
    pub(super) fn is_repeatable(&self, framed: &[u8]) -> bool {
        match self.repeats {
            Repeats::Always => true,
            Repeats::By(number) => match framed.split_at_checked(FRAME_HEADER) {
                Some(([0, ..], message)) => holds_text(message, number).unwrap_or(false),
                _ => false,
            },
            Repeats::Never => false,
        }
    }
}

/// Whether a message holds a text in the field with this number; none where it is not well formed.
fn holds_text(mut message: &[u8], number: u32) -> Option<bool> {
    let mut found = false;
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let is_it = key >> 3 == u64::from(number);
        let length = match key & 7 {
            0 => {
                varint(&mut message)?;
                0
            }
            1 => 8,
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                // The last one counts, as for whoever decodes it.
                if is_it {
                    found = length > 0;
                }
                length
            }
            5 => 4,
            _ => return None,
        };
        message = message.get(length..)?;
    }
    Some(found)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (place, byte) in message.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            *message = &message[place + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use trellis_contracts::outcome::{CreateFrameworkRequest, Framework, GetFrameworkRequest};

    use super::*;

    const CREATE: &str = "/trellis.outcome.v1.FrameworkService/CreateFramework";
    const GET: &str = "/trellis.outcome.v1.FrameworkService/GetFramework";

    fn framed(message: &impl Message) -> Vec<u8> {
        let mut framed = vec![0; FRAME_HEADER];
        message.encode(&mut framed).expect("room");
        framed
    }

    fn create(request_id: &str) -> CreateFrameworkRequest {
        CreateFrameworkRequest {
            parent: "districts/grand-bend".to_owned(),
            framework: Some(Framework { language: "en".repeat(100), ..Framework::default() }),
            request_id: request_id.to_owned(),
        }
    }

    #[test]
    fn what_reads_may_be_repeated() {
        assert!(method(GET).is_repeatable(&framed(&GetFrameworkRequest::default())));
    }

    #[test]
    fn what_writes_may_be_where_it_carries_a_request_id() {
        assert!(method(CREATE).is_repeatable(&framed(&create("0198a1b2-0000-7000-8000-000000000000"))));
        assert!(!method(CREATE).is_repeatable(&framed(&create(""))));
    }

    #[test]
    fn what_cannot_be_told_may_not() {
        let whole = framed(&create("0198a1b2-0000-7000-8000-000000000000"));
        let mut compressed = whole.clone();
        compressed[0] = 1;
        assert!(!method(CREATE).is_repeatable(&compressed));
        for end in 0..whole.len() {
            assert!(!method(CREATE).is_repeatable(&whole[..end]), "cut off at {end}");
        }
        assert!(!method("/made.up.Service/Method").is_repeatable(&[]));
        assert!(!method(CREATE).is_repeatable(&[0, 0, 0, 0, 2, 0xff, 0xff]));
    }

    #[test]
    fn a_stream_of_the_caller_may_not() {
        assert!(!method("/trellis.profile.v1alpha1.RosterTransferService/ImportRoster").is_repeatable(&[]));
    }

    #[test]
    fn every_write_that_sends_one_request_takes_a_request_id() {
        let never = |method: &&Method| !method.streams_in && method.repeats == Repeats::Never;
        let without: Vec<_> = KNOWN.values().filter(never).collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
