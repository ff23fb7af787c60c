//! Gathering what there is to know about the entries of a document.

use super::json::small;
use super::{MAX_ISSUES, Refusal, Spot};
use crate::domain::transfer::{Issue, Place, Severity};

/// The issues of a document, which learn their lines and columns at the end, in one pass.
pub(super) struct Issues<'a> {
    bytes: &'a [u8],
    list: Vec<(usize, Issue)>,
    count: usize,
    /// Whether what is said is for nobody.
    deaf: bool,
}

impl<'a> Issues<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, list: Vec::new(), count: 0, deaf: false }
    }

    /// For what is read again: what there is to know of it was said the first time.
    pub(super) const fn deaf() -> Self {
        Self { bytes: &[], list: Vec::new(), count: 0, deaf: true }
    }

    /// How many there are, also those that are too many to be kept.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Says something about an entry of a section.
    pub(super) fn entry(
        &mut self,
        spot: Spot,
        section: &str,
        severity: Severity,
        code: &str,
        text: &str,
        repair: &str,
    ) {
        self.add(spot.offset, format!("/{section}/{}", spot.index), severity, code, text, repair);
    }

    /// Says something about what stands at an offset.
    pub(super) fn add(
        &mut self,
        offset: usize,
        pointer: String,
        severity: Severity,
        code: &str,
        text: &str,
        repair: &str,
    ) {
        self.count += 1;
        if self.deaf || self.list.len() > MAX_ISSUES {
            return;
        }
        let place = Place { pointer, line: 0, column: 0 };
        let issue = Issue {
            severity,
            code: code.to_owned(),
            place,
            text: text.to_owned(),
            repair: repair.to_owned(),
        };
        self.list.push((offset, issue));
    }

    /// Refuses the whole document, with all that was found.
    pub(super) fn refuse(&mut self, code: &str, text: &str) -> Refusal {
        let mut refusal = Refusal::at(Place::default(), code, text);
        refusal.issues.append(&mut self.located());
        refusal.issues.truncate(MAX_ISSUES);
        refusal
    }

    /// The issues in the order of the document, each with its line and column.
    pub(super) fn finish(mut self) -> Vec<Issue> {
        self.located()
    }

    fn located(&mut self) -> Vec<Issue> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by_key(|(offset, _)| *offset);
        let (mut line, mut line_start, mut read) = (1_usize, 0_usize, 0_usize);
        let mut located = Vec::with_capacity(list.len());
        for (offset, mut issue) in list {
            let end = offset.min(self.bytes.len());
            for (index, _) in self.bytes[read..end].iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
                line += 1;
                line_start = read + index + 1;
            }
            read = read.max(end);
            issue.place.line = small(line);
            issue.place.column = small(end - line_start + 1);
            located.push(issue);
        }
        located
    }
}
