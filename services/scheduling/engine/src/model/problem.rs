//! A problem, laid out for the search: everything in rows, found by number.

use std::ops::Range;

use super::cohort::{Cohort, DayShape};
use super::ids::{OfferingId, RequestId, RuleId};
use super::learner::Learner;
use super::rule::{Rule, Weight};
use super::school::{Company, DayRule, Equity};
use super::time::{Horizon, Pattern};

/// No space, facilitator or parent.
pub(crate) const NONE: u32 = u32::MAX;

/// What is to be timetabled. Made by a [`Builder`](super::Builder).
#[derive(Debug)]
pub struct Problem {
    pub(crate) horizon: Horizon,
    /// Every pattern that a section may meet in, once.
    pub(crate) patterns: Vec<Pattern>,
    /// Whether no two patterns overlap, as those of a bell schedule, and sections are not too many for tables of bits.
    pub(crate) in_blocks: bool,
    pub(crate) spaces: Places,
    pub(crate) facilitators: Places,
    /// How long it takes between spaces, in slots; nothing where it takes none.
    pub(crate) travel: Vec<u16>,
    pub(crate) sections: Sections,
    pub(crate) rules: Vec<Rule>,
    /// The sections with which each must not overlap, without regard to travel.
    pub(crate) exclusive: Csr<u32>,
    /// The same as bits, where patterns are those of a bell schedule.
    pub(crate) excluded: Bits,
    /// Where patterns are those of a bell schedule, the sections with which each is in any rule or cohort, or
    /// which learners may attend beside it.
    pub(crate) related: Bits,
    /// The other rules of pairs, for each section.
    pub(crate) links: Csr<Link>,
    /// The rules of several sections together, for each section.
    pub(crate) together: Csr<RuleId>,
    pub(crate) shapes: Vec<DayShape>,
    pub(crate) cohorts: Vec<Cohort>,
    /// The cohorts that attend each section.
    pub(crate) attended: Csr<Attended>,
    pub(crate) offerings: Offerings,
    pub(crate) learners: Vec<Learner>,
    /// Where the requests of each learner begin, and where the last end.
    pub(crate) requests_at: Vec<u32>,
    /// The learner of each request.
    pub(crate) asker: Vec<u32>,
    /// The rules of each learner's days.
    pub(crate) day_rules: Vec<DayRule>,
    /// Who each learner should sit with or not.
    pub(crate) company_of: Csr<Company>,
    pub(crate) equity: Equity,
    /// The place of each learner's group among the groups, and how many each has.
    pub(crate) group_of: Vec<u32>,
    pub(crate) group_sizes: Vec<u32>,
    /// What it means that a learner is in two sections at once.
    pub(crate) clash: Weight,
    /// By what the cost of soft rules is multiplied.
    pub(crate) rule_factor: u32,
}

/// Spaces, or facilitators.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) count: usize,
    /// Of each, whether each pattern is closed.
    closed: Vec<bool>,
    patterns: usize,
}

/// What sections may be, by number.
#[derive(Debug)]
pub(crate) struct Sections {
    pub(crate) times: Csr<Choice>,
    pub(crate) spaces: Csr<Choice>,
    pub(crate) facilitators: Csr<Choice>,
    /// How many learners each takes.
    pub(crate) capacity: Vec<u32>,
    /// How many learners each that has any should have.
    pub(crate) least: Vec<(u32, Weight)>,
    pub(crate) parent: Vec<u32>,
}

/// A pattern, space or facilitator that a section may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) id: u32,
    pub(crate) penalty: u32,
}

/// A cohort that attends a section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attended {
    pub(crate) cohort: u32,
    pub(crate) shape: u32,
    pub(crate) weight: u32,
}

/// A rule between a section and another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) kind: super::Kind,
    pub(crate) weight: Weight,
    pub(crate) other: u32,
    /// Whether the other stands before it in the rule.
    pub(crate) after: bool,
}

/// Offerings, by number.
#[derive(Debug, Default)]
pub(crate) struct Offerings {
    /// The configurations of each offering.
    pub(crate) configurations: Csr<u32>,
    /// The components of each configuration, those of parents first.
    pub(crate) components: Csr<u32>,
    /// The sections of each component.
    pub(crate) sections: Csr<u32>,
    /// The component of each section.
    pub(crate) component_of: Vec<u32>,
    /// The configuration of each component.
    pub(crate) configuration_of: Vec<u32>,
    /// The offering of each configuration.
    pub(crate) offering_of: Vec<u32>,
}

/// A count as a number of what is counted.
#[expect(clippy::cast_possible_truncation, reason = "a builder refuses what has so many of anything")]
pub(crate) const fn number(count: usize) -> u32 {
    count as u32
}

impl Places {
    pub(crate) fn new(closed: &[Vec<Pattern>], patterns: &[Pattern]) -> Self {
        let shut =
            |at: &Vec<Pattern>| patterns.iter().map(|p| at.iter().any(|c| c.overlaps(p))).collect::<Vec<_>>();
        Self { count: closed.len(), closed: closed.iter().flat_map(shut).collect(), patterns: patterns.len() }
    }

    /// Whether a place is closed at a pattern. No place never is.
    #[inline]
    pub(crate) fn is_closed(&self, place: u32, pattern: u32) -> bool {
        place != NONE && self.closed[place as usize * self.patterns + pattern as usize]
    }
}

impl Problem {
    /// Weeks, days and slots.
    pub const fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// How many sections there are.
    pub const fn sections(&self) -> usize {
        self.sections.capacity.len()
    }

    /// The numbers of the sections.
    pub(crate) const fn all_sections(&self) -> Range<u32> {
        0..number(self.sections())
    }

