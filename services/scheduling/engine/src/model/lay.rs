//! Lays a problem out in rows.

use std::collections::BTreeMap;

use super::build::{Builder, Fault, Section};
use super::ids::{OfferingId, RuleId, SectionId, SpaceId};
use super::problem::{Bits, Choice, Csr, Link, NONE, Offerings, Places, Sections, number};
use super::rule::{Kind, Weight};
use super::school::{Company, Pair, PairWish};
use super::time::Pattern;

impl Builder {
    pub(super) fn lay_relations(&self, sections: usize) -> Bits {
        let mut related = Bits::new(sections, sections);
        if sections == 0 {
            return related;
        }
        let rows = self.rules.iter().map(|rule| &rule.sections);
        for row in rows.chain(self.cohorts.iter().map(|cohort| &cohort.sections)) {
            for one in row {
                for other in row {
                    related.set(one.0, other.0);
                }
            }
        }
        related
    }

    pub(super) fn lay_company(&self) -> Csr<Company> {
        let mut rows = vec![Vec::new(); self.learners.len()];
        for Pair { one, other, wish, weight } in &self.pairs {
            let offering = match wish {
                PairWish::With(offering) => Some(*offering),
                PairWish::Apart => None,
            };
            rows[one.index()].push(Company { other: other.0, offering, weight: *weight });
            rows[other.index()].push(Company { other: one.0, offering, weight: *weight });
        }
        rows.into_iter().collect()
    }

    pub(super) fn lay_groups(&self) -> (Vec<u32>, Vec<u32>) {
        let mut sizes: BTreeMap<u32, u32> = BTreeMap::new();
        for learner in &self.learners {
            *sizes.entry(learner.group).or_default() += 1;
        }
        let places: BTreeMap<u32, u32> = sizes.keys().copied().zip(0..).collect();
        (self.learners.iter().map(|learner| places[&learner.group]).collect(), sizes.into_values().collect())
    }

    pub(super) fn lay_sections(&self, patterns: &[Pattern]) -> Sections {
        let place = |time: &Pattern| number(patterns.partition_point(|p| p < time));
        let each = |section: &Section| -> Vec<Choice> {
            sorted(section.times.iter().map(|(t, penalty)| Choice { id: place(t), penalty: *penalty }))
        };
        let spaces = |section: &Section| -> Vec<Choice> {
            sorted(section.spaces.iter().map(|(id, penalty)| Choice { id: id.0, penalty: *penalty }))
        };
        let led = |section: &Section| -> Vec<Choice> {
            sorted(section.facilitators.iter().map(|(id, penalty)| Choice { id: id.0, penalty: *penalty }))
        };
        Sections {
            times: self.sections.iter().map(each).collect(),
            spaces: self.sections.iter().map(|s| or_none(spaces(s))).collect(),
            facilitators: self.sections.iter().map(|s| or_none(led(s))).collect(),
            capacity: self.sections.iter().map(|s| s.capacity).collect(),
            least: self.sections.iter().map(|s| s.least).collect(),
            parent: self.sections.iter().map(|s| s.parent.map_or(NONE, |id| id.0)).collect(),
        }
    }

    pub(super) fn lay_offerings(&self) -> Result<Offerings, Fault> {
        let mut laid = Offerings { component_of: vec![NONE; self.sections.len()], ..Offerings::default() };
        for (at, offering) in self.offerings.iter().enumerate() {
            let id = OfferingId(number(at));
            let mut configurations = Vec::new();
            for configuration in &offering.configurations {
                let this = number(laid.components.rows());
                let first = number(laid.sections.rows());
                for component in &configuration.components {
                    let part = number(laid.sections.rows());
                    for section in &component.sections {
                        let held =
                            laid.component_of.get_mut(section.index()).ok_or(Fault::Unknown("section"))?;
                        if *held != NONE {
                            return Err(Fault::Twice(*section));
                        }
                        *held = part;
                    }
                    laid.sections.push(component.sections.iter().map(|section| section.0));
                    laid.configuration_of.push(this);
                    if component.sections.is_empty() {
                        return Err(Fault::Hollow(id));
                    }
                }
                laid.components.push(self.parents_first(&laid, first..number(laid.sections.rows()))?);
                laid.offering_of.push(id.0);
                configurations.push(this);
                if configuration.components.is_empty() {
                    return Err(Fault::Hollow(id));
                }
            }
            if configurations.is_empty() {
                return Err(Fault::Hollow(id));
            }
            laid.configurations.push(configurations);
        }
        Ok(laid)
    }

