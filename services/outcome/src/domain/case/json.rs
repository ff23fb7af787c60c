//! Taking a JSON document apart without copying it, and saying exactly where it is broken.

use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{MAX_DEPTH, MAX_ENTRIES, Refusal};
use crate::domain::transfer::Place;

/// The most keys that a package has at its top.
const MAX_SECTIONS: usize = 100;
/// The longest key there, in characters.
const MAX_KEY: usize = 100;

/// The text of a document.
pub(super) fn text(mut bytes: Vec<u8>) -> Result<String, Refusal> {
    // A byte order mark says nothing in UTF-8, and some tools write one.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    // No JSON begins with these, or holds a zero among its first two characters.
    if matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..]) {
        let text = "The document is in UTF-16 or UTF-32: a CASE package is in UTF-8.";
        return Err(Refusal::at(
            Place { pointer: String::new(), line: 1, column: 1 },
            "ENCODING_WRONG",
            text,
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let (line, column) = position(error.as_bytes(), offset);
        let text = "The document is not in UTF-8 from here on.";
        Refusal::at(Place { pointer: String::new(), line, column }, "ENCODING_WRONG", text)
    })
}

/// The sections of a package: its keys, each with its JSON.
pub(super) struct Sections<'a> {
    text: &'a str,
    list: Vec<(String, &'a RawValue)>,
}

impl<'a> Sections<'a> {
    /// Reads the top of a package.
    pub(super) fn read(text: &'a str) -> Result<Self, Refusal> {
        check_depth(text.as_bytes())?;
        check_texts(text.as_bytes())?;
        let entries: Entries<'a> = serde_json::from_str(text).map_err(|error| {
            let place = Place {
                pointer: String::new(),
                line: small(error.line().max(1)),
                column: small(error.column().max(1)),
            };
            Refusal::at(place, "JSON_MALFORMED", malformed(&error))
        })?;
        let sections = Self { text, list: entries.0 };
        sections.check_keys("", &sections.list)?;
        Ok(sections)
    }

    /// The keys of an object that stands in the package, each with its JSON, in order.
    pub(super) fn inside(
        &self,
        pointer: &str,
        raw: &'a RawValue,
    ) -> Result<Vec<(String, &'a RawValue)>, Refusal> {
        let entries: Entries<'a> = serde_json::from_str(raw.get()).map_err(|_| {
            self.refuse(pointer, raw, "TYPE_WRONG", "An object of at most 100 keys is expected here.")
        })?;
        self.check_keys(&format!("{pointer}/"), &entries.0)?;
        Ok(entries.0)
    }

    /// Of two values under one key one would be lost.
    fn check_keys(&self, above: &str, list: &[(String, &'a RawValue)]) -> Result<(), Refusal> {
        for (index, (key, raw)) in list.iter().enumerate() {
            let pointer = format!("{above}{key}");
            if list[..index].iter().any(|(other, _)| other == key) {
                let text = "The same key stands twice in this object.";
                return Err(self.refuse(&pointer, raw, "KEY_REPEATED", text));
            }
            if key.chars().count() > MAX_KEY {
                return Err(self.refuse(
                    above,
                    raw,
                    "KEY_TOO_LONG",
                    "A key of the package is longer than 100 characters.",
                ));
            }
        }
        Ok(())
    }

    /// The JSON of a section; none when it is absent or null.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.list.iter().find(|(own, _)| own == key).map(|(_, raw)| *raw).filter(|raw| raw.get() != "null")
    }

    /// The sections that are none of those given.
    pub(super) fn others<'s>(&'s self, known: &'s [&str]) -> impl Iterator<Item = (&'s str, &'a RawValue)> {
        self.list.iter().map(|(key, raw)| (key.as_str(), *raw)).filter(|(key, _)| !known.contains(key))
    }

    /// Where something begins in the document.
    pub(super) fn offset(&self, raw: &RawValue) -> usize {
        (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// Takes the entries of an array one by one; an absent one has none.
    pub(super) fn each(
        &self,
        pointer: &str,
        raw: Option<&'a RawValue>,
        take: impl FnMut(usize, &'a RawValue),
    ) -> Result<(), Refusal> {
        let Some(raw) = raw else { return Ok(()) };
        if !raw.get().starts_with('[') {
            return Err(self.refuse(pointer, raw, "TYPE_WRONG", "An array is expected here."));
        }
        let mut json = serde_json::Deserializer::from_str(raw.get());
        let taken = json.deserialize_seq(Each { take, marker: std::marker::PhantomData });
        taken.map_err(|_| {
            self.refuse(
                pointer,
                raw,
                "TOO_MANY_ENTRIES",
                "The array holds more entries than an import takes.",
            )
        })
    }

    /// Refuses the document for what stands here.
    pub(super) fn refuse(&self, pointer: &str, raw: &RawValue, code: &str, text: &str) -> Refusal {
        let (line, column) = position(self.text.as_bytes(), self.offset(raw));
        Refusal::at(Place { pointer: format!("/{pointer}"), line, column }, code, text)
    }

    /// Refuses the document for what it does not have.
    pub(super) fn lacks(pointer: &str, text: &str) -> Refusal {
        Refusal::at(Place { pointer: format!("/{pointer}"), line: 1, column: 1 }, "SECTION_MISSING", text)
    }
}

/// What is wrong with a text that is no JSON. The parser's own words quote the document.
fn malformed(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "The document ends in the middle: it was cut off.",
        serde_json::error::Category::Data => "A CASE package is a JSON object with CFDocument at its top.",
        _ => "The document is no JSON from here on.",
    }
}

/// Refuses a document that is nested deeper than any package.
fn check_depth(bytes: &[u8]) -> Result<(), Refusal> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (offset, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let (line, column) = position(bytes, offset);
                    let text = "The document is nested more than 64 levels deep.";
                    return Err(Refusal::at(
                        Place { pointer: String::new(), line, column },
                        "TOO_DEEP",
                        text,
                    ));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a document in which a text holds U+0000: `PostgreSQL` keeps none, and what is taken must not
/// depend on the database. Unescaped it is no JSON in the first place.
fn check_texts(bytes: &[u8]) -> Result<(), Refusal> {
    let (mut offset, mut rest) = (0, bytes);
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[at..].starts_with(b"\\u0000") {
            let (line, column) = position(bytes, offset + at);
            let place = Place { pointer: String::new(), line, column };
            let text = "A text holds the character U+0000 here.";
            return Err(Refusal::at(place, "NUL_CHARACTER", text));
        }
        // The backslash and what it escapes, so that two of them are not taken for the begin of a third.
        let next = (at + 2).min(rest.len());
        (offset, rest) = (offset + next, &rest[next..]);
    }
    Ok(())
}

/// The line and column of an offset, both from 1.
pub(super) fn position(bytes: &[u8], offset: usize) -> (u32, u32) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (small(line), small(column))
}

