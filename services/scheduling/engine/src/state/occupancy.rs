//! Who is where: sections that exclude each other, spaces and facilitators.

use super::Spot;
use crate::model::{Bits, NONE, Problem};

/// What excludes each other, told in tables where no two patterns overlap, otherwise by looking.
#[derive(Clone, Debug)]
pub(crate) enum Occupancy {
    Blocks(Blocks),
    Lists(Lists),
}

/// Tables over the patterns of a bell schedule.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    patterns: usize,
    /// How many sections are in a space at a pattern.
    spaces: Vec<u16>,
    /// How many sections a facilitator has at a pattern.
    led: Vec<u16>,
    /// The numbers of the sections in a space at a pattern, each bit turned by each: of one, its number.
    who: Vec<u32>,
    /// The sections at each pattern.
    at: Bits,
}

/// The sections of each space and facilitator.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    pub(crate) spaces: Vec<Vec<u32>>,
    pub(crate) led: Vec<Vec<u32>>,
}

fn cell(place: u32, patterns: usize, pattern: u32) -> usize {
    place as usize * patterns + pattern as usize
}

impl Occupancy {
    pub(super) fn new(problem: &Problem, spots: &[Spot]) -> Self {
        let patterns = problem.patterns.len();
        let mut this = if problem.in_blocks {
            Self::Blocks(Blocks {
                patterns,
                spaces: vec![0; problem.spaces.count * patterns],
                led: vec![0; problem.facilitators.count * patterns],
                who: vec![0; problem.spaces.count * patterns],
                at: Bits::new(patterns, spots.len()),
            })
        } else {
            Self::Lists(Lists {
                spaces: vec![Vec::new(); problem.spaces.count],
                led: vec![Vec::new(); problem.facilitators.count],
            })
        };
        for (section, spot) in (0_u32..).zip(spots) {
            this.enter(section, spot);
        }
        this
    }

    /// How many pairs exclude each other and yet overlap.
    pub(super) fn conflicts(&self, problem: &Problem, spots: &[Spot]) -> i64 {
        let pairs = |sections: &Vec<u32>| -> usize {
            let overlap = |a: &u32, b: &u32| spots[*a as usize].pattern.overlaps(&spots[*b as usize].pattern);
            sections
                .iter()
                .enumerate()
                .map(|(n, a)| sections[..n].iter().filter(|b| overlap(a, b)).count())
                .sum()
        };
        let exclusive: usize = (0_u32..)
            .zip(spots)
            .map(|(section, spot)| {
                let later = problem.exclusive.row(section).iter().filter(|other| **other > section);
                later.filter(|other| spots[**other as usize].pattern.overlaps(&spot.pattern)).count()
            })
            .sum();
        let two = |count: &u16| (usize::from(*count) * usize::from(count.saturating_sub(1))) / 2;
        let shared: usize = match self {
            Self::Blocks(blocks) => blocks.spaces.iter().chain(&blocks.led).map(two).sum(),
            Self::Lists(lists) => lists.spaces.iter().chain(&lists.led).map(pairs).sum(),
        };
        i64::try_from(exclusive + shared).unwrap_or(i64::MAX)
    }

    /// How many more conflicts there are when a section goes from its old spot to a new one.
    #[inline]
    pub(super) fn delta(
        &self,
        problem: &Problem,
        spots: &[Spot],
        section: u32,
        old: &Spot,
        new: &Spot,
    ) -> i64 {
        match self {
            Self::Blocks(blocks) => blocks.delta(problem, section, old, new),
            Self::Lists(lists) => lists.delta(problem, spots, section, old, new),
        }
    }

    pub(super) fn apply(&mut self, section: u32, old: &Spot, new: &Spot) {
        self.leave(section, old);
        self.enter(section, new);
    }

    fn enter(&mut self, section: u32, spot: &Spot) {
        match self {
            Self::Blocks(blocks) => {
                if spot.space != NONE {
                    let cell = cell(spot.space, blocks.patterns, spot.time);
                    blocks.spaces[cell] += 1;
                    blocks.who[cell] ^= section;
                }
                if spot.led != NONE {
                    blocks.led[cell(spot.led, blocks.patterns, spot.time)] += 1;
                }
                blocks.at.flip(spot.time, section);
            }
            Self::Lists(lists) => {
                if spot.space != NONE {
                    lists.spaces[spot.space as usize].push(section);
                }
                if spot.led != NONE {
                    lists.led[spot.led as usize].push(section);
                }
            }
        }
    }

