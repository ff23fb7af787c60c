//! Whether requirements can hold together: a search that leaves nothing out, as long as there are steps.
//!
//! The section with the fewest times left, or a place of one that has its time, goes first.

use std::collections::BTreeSet;

use super::Requirement;
use super::around::Around;
use super::choices::{Choices, bits};
use super::ground::{Ground, Part};
use super::hole::Hole;
use super::holes::holes;
use super::live::Live;
use super::steps::Steps;
use super::web::Web;
use crate::state::Spot;

/// What is known of a set.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Each section has its place, in the order of the set.
    Possible(Vec<Spot>),
    /// These sections of it, with the other requirements, have no places.
    Impossible(Vec<u32>),
    /// There were too few steps.
    Undecided,
}

/// Sections that are too many for what there is for them, with the other requirements: a quick look at a set
/// of any size.
pub(super) fn too_many(
    ground: &Ground<'_>,
    sections: &[u32],
    others: &BTreeSet<Requirement>,
    steps: &mut Steps,
) -> Option<Vec<u32>> {
    let web = Web::new(ground, sections, others);
    counted(&web, others, steps)?.err()
}

/// What each section may be by itself, and what can be counted of that.
type Counted = (Choices, Vec<Hole>);

/// Counts what can be counted, or tells those that are too many; nothing where there are too few steps to look
/// at all of it.
fn counted(
    web: &Web<'_>,
    others: &BTreeSet<Requirement>,
    steps: &mut Steps,
) -> Option<Result<Counted, Vec<u32>>> {
    if !steps.take(web.size()) {
        return None;
    }
    let choices = web.choices(others);
    let mut holes = holes(web, &choices, steps);
    let fit = holes.iter_mut().try_for_each(|hole| hole.fit(&choices, steps));
    if let Err(over) = fit {
        return Some(Err(over.into_iter().map(|section| web.sections[section]).collect()));
    }
    // Something was not counted that nothing else may look at, as different spaces.
    (steps.0 > 0).then_some(Ok((choices, holes)))
}

/// Whether sections, in order, can be placed so that the other requirements hold, of those that bind these
/// sections. What is `around` is disturbed little, but may be.
pub(super) fn decide(
    ground: &Ground<'_>,
    sections: &[u32],
    others: &BTreeSet<Requirement>,
    around: Option<&Around<'_>>,
    steps: &mut Steps,
) -> Verdict {
    let mut web = Web::new(ground, sections, others);
    let (choices, holes) = match counted(&web, others, steps) {
        Some(Ok(counted)) => counted,
        Some(Err(over)) => return Verdict::Impossible(over),
        None => return Verdict::Undecided,
    };
    if !web.tie(steps) {
        return Verdict::Undecided;
    }
    let tolls = around.map_or_else(Vec::new, |around| {
        let toll = |(section, patterns): (&u32, &Vec<_>)| {
            patterns.iter().map(|pattern| around.toll(*section, pattern, steps)).collect()
        };
        sections.iter().zip(&web.patterns).map(toll).collect()
    });
    let live = Live::new(&web, choices, holes, steps);
    let mut search = Search { web: &web, live, around, tolls };
    match search.run() {
        Some(true) => search.spots().map_or(Verdict::Undecided, Verdict::Possible),
        Some(false) => Verdict::Impossible(sections.to_vec()),
        None => Verdict::Undecided,
    }
}

/// A section of which a time is to be chosen, or, where it has one, a place.
type Next = (usize, Option<Part>);

struct Search<'a> {
    web: &'a Web<'a>,
    live: Live<'a>,
    around: Option<&'a Around<'a>>,
    /// Of each section, what each of its times disturbs outside.
    tolls: Vec<Vec<u32>>,
}

impl Search<'_> {
    /// Whether all can be placed, and leaves them so; nothing where there are too few steps.
    fn run(&mut self) -> Option<bool> {
        let mut all = 0..self.web.sections.len();
        if all.any(|section| self.live.note(section).is_err()) || self.live.settle().is_err() {
            return Some(false);
        }
        // By hand, for a set may be larger than a stack.
        let mut open = Vec::new();
        while let Some(next) = self.next() {
            open.push((next, self.options(next).into_iter(), self.live.choices.mark()));
            loop {
                let Some((next, options, mark)) = open.last_mut() else { return Some(false) };
                self.live.choices.undo(*mark);
                let Some(option) = options.next() else {
                    open.pop();
                    continue;
                };
                if !self.live.steps.take(self.web.sections.len() as u64) {
                    return None;
                }
                if self.choose(*next, option) {
                    break;
                }
            }
        }
        Some(true)
    }

    /// What leaves the least choice.
    fn next(&self) -> Option<Next> {
        let mut best: Option<(u32, Next)> = None;
        let mut offer = |next: Next, count: u32| {
            if count > 1 && best.is_none_or(|(least, _)| count < least) {
                best = Some((count, next));
            }
        };
        for section in 0..self.web.sections.len() {
            offer((section, None), self.live.choices.count(section));
            if let Some(time) = self.live.choices.only_time(section) {
                for part in Part::BOTH {
                    let places = self.live.choices.places(section, time, part);
                    offer((section, Some(part)), places.iter().map(|word| word.count_ones()).sum());
                }
            }
        }
        best.map(|(_, next)| next)
    }

    /// What can be chosen, that first which disturbs least outside.
    fn options(&self, (section, part): Next) -> Vec<usize> {
        let mut options: Vec<usize> = match part {
            None => self.live.choices.times(section).collect(),
            Some(part) => bits(&self.live.choices.all_places(section, part)).collect(),
        };
        if let Some(around) = self.around {
            match (part, self.live.choices.only_time(section)) {
                (Some(part), Some(time)) => {
                    let pattern = &self.web.patterns[section][time];
                    options.sort_by_key(|bit| around.busy(part, self.web.place(part, *bit), pattern));
                }
                _ => options.sort_by_key(|time| self.tolls[section][*time]),
            }
        }
        options
    }

    fn choose(&mut self, (section, part): Next, option: usize) -> bool {
        let choices = &mut self.live.choices;
        match (part, choices.only_time(section)) {
            (Some(part), Some(time)) => choices.fix_place(section, time, part, option),
            _ => choices.fix_time(section, option),
        }
        self.live.note(section).is_ok() && self.live.settle().is_ok()
    }

    /// Where everything is when nothing is left to choose.
    fn spots(&self) -> Option<Vec<Spot>> {
        let problem = self.web.problem;
        let spot = |(at, section): (usize, &u32)| {
            let time = self.live.choices.only_time(at)?;
            let place = |part| {
                let bit = bits(self.live.choices.places(at, time, part)).next()?;
                Some(self.web.place(part, bit))
            };
            Some(Spot {
                pattern: self.web.patterns[at][time],
                time: problem.sections.times.row(*section)[time].id,
                space: place(Part::Space)?,
                led: place(Part::Led)?,
            })
        };
        self.web.sections.iter().enumerate().map(spot).collect()
    }
}
