//! The districts that vendors try things in.

use trellis_kernel::District;

use super::{Layers, Refusal, refuse};

/// The districts that can be reset. That of the commons is everybody's, and none of them.
pub(super) fn read(layers: &Layers, demo: bool) -> Result<Vec<District>, Refusal> {
    let Some((ids, source)) = layers.list("sandboxes") else {
        return Ok(if demo {
            District::parse(crate::demo::SANDBOX).into_iter().collect()
        } else {
            Vec::new()
        });
    };
    let read = |id: &String| match District::parse(id) {
        Ok(district) if !district.is_commons() => Ok(district),
        _ => refuse(format!("{source}: `{id}` is no district that can be a sandbox.")),
    };
    ids.iter().map(read).collect()
}

/// Which they are, in a line.
pub(super) fn shown(sandboxes: &[District]) -> String {
    if sandboxes.is_empty() {
        return "none".to_owned();
    }
    sandboxes.iter().map(District::as_str).collect::<Vec<_>>().join(", ")
}