    /// The components of a configuration, each after those that have parents of its sections.
    fn parents_first(&self, laid: &Offerings, components: std::ops::Range<u32>) -> Result<Vec<u32>, Fault> {
        let mut ordered: Vec<u32> = Vec::new();
        while ordered.len() < components.len() {
            let mut waiting = None;
            let ready = components.clone().filter(|c| !ordered.contains(c)).find(|component| {
                let orphan = laid.sections.row(*component).iter().find(|section| {
                    self.sections[**section as usize]
                        .parent
                        .is_some_and(|parent| !ordered.contains(&laid.component_of[parent.index()]))
                });
                waiting = waiting.or(orphan.copied());
                orphan.is_none()
            });
            match (ready, waiting) {
                (Some(component), _) => ordered.push(component),
                (None, Some(section)) => return Err(Fault::Parent(SectionId(section))),
                (None, None) => break,
            }
        }
        Ok(ordered)
    }

    /// The rules as each section sees them: with what it must not overlap, the other rules of pairs, and those of
    /// several together.
    pub(super) fn lay_rules(&self) -> (Csr<u32>, Csr<Link>, Csr<RuleId>) {
        let (sections, no_travel) = (self.sections.len(), self.travel.is_empty());
        let mut exclusive = vec![Vec::new(); sections];
        let mut links = vec![Vec::new(); sections];
        let mut together = vec![Vec::new(); sections];
        for (at, rule) in self.rules.iter().enumerate() {
            if !rule.kind.is_of_pairs() {
                for section in &rule.sections {
                    together[section.index()].push(RuleId(number(at)));
                }
                continue;
            }
            let plain = rule.weight == Weight::Hard
                && (rule.kind == Kind::NotOverlap || (no_travel && rule.kind == Kind::SameAttendees));
            for (place, one) in rule.sections.iter().enumerate() {
                for other in &rule.sections[place + 1..] {
                    if plain {
                        exclusive[one.index()].push(other.0);
                        exclusive[other.index()].push(one.0);
                    } else {
                        let kind = rule.kind;
                        let weight = match rule.weight {
                            Weight::Soft(cost) => Weight::Soft(cost.saturating_mul(self.rule_factor)),
                            Weight::Hard => Weight::Hard,
                        };
                        links[one.index()].push(Link { kind, weight, other: other.0, after: false });
                        links[other.index()].push(Link { kind, weight, other: one.0, after: true });
                    }
                }
            }
        }
        for row in &mut exclusive {
            row.sort_unstable();
            row.dedup();
        }
        for row in &mut links {
            row.sort_by_key(|link| (link.kind, link.other));
        }
        (exclusive.into_iter().collect(), links.into_iter().collect(), together.into_iter().collect())
    }
}

/// Choices in the order of what they choose, each once and at its least penalty.
fn sorted(choices: impl Iterator<Item = Choice>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = choices.collect();
    choices.sort_unstable_by_key(|choice| (choice.id, choice.penalty));
    choices.dedup_by_key(|choice| choice.id);
    choices
}

/// The choice of nothing, where there is none.
fn or_none(choices: Vec<Choice>) -> Vec<Choice> {
    if choices.is_empty() { vec![Choice { id: NONE, penalty: 0 }] } else { choices }
}

pub(super) fn has_a_place(sections: &Sections, number: u32, spaces: &Places, facilitators: &Places) -> bool {
    sections.times.row(number).iter().any(|time| {
        sections.spaces.row(number).iter().any(|space| !spaces.is_closed(space.id, time.id))
            && sections.facilitators.row(number).iter().any(|who| !facilitators.is_closed(who.id, time.id))
    })
}

pub(super) fn lay_travel(spaces: usize, travel: &BTreeMap<(SpaceId, SpaceId), u16>) -> Vec<u16> {
    if travel.is_empty() {
        return Vec::new();
    }
    let mut laid = vec![0; spaces * spaces];
    for ((one, other), slots) in travel {
        laid[one.index() * spaces + other.index()] = *slots;
        laid[other.index() * spaces + one.index()] = *slots;
    }
    laid
}
