//! Whether requirements can hold together: a search that leaves nothing out, within a limit.
//!
//! The section with the fewest times left goes first, and of those the one that was most often left with
//! nothing; after more and more choices the search begins again with what it has learned of that. Source:
//! Boussemart, Hemery, Lecoutre, Sais, *Boosting Systematic Search by Weighting Constraints*, ECAI 2004.

use std::collections::BTreeSet;

use super::Requirement;
use super::around::Around;
use super::choices::{Mark, bits};
use super::ground::{Ground, Part};
use super::live::Live;
use super::steps::Steps;
use super::web::Web;
use crate::model::Kind;
use crate::state::Spot;

/// After how many choices the search begins again first; each time it has twice as many.
const FIRST_RUN: u64 = 64;

/// What is known of a set.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Each section has its place, in the order of the set.
    Possible(Vec<Spot>),
    /// These sections of it, with the other requirements, have no places.
    Impossible(Vec<u32>),
    /// The limit was reached.
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
    if !steps.take(web.size()) {
        return None;
    }
    let over = Live::new(&web, others, steps).err()?;
    Some(over.into_iter().map(|section| sections[section]).collect())
}

/// Whether sections, in order, can be placed so that the other requirements hold. What is `around` is
/// disturbed little, but may be.
pub(super) fn decide(
    ground: &Ground<'_>,
    sections: &[u32],
    others: &BTreeSet<Requirement>,
    around: Option<&Around<'_>>,
    steps: &mut Steps,
) -> Verdict {
    let mut spots: Vec<(u32, Spot)> = Vec::with_capacity(sections.len());
    let mut undecided = false;
    // What is not connected is looked at part by part: each has to be possible, whatever the others are.
    for component in ground.components(sections, others) {
        match decide_one(ground, &component, others, around, steps) {
            Verdict::Possible(some) => spots.extend(component.into_iter().zip(some)),
            Verdict::Impossible(core) => return Verdict::Impossible(core),
            Verdict::Undecided => undecided = true,
        }
    }
    if undecided {
        return Verdict::Undecided;
    }
    spots.sort_by_key(|(section, _)| *section);
    Verdict::Possible(spots.into_iter().map(|(_, spot)| spot).collect())
}

fn decide_one(
    ground: &Ground<'_>,
    sections: &[u32],
    others: &BTreeSet<Requirement>,
    around: Option<&Around<'_>>,
    steps: &mut Steps,
) -> Verdict {
    let mut web = Web::new(ground, sections, others);
    if !steps.take(web.size()) {
        return Verdict::Undecided;
    }
    let mut live = match Live::new(&web, others, steps) {
        Ok(live) => live,
        Err(over) => {
            return Verdict::Impossible(over.into_iter().map(|section| sections[section]).collect());
        }
    };
    web.tie(others);
    live.work += web.ties.iter().map(Vec::len).sum::<usize>() as u64;
    let tolls = around.map_or_else(Vec::new, |around| {
        let toll = |(section, patterns): (&u32, &Vec<_>)| {
            live.work += patterns.len() as u64 * around.size(*section);
            patterns.iter().map(|pattern| around.toll(*section, pattern)).collect()
        };
        sections.iter().zip(&web.patterns).map(toll).collect()
    });
    let housed = (0..sections.len()).map(|section| {
        let far = web.ties[section].iter().any(|tie| tie.one_space || tie.two_spaces || tie.travels);
        far || web.groups_of[section].iter().any(|group| web.groups[*group].kind == Kind::FewSpaces)
    });
    let housed = housed.collect();
    let mut search = Search { web: &web, live, around, tolls, housed };
    match search.run(steps) {
        Some(true) => search.spots().map_or(Verdict::Undecided, Verdict::Possible),
        Some(false) => Verdict::Impossible(sections.to_vec()),
        None => Verdict::Undecided,
    }
}

/// What is to be chosen next.
#[derive(Clone, Copy)]
enum Next {
    Time(usize),
    Place(usize, Part),
}

struct Search<'a> {
    web: &'a Web<'a>,
    live: Live,
    around: Option<&'a Around<'a>>,
    /// Of each section, what each of its times disturbs outside.
    tolls: Vec<Vec<u32>>,
    /// Whether rules are about the space of each section, so that it may have to be chosen before its time.
    housed: Vec<bool>,
}

