//! What people write.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result};

/// A text in one language or several, each language once; empty when nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text(Vec<Wording>);

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wording {
    /// The language, a BCP 47 tag.
    pub(crate) language: String,
    /// The text.
    pub(crate) text: String,
}

impl Text {
    /// Reads a text; refuses a language that comes twice, and blank wordings.
    pub(crate) fn parse(field: &str, wordings: Vec<Wording>) -> Result<Self> {
        for (place, wording) in wordings.iter().enumerate() {
            // Tags are compared without regard to case (RFC 5646, section 2.1.1).
            let again = wordings[..place].iter().any(|w| w.language.eq_ignore_ascii_case(&wording.language));
            if again {
                return Err(Failure::field(
                    format!("{field}[{place}].language"),
                    "each language must come once",
                ));
            }
            if wording.text.trim().is_empty() {
                return Err(Failure::field(format!("{field}[{place}].text"), "must not be blank"));
            }
        }
        Ok(Self(wordings))
    }

    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text in each language.
    pub(crate) fn wordings(&self) -> &[Wording] {
        &self.0
    }
}

/// Reads words that must say something.
pub(crate) fn said(field: &str, text: String) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Failure::field(field, "must not be blank"));
    }
    Ok(text)
}
