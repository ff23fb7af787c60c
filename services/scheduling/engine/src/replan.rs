//! A published plan after a disruption: as much as can be stays, and who is affected is told.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::cost::Cost;
use crate::model::{Fault, LearnerId, NONE, Problem, RequestId, SectionId, number};
use crate::plan::{Placement, Plan};
use crate::search::{Budget, Effort, Options, Progress, Solution, repair};
use crate::state::{Anchor, Change, Kept, Place, State, Ticket};

/// How much a change counts in each alternative, beside what a change of a plan costs in the mean, in
/// quarters: from as few changes as can be to those that make it better for all.
const UNITS: [i64; 3] = [16, 4, 1];

/// A plan that could follow the published one.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// The plan.
    pub plan: Plan,
    /// What it costs by itself, without what it costs to change.
    pub cost: Cost,
    /// The sections that meet at another time.
    pub retimed: Vec<SectionId>,
    /// The sections that meet in another space or are led by someone else, at the same time.
    pub rehoused: Vec<SectionId>,
    /// The requests that got other sections, or lost them.
    pub reseated: Vec<RequestId>,
    /// The learners whose own timetable changes: they have another section, or one at another time.
    pub affected: Vec<LearnerId>,
    /// What the run that found it did.
    pub effort: Effort,
}

/// Finds plans that follow a published one and keep as much of it as they can: three at most, that which
/// affects the fewest learners first. Of those only the ones that break the fewest hard rules.
///
/// `problem` is what is to be timetabled now: the sections, requests and so on of the published plan in the same
/// order, less what is lost and with what is new after them. Sections that cannot stay where they are go where
/// that breaks least; requests whose sections are gone are placed anew. Of a budget of time each alternative
/// has a part; an effort is that of each.
///
/// # Errors
///
/// When the plan has more sections or requests than the problem.
pub fn replan(
    problem: &Problem,
    published: &Plan,
    options: &Options,
    mut watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Vec<Alternative>, Fault> {
    let (places, tickets) = adopted(problem, published)?;
    let mut found: Vec<Alternative> = Vec::new();
    for (place, unit) in (0_u64..).zip(UNITS) {
        let anchor =
            |scale: i64| Anchor::new(problem, places.clone(), tickets.clone(), (scale * unit / 4).max(1));
        let start = Kept { cost: Cost::default(), places: places.clone(), tickets: tickets.clone() };
        let share = match &options.budget {
            Budget::Time(time) => Budget::Time((*time / number(UNITS.len())).max(Duration::from_millis(1))),
            Budget::Effort(effort) => Budget::Effort(effort.clone()),
        };
        let options = Options { seed: options.seed.wrapping_add(place), budget: share, ..options.clone() };
        let solution = repair(problem, &start, anchor, &options, &mut watch)?;
        let cancelled = solution.cancelled;
        let alternative = alternative(problem, published, solution)?;
        if found.iter().all(|known| known.plan != alternative.plan) {
            found.push(alternative);
        }
        if cancelled {
            break;
        }
    }
    let least = found.iter().map(|alternative| alternative.cost.hard).min();
    found.retain(|alternative| Some(alternative.cost.hard) == least);
    found.sort_by_key(|alternative| (alternative.affected.len(), alternative.cost.soft));
    Ok(found)
}

/// A published plan as far as it can be kept.
fn adopted(problem: &Problem, published: &Plan) -> Result<(Vec<Place>, Vec<Ticket>), Fault> {
    if published.placements.len() > problem.sections() || published.seats.len() > problem.requests() {
        return Err(Fault::Unknown("section or request"));
    }
    let mut lost = Vec::new();
    let mut places = Vec::with_capacity(problem.sections());
    for section in problem.all_sections() {
        let known = published.placements.get(section as usize);
        places.push(known.and_then(|known| place(problem, section, known)).unwrap_or_else(|| {
            lost.push(section);
            Place::default()
        }));
    }
    let tickets: Vec<Ticket> = problem
        .all_requests()
        .map(|request| {
            let seat = published.seats.get(request as usize).and_then(Option::as_ref);
            seat.and_then(|seat| problem.ticket(request, seat)).unwrap_or(Ticket::NOTHING)
        })
        .collect();
    let mut state =
        State::restored(problem, &Kept { cost: Cost::default(), places, tickets: tickets.clone() });
    for section in lost {
        let known = published.placements.get(section as usize);
        if let Some(to) = nearest(&state, section, known) {
            state.make(Change { section, to });
        }
    }
    Ok((state.keep().places, tickets))
}

/// The place of a placement, where the section can still be there.
fn place(problem: &Problem, section: u32, known: &Placement) -> Option<Place> {
    let time = problem.patterns.binary_search(&known.time).ok()?;
    let place = Place {
        time: problem.time_choice(section, u32::try_from(time).ok()?)?,
        space: problem.space_choice(section, known.space.map_or(NONE, |id| id.0))?,
        led: problem.led_choice(section, known.facilitator.map_or(NONE, |id| id.0))?,
    };
    problem.is_open(&problem.spot(section, place)).then_some(place)
}

/// Where a section breaks least, and of that what is most like where it was.
fn nearest(state: &State<'_>, section: u32, known: Option<&Placement>) -> Option<Place> {
    let problem = state.problem;
    let mut best = None;
    for time in 0..problem.sections.times.width(section) {
        for space in 0..problem.sections.spaces.width(section) {
            for led in 0..problem.sections.facilitators.width(section) {
                let to = Place { time, space, led };
                let spot = problem.spot(section, to);
                if !problem.is_open(&spot) {
                    continue;
                }
                let delta = state.delta(Change { section, to });
                let retimed = known.is_some_and(|known| known.time != spot.pattern);
                let rehoused = known.is_some_and(|known| known.space.map_or(NONE, |id| id.0) != spot.space);
                let key = (delta.hard, retimed, rehoused, delta.soft);
                if best.is_none_or(|(known, _)| key < known) {
                    best = Some((key, to));
                }
            }
        }
    }
    best.map(|(_, place)| place)
}

/// A plan beside the published one.
fn alternative(problem: &Problem, published: &Plan, solution: Solution) -> Result<Alternative, Fault> {
    let plan = solution.plan;
    let pairs = || (0_u32..).zip(published.placements.iter().zip(&plan.placements));
    let other_time = pairs().filter(|(_, (old, new))| old.time != new.time);
    let retimed: Vec<SectionId> = other_time.map(|(id, _)| SectionId(id)).collect();
    let rehoused = pairs().filter(|(_, (old, new))| old != new && old.time == new.time);
    let rehoused = rehoused.map(|(id, _)| SectionId(id)).collect();
    let seats = || (0_u32..).zip(published.seats.iter().zip(&plan.seats));
    let other = seats().filter(|(_, (old, new))| old.is_some() && old != new);
    let reseated: Vec<RequestId> = other.map(|(id, _)| RequestId(id)).collect();
    let mut affected: Vec<LearnerId> = seats()
        .filter(|(_, (old, new))| {
            let moved = new
                .iter()
                .flat_map(|seat| &seat.sections)
                .any(|section| retimed.binary_search(section).is_ok());
            old.is_some() && (old != new || moved)
        })
        .map(|(request, _)| LearnerId(problem.asker[request as usize]))
        .collect();
    affected.dedup();
    let cost = problem.cost_of(&plan)?;
    Ok(Alternative { plan, cost, retimed, rehoused, reseated, affected, effort: solution.effort })
}

#[cfg(test)]
mod tests;
