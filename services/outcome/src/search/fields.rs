//! What the index holds of an outcome.

use prost::Message as _;
use tantivy::TantivyDocument;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, SchemaBuilder,
    TextFieldIndexing, TextOptions,
};
use trellis_contracts::outcome as proto;

use super::stems;
use crate::domain::outcome::Outcome;
use crate::domain::search::{plain, words};
use crate::domain::text::Text;
use crate::domain::traits::Trait;

/// Longer is no word that anybody asks for.
const WORD: usize = 100;
/// How many parts of a code are held, from each of its ends.
const PARTS: usize = 16;

/// The fields of the index.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    /// The district: every query asks for it.
    pub(super) district: Field,
    /// The whole code, plain.
    pub(super) code: Field,
    /// What begins or ends the code at a boundary.
    pub(super) code_parts: Field,
    /// The words of the code.
    pub(super) code_words: Field,
    /// The words of the statements, the labels, the type and the concepts.
    pub(super) words: Field,
    /// The words of the notes.
    pub(super) notes: Field,
    /// What the words of the statements and labels are forms of, by language.
    pub(super) stems: Field,
    /// The beginning of the code and the identity: the order of what is equally good.
    pub(super) order: [Field; 3],
    /// The message that answers.
    pub(super) message: Field,
    traits: [(Trait, Field); 6],
}

impl Fields {
    /// The fields and their schema.
    pub(super) fn new() -> (Schema, Self) {
        let mut schema = SchemaBuilder::default();
        let fields = Self {
            district: schema.add_text_field("district", exact()),
            code: schema.add_text_field("code", exact()),
            code_parts: schema.add_text_field("code_parts", exact()),
            code_words: schema.add_text_field("code_words", spaced()),
            words: schema.add_text_field("words", spaced()),
            notes: schema.add_text_field("notes", spaced()),
            stems: schema.add_text_field("stems", spaced()),
            order: ORDER.map(|name| schema.add_u64_field(name, NumericOptions::from(FAST | INDEXED))),
            message: schema.add_bytes_field("message", BytesOptions::default().set_stored()),
            traits: Trait::ALL.map(|own| (own, schema.add_text_field(own.as_str(), exact() | FAST))),
        };
        (schema.build(), fields)
    }

    /// The field of a trait.
    pub(super) fn of(&self, own: Trait) -> Field {
        let found = self.traits.iter().find(|(known, _)| *known == own);
        found.map_or(self.district, |(_, field)| *field)
    }

    /// What is held of an outcome of a framework with these subjects.
    pub(super) fn document(
        &self,
        outcome: &Outcome,
        subjects: &[String],
        message: &proto::Outcome,
    ) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let content = &outcome.content;
        document.add_text(self.district, outcome.framework.district.as_str());
        let code = plain(&content.code);
        if !code.is_empty() {
            for part in parts(&code) {
                document.add_text(self.code_parts, part);
            }
            document.add_text(self.code, &code);
        }
        document.add_text(self.code_words, spaced_words([content.code.as_str()]));
        let texts = |texts: &[&Vec<Text>]| -> Vec<String> {
            texts.iter().flat_map(|texts| texts.iter()).map(|text| text.text.clone()).collect()
        };
        let mut main = texts(&[&content.statement, &content.abbreviated]);
        main.push(content.item_type.clone());
        main.extend(content.concept_keywords.iter().cloned());
        document.add_text(self.words, spaced_words(main.iter().map(String::as_str)));
        document.add_text(self.notes, spaced_words(texts(&[&content.notes]).iter().map(String::as_str)));
        let stemmed = content.statement.iter().chain(&content.abbreviated);
        document.add_text(self.stems, stems::of_texts(stemmed));
        let (high, low) = outcome.id.as_u64_pair();
        for (field, value) in self.order.iter().zip([beginning(&code), high, low]) {
            document.add_u64(*field, value);
        }
        for (own, field) in &self.traits {
            for value in own.values(outcome, subjects) {
                document.add_text(*field, value);
            }
        }
        document.add_bytes(self.message, &message.encode_to_vec());
        document
    }
}

/// The names of the fields that order what is equally good.
pub(super) const ORDER: [&str; 3] = ["order_code", "order_high", "order_low"];

/// A text that is one term.
fn exact() -> TextOptions {
    TextOptions::default().set_indexing_options(indexing("raw"))
}

/// A text of terms with spaces between them.
fn spaced() -> TextOptions {
    TextOptions::default().set_indexing_options(indexing("whitespace"))
}

fn indexing(tokenizer: &str) -> TextFieldIndexing {
    TextFieldIndexing::default()
        .set_tokenizer(tokenizer)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false)
}

/// The words of texts with spaces between them, each once.
fn spaced_words<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let all = texts.into_iter().flat_map(words).filter(|word| word.len() <= WORD);
    let mut known: Vec<String> = all.collect();
    known.sort_unstable();
    known.dedup();
    known.join(" ")
}

/// What begins a plain code, or ends it, at a boundary: what [`crate::domain::search`] takes for a part.
fn parts(code: &str) -> Vec<&str> {
    let boundaries: Vec<(usize, usize)> = code
        .char_indices()
        .filter(|(_, c)| !c.is_alphanumeric())
        .map(|(at, c)| (at, at + c.len_utf8()))
        .collect();
    let beginnings = boundaries.iter().take(PARTS).map(|(at, _)| &code[..*at]);
    let endings = boundaries.iter().rev().take(PARTS).map(|(_, after)| &code[*after..]);
    let mut parts: Vec<&str> = beginnings.chain(endings).filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The first eight bytes of a code as a number, so that codes are in their order.
fn beginning(code: &str) -> u64 {
    let mut bytes = [0_u8; 8];
    for (own, byte) in bytes.iter_mut().zip(code.bytes()) {
        *own = byte;
    }
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_ends() {
        assert_eq!(parts("3.nf.a"), ["3", "3.nf", "a", "nf.a"]);
        assert!(parts("abc").is_empty());
        assert!(beginning("a.1") < beginning("a.2"));
    }
}
