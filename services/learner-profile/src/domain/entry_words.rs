//! What people write, in one or more languages.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result};

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Word {
    /// The language, a BCP 47 tag.
    pub language: String,
    /// The text.
    pub text: String,
}

/// The same text in one or more languages, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words(Vec<Word>);

impl Words {
    /// Reads a text; `field` is the request's field that holds it. Refuses a language that comes twice
    /// (tags differ by more than case, RFC 5646, section 2.1.1) and a text of nothing but space.
    pub(crate) fn parse(field: &str, words: Vec<Word>) -> Result<Self> {
        if words.is_empty() {
            return Err(Failure::field(field, "must hold the text in at least one language"));
        }
        for (index, word) in words.iter().enumerate() {
            if word.text.trim().is_empty() {
                return Err(Failure::field(format!("{field}[{index}].text"), "must not be blank"));
            }
            if words[..index].iter().any(|earlier| earlier.language.eq_ignore_ascii_case(&word.language)) {
                return Err(Failure::field(
                    format!("{field}[{index}].language"),
                    "must not be the language of a text before it",
                ));
            }
        }
        Ok(Self(words))
    }

    /// How long the texts are together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|word| word.text.len() + word.language.len()).sum()
    }

    /// The texts, in the order in which they were given.
    pub(crate) fn into_inner(self) -> Vec<Word> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(language: &str, text: &str) -> Word {
        Word { language: language.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_language_comes_once() {
        let two = vec![word("en", "I draw"), word("es", "Dibujo")];
        assert_eq!(Words::parse("text", two.clone()).expect("two languages").into_inner(), two);

        let failure = Words::parse("text", vec![word("en-US", "I draw"), word("en-us", "I paint")])
            .expect_err("the same language twice");
        assert_eq!(failure.violations()[0].field, "text[1].language");
    }

    #[test]
    fn a_blank_text_is_none() {
        let failure = Words::parse("text", vec![word("en", " \n")]).expect_err("blank");
        assert_eq!(failure.violations()[0].field, "text[0].text");
        assert!(Words::parse("text", vec![]).is_err());
    }
}
