//! Pigeonholes: sections that need more, one beside the other, than there is for all of them.
//!
//! A search sees only late that ten sections have nine slots; to count shows it at once. What is counted is
//! less than what must hold, so that what does not fit is proven not to. Those who do not fit are told as in
//! Hall, *On Representatives of Subsets*, Journal of the London Mathematical Society 10, 1935.

use std::collections::BTreeSet;

use super::Requirement;
use super::choices::{Choices, bits};
use super::ground::Part;
use super::load::Load;
use super::matching::Matching;
use super::web::{Asked, Web};
use crate::model::{Kind, Pattern};

/// Sections that may be too many for something.
#[derive(Debug)]
pub(super) enum Hole {
    Matching(Matching),
    Load(Load),
}

impl Hole {
    pub(super) fn members(&self) -> &[usize] {
        match self {
            Self::Matching(matching) => &matching.members,
            Self::Load(load) => &load.members,
        }
    }

    /// Whether all fit, or who do not, in order. Adds what was looked at to `work`.
    pub(super) fn fit(&mut self, choices: &Choices, work: &mut u64) -> Result<(), Vec<usize>> {
        match self {
            Self::Matching(matching) => matching.fit(choices, work),
            Self::Load(load) => load.fit(choices, work),
        }
    }
}

/// What can be counted again and again of a set, and sections of which no two may overlap. Adds what was
/// looked at to `work`.
pub(super) fn holes(
    web: &Web<'_>,
    choices: &Choices,
    others: &BTreeSet<Requirement>,
    work: &mut u64,
) -> (Vec<Hole>, BTreeSet<Vec<usize>>) {
    let mut found = Vec::new();
    let rules = web.rules(others);
    let cliques = cliques(web, choices, &rules, work);
    let mut match_up = |members: Vec<usize>, part, exclude: &dyn Fn(&Pattern, &Pattern) -> bool| {
        if members.len() > 1 {
            found.push(Hole::Matching(Matching::new(web, members, part, exclude, work)));
        }
    };
    for clique in &cliques {
        match_up(clique.clone(), None, &Pattern::overlaps);
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
        match_up(members, Some((part, free)), &Pattern::overlaps);
    }
    let mut loads = Vec::new();
    for Asked { kind, members, .. } in rules {
        match kind {
            Kind::MaxDayLoad(most) => loads.push(Hole::Load(Load::of_days(web, members, most))),
            Kind::DifferentRoom => {
                let none = vec![0; web.places[Part::Space as usize].len().div_ceil(64)];
                match_up(members, Some((Part::Space, none)), &|_, _| true);
            }
            Kind::DifferentTime
            | Kind::DifferentDays
            | Kind::DifferentWeeks
            | Kind::MinGap(_)
            | Kind::Precedence => {
                let breaks = |a: &Pattern, b: &Pattern| !kind.keeps(a, b, false, 0);
                match_up(members, None, &|a, b| breaks(a, b) && breaks(b, a));
            }
            _ => {}
        }
    }
    found.extend(loads);
    (found, cliques)
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
fn cliques(web: &Web<'_>, choices: &Choices, rules: &[Asked], work: &mut u64) -> BTreeSet<Vec<usize>> {
    let mut seeds: Vec<Vec<usize>> = Vec::new();
    for Asked { kind, members, .. } in rules {
        match kind {
            // Whichever space it is, they have it one at a time.
            Kind::SameRoom | Kind::FewSpaces => {
                let is_held = |section: &usize| web.is_held(choices, *section, Part::Space);
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
    let mut apart = vec![vec![0_u64; words]; web.sections.len()];
    for seed in &seeds {
        *work += (seed.len() * (seed.len() + words)) as u64;
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
        loop {
            let next = bits(&common).next();
            let Some(next) = next else { break };
            clique.push(next);
            narrow(&mut common, next);
        }
        clique.sort_unstable();
        found.insert(clique);
    }
    found
}
