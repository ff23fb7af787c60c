//! What a choice of one section leaves to the others.
//!
//! Every time of a section needs one of the other for each two that are tied, which is arc consistency
//! (Mackworth, *Consistency in Networks of Relations*, Artificial Intelligence 8, 1977); spaces, facilitators
//! and rules of several sections are looked at as soon as they leave one choice.

use std::collections::{BTreeSet, VecDeque};

use super::Requirement;
use super::choices::{Choices, bits};
use super::ground::{Part, is_of_all};
use super::holes::{Hole, holes};
use super::load::Load;
use super::steps::Steps;
use super::web::{Tie, Web};
use crate::model::{Kind, NONE, Pattern};

/// Some section has nothing left, or what is left is too little for all.
#[derive(Debug)]
pub(super) struct Dead;

/// What is left to each section.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) choices: Choices,
    holes: Vec<Hole>,
    /// The holes of each section, by place.
    holes_of: Vec<Vec<usize>>,
    waiting: VecDeque<usize>,
    is_waiting: Vec<bool>,
    /// The groups and holes to be looked at again.
    groups: BTreeSet<usize>,
    stale: BTreeSet<usize>,
    /// How often each section was left with nothing, and one more.
    pub(super) failures: Vec<u64>,
    /// How much was looked at.
    pub(super) work: u64,
}

impl Live {
    /// All that sections may be by themselves, of which no more is known than that it can be counted, or
    /// those that are too many.
    pub(super) fn new(
        web: &Web<'_>,
        others: &BTreeSet<Requirement>,
        steps: &mut Steps,
    ) -> Result<Self, Vec<usize>> {
        let choices = web.choices(others);
        let mut work = 0;
        let (mut holes, cliques) = holes(web, &choices, others, &mut work);
        let mut fit = holes.iter_mut().try_for_each(|hole| hole.fit(&choices, &mut work));
        // Where no two patterns overlap, to count slots, which takes long, tells nothing new.
        for clique in cliques.into_iter().filter(|_| !web.problem.in_blocks) {
            fit = fit.and_then(|()| Load::of_slots(web, clique).fit(&choices, &mut work));
        }
        steps.take(work);
        fit?;
        let count = web.sections.len();
        let mut holes_of = vec![Vec::new(); count];
        for (at, hole) in holes.iter().enumerate() {
            hole.members().iter().for_each(|member| holes_of[*member].push(at));
        }
        Ok(Self {
            choices,
            holes,
            holes_of,
            waiting: VecDeque::new(),
            is_waiting: vec![false; count],
            groups: BTreeSet::new(),
            stale: BTreeSet::new(),
            failures: vec![1; count],
            work: 0,
        })
    }

    /// Notes that a section has less than before.
    pub(super) fn note(&mut self, web: &Web<'_>, section: usize) -> Result<(), Dead> {
        let count = self.choices.count(section);
        if count == 0 {
            self.failures[section] += 1;
            return Err(Dead);
        }
        if !self.is_waiting[section] {
            self.is_waiting[section] = true;
            self.waiting.push_back(section);
        }
        self.stale.extend(&self.holes_of[section]);
        let matters = |group: &&usize| {
            count == 1 || matches!(web.groups[**group].kind, Kind::FewSpaces | Kind::MinDays(_))
        };
        self.groups.extend(web.groups_of[section].iter().filter(matters));
        Ok(())
    }

    /// Draws all conclusions of what was noted.
    pub(super) fn settle(&mut self, web: &Web<'_>) -> Result<(), Dead> {
        let settled = self.settled(web);
        for section in self.waiting.drain(..) {
            self.is_waiting[section] = false;
        }
        self.groups.clear();
        self.stale.clear();
        settled
    }

    fn settled(&mut self, web: &Web<'_>) -> Result<(), Dead> {
        loop {
            if let Some(section) = self.waiting.pop_front() {
                self.is_waiting[section] = false;
                self.pass_on(web, section)?;
            } else if let Some(group) = self.groups.pop_first() {
                self.look_at_group(web, group)?;
            } else {
                break;
            }
        }
        while let Some(hole) = self.stale.pop_first() {
            if let Err(over) = self.holes[hole].fit(&self.choices, &mut self.work) {
                return self.blame(&over);
            }
        }
        Ok(())
    }

