//! What each section may still be: its times, and at each of them its spaces and its facilitators.
//!
//! A space and a facilitator have to do with each other only by the time, so that no table of all three is
//! needed: a time is left as long as it has any of each.

use super::ground::Part;

/// What sections may still be, as bits, and what they could be before.
#[derive(Debug)]
pub(super) struct Choices {
    rows: Vec<Row>,
    /// How many words the spaces, and the facilitators, of one time take.
    widths: [usize; 2],
    words: Vec<u64>,
    /// Where words were changed, and what they were.
    trail: Vec<(usize, u64)>,
}

/// Where the bits of a section begin: first its times, then of each time the spaces, then the facilitators.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: usize,
    times: usize,
}

impl Choices {
    /// All that is open, where each of `times` sections has so many times, and so many places of each part
    /// are counted.
    pub(super) fn new(times: &[usize], places: [usize; 2]) -> Self {
        let widths = places.map(|count| count.div_ceil(64));
        let mut rows = Vec::with_capacity(times.len());
        let mut at = 0;
        for count in times {
            rows.push(Row { at, times: *count });
            at += count.div_ceil(64) + count * (widths[0] + widths[1]);
        }
        Self { rows, widths, words: vec![0; at], trail: Vec::new() }
    }

    /// Opens a time of a section with places of both parts. Without any of one it stays shut.
    pub(super) fn open(&mut self, section: usize, time: usize, places: [&[usize]; 2]) {
        if places.iter().any(|some| some.is_empty()) {
            return;
        }
        for (part, some) in Part::BOTH.into_iter().zip(places) {
            let at = self.place_at(section, time, part);
            for bit in some {
                self.words[at + bit / 64] |= 1 << (bit % 64);
            }
        }
        self.words[self.rows[section].at + time / 64] |= 1 << (time % 64);
    }

    fn place_at(&self, section: usize, time: usize, part: Part) -> usize {
        let row = self.rows[section];
        let first = row.at + row.times.div_ceil(64);
        match part {
            Part::Space => first + time * self.widths[0],
            Part::Led => first + row.times * self.widths[0] + time * self.widths[1],
        }
    }

    fn time_words(&self, section: usize) -> &[u64] {
        let row = self.rows[section];
        &self.words[row.at..row.at + row.times.div_ceil(64)]
    }

    pub(super) fn has_time(&self, section: usize, time: usize) -> bool {
        self.words[self.rows[section].at + time / 64] >> (time % 64) & 1 == 1
    }

    /// How many times are left to a section.
    pub(super) fn count(&self, section: usize) -> u32 {
        self.time_words(section).iter().map(|word| word.count_ones()).sum()
    }

    /// The times that are left to a section.
    pub(super) fn times(&self, section: usize) -> impl Iterator<Item = usize> {
        bits(self.time_words(section))
    }

    /// The only time that is left to a section.
    pub(super) fn only_time(&self, section: usize) -> Option<usize> {
        let mut times = self.times(section);
        let first = times.next()?;
        times.next().is_none().then_some(first)
    }

    /// The places that are left to a section at a time, as bits.
    pub(super) fn places(&self, section: usize, time: usize, part: Part) -> &[u64] {
        let at = self.place_at(section, time, part);
        &self.words[at..at + self.widths[part as usize]]
    }

    pub(super) fn has_place(&self, section: usize, time: usize, part: Part, bit: usize) -> bool {
        self.places(section, time, part)[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The places that are left to a section at any time, as bits.
    pub(super) fn all_places(&self, section: usize, part: Part) -> Vec<u64> {
        let mut all = vec![0; self.widths[part as usize]];
        for time in self.times(section) {
            all.iter_mut().zip(self.places(section, time, part)).for_each(|(all, word)| *all |= word);
        }
        all
    }

    /// The only place that is left to a section, whatever its time.
    pub(super) fn only_place(&self, section: usize, part: Part) -> Option<usize> {
        let mut known = None;
        for time in self.times(section) {
            for bit in bits(self.places(section, time, part)) {
                if *known.get_or_insert(bit) != bit {
                    return None;
                }
            }
        }
        known
    }

    fn set(&mut self, at: usize, word: u64) -> bool {
        let changed = self.words[at] != word;
        if changed {
            self.trail.push((at, self.words[at]));
            self.words[at] = word;
        }
        changed
    }

    /// Takes a time from a section.
    pub(super) fn drop_time(&mut self, section: usize, time: usize) {
        let at = self.rows[section].at + time / 64;
        self.set(at, self.words[at] & !(1 << (time % 64)));
    }

    /// Leaves a section one time.
    pub(super) fn fix_time(&mut self, section: usize, time: usize) {
        let row = self.rows[section];
        for word in 0..row.times.div_ceil(64) {
            let kept = if word == time / 64 { 1 << (time % 64) } else { 0 };
            self.set(row.at + word, kept);
        }
    }

    /// Leaves a section those of the places that it has at a time, and says whether it had others.
    pub(super) fn keep(&mut self, section: usize, time: usize, part: Part, places: &[u64]) -> bool {
        self.filter(section, time, part, |word| places[word])
    }

    /// Takes a place from a section at a time, and says whether it had it.
    pub(super) fn drop_place(&mut self, section: usize, time: usize, part: Part, bit: usize) -> bool {
        self.filter(section, time, part, |word| if word == bit / 64 { !(1 << (bit % 64)) } else { u64::MAX })
    }

    /// Leaves a section one place at a time.
    pub(super) fn fix_place(&mut self, section: usize, time: usize, part: Part, bit: usize) {
        self.filter(section, time, part, |word| if word == bit / 64 { 1 << (bit % 64) } else { 0 });
    }

    fn filter(&mut self, section: usize, time: usize, part: Part, kept: impl Fn(usize) -> u64) -> bool {
        let at = self.place_at(section, time, part);
        let (mut changed, mut left) = (false, 0);
        for word in 0..self.widths[part as usize] {
            changed |= self.set(at + word, self.words[at + word] & kept(word));
            left |= self.words[at + word];
        }
        if left == 0 {
            self.drop_time(section, time);
        }
        changed
    }

    /// A moment to which choices can go back.
    pub(super) const fn mark(&self) -> usize {
        self.trail.len()
    }

    /// Goes back to what was at a mark.
    pub(super) fn undo(&mut self, mark: usize) {
        for (at, word) in self.trail.drain(mark..).rev() {
            self.words[at] = word;
        }
    }
}

/// The bits that are set, the lowest first.
pub(super) fn bits(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(place, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros() as usize + place * 64);
            left &= left.wrapping_sub(1);
            bit
        })
    })
}
