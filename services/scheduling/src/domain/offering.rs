//! What learners can choose.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Reason, Result, Uuid};

use super::Stamps;
use super::blocks::Overlaps;
use super::calendar::Term;

/// How many offerings a timetable may have.
pub(crate) const MOST: u64 = 2000;

/// An offering as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offering {
    pub(crate) id: Uuid,
    pub(crate) stamps: Stamps,
    pub(crate) timetable: Uuid,
    pub(crate) experience: Uuid,
    pub(crate) particulars: Particulars,
    pub(crate) capacity: u32,
    /// The ids of the blocks of the calendar in which it takes place.
    pub(crate) blocks: Vec<String>,
}

/// What was known of the experience when it was last read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Particulars {
    pub(crate) title: Vec<Text>,
    pub(crate) first: Date,
    pub(crate) last: Date,
}

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    pub(crate) language: String,
    pub(crate) text: String,
}

impl Particulars {
    /// The title in the language that its authors put first.
    pub(crate) fn headline(&self) -> &str {
        self.title.first().map_or("", |title| title.text.as_str())
    }
}

/// Refuses blocks that the calendar does not have, and blocks that overlap one another.
pub(crate) fn check_blocks(term: &Term, blocks: &[String]) -> Result<()> {
    let known = term.places();
    let mut places = Vec::with_capacity(blocks.len());
    for (index, id) in blocks.iter().enumerate() {
        let place = known.get(id.as_str()).ok_or_else(|| {
            Failure::precondition(Reason::ReferenceNotFound, "The calendar has no block with this id.")
                .violation(path(index), "must be the id of a block of the timetable's calendar")
        })?;
        places.push(*place);
    }
    match Overlaps::of(term).first_conflict(&places) {
        Some(index) => Err(Failure::field(path(index), "must not overlap another block of the offering")),
        None => Ok(()),
    }
}

fn path(index: usize) -> String {
    format!("offering.blocks[{index}]")
}

#[cfg(test)]
mod tests {
    use super::super::calendar::tests::{block, term};
    use super::*;

    #[test]
    fn blocks_must_be_the_calendars_and_apart() {
        let a = block("a", &[1], (9, 0), (10, 0));
        let b = block("b", &[1], (9, 30), (10, 30));
        let c = block("c", &[2], (9, 0), (10, 0));
        let term = term(vec![a, b, c], &[]).expect("consistent");
        let check = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            check_blocks(&term, &ids).map_err(|failure| failure.violations()[0].field.clone())
        };
        assert_eq!(check(&["a", "c"]), Ok(()));
        assert_eq!(check(&["a", "d"]), Err("offering.blocks[1]".to_owned()));
        assert_eq!(check(&["c", "a", "b"]), Err("offering.blocks[2]".to_owned()));
    }
}
