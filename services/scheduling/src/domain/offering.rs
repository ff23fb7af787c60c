//! What learners can choose.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Reason, Result, Uuid};

use super::Stamps;
use super::calendar::{Block, Term};

/// How many offerings a timetable may have.
pub(crate) const MOST: u64 = 2000;
/// At how many times of day an offering may meet.
pub(crate) const MOST_TIMES: usize = 16;

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

/// Refuses blocks that the calendar does not have, blocks that overlap one another, and more times of day than a
/// plan can be made of.
pub(crate) fn check_blocks(term: &Term, blocks: &[String]) -> Result<()> {
    let mut before: Vec<&Block> = Vec::with_capacity(blocks.len());
    let mut times = BTreeSet::new();
    for (index, id) in blocks.iter().enumerate() {
        let block = term.block(id).ok_or_else(|| {
            Failure::precondition(Reason::ReferenceNotFound, "The calendar has no block with this id.")
                .violation(path(index), "must be the id of a block of the timetable's calendar")
        })?;
        if before.iter().any(|other| other.overlaps(block)) {
            return Err(Failure::field(path(index), "must not overlap another block of the offering"));
        }
        times.insert((block.start, block.end));
        if times.len() > MOST_TIMES {
            return Err(Failure::field(path(index), "must not be at a seventeenth time of day"));
        }
        before.push(block);
    }
    Ok(())
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

    #[test]
    fn a_week_of_many_times_of_day_is_refused_where_it_becomes_too_many() {
        let at = |n: i8| block(&n.to_string(), &[1], (n, 0), (n + 1, 0));
        let term = term((0..17).map(at).collect(), &[]).expect("consistent");
        let ids: Vec<String> = (0..17).map(|n| n.to_string()).collect();
        assert!(check_blocks(&term, &ids[..16]).is_ok());
        let refused = check_blocks(&term, &ids).expect_err("a seventeenth");
        assert_eq!(refused.violations()[0].field, "offering.blocks[16]");
    }
}