    fn leave(&mut self, section: u32, spot: &Spot) {
        match self {
            Self::Blocks(blocks) => {
                if spot.space != NONE {
                    let cell = cell(spot.space, blocks.patterns, spot.time);
                    blocks.spaces[cell] -= 1;
                    blocks.who[cell] ^= section;
                }
                if spot.led != NONE {
                    blocks.led[cell(spot.led, blocks.patterns, spot.time)] -= 1;
                }
                blocks.at.flip(spot.time, section);
            }
            Self::Lists(lists) => {
                if spot.space != NONE {
                    remove(&mut lists.spaces[spot.space as usize], section);
                }
                if spot.led != NONE {
                    remove(&mut lists.led[spot.led as usize], section);
                }
            }
        }
    }
}

fn remove(list: &mut Vec<u32>, section: u32) {
    if let Some(place) = list.iter().position(|other| *other == section) {
        list.swap_remove(place);
    }
}

impl Blocks {
    #[inline]
    fn delta(&self, problem: &Problem, section: u32, old: &Spot, new: &Spot) -> i64 {
        let count = |table: &[u16], place: u32, time: u32| i64::from(table[cell(place, self.patterns, time)]);
        let mut hard = 0;
        if new.time != old.time {
            hard += i64::from(self.clashes(problem, section, new.time))
                - i64::from(self.clashes(problem, section, old.time));
        }
        if new.space != old.space || new.time != old.time {
            if new.space != NONE {
                hard += count(&self.spaces, new.space, new.time);
            }
            if old.space != NONE {
                hard -= count(&self.spaces, old.space, old.time) - 1;
            }
        }
        if new.led != old.led || new.time != old.time {
            if new.led != NONE {
                hard += count(&self.led, new.led, new.time);
            }
            if old.led != NONE {
                hard -= count(&self.led, old.led, old.time) - 1;
            }
        }
        hard
    }

    /// How many sections are in a space at a pattern. In no space there is none.
    #[inline]
    pub(crate) fn count(&self, space: u32, pattern: u32) -> u16 {
        if space == NONE { 0 } else { self.spaces[cell(space, self.patterns, pattern)] }
    }

    /// The section in a space at a pattern, where there is exactly one.
    #[inline]
    pub(crate) fn only(&self, space: u32, pattern: u32) -> Option<u32> {
        (self.count(space, pattern) == 1).then(|| self.who[cell(space, self.patterns, pattern)])
    }

    /// With how many sections one would collide at a pattern.
    #[inline]
    pub(crate) fn clashes(&self, problem: &Problem, section: u32, pattern: u32) -> u32 {
        let pairs = problem.excluded.row(section).iter().zip(self.at.row(pattern));
        pairs.map(|(excluded, here)| (excluded & here).count_ones()).sum()
    }

    /// Tells of each section with which one would collide at a pattern.
    #[inline]
    pub(crate) fn each_clash(
        &self,
        problem: &Problem,
        section: u32,
        pattern: u32,
        mut tell: impl FnMut(u32),
    ) {
        let pairs = problem.excluded.row(section).iter().zip(self.at.row(pattern));
        for (first, (excluded, here)) in (0_u32..).step_by(64).zip(pairs) {
            let mut both = excluded & here;
            while both != 0 {
                tell(first + both.trailing_zeros());
                both &= both - 1;
            }
        }
    }
}

impl Lists {
    #[inline]
    fn delta(&self, problem: &Problem, spots: &[Spot], section: u32, old: &Spot, new: &Spot) -> i64 {
        let mut hard = 0;
        if new.time != old.time {
            for other in problem.exclusive.row(section) {
                let other = &spots[*other as usize].pattern;
                hard += i64::from(new.pattern.overlaps(other)) - i64::from(old.pattern.overlaps(other));
            }
        }
        if new.space != old.space || new.time != old.time {
            hard += shared(&self.spaces, spots, section, new.space, new);
            hard -= shared(&self.spaces, spots, section, old.space, old);
        }
        if new.led != old.led || new.time != old.time {
            hard += shared(&self.led, spots, section, new.led, new);
            hard -= shared(&self.led, spots, section, old.led, old);
        }
        hard
    }
}

/// How many others have a place at the time of a spot.
#[inline]
fn shared(places: &[Vec<u32>], spots: &[Spot], section: u32, place: u32, spot: &Spot) -> i64 {
    if place == NONE {
        return 0;
    }
    let mut count = 0;
    for other in &places[place as usize] {
        count += i64::from(*other != section && spots[*other as usize].pattern.overlaps(&spot.pattern));
    }
    count
}
