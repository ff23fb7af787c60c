//! What ties sections of a set to each other, as far as it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use super::choices::Choices;
use super::ground::{Ground, Part};
use super::steps::Steps;
use crate::model::{Kind, NONE, Pattern, Problem};

/// How many steps a tie is, for what it takes to look at it and to keep it.
const TIE: u64 = 16;

/// Sections of a set and what ties them to each other, each by its place in the set.
pub(super) struct Web<'p> {
    pub(super) problem: &'p Problem,
    pub(super) sections: Vec<u32>,
    /// Of each section, when its times are.
    pub(super) patterns: Vec<Vec<Pattern>>,
    /// The spaces, and the facilitators, that any may have, by the bits that stand for them.
    pub(super) places: [Vec<u32>; 2],
    /// Whether each must have one section at a time.
    pub(super) held: [Vec<bool>; 2],
    /// Who may have each.
    pub(super) users: [Vec<Vec<usize>>; 2],
    /// The hard rules that are asked for.
    pub(super) rules: Vec<Asked>,
    pub(super) ties: Vec<Vec<Tie>>,
    /// The rules of several sections together that bind each section, by place.
    pub(super) together: Vec<Vec<usize>>,
    /// The longest way between two spaces, in slots.
    pub(super) longest: u16,
}

/// The rules of two sections, seen from one of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tie {
    pub(super) other: usize,
    /// Rules of times, and whether the other stands before in each.
    times: Vec<(Kind, bool)>,
    /// Whether both must be in one space.
    pub(super) one_space: bool,
    /// Whether someone goes from one to the other, and it takes time.
    pub(super) travels: bool,
}

impl Tie {
    pub(super) const fn is_of_times(&self) -> bool {
        !self.times.is_empty()
    }

    /// Whether a section that meets here and the other that meets there keep the rules of times.
    pub(super) fn keeps(&self, here: &Pattern, there: &Pattern) -> bool {
        self.times.iter().all(|(kind, after)| {
            let (a, b) = if *after { (there, here) } else { (here, there) };
            kind.keeps(a, b, false, 0)
        })
    }

    fn add(&mut self, kind: Kind, after: bool, has_travel: bool) {
        match kind {
            Kind::SameRoom | Kind::FewSpaces => self.one_space = true,
            // That is counted, exactly where each has one space.
            Kind::DifferentRoom => {}
            kind => {
                self.times.push((kind, after));
                self.travels |= has_travel && kind == Kind::SameAttendees;
            }
        }
    }
}

/// A hard rule that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// Its sections that are in the set, in its own order.
    pub(super) members: Vec<usize>,
}

impl<'p> Web<'p> {
    /// Sections with what is asked of them, not yet tied to each other.
    pub(super) fn new(ground: &Ground<'p>, sections: &[u32], others: &BTreeSet<Requirement>) -> Self {
        let problem = ground.problem;
        let times = |section: &u32| problem.sections.times.row(*section).iter();
        let patterns =
            sections.iter().map(|s| times(s).map(|time| problem.patterns[time.id as usize]).collect());
        let places = Part::BOTH.map(|part| {
            let all: BTreeSet<u32> = sections.iter().flat_map(|s| part.choices(problem, *s)).collect();
            all.into_iter().collect::<Vec<u32>>()
        });
        let held = Part::BOTH.map(|part| {
            let is_held = |place: &u32| *place != NONE && others.contains(&part.held(*place));
            places[part as usize].iter().map(is_held).collect()
        });
        let users = Part::BOTH.map(|part| {
            let places = &places[part as usize];
            let mut users = vec![Vec::new(); places.len()];
            for (at, section) in sections.iter().enumerate() {
                let bits =
                    part.choices(problem, *section).filter_map(|place| places.binary_search(&place).ok());
                bits.for_each(|bit| users[bit].push(at));
            }
            users
        });
        let asked = others.iter().filter_map(|other| match other {
            Requirement::Rule(rule) => Some(problem.rule(*rule)),
            _ => None,
        });
        let rules = asked.map(|rule| {
            let places = rule.sections.iter().filter_map(|id| sections.binary_search(&id.0).ok());
            let members: Vec<usize> = places.collect();
            Asked { kind: rule.kind, members }
        });
        Self {
            problem,
            rules: rules.collect(),
            sections: sections.to_vec(),
            patterns: patterns.collect(),
            places,
            held,
            users,
            ties: vec![Vec::new(); sections.len()],
            together: vec![Vec::new(); sections.len()],
            longest: problem.travel.iter().copied().max().unwrap_or(0),
        }
    }

