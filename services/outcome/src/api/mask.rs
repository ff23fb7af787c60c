//! Field masks of updates (AIP-134).

use prost_types::FieldMask;
use trellis_kernel::{Failure, Result};

/// The fields that an update changes: those of the mask; without one, those that are populated; `*`
/// for all. `fields` are those that can be changed, each with whether the request populates it.
pub(super) fn paths(mask: Option<FieldMask>, fields: &[(&'static str, bool)]) -> Result<Vec<&'static str>> {
    let asked = mask.map(|mask| mask.paths).unwrap_or_default();
    if asked.is_empty() {
        return Ok(fields.iter().filter(|(_, populated)| *populated).map(|(field, _)| *field).collect());
    }
    if asked == ["*"] {
        return Ok(fields.iter().map(|(field, _)| *field).collect());
    }
    let find = |path: &String| fields.iter().map(|(field, _)| *field).find(|field| field == path);
    let found: Option<Vec<&'static str>> = asked.iter().map(find).collect();
    found.ok_or_else(|| {
        let names: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
        Failure::field("update_mask", format!("may name only what can be changed: {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, bool); 2] = [("title", true), ("notes", false)];

    fn mask(paths: &[&str]) -> FieldMask {
        FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
    }

    #[test]
    fn a_mask_names_what_changes() {
        assert_eq!(paths(None, &FIELDS).expect("no mask"), ["title"]);
        assert_eq!(paths(Some(mask(&[])), &FIELDS).expect("an empty mask"), ["title"]);
        assert_eq!(paths(Some(mask(&["notes"])), &FIELDS).expect("a mask"), ["notes"]);
        assert_eq!(paths(Some(mask(&["*"])), &FIELDS).expect("all"), ["title", "notes"]);
        assert!(paths(Some(mask(&["title", "name"])), &FIELDS).is_err());
    }
}
