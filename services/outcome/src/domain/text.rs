//! Authored text, and the small values that every resource shares.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result, Timestamp};

/// The language of a text whose language nobody stated (BCP 47).
pub(crate) const UNDETERMINED: &str = "und";

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    /// The language, a BCP 47 tag.
    pub language: String,
    /// The text.
    pub text: String,
}

impl Text {
    /// A text in a language, or in none that is known.
    pub(crate) fn new(language: &str, text: impl Into<String>) -> Self {
        let language = if language.is_empty() { UNDETERMINED } else { language };
        Self { language: language.to_owned(), text: text.into() }
    }
}

/// An identifier in another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExternalId {
    /// The system that gave it.
    pub system: String,
    /// The identifier there.
    pub id: String,
}

/// What a resource is called where it came from, in CASE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CaseIdentity {
    /// The URI of the source.
    pub uri: String,
    /// The identifier exactly as the source writes it.
    pub identifier: String,
    /// When the source last changed it.
    pub last_change: Option<Timestamp>,
}

/// The text that CASE takes of several: in the language of its resource, or the first.
pub(crate) fn primary<'t>(texts: &'t [Text], language: &str) -> &'t str {
    let own = texts.iter().find(|text| !language.is_empty() && text.language.eq_ignore_ascii_case(language));
    own.or_else(|| texts.first()).map_or("", |text| &text.text)
}

/// Refuses texts of which two are in one language, or which a database cannot hold.
pub(crate) fn check_texts(field: &str, texts: &[Text], required: bool) -> Result<()> {
    if required && texts.is_empty() {
        return Err(Failure::field(field, "must hold a text in at least one language"));
    }
    for (index, text) in texts.iter().enumerate() {
        if texts[..index].iter().any(|other| other.language.eq_ignore_ascii_case(&text.language)) {
            return Err(Failure::field(
                format!("{field}[{index}].language"),
                "must be different from the languages before it",
            ));
        }
        check_line(&format!("{field}[{index}].text"), &text.text)?;
    }
    Ok(())
}

/// Refuses two identifiers of one system.
pub(crate) fn check_external_ids(ids: &[ExternalId]) -> Result<()> {
    for (index, id) in ids.iter().enumerate() {
        if ids[..index].iter().any(|other| other.system == id.system) {
            return Err(Failure::field(
                format!("external_ids[{index}].system"),
                "must be different from the systems before it",
            ));
        }
    }
    Ok(())
}

/// Refuses the one character that `PostgreSQL` cannot hold.
pub(crate) fn check_line(field: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Failure::field(field, "must not contain the character U+0000"));
    }
    Ok(())
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut text = String::with_capacity(2 * bytes.len());
    for half in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.push(DIGITS[usize::from(half)]);
    }
    text
}