    /// The numbers of the requests.
    pub(crate) const fn all_requests(&self) -> Range<u32> {
        0..number(self.requests())
    }

    /// How many spaces there are.
    pub const fn spaces(&self) -> usize {
        self.spaces.count
    }

    /// The learners, in the order in which they were added.
    pub fn learners(&self) -> &[Learner] {
        &self.learners
    }

    /// The rules, in the order in which they were added.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// How many requests all learners have.
    pub const fn requests(&self) -> usize {
        self.asker.len()
    }

    /// The request of a number, counted over all learners.
    pub fn request_at(&self, number: usize) -> Option<RequestId> {
        u32::try_from(number).ok().filter(|number| self.all_requests().contains(number)).map(RequestId)
    }

    /// The learner of a request, by number.
    ///
    /// # Panics
    ///
    /// When there is no such request.
    pub fn learner_of(&self, request: usize) -> usize {
        self.asker[request] as usize
    }

    /// How long it takes from one space to another, in slots.
    #[inline]
    pub(crate) fn travel(&self, from: u32, to: u32) -> u16 {
        if self.travel.is_empty() || from == NONE || to == NONE {
            return 0;
        }
        self.travel[from as usize * self.spaces.count + to as usize]
    }

    /// Whether every section has one place alone, so that only learners are to be seated.
    pub(crate) fn is_placed(&self) -> bool {
        let Sections { times, spaces, facilitators, .. } = &self.sections;
        [times, spaces, facilitators].iter().all(|rows| self.all_sections().all(|id| rows.width(id) == 1))
    }

    pub(crate) const fn has_travel(&self) -> bool {
        !self.travel.is_empty()
    }

    /// The options of a request.
    pub(crate) fn options(&self, request: u32) -> &[(OfferingId, u32)] {
        &self.request(request).options
    }

    pub(crate) fn request(&self, request: u32) -> &super::Request {
        let learner = self.asker[request as usize];
        let first = self.requests_at[learner as usize];
        &self.learners[learner as usize].requests[(request - first) as usize]
    }

    /// The choice of a section that is this pattern.
    pub(crate) fn time_choice(&self, section: u32, pattern: u32) -> Option<u32> {
        choice(self.sections.times.row(section), pattern)
    }

    /// The choice of a section that is this space.
    pub(crate) fn space_choice(&self, section: u32, space: u32) -> Option<u32> {
        choice(self.sections.spaces.row(section), space)
    }

    /// The choice of a section that is this facilitator.
    pub(crate) fn led_choice(&self, section: u32, facilitator: u32) -> Option<u32> {
        choice(self.sections.facilitators.row(section), facilitator)
    }

    /// The offering of an option of a request.
    pub(crate) fn offering(&self, request: u32, option: u32) -> Option<OfferingId> {
        self.options(request).get(option as usize).map(|(offering, _)| *offering)
    }

    /// Whether what one learner gets may change what it costs that another gets something.
    pub(crate) fn ties_learners(&self) -> bool {
        self.equity.gap > 0 || self.company_of.len() > 0
    }

    /// The requests of a learner.
    pub(crate) fn requests_of(&self, learner: u32) -> Range<u32> {
        self.requests_at[learner as usize]..self.requests_at[learner as usize + 1]
    }

    pub(crate) fn rule(&self, rule: RuleId) -> &Rule {
        &self.rules[rule.index()]
    }
}

fn choice(row: &[Choice], id: u32) -> Option<u32> {
    let place = row.binary_search_by_key(&id, |choice| choice.id).ok()?;
    u32::try_from(place).ok()
}

/// Rows of different lengths, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Csr<T> {
    starts: Vec<u32>,
    all: Vec<T>,
}

impl<T> Default for Csr<T> {
    fn default() -> Self {
        Self { starts: vec![0], all: Vec::new() }
    }
}

impl<T> Csr<T> {
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = T>) {
        self.all.extend(row);
        self.starts.push(number(self.all.len()));
    }

    #[inline]
    pub(crate) fn row(&self, number: u32) -> &[T] {
        let number = number as usize;
        &self.all[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// How many rows there are.
    pub(crate) const fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many entries a row has.
    #[inline]
    pub(crate) fn width(&self, number: u32) -> u32 {
        self.starts[number as usize + 1] - self.starts[number as usize]
    }

    /// How many entries all rows have.
    pub(crate) const fn len(&self) -> usize {
        self.all.len()
    }
}

/// Rows of bits.
#[derive(Clone, Debug)]
pub(crate) struct Bits {
    words: usize,
    all: Vec<u64>,
}

impl Bits {
    pub(crate) fn new(rows: usize, bits: usize) -> Self {
        let words = bits.div_ceil(64);
        Self { words, all: vec![0; rows * words] }
    }

    #[inline]
    pub(crate) fn row(&self, row: u32) -> &[u64] {
        &self.all[row as usize * self.words..(row as usize + 1) * self.words]
    }

    #[inline]
    pub(crate) fn has(&self, row: u32, bit: u32) -> bool {
        self.all[row as usize * self.words + bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    #[inline]
    pub(crate) fn set(&mut self, row: u32, bit: u32) {
        self.all[row as usize * self.words + bit as usize / 64] |= 1 << (bit % 64);
    }

    #[inline]
    pub(crate) fn flip(&mut self, row: u32, bit: u32) {
        self.all[row as usize * self.words + bit as usize / 64] ^= 1 << (bit % 64);
    }
}

impl<T> FromIterator<Vec<T>> for Csr<T> {
    fn from_iter<I: IntoIterator<Item = Vec<T>>>(rows: I) -> Self {
        let mut made = Self::default();
        for row in rows {
            made.push(row);
        }
        made
    }
}
