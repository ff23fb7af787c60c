//! The forms of words: what a language's rules cut them down to.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream as _};

use crate::domain::search::words;
use crate::domain::text::Text;

/// The languages whose forms are known, by their codes.
const LANGUAGES: [(&str, Language); 18] = [
    ("ar", Language::Arabic),
    ("da", Language::Danish),
    ("de", Language::German),
    ("el", Language::Greek),
    ("en", Language::English),
    ("es", Language::Spanish),
    ("fi", Language::Finnish),
    ("fr", Language::French),
    ("hu", Language::Hungarian),
    ("it", Language::Italian),
    ("nl", Language::Dutch),
    ("no", Language::Norwegian),
    ("pt", Language::Portuguese),
    ("ro", Language::Romanian),
    ("ru", Language::Russian),
    ("sv", Language::Swedish),
    ("ta", Language::Tamil),
    ("tr", Language::Turkish),
];

/// The stems of texts, each with its language, with spaces between them.
pub(super) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a Text>) -> String {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        let own = text.language.split('-').next().unwrap_or_default().to_lowercase();
        // Bokmål and Nynorsk share their rules.
        let own = if matches!(own.as_str(), "nb" | "nn") { "no".to_owned() } else { own };
        let Some((code, language)) = LANGUAGES.iter().find(|(code, _)| *code == own) else { continue };
        let mut analyzer = analyzer(*language);
        all.extend(words(&text.text).filter_map(|word| stem(code, &mut analyzer, &word)));
    }
    all.sort_unstable();
    all.dedup();
    all.join(" ")
}

/// The stems that a word may have, each with its language: nobody says in which one a query is.
pub(super) fn of_word(word: &str) -> Vec<String> {
    LANGUAGES.iter().filter_map(|(code, language)| stem(code, &mut analyzer(*language), word)).collect()
}

fn analyzer(language: Language) -> TextAnalyzer {
    TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build()
}

fn stem(code: &str, analyzer: &mut TextAnalyzer, word: &str) -> Option<String> {
    let mut stream = analyzer.token_stream(word);
    stream.advance().then(|| format!("{code}:{}", stream.token().text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem_in_its_language() {
        let stems = of_texts([&Text::new("en-GB", "Comparing fractions"), &Text::new("und", "Ignored")]);
        assert_eq!(stems, "en:compar en:fraction");
        assert!(of_word("fraction").contains(&"en:fraction".to_owned()));
    }
}