    /// What each section may be by itself.
    pub(super) fn choices(&self, others: &BTreeSet<Requirement>) -> Choices {
        let times: Vec<usize> = self.patterns.iter().map(Vec::len).collect();
        let mut choices = Choices::new(&times, [self.places[0].len(), self.places[1].len()]);
        let shut = Part::BOTH.map(|part| {
            self.places[part as usize].iter().map(|p| others.contains(&part.shut(*p))).collect::<Vec<_>>()
        });
        for (at, section) in self.sections.iter().enumerate() {
            for (time, choice) in self.problem.sections.times.row(*section).iter().enumerate() {
                let open = Part::BOTH.map(|part| {
                    let places = part.choices(self.problem, *section).filter_map(|place| {
                        let bit = self.places[part as usize].binary_search(&place).ok()?;
                        let closed =
                            shut[part as usize][bit] && part.is_closed(self.problem, place, choice.id);
                        (!closed).then_some(bit)
                    });
                    places.collect::<Vec<usize>>()
                });
                choices.open(at, time, [&open[0], &open[1]]);
            }
        }
        choices
    }

    /// Ties the sections by the rules that are asked for, if there are steps for it.
    pub(super) fn tie(&mut self, steps: &mut Steps) -> bool {
        let pairs = self.rules.iter().map(|rule| (rule.members.len() * rule.members.len()) as u64);
        if !steps.take(pairs.sum::<u64>() * TIE) {
            return false;
        }
        let has_travel = self.problem.has_travel();
        let mut ties: BTreeMap<(usize, usize), Tie> = BTreeMap::new();
        for (at, Asked { kind, members }) in self.rules.iter().enumerate() {
            let mut members = members.clone();
            if *kind == Kind::FewSpaces {
                let spaces = |at: &usize| Part::Space.choices(self.problem, self.sections[*at]);
                members.retain(|member| spaces(member).any(|space| space != NONE));
            } else if !kind.is_of_pairs() {
                for member in members {
                    self.together[member].push(at);
                }
                continue;
            }
            for (place, one) in members.iter().enumerate() {
                for other in &members[place + 1..] {
                    let mut add = |from, to, after| {
                        let tie = ties.entry((from, to)).or_default();
                        tie.other = to;
                        tie.add(*kind, after, has_travel);
                    };
                    add(*one, *other, false);
                    add(*other, *one, true);
                }
            }
        }
        for ((one, _), tie) in ties {
            self.ties[one].push(tie);
        }
        true
    }

    /// How much there is to look at, and to keep, of what each section may be by itself.
    pub(super) fn size(&self) -> u64 {
        let words: usize = self.places.iter().map(|places| places.len().div_ceil(64)).sum();
        let of = |(section, patterns): (&u32, &Vec<Pattern>)| {
            let places = Part::BOTH.map(|part| part.choices(self.problem, *section).count());
            patterns.len() * (places[0] + places[1] + words)
        };
        self.sections.iter().zip(&self.patterns).map(of).sum::<usize>() as u64
    }

    /// The space or facilitator that a bit stands for.
    pub(super) fn place(&self, part: Part, bit: usize) -> u32 {
        self.places[part as usize][bit]
    }
}
