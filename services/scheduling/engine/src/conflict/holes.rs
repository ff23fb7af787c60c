//! Pigeonholes: sections that need more, one beside the other, than there is for all of them.
//!
//! A search sees only late that ten sections have nine slots; to count shows it at once. What is counted is
//! less than what must hold, so that what does not fit is proven not to. To leave a count out is only weaker.

use std::collections::{BTreeMap, BTreeSet};

use super::choices::{Choices, bits};
use super::ground::Part;
use super::hole::{Hole, Take};
use super::steps::Steps;
use super::web::{Asked, Web};
use crate::model::{Kind, Pattern};

/// What can be counted again and again of a set, as far as there are steps for it.
pub(super) fn holes(web: &Web<'_>, choices: &Choices, steps: &mut Steps) -> Vec<Hole> {
    let mut found = Vec::new();
    for clique in cliques(web, choices, steps) {
        found.extend(apart(web, clique.clone(), None, Pattern::overlaps, steps));
        // Where no two patterns overlap, the slots tell nothing new.
        if !web.problem.in_blocks {
            found.extend(slots(web, clique, None, steps));
        }
    }
    for part in Part::BOTH {
        let held = &web.held[part as usize];
        let mut free = vec![0_u64; held.len().div_ceil(64)];
        for bit in (0..held.len()).filter(|bit| !held[*bit]) {
            free[bit / 64] |= 1 << (bit % 64);
        }
        // Whoever may leave the places with room for any will need one of the others.
        let may_need = |section: &usize| bits(&choices.all_places(*section, part)).any(|bit| held[bit]);
        let members = (0..web.sections.len()).filter(may_need).collect();
        found.extend(apart(web, members, Some((part, free)), Pattern::overlaps, steps));
    }
    for Asked { kind, members } in &web.rules {
        let members = members.clone();
        match kind {
            Kind::MaxDayLoad(most) => found.extend(slots(web, members, Some(*most), steps)),
            Kind::DifferentRoom => {
                let none = vec![0; web.places[Part::Space as usize].len().div_ceil(64)];
                found.extend(apart(web, members, Some((Part::Space, none)), |_, _| true, steps));
            }
            Kind::DifferentTime
            | Kind::DifferentDays
            | Kind::DifferentWeeks
            | Kind::MinGap(_)
            | Kind::Precedence => {
                let breaks = |a: &Pattern, b: &Pattern| !kind.keeps(a, b, false, 0);
                found.extend(apart(web, members, None, |a, b| breaks(a, b) && breaks(b, a), steps));
            }
            _ => {}
        }
    }
    found
}

/// Whether no two sections that keep a rule overlap.
const fn excludes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::NotOverlap
            | Kind::SameAttendees
            | Kind::DifferentTime
            | Kind::DifferentDays
            | Kind::DifferentWeeks
            | Kind::MinGap(_)
    )
}

/// Sections of which no two may overlap: those of a rule, or that have the same space or facilitator anyway,
/// with whatever else overlaps with none of them.
fn cliques(web: &Web<'_>, choices: &Choices, steps: &mut Steps) -> BTreeSet<Vec<usize>> {
    let mut seeds: Vec<Vec<usize>> = Vec::new();
    for Asked { kind, members } in &web.rules {
        match kind {
            // Whichever space it is, they have it one at a time.
            Kind::SameRoom | Kind::FewSpaces => {
                let held = &web.held[Part::Space as usize];
                let is_held =
                    |section: &usize| bits(&choices.all_places(*section, Part::Space)).all(|bit| held[bit]);
                seeds.push(members.iter().copied().filter(is_held).collect());
            }
            kind if excludes(*kind) => seeds.push(members.clone()),
            _ => {}
        }
    }
    for part in Part::BOTH {
        let held = &web.held[part as usize];
        let mut only = vec![Vec::new(); held.len()];
        for section in 0..web.sections.len() {
            if let Some(bit) = choices.only_place(section, part).filter(|bit| held[*bit]) {
                only[bit].push(section);
            }
        }
        seeds.extend(only);
    }
    let words = web.sections.len().div_ceil(64);
    if !steps.take((web.sections.len() * words) as u64) {
        return BTreeSet::new();
    }
    let mut apart = vec![vec![0_u64; words]; web.sections.len()];
    for seed in &seeds {
        steps.take((seed.len() * (seed.len() + words)) as u64);
        for one in seed {
            seed.iter().filter(|other| *other != one).for_each(|o| apart[*one][o / 64] |= 1 << (o % 64));
        }
    }
    let mut found = BTreeSet::new();
    for mut clique in seeds.into_iter().filter(|seed| seed.len() > 1) {
        let mut common = vec![u64::MAX; words];
        let narrow = |common: &mut Vec<u64>, one: usize| {
            common.iter_mut().zip(&apart[one]).for_each(|(word, other)| *word &= other);
        };
        for one in &clique {
            narrow(&mut common, *one);
        }
        while let Some(next) = { bits(&common).next() } {
            clique.push(next);
            narrow(&mut common, next);
        }
        steps.take((clique.len() * words) as u64);
        clique.sort_unstable();
        found.insert(clique);
    }
    found
}

