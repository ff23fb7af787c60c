//! Sections that take slots of which there are so many.

use std::collections::{BTreeMap, BTreeSet};

use super::choices::Choices;
use super::spread::spread;
use super::web::Web;
use crate::model::Pattern;

/// Sections that take slots of days.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) members: Vec<usize>,
    /// Of each member, the spans of days of weeks that each of its times takes slots of.
    spans: Vec<Vec<Vec<usize>>>,
    /// Of each member, how many slots it takes at each of its times.
    needs: Vec<Vec<u64>>,
    /// How many slots each span of each day of each week has.
    holds: Vec<u64>,
}

/// Weeks that are the same for every section: one of them, and how many there are.
type Weeks = Vec<(u32, u64)>;

impl Load {
    /// Sections of which no two may overlap, in the slots of the horizon.
    pub(super) fn of_slots(web: &Web<'_>, members: Vec<usize>) -> Self {
        let mut edges: Vec<u16> =
            members.iter().flat_map(|m| &web.patterns[*m]).flat_map(|p| [p.start(), p.end()]).collect();
        edges.sort_unstable();
        edges.dedup();
        let lengths: Vec<u64> = edges.windows(2).map(|pair| u64::from(pair[1] - pair[0])).collect();
        let spans = |pattern: &Pattern| -> Vec<usize> {
            let inside = |span: &usize| pattern.start() <= edges[*span] && edges[*span] < pattern.end();
            (0..lengths.len()).filter(inside).collect()
        };
        Self::new(web, members, &lengths, spans)
    }

    /// Sections that may take so many slots of each day.
    pub(super) fn of_days(web: &Web<'_>, members: Vec<usize>, most: u16) -> Self {
        Self::new(web, members, &[u64::from(most)], |_| vec![0])
    }

    /// Sections that take slots of days, each of which has so many of each span.
    fn new(
        web: &Web<'_>,
        members: Vec<usize>,
        lengths: &[u64],
        spans: impl Fn(&Pattern) -> Vec<usize>,
    ) -> Self {
        let days = web.problem.horizon.days();
        let weeks = weeks(web, &members);
        let of = |pattern: &Pattern| -> Vec<usize> {
            let spans = spans(pattern);
            let mut taken = Vec::new();
            let mut first = 0;
            for (week, _) in &weeks {
                for day in 0..days {
                    if pattern.on(*week, day) {
                        taken.extend(spans.iter().map(|span| first + span));
                    }
                    first += lengths.len();
                }
            }
            taken
        };
        let need = |pattern: &Pattern| {
            let meetings = pattern.weeks().count_ones() * pattern.days().count_ones();
            u64::from(meetings) * u64::from(pattern.length())
        };
        let day = |many: &u64| -> Vec<u64> { lengths.iter().map(|length| length * many).collect() };
        let holds = weeks.iter().flat_map(|(_, many)| day(many).repeat(days as usize)).collect();
        let spans = members.iter().map(|member| web.patterns[*member].iter().map(of).collect()).collect();
        let needs = members.iter().map(|member| web.patterns[*member].iter().map(need).collect()).collect();
        Self { members, spans, needs, holds }
    }

    /// Whether the sections fit, each with the least that it may take still, or who together do not, in
    /// order. Adds what was looked at to `work`.
    pub(super) fn fit(&self, choices: &Choices, work: &mut u64) -> Result<(), Vec<usize>> {
        let (mut needs, mut allowed) = (Vec::new(), Vec::new());
        let mut seen = vec![false; self.holds.len()];
        for (place, member) in self.members.iter().enumerate() {
            let mut own: Vec<usize> = Vec::new();
            for time in choices.times(*member) {
                *work += 1 + self.spans[place][time].len() as u64;
                own.extend(
                    self.spans[place][time].iter().filter(|span| !std::mem::replace(&mut seen[**span], true)),
                );
            }
            for span in &own {
                seen[*span] = false;
            }
            needs.push(choices.times(*member).map(|time| self.needs[place][time]).min().unwrap_or(0));
            allowed.push(own);
        }
        spread(&needs, &allowed, &self.holds, work).map_err(|over| {
            let mut sections: Vec<usize> = over.into_iter().map(|place| self.members[place]).collect();
            sections.sort_unstable();
            sections
        })
    }
}

/// Weeks by what sections may have of them.
fn weeks(web: &Web<'_>, members: &[usize]) -> Weeks {
    let sets: BTreeSet<u64> = members.iter().flat_map(|m| &web.patterns[*m]).map(Pattern::weeks).collect();
    let mut sorts: BTreeMap<Vec<bool>, (u32, u64)> = BTreeMap::new();
    for week in 0..web.problem.horizon.weeks() {
        let sort = sets.iter().map(|set| set >> week & 1 == 1).collect();
        sorts.entry(sort).or_insert((week, 0)).1 += 1;
    }
    sorts.into_values().collect()
}
