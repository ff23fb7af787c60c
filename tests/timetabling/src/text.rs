//! Words of a text, each with its line.

use std::fmt;
use std::iter::Peekable;

/// Why a text is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub text: String,
}

impl Fault {
    pub(crate) fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

impl std::error::Error for Fault {}

/// The words of a text, one after the other, wherever lines end.
pub(crate) struct Words<'t> {
    words: Peekable<Box<dyn Iterator<Item = (usize, &'t str)> + 't>>,
    /// The line of the last word.
    line: usize,
}

impl<'t> Words<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self::at(1, text)
    }

    /// The same of a text whose first line has another number.
    pub(crate) fn at(line: usize, text: &'t str) -> Self {
        let lines = (line..).zip(text.lines());
        let words = lines.flat_map(|(line, text)| text.split_whitespace().map(move |word| (line, word)));
        let words: Box<dyn Iterator<Item = (usize, &'t str)> + 't> = Box::new(words);
        Self { words: words.peekable(), line }
    }

    /// Whether no word is left.
    pub(crate) fn is_over(&mut self) -> bool {
        self.words.peek().is_none()
    }

    /// The next word, which is `what`.
    pub(crate) fn next(&mut self, what: &str) -> Result<&'t str, Fault> {
        let (line, word) =
            self.words.next().ok_or_else(|| Fault::new(self.line, format!("{what} is missing")))?;
        self.line = line;
        Ok(word)
    }

    /// The next word as a number between two others.
    pub(crate) fn number(&mut self, what: &str, least: i64, most: i64) -> Result<i64, Fault> {
        let word = self.next(what)?;
        let number = word.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.fault(format!("{what} must be a number from {least} to {most}")))
    }

    /// The same of a number that counts something.
    pub(crate) fn count(&mut self, what: &str, most: usize) -> Result<usize, Fault> {
        let word = self.next(what)?;
        let number = word.parse().ok().filter(|number| *number <= most);
        number.ok_or_else(|| self.fault(format!("{what} must be a number from 0 to {most}")))
    }

    /// Nothing more may come.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        match self.words.next() {
            None => Ok(()),
            Some((line, _)) => Err(Fault::new(line, "nothing more is expected")),
        }
    }

    /// A fault at the last word.
    pub(crate) fn fault(&self, text: impl Into<String>) -> Fault {
        Fault::new(self.line, text)
    }
}
