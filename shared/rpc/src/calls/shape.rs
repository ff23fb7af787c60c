//! What is known of a method by its path.

use std::collections::HashMap;
use std::sync::LazyLock;

use trellis_contracts::{DESCRIPTOR_POOL, METHODS};
use trellis_telemetry::calls;

/// A method of the contract.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Where its calls are told of.
    pub(crate) served: calls::Method,
    /// Whether the caller sends a stream.
    pub(crate) streams_in: bool,
    /// Whether the answer is a stream.
    pub(crate) streams_out: bool,
}

impl Shape {
    /// `package.Service/Method`, as it is told of.
    fn new(name: &'static str, streams_in: bool, streams_out: bool) -> Self {
        Self { served: calls::Method::served(name), streams_in, streams_out }
    }

    /// Whether one message is answered by one.
    pub(crate) const fn is_unary(&self) -> bool {
        !self.streams_in && !self.streams_out
    }

    /// How the request of a call is received.
    pub(crate) fn receives(&self) -> Receives {
        match (self.is_limited(), self.streams_in) {
            (true, true) => Receives::Stream,
            (true, false) => Receives::Message,
            (false, _) => Receives::Little,
        }
    }

    /// Whether the limits of the server are for it: health and reflection answer in any case.
    pub(crate) fn is_limited(&self) -> bool {
        !std::ptr::eq(self, &raw const *OTHER)
    }
}

/// How a request is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receives {
    /// Message by message: what a stream sends is done with as it comes, and its caller is known.
    Stream,
    /// In whole, and counted until it is done with.
    Message,
    /// The same, and no more than [`LITTLE`], since nobody need be known to send it.
    Little,
}

/// The bytes of a request to health or reflection: its messages are names, and a stream of them is short.
pub(crate) const LITTLE: usize = 64 * 1024;

/// Health, reflection and whatever does not exist: told of as one, and taken for streams, since some
/// of them are.
static OTHER: LazyLock<Shape> = LazyLock::new(|| Shape::new("_OTHER", true, true));

static SHAPES: LazyLock<HashMap<&'static str, Shape>> = LazyLock::new(|| {
    let shape = |method: &&'static trellis_contracts::guard::Method| {
        let service = DESCRIPTOR_POOL.get_service_by_name(method.service)?;
        let descriptor = service.methods().find(|m| m.name() == method.name)?;
        let name = method.path.trim_start_matches('/');
        Some((
            method.path,
            Shape::new(name, descriptor.is_client_streaming(), descriptor.is_server_streaming()),
        ))
    };
    METHODS.iter().filter_map(shape).collect()
});

/// What is known of the method that has this path.
pub(crate) fn shape(path: &str) -> &'static Shape {
    SHAPES.get(path).unwrap_or(&OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_told_from_calls_with_one_answer() {
        assert!(shape("/trellis.common.v1.IdentityService/WhoAmI").is_unary());
        assert!(shape("/trellis.internal.v1alpha1.EventService/StreamEvents").streams_out);
        assert!(!shape("/made.up.Service/Method").is_unary());
    }

    #[test]
    fn what_anybody_may_send_is_received_in_small_amounts() {
        assert_eq!(shape("/grpc.health.v1.Health/Watch").receives(), Receives::Little);
        assert_eq!(
            shape("/trellis.internal.v1alpha1.EventService/StreamEvents").receives(),
            Receives::Message
        );
        let import = shape("/trellis.profile.v1alpha1.RosterTransferService/ImportRoster");
        assert_eq!(import.receives(), Receives::Stream);
    }
}