impl Search<'_> {
    /// Whether all can be placed; nothing where there are no more steps.
    fn run(&mut self, steps: &mut Steps) -> Option<bool> {
        let mut all = 0..self.web.sections.len();
        let is_dead = all.any(|section| self.live.note(self.web, section).is_err())
            || self.live.settle(self.web).is_err();
        steps.take(std::mem::take(&mut self.live.work));
        if is_dead {
            return Some(false);
        }
        let mut most = FIRST_RUN;
        loop {
            let found = self.dive(most, steps);
            if found.is_some() || steps.0 == 0 {
                return found;
            }
            most *= 2;
        }
    }

    /// Tries so many choices, and leaves those that do if there are any.
    fn dive(&mut self, mut choices: u64, steps: &mut Steps) -> Option<bool> {
        let start = self.live.choices.mark();
        // By hand, for a set may be larger than a stack.
        let mut open: Vec<(Next, std::vec::IntoIter<usize>, Mark)> = Vec::new();
        while let Some(next) = self.next() {
            open.push((next, self.options(next).into_iter(), self.live.choices.mark()));
            loop {
                let Some((next, options, mark)) = open.last_mut() else { return Some(false) };
                self.live.choices.undo(*mark);
                let (next, option) = (*next, options.next());
                let Some(option) = option else {
                    open.pop();
                    continue;
                };
                let work = std::mem::take(&mut self.live.work) + self.web.sections.len() as u64;
                if choices == 0 || !steps.take(work) {
                    self.live.choices.undo(start);
                    return None;
                }
                choices -= 1;
                if self.choose(next, option) {
                    break;
                }
            }
        }
        Some(true)
    }

    /// What leaves the least choice, beside how often it failed.
    fn next(&self) -> Option<Next> {
        let mut best: Option<(Next, u64, u64)> = None;
        let mut offer = |next: Next, count: u32, section: usize| {
            let (count, failures) = (u64::from(count), self.live.failures[section]);
            if best.is_none_or(|(_, least, often)| count * often < least * failures) {
                best = Some((next, count, failures));
            }
        };
        for section in 0..self.web.sections.len() {
            let times = self.live.choices.count(section);
            if times > 1 {
                offer(Next::Time(section), times, section);
            }
            for part in Part::BOTH {
                if times == 1 || (self.housed[section] && part == Part::Space) {
                    let places = self.live.places(section, part);
                    if places > 1 {
                        offer(Next::Place(section, part), places, section);
                    }
                }
            }
        }
        best.map(|(next, _, _)| next)
    }

    /// What can be chosen, that first which disturbs least outside.
    fn options(&self, next: Next) -> Vec<usize> {
        match next {
            Next::Time(section) => {
                let mut options: Vec<usize> = self.live.choices.times(section).collect();
                if let Some(tolls) = self.tolls.get(section) {
                    options.sort_by_key(|time| tolls[*time]);
                }
                options
            }
            Next::Place(section, part) => {
                let mut options: Vec<usize> = bits(&self.live.choices.all_places(section, part)).collect();
                if let (Some(around), Some(time)) = (self.around, self.live.choices.only_time(section)) {
                    let pattern = &self.web.patterns[section][time];
                    options.sort_by_key(|bit| around.busy(part, self.web.place(part, *bit), pattern));
                }
                options
            }
        }
    }

    fn choose(&mut self, next: Next, option: usize) -> bool {
        let choices = &mut self.live.choices;
        let section = match next {
            Next::Time(section) => {
                choices.fix_time(section, option);
                section
            }
            Next::Place(section, part) => {
                for time in 0..choices.all(section) {
                    if choices.has_time(section, time) {
                        choices.fix_place(section, time, part, option);
                    }
                }
                section
            }
        };
        self.live.note(self.web, section).is_ok() & self.live.settle(self.web).is_ok()
    }

    /// Where everything is when nothing is left to choose.
    fn spots(&self) -> Option<Vec<Spot>> {
        let problem = self.web.problem;
        let spot = |(at, section): (usize, &u32)| {
            let (time, [space, led]) = self.live.answer(at)?;
            let (space, led) = (self.web.place(Part::Space, space), self.web.place(Part::Led, led));
            Some(Spot {
                pattern: self.web.patterns[at][time],
                time: problem.sections.times.row(*section)[time].id,
                space,
                led,
            })
        };
        self.web.sections.iter().enumerate().map(spot).collect()
    }
}
