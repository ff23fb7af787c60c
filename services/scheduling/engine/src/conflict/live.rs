//! What a choice of one section leaves to the others.
//!
//! Every time of a section needs one of the other for each two that are tied, which is arc consistency
//! (Mackworth, *Consistency in Networks of Relations*, Artificial Intelligence 8, 1977); spaces, facilitators
//! and rules of several sections are looked at as soon as they leave one choice.

use std::collections::BTreeSet;

use super::choices::{Choices, bits};
use super::ground::{Part, is_of_all};
use super::hole::Hole;
use super::steps::Steps;
use super::web::{Asked, Tie, Web};
use crate::model::Kind;

/// Some section has nothing left, or what is left is too little for all.
#[derive(Debug)]
pub(super) struct Dead;

/// What is left to each section.
pub(super) struct Live<'a> {
    web: &'a Web<'a>,
    pub(super) choices: Choices,
    holes: Vec<Hole>,
    /// The holes of each section, by place.
    holes_of: Vec<Vec<usize>>,
    /// The sections, rules of several together and holes to be looked at again.
    waiting: BTreeSet<usize>,
    together: BTreeSet<usize>,
    stale: BTreeSet<usize>,
    pub(super) steps: &'a mut Steps,
}

impl<'a> Live<'a> {
    /// All that sections may be by themselves.
    pub(super) fn new(web: &'a Web<'a>, choices: Choices, holes: Vec<Hole>, steps: &'a mut Steps) -> Self {
        let count = web.sections.len();
        let mut holes_of = vec![Vec::new(); count];
        for (at, hole) in holes.iter().enumerate() {
            hole.members.iter().for_each(|member| holes_of[*member].push(at));
        }
        Self {
            web,
            choices,
            holes,
            holes_of,
            waiting: BTreeSet::new(),
            together: BTreeSet::new(),
            stale: BTreeSet::new(),
            steps,
        }
    }

    /// Notes that a section has less than before.
    pub(super) fn note(&mut self, section: usize) -> Result<(), Dead> {
        let count = self.choices.count(section);
        if count == 0 {
            return Err(Dead);
        }
        self.waiting.insert(section);
        self.stale.extend(&self.holes_of[section]);
        if count == 1 {
            self.together.extend(&self.web.together[section]);
        }
        Ok(())
    }

    /// Draws all conclusions of what was noted.
    pub(super) fn settle(&mut self) -> Result<(), Dead> {
        let settled = self.settled();
        self.waiting.clear();
        self.together.clear();
        self.stale.clear();
        settled
    }

    fn settled(&mut self) -> Result<(), Dead> {
        loop {
            if let Some(section) = self.waiting.pop_first() {
                self.pass_on(section)?;
            } else if let Some(rule) = self.together.pop_first() {
                self.look_at_together(&self.web.rules[rule])?;
            } else {
                break;
            }
        }
        // They take nothing from anyone, so that it is enough to count at last.
        while let Some(hole) = self.stale.pop_first() {
            self.holes[hole].fit(&self.choices, self.steps).map_err(|_| Dead)?;
        }
        Ok(())
    }

    /// Looks at everything that a section has to do with.
    fn pass_on(&mut self, section: usize) -> Result<(), Dead> {
        let own: Vec<usize> = self.choices.times(section).collect();
        for tie in &self.web.ties[section] {
            let mut less = tie.is_of_times() && self.meet(section, &own, tie);
            less |= tie.one_space && self.house(section, tie);
            less |= tie.travels && self.travel(section, &own, tie);
            if less {
                self.note(tie.other)?;
            }
        }
        for part in Part::BOTH {
            self.steps.take(own.len() as u64);
            let Some(bit) = self.choices.only_place(section, part) else { continue };
            if !self.web.held[part as usize][bit] {
                continue;
            }
            for other in self.web.users[part as usize][bit].iter().filter(|other| **other != section) {
                if self.give_way(section, &own, *other, part, bit) {
                    self.note(*other)?;
                }
            }
        }
        Ok(())
    }