    /// Looks at everything that a section has to do with.
    fn pass_on(&mut self, web: &Web<'_>, section: usize) -> Result<(), Dead> {
        for tie in &web.ties[section] {
            let mut less = tie.is_of_times() && self.meet(web, section, tie);
            less |= (tie.one_space || tie.two_spaces) && self.house(section, tie);
            less |= tie.travels && self.travel(web, section, tie);
            if less {
                self.note(web, tie.other)?;
            }
        }
        for part in Part::BOTH {
            let Some(bit) = self.choices.only_place(section, part) else { continue };
            if !web.held[part as usize][bit] {
                continue;
            }
            for other in web.users[part as usize][bit].iter().filter(|other| **other != section) {
                if self.give_way(web, section, *other, part, bit) {
                    self.note(web, *other)?;
                }
            }
        }
        Ok(())
    }

    /// Takes times from the other that keep no rule with any that is left here.
    fn meet(&mut self, web: &Web<'_>, section: usize, tie: &Tie) -> bool {
        let (here, there) = (&web.patterns[section], &web.patterns[tie.other]);
        self.thin(tie.other, |choices, time| {
            choices.times(section).any(|own| tie.keeps(&here[own], &there[time]))
        })
    }

    /// Takes the times from a section that are not kept.
    fn thin(&mut self, section: usize, kept: impl Fn(&Choices, usize) -> bool) -> bool {
        let mut less = false;
        self.work += self.choices.all(section) as u64;
        for time in 0..self.choices.all(section) {
            if self.choices.has_time(section, time) && !kept(&self.choices, time) {
                self.choices.drop_time(section, time);
                less = true;
            }
        }
        less
    }

    /// Takes spaces from the other that must not be, or must be, the same as here.
    fn house(&mut self, section: usize, tie: &Tie) -> bool {
        let mut kept = vec![u64::MAX; self.choices.places(section, 0, Part::Space).len()];
        if tie.one_space {
            kept = self.choices.all_places(section, Part::Space);
        }
        if let Some(bit) = self.choices.only_place(section, Part::Space).filter(|_| tie.two_spaces) {
            kept[bit / 64] &= !(1 << (bit % 64));
        }
        self.keep(tie.other, &kept)
    }

    /// Leaves a section those of some spaces that it has, at whatever time.
    fn keep(&mut self, section: usize, spaces: &[u64]) -> bool {
        let mut less = false;
        self.work += self.choices.all(section) as u64;
        for time in 0..self.choices.all(section) {
            if self.choices.has_time(section, time) {
                less |= self.choices.keep(section, time, Part::Space, spaces);
            }
        }
        less
    }

    /// Takes spaces from the other that are too far from all that is left here.
    fn travel(&mut self, web: &Web<'_>, section: usize, tie: &Tie) -> bool {
        let (here, there) = (&web.patterns[section], &web.patterns[tie.other]);
        let space = |bit: usize| web.place(Part::Space, bit);
        let mut less = false;
        for (time, pattern) in there.iter().enumerate() {
            if !self.choices.has_time(tie.other, time) {
                continue;
            }
            if self.choices.times(section).any(|own| here[own].apart(pattern, web.longest)) {
                continue;
            }
            let far: Vec<usize> = bits(self.choices.places(tie.other, time, Part::Space)).collect();
            self.work += far.len() as u64 * u64::from(self.choices.count(section));
            for bit in far {
                let is_near = self.choices.times(section).any(|own| {
                    bits(self.choices.places(section, own, Part::Space))
                        .any(|from| here[own].apart(pattern, web.problem.travel(space(from), space(bit))))
                });
                less |= !is_near && self.choices.drop_place(tie.other, time, Part::Space, bit);
            }
        }
        less
    }

    /// Takes the only place of a section from another, where it could not but be there at the same time.
    fn give_way(&mut self, web: &Web<'_>, section: usize, other: usize, part: Part, bit: usize) -> bool {
        let (here, there) = (&web.patterns[section], &web.patterns[other]);
        let mut less = false;
        self.work += self.choices.all(other) as u64;
        for (time, pattern) in there.iter().enumerate() {
            let has = self.choices.has_time(other, time) && self.choices.has_place(other, time, part, bit);
            if has && self.choices.times(section).all(|own| here[own].overlaps(pattern)) {
                less |= self.choices.drop_place(other, time, part, bit);
            }
        }
        less
    }

