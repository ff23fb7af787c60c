//! Why no plan keeps every hard rule: requirements that cannot hold together, and none that does not matter.
//!
//! A search that ends with broken rules proves nothing. Here a plan only shows where to look: from the
//! sections that it has in conflict a set grows by those that are in the way of any placement of it, until it
//! has none at all, which is proven by a search that leaves nothing out. What is not needed for that is then
//! left out again, by halves. Source: Junker, *`QuickXplain`: Preferred Explanations and Relaxations for
//! Over-Constrained Problems*, AAAI 2004.
//!
//! Only when, where and by whom sections are held is looked at, not who sits in them.

mod around;
mod choices;
mod decide;
mod ground;
mod hole;
mod holes;
mod live;
mod rotate;
mod sift;
mod steps;
mod web;

use self::around::Around;
use self::decide::{Verdict, decide, too_many};
use self::ground::Ground;
use self::sift::Core;
use self::steps::Steps;
use crate::model::{FacilitatorId, Fault, NONE, Problem, RuleId, SectionId, SpaceId};
use crate::plan::{Placement, Plan};
use crate::state::Spot;

/// The most sections of a set that is looked at as a whole.
const MOST_SECTIONS: usize = 400;

/// Something that must hold in a plan.
///
/// To leave one out means that it need not hold. A section that is left out is nowhere, so that nothing binds
/// it. [`MaxBreaks`](crate::Kind::MaxBreaks) and [`MinDays`](crate::Kind::MinDays), which one section more
/// may keep, bind only where all of their sections must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// The section is at one of its times, in one of its spaces and with one of its facilitators.
    Section(SectionId),
    /// A hard rule.
    Rule(RuleId),
    /// The space has one section at a time.
    Space(SpaceId),
    /// The facilitator leads one section at a time.
    Facilitator(FacilitatorId),
    /// The space has no section while it is closed.
    SpaceClosed(SpaceId),
    /// The facilitator leads no section while away.
    Away(FacilitatorId),
}

/// Why a plan breaks hard rules of when, where and by whom sections are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// It breaks none.
    None,
    /// Every plan does: these cannot hold together. Other conflicts there may be besides.
    Proven {
        /// What cannot hold together: sections first, then rules, spaces and facilitators, each in order.
        requirements: Vec<Requirement>,
        /// Whether it is proven too that they could without any one of them. Where not, for want of effort,
        /// some may have nothing to do with it.
        minimal: bool,
    },
    /// It need not: so they would break none.
    Avoidable {
        /// Where the sections would be, in the order in which they were added.
        placements: Vec<Placement>,
    },
    /// Nothing is proven within the effort.
    Unknown {
        /// The sections that the plan has in conflict, in order.
        sections: Vec<SectionId>,
    },
}

/// Says why a plan breaks hard rules of when, where and by whom sections are held, whoever sits in them: best
/// asked of the best plan of a long search. The same is said again for the same problem, plan and effort.
///
/// `effort` is how much may be looked at in all: about as many times and places of sections, of which a
/// hundred million take a second or two.
///
/// # Errors
///
/// When the plan is none of this problem.
pub fn conflict(problem: &Problem, plan: &Plan, effort: u64) -> Result<Conflict, Fault> {
    let (places, _) = plan.kept(problem)?;
    let mut spots: Vec<Spot> =
        (0..).zip(places).map(|(section, place)| problem.spot(section, place)).collect();
    let ground = Ground::new(problem);
    let mut steps = Steps(effort);
    let broken = ground.clusters(&spots, &mut steps);
    if broken.is_empty() {
        return Ok(Conflict::None);
    }
    let all: Vec<u32> = problem.all_sections().collect();
    let proven = too_many(&ground, &all, &ground.bound(&all), &mut steps)
        .or_else(|| steps.part(2, |steps| mend(&ground, &mut spots, &broken, steps)));
    if let Some(sections) = proven {
        let (requirements, minimal) = Core::new(&ground, sections).sift(&mut steps);
        return Ok(Conflict::Proven { requirements, minimal });
    }
    if ground.clusters(&spots, &mut steps).is_empty() {
        return Ok(Conflict::Avoidable { placements: spots.iter().map(placement).collect() });
    }
    let mut sections: Vec<SectionId> = broken.concat().into_iter().map(SectionId).collect();
    sections.sort_unstable();
    Ok(Conflict::Unknown { sections })
}

fn placement(spot: &Spot) -> Placement {
    Placement {
        time: spot.pattern,
        space: (spot.space != NONE).then_some(SpaceId(spot.space)),
        facilitator: (spot.led != NONE).then_some(FacilitatorId(spot.led)),
    }
}

/// Mends what is broken of a plan, conflict by conflict, up to one of which it proves that it cannot be: that
/// one's sections.
fn mend(ground: &Ground<'_>, spots: &mut [Spot], broken: &[Vec<u32>], steps: &mut Steps) -> Option<Vec<u32>> {
    for (cluster, left) in broken.iter().zip((1..=broken.len() as u64).rev()) {
        // It may have been in the way of one before.
        let is_broken = |section: &&u32| ground.broken_with(spots, **section, steps).0;
        let cluster: Vec<u32> = cluster.iter().filter(is_broken).copied().collect();
        match steps.part(left, |steps| grow(ground, spots, cluster, steps)) {
            Verdict::Possible(mended) => spots.copy_from_slice(&mended),
            Verdict::Impossible(sections) => return Some(sections),
            Verdict::Undecided => {}
        }
    }
    None
}

/// Grows a set from sections in conflict until it has no placement, or one that disturbs nothing outside:
/// then says where all sections of the plan would be.
fn grow(ground: &Ground<'_>, spots: &[Spot], mut inside: Vec<u32>, steps: &mut Steps) -> Verdict {
    while inside.len() <= MOST_SECTIONS {
        match look(ground, spots, &inside, steps) {
            Verdict::Possible(moved) => {
                let in_the_way = ground.in_the_way(&moved, &inside, steps);
                if in_the_way.is_empty() {
                    return Verdict::Possible(moved);
                }
                inside.extend(in_the_way);
                inside.sort_unstable();
            }
            other => return other,
        }
    }
    Verdict::Undecided
}

/// Looks at a set as a whole: where all sections of the plan would be if it were placed.
fn look(ground: &Ground<'_>, spots: &[Spot], inside: &[u32], steps: &mut Steps) -> Verdict {
    steps.take(spots.len() as u64);
    let around = Around::new(ground, spots, inside);
    match decide(ground, inside, &ground.bound(inside), Some(&around), steps) {
        Verdict::Possible(some) => {
            let mut moved = spots.to_vec();
            inside.iter().zip(some).for_each(|(section, spot)| moved[*section as usize] = spot);
            Verdict::Possible(moved)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
