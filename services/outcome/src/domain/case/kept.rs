//! What CASE 1.1 has no place for. In a package that goes out it travels in the `extensions` of its entry
//! under one name, and where such a package comes in it is put back where it was.

use serde_json::{Map, Value};

/// The name under which it travels.
pub(super) const KEPT: &str = "trellis:kept";

/// Puts back what travelled in an entry's extensions; answers whether anything did. What would replace a
/// field that the entry has (the repaired one, where the original could not stand) stays where it is.
pub(super) fn unpack(entry: &mut Map<String, Value>) -> bool {
    let travels = |extensions: &Value| extensions.get(KEPT).is_some_and(Value::is_object);
    if !entry.get("extensions").is_some_and(travels) {
        return false;
    }
    let Some(Value::Object(mut extensions)) = entry.remove("extensions") else { return false };
    let Some(Value::Object(kept)) = extensions.remove(KEPT) else { return false };
    let mut rest = Map::new();
    for (key, value) in kept {
        if key == "extensions" || entry.contains_key(&key) {
            rest.insert(key, value);
        } else {
            entry.insert(key, value);
        }
    }
    if !rest.is_empty() {
        extensions.insert(KEPT.to_owned(), Value::Object(rest));
    }
    if !extensions.is_empty() {
        entry.insert("extensions".to_owned(), Value::Object(extensions));
    }
    true
}

/// The JSON of an entry with what travelled put back; none when nothing travelled.
pub(super) fn unpacked(text: &str) -> Option<String> {
    if !text.contains(KEPT) {
        return None;
    }
    let mut entry: Map<String, Value> = serde_json::from_str(text).ok()?;
    if !unpack(&mut entry) {
        return None;
    }
    serde_json::to_string(&entry).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_travelled_stands_where_it_was_and_never_replaces_a_field() {
        let mut entry = json!({
            "identifier": "1", "statusStartDate": "2020-01-01",
            "extensions": {
                "vendor": 1,
                KEPT: {"CFDocumentURI": {"title": "D"}, "statusStartDate": "2020-01-01T00:00", "extensions": 7},
            },
        });
        assert!(unpack(entry.as_object_mut().expect("an object")));
        let back = json!({
            "identifier": "1", "statusStartDate": "2020-01-01", "CFDocumentURI": {"title": "D"},
            "extensions": {"vendor": 1, KEPT: {"statusStartDate": "2020-01-01T00:00", "extensions": 7}},
        });
        assert_eq!(entry, back);
    }

    #[test]
    fn extensions_of_others_are_not_touched() {
        for own in
            [json!({"extensions": {"vendor": {"deep": 1}}}), json!({"extensions": {KEPT: 3}}), json!({})]
        {
            let mut entry = own.clone();
            assert!(!unpack(entry.as_object_mut().expect("an object")));
            assert_eq!(entry, own);
        }
    }
}