    fn look_at_group(&mut self, web: &Web<'_>, group: usize) -> Result<(), Dead> {
        let group = &web.groups[group];
        if group.kind == Kind::FewSpaces {
            return self.gather(web, &group.members);
        }
        let mut placed = Vec::with_capacity(group.members.len());
        let mut open = Vec::new();
        for member in &group.members {
            match self.choices.only_time(*member) {
                Some(time) => placed.push(web.patterns[*member][time]),
                None => open.push(*member),
            }
        }
        if let Kind::MinDays(least) = group.kind {
            self.reach(web, &group.members, least)?;
        }
        let breaks = |placed: &[Pattern]| group.kind.breaches(web.problem.horizon, placed, 0) > 0;
        if (open.is_empty() || !is_of_all(group.kind)) && breaks(&placed) {
            return self.blame(&group.members);
        }
        if is_of_all(group.kind) && open.len() > 1 {
            return Ok(());
        }
        for member in open {
            let mut less = false;
            self.work += (self.choices.all(member) * placed.len()) as u64;
            for time in 0..self.choices.all(member) {
                placed.push(web.patterns[member][time]);
                if self.choices.has_time(member, time) && breaks(&placed) {
                    self.choices.drop_time(member, time);
                    less = true;
                }
                placed.pop();
            }
            if less {
                self.note(web, member)?;
            }
        }
        Ok(())
    }

    /// Leaves sections the spaces that all of them have that need any.
    fn gather(&mut self, web: &Web<'_>, members: &[usize]) -> Result<(), Dead> {
        let is_housed = |member: &&usize| {
            self.choices
                .only_place(**member, Part::Space)
                .is_none_or(|bit| web.place(Part::Space, bit) != NONE)
        };
        let housed: Vec<usize> = members.iter().filter(is_housed).copied().collect();
        let Some(first) = housed.first() else { return Ok(()) };
        let mut common = self.choices.all_places(*first, Part::Space);
        for member in &housed {
            let own = self.choices.all_places(*member, Part::Space);
            common.iter_mut().zip(own).for_each(|(common, own)| *common &= own);
        }
        for member in housed {
            if self.keep(member, &common) {
                self.note(web, member)?;
            }
        }
        Ok(())
    }

    /// Whether sections can take so many days.
    fn reach(&mut self, web: &Web<'_>, members: &[usize], least: u32) -> Result<(), Dead> {
        let (mut all, mut taken, mut more) = (0, 0, 0);
        for member in members {
            let days = |time: usize| web.patterns[*member][time].days();
            match self.choices.only_time(*member) {
                Some(time) => taken |= days(time),
                None => {
                    more += self.choices.times(*member).map(|t| days(t).count_ones()).max().unwrap_or(0);
                }
            }
            all |= self.choices.times(*member).fold(0_u32, |all, time| all | days(time));
        }
        let most = all.count_ones().min(taken.count_ones() + more);
        if most < least { self.blame(members) } else { Ok(()) }
    }

    fn blame(&mut self, members: &[usize]) -> Result<(), Dead> {
        for member in members {
            self.failures[*member] += 1;
        }
        Err(Dead)
    }

    /// What a section is when nothing is left to choose: which of its times, and the bits of its places.
    pub(super) fn answer(&self, section: usize) -> Option<(usize, [usize; 2])> {
        let time = self.choices.only_time(section)?;
        let [space, led] = Part::BOTH.map(|part| bits(self.choices.places(section, time, part)).next());
        Some((time, [space?, led?]))
    }

    /// How many places are left to a section.
    pub(super) fn places(&self, section: usize, part: Part) -> u32 {
        let ones = |words: &[u64]| words.iter().map(|word| word.count_ones()).sum();
        match self.choices.only_time(section) {
            Some(time) => ones(self.choices.places(section, time, part)),
            None => ones(&self.choices.all_places(section, part)),
        }
    }
}
