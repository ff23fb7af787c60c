//! What stands below what, by what the rows say.

use std::collections::HashMap;

use trellis_kernel::Uuid;

use super::{Hierarchy, Issue, Mapping};

/// What an outcome stands below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// The row does not say: a new outcome stands at the top, another where it stood.
    Stays,
    /// The framework.
    Top,
    /// The outcome of another row, by its place among the rows.
    Row(usize),
    /// The outcome of this identity.
    Id(Uuid),
    /// The outcome of this code.
    Code(String),
}

/// What a row says of where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Position {
    pub(super) row: u32,
    pub(super) code: String,
    pub(super) parent_id: Option<Uuid>,
    pub(super) parent_code: String,
    pub(super) level: String,
    pub(super) number: String,
    pub(super) indentation: usize,
}

/// What each row stands below.
pub(super) fn above(mapping: &Mapping, positions: &[Position], issues: &mut Vec<Issue>) -> Vec<Above> {
    match mapping.hierarchy {
        Hierarchy::Unstated => vec![Above::Stays; positions.len()],
        Hierarchy::Parent => positions.iter().map(by_parent).collect(),
        Hierarchy::Level => by_level(positions, issues),
        Hierarchy::Indentation => by_indentation(positions),
        Hierarchy::Numbering => by_number(positions, issues),
    }
}

fn by_parent(position: &Position) -> Above {
    match position.parent_id {
        Some(id) => Above::Id(id),
        None if position.parent_code.is_empty() => Above::Top,
        None => Above::Code(position.parent_code.clone()),
    }
}

fn row_or_top(place: Option<usize>) -> Above {
    place.map_or(Above::Top, Above::Row)
}

fn by_level(positions: &[Position], issues: &mut Vec<Issue>) -> Vec<Above> {
    let mut way: Vec<usize> = Vec::new();
    let mut found = Vec::with_capacity(positions.len());
    for (place, position) in positions.iter().enumerate() {
        let level = position.level.parse::<usize>().ok().filter(|level| *level > 0);
        let Some(level) = level else {
            let text = "The level is no whole number from 1.";
            issues.push(Issue::error("LEVEL_MALFORMED", position.row, 0, text));
            found.push(Above::Stays);
            continue;
        };
        if level > way.len() + 1 {
            let text = "The row stands more than one level below the one before it.";
            issues.push(Issue::error("LEVEL_SKIPPED", position.row, 0, text));
        }
        way.truncate(level - 1);
        found.push(row_or_top(way.last().copied()));
        way.push(place);
    }
    found
}

fn by_indentation(positions: &[Position]) -> Vec<Above> {
    let mut way: Vec<(usize, usize)> = Vec::new();
    let mut found = Vec::with_capacity(positions.len());
    for (place, position) in positions.iter().enumerate() {
        while way.last().is_some_and(|(indentation, _)| *indentation >= position.indentation) {
            way.pop();
        }
        found.push(row_or_top(way.last().map(|(_, place)| *place)));
        way.push((position.indentation, place));
    }
    found
}

/// What parts a number from the one below it.
const SEPARATORS: [char; 6] = ['.', '-', ')', '(', ' ', ':'];

fn number(position: &Position) -> &str {
    let own = if position.number.is_empty() { &position.code } else { &position.number };
    own.trim_end_matches(SEPARATORS)
}

fn by_number(positions: &[Position], issues: &mut Vec<Issue>) -> Vec<Above> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, position) in positions.iter().enumerate() {
        let own = number(position);
        if own.is_empty() {
            issues.push(Issue::error("NUMBER_MISSING", position.row, 0, "The row has no number."));
        } else if places.contains_key(own) {
            let text = "A row before has the same number.";
            issues.push(Issue::error("NUMBER_REPEATED", position.row, 0, text));
        } else {
            places.insert(own, place);
        }
    }
    let parent = |position: &Position| {
        let mut rest = number(position);
        while let Some(cut) = rest.rfind(SEPARATORS) {
            rest = rest[..cut].trim_end_matches(SEPARATORS);
            if let Some(place) = places.get(rest) {
                return Above::Row(*place);
            }
        }
        Above::Top
    };
    positions.iter().map(parent).collect()
}
