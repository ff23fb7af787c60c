//! Sections that share what there is so much of, and whether all of them fit.
//!
//! Each needs some of the bins of whichever time it takes. That is a flow from sections to bins, which stays
//! from one look to the next as far as it still may. Where a section can get no more, those that can be
//! reached from it have all their bins among themselves, and full: they are too many. Source: Hall, *On
//! Representatives of Subsets*, Journal of the London Mathematical Society 10, 1935.

use super::choices::{Choices, bits};
use super::ground::Part;
use super::steps::Steps;
use super::web::Web;
use crate::model::Pattern;

/// Sections that share bins.
#[derive(Debug)]
pub(super) struct Hole {
    pub(super) members: Vec<usize>,
    takes: Vec<Take>,
    /// The least that any of these needs.
    least: u64,
    /// Of each member, which of these each of its times is.
    at: Vec<Vec<usize>>,
    /// Where there is a bin for each place: of which part, and the places that have room for any, as bits. A
    /// section that may be in one of those needs nothing.
    places: Option<(Part, Vec<u64>)>,
    /// How many places that is.
    width: usize,
    /// How much more each bin holds.
    room: Vec<u64>,
    /// Who has some of each bin.
    held: Vec<Vec<Share>>,
    /// In which search each bin was reached last, by which member and for which of its times.
    reached: Vec<(u64, usize, usize)>,
    search: u64,
}

/// What a section takes that meets in a pattern.
#[derive(Clone, Debug)]
pub(super) struct Take {
    pub(super) need: u64,
    /// Of which bins it takes that, or, where there is one for each place, of which rows of them.
    pub(super) bins: Vec<usize>,
}

#[derive(Debug)]
struct Share {
    member: usize,
    time: usize,
    much: u64,
}

impl Hole {
    /// Sections, with what each of their patterns takes, in order, of bins, or rows of them, that hold so much.
    pub(super) fn new(
        web: &Web<'_>,
        members: Vec<usize>,
        takes: Vec<(Pattern, Take)>,
        holds: &[u64],
        places: Option<(Part, Vec<u64>)>,
    ) -> Self {
        let width = places.as_ref().map_or(1, |(part, _)| web.places[*part as usize].len());
        let at = |pattern: &Pattern| takes.partition_point(|(before, _)| before < pattern);
        let room: Vec<u64> = holds.iter().flat_map(|much| std::iter::repeat_n(*much, width)).collect();
        Self {
            at: members.iter().map(|member| web.patterns[*member].iter().map(at).collect()).collect(),
            members,
            least: takes.iter().map(|(_, take)| take.need).min().unwrap_or(0),
            takes: takes.into_iter().map(|(_, take)| take).collect(),
            places,
            width,
            held: room.iter().map(|_| Vec::new()).collect(),
            reached: vec![(0, 0, 0); room.len()],
            room,
            search: 0,
        }
    }

    /// Whether all fit, each with the least that it may need still, or who together do not, in order.
    pub(super) fn fit(&mut self, choices: &Choices, steps: &mut Steps) -> Result<(), Vec<usize>> {
        let mut needs: Vec<u64> =
            (0..self.members.len()).map(|member| self.need(choices, member, steps)).collect();
        steps.take(self.held.len() as u64);
        for (bin, (shares, room)) in self.held.iter_mut().zip(&mut self.room).enumerate() {
            shares.retain_mut(|share| {
                let section = self.members[share.member];
                let has_place = |(part, _): &(Part, Vec<u64>)| {
                    choices.has_place(section, share.time, *part, bin % self.width)
                };
                let is_left =
                    choices.has_time(section, share.time) && self.places.as_ref().is_none_or(has_place);
                let much = if is_left { share.much.min(needs[share.member]) } else { 0 };
                needs[share.member] -= much;
                *room += share.much - much;
                share.much = much;
                much > 0
            });
        }
        for (member, mut need) in needs.into_iter().enumerate() {
            while need > 0 {
                need -= self.get(choices, member, need, steps)?;
            }
        }
        Ok(())
    }

    fn need(&self, choices: &Choices, member: usize, steps: &mut Steps) -> u64 {
        let section = self.members[member];
        let free = self.places.as_ref().filter(|(_, free)| free.iter().any(|word| *word != 0));
        let mut least = None;
        for time in choices.times(section) {
            steps.take(1);
            if let Some((part, free)) = free {
                let mut places = choices.places(section, time, *part).iter().zip(free);
                if places.any(|(place, free)| place & free != 0) {
                    return 0;
                }
            }
            let need = self.takes[self.at[member][time]].need;
            least = Some(least.map_or(need, |least: u64| least.min(need)));
            if free.is_none() && need == self.least {
                break;
            }
        }
        least.unwrap_or(0)
    }

    /// Gets up to so much for a member, the shortest way of others that make way, and tells how much.
    fn get(
        &mut self,
        choices: &Choices,
        member: usize,
        most: u64,
        steps: &mut Steps,
    ) -> Result<u64, Vec<usize>> {
        let mut from = vec![None; self.members.len()];
        let end = self.reach(choices, member, &mut from, steps)?;
        let (mut much, mut bin) = (most.min(self.room[end]), end);
        while let Some(old) = from[self.reached[bin].1] {
            let who = self.reached[bin].1;
            much = self.held[old].iter().find(|share| share.member == who).map_or(0, |s| s.much.min(much));
            bin = old;
        }
        self.room[end] -= much;
        bin = end;
        loop {
            let (_, who, time) = self.reached[bin];
            match self.held[bin].iter_mut().find(|share| share.member == who) {
                Some(share) => share.much += much,
                None => self.held[bin].push(Share { member: who, time, much }),
            }
            let Some(old) = from[who] else { return Ok(much) };
            self.held[old].iter_mut().filter(|share| share.member == who).for_each(|s| s.much -= much);
            self.held[old].retain(|share| share.much > 0);
            bin = old;
        }
    }

    /// Looks for a bin with room that a member can get at, and notes from which bin each has to move on, or
    /// tells all that it meets where there is none.
    fn reach(
        &mut self,
        choices: &Choices,
        member: usize,
        from: &mut [Option<usize>],
        steps: &mut Steps,
    ) -> Result<usize, Vec<usize>> {
        self.search += 1;
        let mut met = vec![member];
        let mut next = 0;
        while let Some(who) = met.get(next).copied() {
            next += 1;
            let section = self.members[who];
            for time in choices.times(section) {
                let places = self.places.as_ref();
                let places = places.map_or(&[1][..], |(part, _)| choices.places(section, time, *part));
                for row in &self.takes[self.at[who][time]].bins {
                    for bin in bits(places).map(|bit| row * self.width + bit) {
                        steps.take(1);
                        if self.reached[bin].0 == self.search {
                            continue;
                        }
                        self.reached[bin] = (self.search, who, time);
                        if self.room[bin] > 0 {
                            return Ok(bin);
                        }
                        for share in &self.held[bin] {
                            if share.member != member && from[share.member].is_none() {
                                from[share.member] = Some(bin);
                                met.push(share.member);
                            }
                        }
                    }
                }
            }
        }
        let mut sections: Vec<usize> = met.into_iter().map(|member| self.members[member]).collect();
        sections.sort_unstable();
        Err(sections)
    }
}
