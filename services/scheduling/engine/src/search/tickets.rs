//! Tickets that a request may have: whole, with the parents of every section.

use super::dice::Dice;
use crate::model::{NONE, OfferingId, Problem, number};
use crate::state::{State, Ticket};

/// Any ticket for a request, of any option that no other request of the learner has.
pub(crate) fn any(state: &State<'_>, request: u32, dice: &mut Dice) -> Option<Ticket> {
    let problem = state.problem;
    if problem.options(request).is_empty() {
        return None;
    }
    let option = number(dice.place(problem.options(request).len()));
    if is_taken(state, request, option) {
        return None;
    }
    let offering = problem.options(request)[option as usize].0;
    let configuration = dice.one_of(problem.offerings.configurations.row(offering.0));
    complete(problem, option, configuration, None, &Ticket::NOTHING, dice)
}

/// A ticket like the one that a request has, with another section of one component.
pub(super) fn near(state: &State<'_>, request: u32, dice: &mut Dice) -> Option<Ticket> {
    let problem = state.problem;
    let old = state.seats.ticket(request);
    let section = dice.one_of(old.sections());
    let component = problem.offerings.component_of[section as usize];
    let row = problem.offerings.sections.row(component);
    if row.len() < 2 {
        return None;
    }
    let wanted = dice.one_of(row);
    if wanted == section {
        return None;
    }
    let configuration = problem.offerings.configuration_of[component as usize];
    complete(problem, old.option, configuration, Some(wanted), old, dice)
}

/// Whether another request of the learner has the offering of an option.
pub(super) fn is_taken(state: &State<'_>, request: u32, option: u32) -> bool {
    let problem = state.problem;
    let wanted = problem.options(request)[option as usize].0;
    problem.requests_of(problem.asker[request as usize]).filter(|other| *other != request).any(|other| {
        let held = state.seats.ticket(other).option;
        held != NONE && problem.options(other)[held as usize].0 == wanted
    })
}

/// A ticket of a configuration that holds a section, and as much as possible of another ticket.
fn complete(
    problem: &Problem,
    option: u32,
    configuration: u32,
    wanted: Option<u32>,
    like: &Ticket,
    dice: &mut Dice,
) -> Option<Ticket> {
    let parent = |section: u32| problem.sections.parent[section as usize];
    let mut ticket = Ticket::of(option);
    for component in problem.offerings.components.row(configuration) {
        let row = problem.offerings.sections.row(*component);
        let goes = |section: u32| parent(section) == NONE || ticket.has(parent(section));
        let mut ancestor = wanted;
        let forced = loop {
            match ancestor {
                Some(section) if problem.offerings.component_of[section as usize] == *component => {
                    break Some(section);
                }
                Some(section) => ancestor = Some(parent(section)).filter(|parent| *parent != NONE),
                None => break None,
            }
        };
        let kept = || like.sections().iter().copied().find(|section| row.contains(section) && goes(*section));
        let section = match forced {
            Some(section) => goes(section).then_some(section),
            None => kept().or_else(|| {
                let first = dice.place(row.len());
                row[first..].iter().chain(&row[..first]).copied().find(|section| goes(*section))
            }),
        };
        ticket.push(section?);
    }
    Some(ticket)
}

/// Tells of the tickets of an option one after the other, as long as it is wanted.
pub(crate) fn each_ticket(
    problem: &Problem,
    option: u32,
    offering: OfferingId,
    tell: &mut impl FnMut(&Ticket) -> bool,
) {
    for configuration in problem.offerings.configurations.row(offering.0) {
        let components = problem.offerings.components.row(*configuration);
        if !extend(problem, components, Ticket::of(option), tell) {
            return;
        }
    }
}

fn extend(
    problem: &Problem,
    components: &[u32],
    ticket: Ticket,
    tell: &mut impl FnMut(&Ticket) -> bool,
) -> bool {
    let Some((component, rest)) = components.split_first() else { return tell(&ticket) };
    for section in problem.offerings.sections.row(*component) {
        let parent = problem.sections.parent[*section as usize];
        if parent == NONE || ticket.has(parent) {
            let mut longer = ticket;
            longer.push(*section);
            if !extend(problem, rest, longer, tell) {
                return false;
            }
        }
    }
    true
}