/// The patterns of some sections, each once and in order, as long as there are steps to look at every two.
fn patterns(web: &Web<'_>, members: &[usize], steps: &mut Steps) -> Option<Vec<Pattern>> {
    let mut all: Vec<Pattern> = members.iter().flat_map(|member| &web.patterns[*member]).copied().collect();
    all.sort_unstable();
    all.dedup();
    let are_enough = steps.take(all.len() as u64);
    (members.len() > 1 && are_enough).then_some(all)
}

/// Sections of which no two may be at patterns that exclude each other, or, with a part, not in one place but
/// for those that have room for any.
fn apart(
    web: &Web<'_>,
    members: Vec<usize>,
    places: Option<(Part, Vec<u64>)>,
    exclude: impl Fn(&Pattern, &Pattern) -> bool,
    steps: &mut Steps,
) -> Option<Hole> {
    let mut left = patterns(web, &members, steps)?;
    // What overlaps with that which ends first on a day is all under way in its last slot.
    left.sort_by_key(|pattern| (pattern.first(), pattern.end(), *pattern));
    let mut takes = Vec::with_capacity(left.len());
    let mut classes = 0;
    // Any two of a class exclude each other, so that it has one bin. The fewer the better, but any will do.
    while !left.is_empty() {
        let mut class: Vec<Pattern> = Vec::new();
        left.retain(|pattern| {
            steps.take(class.len() as u64);
            let joins = class.iter().all(|other| exclude(pattern, other));
            if joins {
                class.push(*pattern);
                takes.push((*pattern, Take { need: 1, bins: vec![classes] }));
            }
            !joins
        });
        classes += 1;
    }
    takes.sort_unstable_by_key(|(pattern, _)| *pattern);
    let width = places.as_ref().map_or(1, |(part, _)| web.places[*part as usize].len());
    let are_enough = steps.take((classes * width) as u64);
    are_enough.then(|| Hole::new(web, members, takes, &vec![1; classes], places))
}

/// Sections in the slots of the horizon, of which no two may overlap, or that may take so many of each day.
fn slots(web: &Web<'_>, members: Vec<usize>, most: Option<u16>, steps: &mut Steps) -> Option<Hole> {
    let patterns = patterns(web, &members, steps)?;
    let mut edges: Vec<u16> = patterns.iter().flat_map(|pattern| [pattern.start(), pattern.end()]).collect();
    edges.sort_unstable();
    edges.dedup();
    let spans = most.map_or(edges.len() - 1, |_| 1);
    let (days, weeks) = (web.problem.horizon.days(), weeks(web, &patterns));
    let mut holds = Vec::new();
    for (_, many) in &weeks {
        for _ in 0..days {
            match most {
                Some(most) => holds.push(u64::from(most) * many),
                None => holds.extend(edges.windows(2).map(|pair| u64::from(pair[1] - pair[0]) * many)),
            }
        }
    }
    let mut takes = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let is_in = |span: usize| pattern.start() <= edges[span] && edges[span] < pattern.end();
        let inside: Vec<usize> = (0..spans).filter(|span| most.is_some() || is_in(*span)).collect();
        let mut bins = Vec::new();
        for (row, (week, _)) in weeks.iter().enumerate() {
            for day in (0..days).filter(|day| pattern.on(*week, *day)) {
                bins.extend(inside.iter().map(|span| (row * days as usize + day as usize) * spans + span));
            }
        }
        let meetings = pattern.weeks().count_ones() * pattern.days().count_ones();
        if !steps.take(bins.len() as u64) {
            return None;
        }
        takes.push((pattern, Take { need: u64::from(meetings) * u64::from(pattern.length()), bins }));
    }
    Some(Hole::new(web, members, takes, &holds, None))
}

/// Weeks that are the same for every pattern: one of them, and how many there are.
fn weeks(web: &Web<'_>, patterns: &[Pattern]) -> Vec<(u32, u64)> {
    let sets: BTreeSet<u64> = patterns.iter().map(Pattern::weeks).collect();
    let mut sorts: BTreeMap<Vec<bool>, (u32, u64)> = BTreeMap::new();
    for week in 0..web.problem.horizon.weeks() {
        let sort = sets.iter().map(|set| set >> week & 1 == 1).collect();
        sorts.entry(sort).or_insert((week, 0)).1 += 1;
    }
    sorts.into_values().collect()
}
