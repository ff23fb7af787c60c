//! Kempe chains: a section changes from one pattern to another, what would collide with it there changes the
//! other way, and so on; then all find spaces anew.

use crate::model::{NONE, Problem, number};
use crate::state::{Blocks, Change, Occupancy, Place, State};

/// The most sections that change their time together.
const LONGEST: usize = 40;
/// How many sections may change their space for one that comes.
const DEEPEST: u32 = 4;

/// What a chain needs room for, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// The sections that change their time.
    members: Vec<u32>,
    /// The choice of time that each changes to.
    times: Vec<u32>,
    /// The chain in which a section was a member last, and which this one is.
    joined: Vec<u64>,
    chain: u64,
    /// The changes that are found.
    pub(super) changes: Vec<Change>,
    /// The section in each space at the pattern that is being settled.
    held: Vec<u32>,
    visited: Vec<bool>,
    /// The spaces that sections get: section and its choice.
    given: Vec<(u32, u32)>,
}

impl Chains {
    /// Finds the changes of a chain that starts with a section going to one of its times. Nothing where there
    /// are none, or one would have no space.
    pub(super) fn find(&mut self, state: &State<'_>, section: u32, time: u32) -> Option<()> {
        let Occupancy::Blocks(blocks) = &state.occupancy else { return None };
        let problem = state.problem;
        let here = state.spot(section).time;
        let there = problem.sections.times.row(section)[time as usize].id;
        if here == there {
            return None;
        }
        self.collect(state, blocks, section, (here, there))?;
        self.changes.clear();
        for (pattern, other) in [(there, here), (here, there)] {
            self.settle(state, blocks, pattern, other)?;
        }
        Some(())
    }

    fn collect(
        &mut self,
        state: &State<'_>,
        blocks: &Blocks,
        section: u32,
        (here, there): (u32, u32),
    ) -> Option<()> {
        let problem = state.problem;
        self.chain += 1;
        self.joined.resize(problem.sections.times.len(), 0);
        self.members.clear();
        self.times.clear();
        let Self { members, times, joined, chain, .. } = self;
        members.push(section);
        joined[section as usize] = *chain;
        let mut next = 0;
        while let Some(member) = members.get(next).copied() {
            next += 1;
            let to = if state.spot(member).time == here { there } else { here };
            times.push(problem.time_choice(member, to)?);
            blocks.each_clash(problem, member, to, |other| {
                if std::mem::replace(&mut joined[other as usize], *chain) != *chain {
                    members.push(other);
                }
            });
            if members.len() > LONGEST {
                return None;
            }
        }
        Some(())
    }

    /// Finds spaces at a pattern for the members that come from another.
    fn settle(&mut self, state: &State<'_>, blocks: &Blocks, pattern: u32, from: u32) -> Option<()> {
        let problem = state.problem;
        let coming = |member: &&u32| state.spot(**member).time == from;
        if !self.members.iter().any(|member| coming(&member)) {
            return Some(());
        }
        self.held.clear();
        self.held.extend(
            (0..number(problem.spaces.count)).map(|space| blocks.only(space, pattern).unwrap_or(NONE)),
        );
        for member in self.members.iter().filter(|member| !coming(member)) {
            let space = state.spot(*member).space;
            if space != NONE {
                self.held[space as usize] = NONE;
            }
        }
        self.given.clear();
        for place in 0..self.members.len() {
            let member = self.members[place];
            if state.spot(member).time == from && state.spot(member).space != NONE {
                self.visited.clear();
                self.visited.resize(problem.spaces.count, false);
                self.house(state, pattern, member, DEEPEST)?;
            }
        }
        for (member, time) in self.members.iter().zip(&self.times).filter(|(member, _)| coming(member)) {
            let given = self.given.iter().rev().find(|(section, _)| section == member);
            let space = given.map_or(state.place(*member).space, |(_, space)| *space);
            let to = Place { time: *time, space, ..state.place(*member) };
            if !problem.is_open(&problem.spot(*member, to)) {
                return None;
            }
            self.changes.push(Change { section: *member, to });
        }
        for (number, (section, space)) in self.given.iter().enumerate() {
            let last = !self.given[number + 1..].iter().any(|(later, _)| later == section);
            if last && state.spot(*section).time == pattern && *space != state.place(*section).space {
                self.changes
                    .push(Change { section: *section, to: Place { space: *space, ..state.place(*section) } });
            }
        }
        Some(())
    }

    /// Finds a space at a pattern: its own, the cheapest that is free, or that of another which finds one in
    /// turn.
    fn house(&mut self, state: &State<'_>, pattern: u32, section: u32, depth: u32) -> Option<()> {
        let problem = state.problem;
        let row = problem.sections.spaces.row(section);
        let own = state.place(section).space;
        let open = |space: u32, held: &[u32]| {
            held[space as usize] == NONE && !problem.spaces.is_closed(space, pattern)
        };
        if open(row[own as usize].id, &self.held) {
            self.give(problem, section, own);
            return Some(());
        }
        let free = (0_u32..).zip(row).filter(|(_, space)| open(space.id, &self.held));
        if let Some((choice, _)) = free.min_by_key(|(_, space)| space.penalty) {
            self.give(problem, section, choice);
            return Some(());
        }
        if depth == 0 {
            return None;
        }
        for (choice, space) in (0_u32..).zip(row) {
            if self.visited[space.id as usize] || problem.spaces.is_closed(space.id, pattern) {
                continue;
            }
            self.visited[space.id as usize] = true;
            let holder = self.held[space.id as usize];
            self.held[space.id as usize] = section;
            if self.house(state, pattern, holder, depth - 1).is_some() {
                self.give(problem, section, choice);
                return Some(());
            }
            self.held[space.id as usize] = holder;
        }
        None
    }

    fn give(&mut self, problem: &Problem, section: u32, choice: u32) {
        let space = problem.sections.spaces.row(section)[choice as usize].id;
        self.held[space as usize] = section;
        self.given.push((section, choice));
    }
}
