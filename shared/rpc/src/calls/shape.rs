//! What is known of a method by its path.

use std::collections::HashMap;
use std::sync::LazyLock;

use trellis_contracts::{DESCRIPTOR_POOL, METHODS};

/// A method of the contract.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) service: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// Whether the caller sends a stream.
    pub(crate) streams_in: bool,
    /// Whether the answer is a stream.
    pub(crate) streams_out: bool,
}

impl Shape {
    /// Whether one message is answered by one.
    pub(crate) const fn is_unary(self) -> bool {
        !self.streams_in && !self.streams_out
    }
}

/// Health, reflection and whatever does not exist: counted as one, and taken for streams, since some
/// of them are.
const OTHER: Shape =
    Shape { service: "other", method: "other", path: "other", streams_in: true, streams_out: true };

static SHAPES: LazyLock<HashMap<&'static str, Shape>> = LazyLock::new(|| {
    let shape = |method: &&'static trellis_contracts::guard::Method| {
        let service = DESCRIPTOR_POOL.get_service_by_name(method.service)?;
        let descriptor = service.methods().find(|m| m.name() == method.name)?;
        let shape = Shape {
            service: method.service,
            method: method.name,
            path: method.path,
            streams_in: descriptor.is_client_streaming(),
            streams_out: descriptor.is_server_streaming(),
        };
        Some((method.path, shape))
    };
    METHODS.iter().filter_map(shape).collect()
});

/// What is known of the method that has this path.
pub(crate) fn shape(path: &str) -> Shape {
    SHAPES.get(path).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_told_from_calls_with_one_answer() {
        assert!(shape("/trellis.common.v1alpha1.IdentityService/WhoAmI").is_unary());
        assert!(shape("/trellis.common.v1alpha1.EventService/StreamEvents").streams_out);
        assert_eq!(shape("/made.up.Service/Method").service, "other");
    }
}
