//! What is around a set of sections: the rest of a plan, which a placement of the set should not disturb.

use super::ground::{Ground, Part};
use super::steps::Steps;
use crate::model::{NONE, Pattern, number};
use crate::state::Spot;

/// The sections of a plan that are not in a set.
pub(super) struct Around<'a> {
    ground: &'a Ground<'a>,
    spots: &'a [Spot],
    /// The set, in order.
    inside: &'a [u32],
    /// Who is outside in each space and with each facilitator.
    there: [Vec<Vec<u32>>; 2],
}

impl<'a> Around<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, spots: &'a [Spot], inside: &'a [u32]) -> Self {
        let counts = [ground.problem.spaces.count, ground.problem.facilitators.count];
        let mut this = Self { ground, spots, inside, there: counts.map(|count| vec![Vec::new(); count]) };
        for (section, spot) in (0..).zip(spots).filter(|(section, _)| inside.binary_search(section).is_err())
        {
            for part in Part::BOTH.into_iter().filter(|part| part.of(spot) != NONE) {
                this.there[part as usize][part.of(spot) as usize].push(section);
            }
        }
        this
    }

    /// With how many outside a section would not keep rules of times at a pattern, and where it is freest.
    pub(super) fn toll(&self, section: u32, pattern: &Pattern, steps: &mut Steps) -> u32 {
        let problem = self.ground.problem;
        let mut toll = 0;
        for rule in self.ground.rules_of(section) {
            let rule = &problem.rules[*rule as usize];
            steps.take(rule.sections.len() as u64);
            let Some(place) = rule.sections.iter().position(|id| id.0 == section) else { continue };
            for (at, other) in rule.sections.iter().enumerate() {
                if self.inside.binary_search(&other.0).is_err() {
                    let there = &self.spots[other.index()].pattern;
                    let (a, b) = if at < place { (there, pattern) } else { (pattern, there) };
                    // Spaces are another matter.
                    let keeps = rule.kind.keeps(a, b, true, 0) || rule.kind.keeps(a, b, false, 0);
                    toll += u32::from(!keeps);
                }
            }
        }
        for part in Part::BOTH {
            let places = part.choices(problem, section);
            let busy = places.map(|place| {
                steps.take(1 + self.there(part, place).len() as u64);
                self.busy(part, place, pattern)
            });
            toll += busy.min().unwrap_or(0);
        }
        toll
    }

    fn there(&self, part: Part, place: u32) -> &[u32] {
        self.there[part as usize].get(place as usize).map_or(&[], Vec::as_slice)
    }

    /// How many outside have a place at the time of a pattern.
    pub(super) fn busy(&self, part: Part, place: u32, pattern: &Pattern) -> u32 {
        let at = |other: &&u32| self.spots[**other as usize].pattern.overlaps(pattern);
        number(self.there(part, place).iter().filter(at).count())
    }
}