pub(super) fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// JSON without the white space between its tokens.
pub(super) fn compact(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    // Where what is not kept yet begins. White space is one byte, so both sides of it are texts.
    let mut begin = 0;
    for (offset, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b' ' | b'\n' | b'\r' | b'\t' if !in_string => {
                kept.push_str(&json[begin..offset]);
                begin = offset + 1;
            }
            _ => {}
        }
    }
    kept.push_str(&json[begin..]);
    kept
}

/// The keys of an object, each with its JSON, in order.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Top;
        impl<'de> Visitor<'de> for Top {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    if entries.len() == MAX_SECTIONS {
                        return Err(M::Error::custom("too many keys"));
                    }
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        json.deserialize_map(Top).map(Entries)
    }
}

/// Takes the entries of an array one by one.
struct Each<'a, F> {
    take: F,
    marker: std::marker::PhantomData<&'a ()>,
}

impl<'a, F: FnMut(usize, &'a RawValue)> Visitor<'a> for Each<'a, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'a>>(mut self, mut entries: S) -> Result<(), S::Error> {
        let mut index = 0;
        while let Some(raw) = entries.next_element::<&'a RawValue>()? {
            if index == MAX_ENTRIES {
                return Err(S::Error::custom("too many entries"));
            }
            (self.take)(index, raw);
            index += 1;
        }
        Ok(())
    }
}
