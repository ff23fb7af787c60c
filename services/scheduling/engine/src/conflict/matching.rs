//! Sections each of which takes one of something, of which nothing can be had twice.

use std::collections::{BTreeMap, VecDeque};

use super::choices::{Choices, bits};
use super::ground::Part;
use super::web::Web;
use crate::model::Pattern;

/// A time of a section, and the bit of a place where it matters.
type Value = (usize, usize);

/// Sections of which each takes a bin, with the bins that they had when it was looked at last: as long as
/// they may have those still, nothing is to be done. Whatever they may be, there is one bin for one section.
#[derive(Debug)]
pub(super) struct Matching {
    pub(super) members: Vec<usize>,
    /// Of each member, the class of each of its times.
    classes: Vec<Vec<usize>>,
    /// Where each class has a bin for each place, and the bits of places that have room for any: who may be
    /// in one needs no bin.
    part: Option<(Part, Vec<u64>)>,
    /// How many bins each class has.
    width: usize,
    /// What each member takes.
    taken: Vec<Option<Value>>,
    /// The member that has each bin.
    owners: Vec<Option<usize>>,
    /// When each bin was seen last, and by which member as which value.
    seen: Vec<(u64, usize, Value)>,
    search: u64,
}

impl Matching {
    /// Sections of which no two may be at patterns that exclude each other, or, with a part, not in one place
    /// but for those that have room for any.
    pub(super) fn new(
        web: &Web<'_>,
        members: Vec<usize>,
        part: Option<(Part, Vec<u64>)>,
        exclude: impl Fn(&Pattern, &Pattern) -> bool,
        work: &mut u64,
    ) -> Self {
        let patterns = members.iter().flat_map(|member| &web.patterns[*member]);
        let classes = classes(patterns, |a, b| {
            *work += 1;
            exclude(a, b)
        });
        let count = classes.values().max().map_or(0, |last| last + 1);
        let width = part.as_ref().map_or(1, |(part, _)| web.places[*part as usize].len());
        let of = |member: &usize| web.patterns[*member].iter().map(|pattern| classes[pattern]).collect();
        Self {
            classes: members.iter().map(of).collect(),
            part,
            width,
            taken: vec![None; members.len()],
            owners: vec![None; count * width],
            seen: vec![(0, 0, (0, 0)); count * width],
            search: 0,
            members,
        }
    }

    fn bin(&self, member: usize, value: Value) -> usize {
        self.classes[member][value.0] * self.width + value.1
    }

    fn is_left(&self, choices: &Choices, member: usize, (time, bit): Value) -> bool {
        let section = self.members[member];
        let has_place = |(part, _): &(Part, Vec<u64>)| choices.has_place(section, time, *part, bit);
        choices.has_time(section, time) && self.part.as_ref().is_none_or(has_place)
    }

    /// Whether a section may be where there is room for any.
    fn is_free(&self, choices: &Choices, section: usize) -> bool {
        let Some((part, free)) = self.part.as_ref().filter(|(_, free)| free.iter().any(|word| *word != 0))
        else {
            return false;
        };
        choices.times(section).any(|time| {
            choices.places(section, time, *part).iter().zip(free).any(|(word, free)| word & free != 0)
        })
    }

    /// Gives each section a bin that it may have still, or tells who together have fewer bins than they are,
    /// in order. Adds what was looked at to `work`.
    pub(super) fn fit(&mut self, choices: &Choices, work: &mut u64) -> Result<(), Vec<usize>> {
        *work += self.members.len() as u64;
        let mut bare = Vec::new();
        for (member, section) in self.members.iter().enumerate() {
            let is_free = self.is_free(choices, *section);
            let taken = self.taken[member];
            if let Some(value) = taken.filter(|value| is_free || !self.is_left(choices, member, *value)) {
                let bin = self.bin(member, value);
                self.owners[bin] = None;
                self.taken[member] = None;
            }
            if self.taken[member].is_none() && !is_free {
                bare.push(member);
            }
        }
        bare.into_iter().try_for_each(|member| self.place(choices, member, work))
    }

    /// Finds a bin for a member, the shortest way of others that make way.
    fn place(&mut self, choices: &Choices, member: usize, work: &mut u64) -> Result<(), Vec<usize>> {
        self.search += 1;
        let mut met = vec![member];
        let mut waiting = VecDeque::from([member]);
        while let Some(who) = waiting.pop_front() {
            let section = self.members[who];
            for time in choices.times(section) {
                let part = self.part.as_ref();
                let places = part.map_or(&[1][..], |(part, _)| choices.places(section, time, *part));
                for bit in bits(places) {
                    *work += 1;
                    let value = (time, bit);
                    let bin = self.bin(who, value);
                    if self.seen[bin].0 == self.search {
                        continue;
                    }
                    self.seen[bin] = (self.search, who, value);
                    let Some(owner) = self.owners[bin] else {
                        self.turn(bin);
                        return Ok(());
                    };
                    met.push(owner);
                    waiting.push_back(owner);
                }
            }
        }
        let mut sections: Vec<usize> = met.into_iter().map(|member| self.members[member]).collect();
        sections.sort_unstable();
        Err(sections)
    }

    /// Gives a free bin to who saw it, the one that this leaves to who saw that, and so on.
    fn turn(&mut self, mut bin: usize) {
        loop {
            let (_, who, value) = self.seen[bin];
            self.owners[bin] = Some(who);
            match self.taken[who].replace(value) {
                Some(old) => bin = self.bin(who, old),
                None => return,
            }
        }
    }
}

/// Patterns by classes in each of which any two exclude each other, as few as a first try gives.
fn classes<'p>(
    patterns: impl Iterator<Item = &'p Pattern>,
    mut exclude: impl FnMut(&Pattern, &Pattern) -> bool,
) -> BTreeMap<Pattern, usize> {
    let mut left: Vec<Pattern> = patterns.copied().collect();
    // What overlaps with that which ends first on a day is all under way in its last slot.
    left.sort_by_key(|pattern| (pattern.first(), pattern.end(), *pattern));
    left.dedup();
    let mut classes = BTreeMap::new();
    let mut class: Vec<Pattern> = Vec::new();
    for number in 0.. {
        class.clear();
        left.retain(|pattern| {
            let joins = class.iter().all(|other| exclude(pattern, other));
            if joins {
                class.push(*pattern);
                classes.insert(*pattern, number);
            }
            !joins
        });
        if left.is_empty() {
            break;
        }
    }
    classes
}