    /// Takes times from the other that keep no rule with any that is left here.
    fn meet(&mut self, section: usize, own: &[usize], tie: &Tie) -> bool {
        let (here, there) = (&self.web.patterns[section], &self.web.patterns[tie.other]);
        let mut less = false;
        for (time, pattern) in there.iter().enumerate() {
            if self.choices.has_time(tie.other, time) {
                let kept = own.iter().position(|own| tie.keeps(&here[*own], pattern));
                self.steps.take(1 + kept.unwrap_or(own.len()) as u64);
                if kept.is_none() {
                    self.choices.drop_time(tie.other, time);
                    less = true;
                }
            }
        }
        less
    }

    /// Takes spaces from the other that it cannot share.
    fn house(&mut self, section: usize, tie: &Tie) -> bool {
        let kept = self.choices.all_places(section, Part::Space);
        let mut less = false;
        let times: Vec<usize> = self.choices.times(tie.other).collect();
        self.steps.take((times.len() * kept.len()) as u64);
        for time in times {
            less |= self.choices.keep(tie.other, time, Part::Space, &kept);
        }
        less
    }

    /// Takes spaces from the other that are too far from all that is left here.
    fn travel(&mut self, section: usize, own: &[usize], tie: &Tie) -> bool {
        let web = self.web;
        let (here, there) = (&web.patterns[section], &web.patterns[tie.other]);
        let space = |bit: usize| web.place(Part::Space, bit);
        let mut less = false;
        for (time, pattern) in there.iter().enumerate() {
            self.steps.take(own.len() as u64);
            if own.iter().any(|own| here[*own].apart(pattern, web.longest)) {
                continue;
            }
            let open = self.choices.has_time(tie.other, time);
            let far = bits(self.choices.places(tie.other, time, Part::Space)).filter(|_| open);
            for bit in far.collect::<Vec<usize>>() {
                let is_near = own.iter().any(|own| {
                    let mut from = bits(self.choices.places(section, *own, Part::Space));
                    from.any(|from| {
                        self.steps.take(1);
                        here[*own].apart(pattern, web.problem.travel(space(from), space(bit)))
                    })
                });
                less |= !is_near && self.choices.drop_place(tie.other, time, Part::Space, bit);
            }
        }
        less
    }

    /// Takes the only place of a section from another, where it could not but be there at the same time.
    fn give_way(&mut self, section: usize, own: &[usize], other: usize, part: Part, bit: usize) -> bool {
        let (here, there) = (&self.web.patterns[section], &self.web.patterns[other]);
        let mut less = false;
        for (time, pattern) in there.iter().enumerate() {
            self.steps.take(1);
            let has = self.choices.has_time(other, time) && self.choices.has_place(other, time, part, bit);
            if has && own.iter().all(|own| here[*own].overlaps(pattern)) {
                less |= self.choices.drop_place(other, time, part, bit);
            }
        }
        less
    }

    fn look_at_together(&mut self, Asked { kind, members }: &Asked) -> Result<(), Dead> {
        let mut placed = Vec::with_capacity(members.len());
        let mut open = Vec::new();
        for member in members {
            match self.choices.only_time(*member) {
                Some(time) => placed.push(self.web.patterns[*member][time]),
                None => open.push(*member),
            }
        }
        self.steps.take(members.len() as u64);
        if let Kind::MinDays(least) = kind
            && self.most_days(members) < *least
        {
            return Err(Dead);
        }
        if is_of_all(*kind) && open.len() > 1 {
            return Ok(());
        }
        let horizon = self.web.problem.horizon;
        if (open.is_empty() || !is_of_all(*kind)) && kind.breaches(horizon, &placed, 0) > 0 {
            return Err(Dead);
        }
        for member in open {
            let mut less = false;
            for (time, pattern) in self.web.patterns[member].iter().enumerate() {
                if self.choices.has_time(member, time) {
                    placed.push(*pattern);
                    self.steps.take(placed.len() as u64);
                    if kind.breaches(horizon, &placed, 0) > 0 {
                        self.choices.drop_time(member, time);
                        less = true;
                    }
                    placed.pop();
                }
            }
            if less {
                self.note(member)?;
            }
        }
        Ok(())
    }

    /// No fewer days than sections can take, each as many as it may.
    fn most_days(&mut self, members: &[usize]) -> u32 {
        let (mut all, mut sum) = (0_u32, 0);
        for member in members {
            let mut most = 0;
            for time in self.choices.times(*member) {
                self.steps.take(1);
                let days = self.web.patterns[*member][time].days();
                all |= days;
                most = days.count_ones().max(most);
            }
            sum += most;
        }
        all.count_ones().min(sum)
    }
}
