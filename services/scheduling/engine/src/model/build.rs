//! Takes a problem in pieces, and refuses what makes no sense.

use std::collections::BTreeMap;

use super::cohort::{Cohort, DayShape};
use super::ids::{CohortId, FacilitatorId, LearnerId, OfferingId, RuleId, SectionId, SpaceId};
use super::lay::{has_a_place, lay_travel};
use super::learner::{Learner, Offering};
use super::problem::{Attended, Bits, Places, Problem, number};
use super::rule::{Kind, Rule, Weight};
use super::school::{DayRule, Equity, Pair, PairWish};
use super::time::{Horizon, Pattern};
use crate::state::MOST_COMPONENTS;

/// The most sections of which every two have bits of their own, where no two patterns overlap: a few megabytes.
const MOST_IN_BLOCKS: usize = 8_000;
/// The most of anything.
const MOST: usize = 1_000_000_000;

/// Why something is no part of a problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no week, day or slot, or there are too many.
    #[error("a horizon has 1 to 64 weeks, 1 to 32 days and 1 to 10,000 slots")]
    Horizon,
    /// A pattern meets never, or outside the horizon.
    #[error("a pattern meets on some day of some week, within the slots of a day")]
    Pattern,
    /// A day has more slots than a shape has.
    #[error("days of more than 16 slots have no shape")]
    Shape,
    /// There is nothing of this number.
    #[error("there is no {0} of this number")]
    Unknown(&'static str),
    /// There is more of anything than has a number.
    #[error("there are more than a thousand million of something")]
    Many,
    /// The rule names a section twice.
    #[error("rule {} names a section twice", .0.0)]
    Repeated(RuleId),
    /// The section cannot be anywhere at any time.
    #[error("section {} has no time at which it has a space and a facilitator", .0.0)]
    Nowhere(SectionId),
    /// The section is in a plan where it cannot be.
    #[error("section {} cannot be where the plan has it", .0.0)]
    NotThere(SectionId),
    /// The section is a part of two components, or twice of one.
    #[error("section {} is in two components", .0.0)]
    Twice(SectionId),
    /// The parent of the section is in no other component of its configuration, or after itself.
    #[error("the parent of section {} is in no component of the same configuration before it", .0.0)]
    Parent(SectionId),
    /// A request lists an offering twice.
    #[error("learner {} lists an offering twice in one request", .0.0)]
    Listed(LearnerId),
    /// Learners ask for what has more components than a seat can have.
    #[error("offering {} is asked for, and has more than 16 components in a configuration", .0.0)]
    Wide(OfferingId),
    /// The offering has a configuration or component without a section.
    #[error("offering {} has a part without a section", .0.0)]
    Hollow(OfferingId),
}

/// A section to be placed: what meets at one time, in one space, with one facilitator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// When it may meet, and what that costs.
    pub times: Vec<(Pattern, u32)>,
    /// Where it may meet, and what that costs; nothing where it needs no space.
    pub spaces: Vec<(SpaceId, u32)>,
    /// Who may lead it, and what that costs; nothing where it needs nobody.
    pub facilitators: Vec<(FacilitatorId, u32)>,
    /// How many learners it takes.
    pub capacity: u32,
    /// How many learners it should have if it has any, and what each that lacks means.
    pub least: (u32, Weight),
    /// The section that its learners attend too.
    pub parent: Option<SectionId>,
}

impl Section {
    /// A section that may meet at these times for nothing, needs no space or facilitator and takes anyone.
    pub fn at(times: impl IntoIterator<Item = Pattern>) -> Self {
        Self {
            times: times.into_iter().map(|time| (time, 0)).collect(),
            spaces: Vec::new(),
            facilitators: Vec::new(),
            capacity: u32::MAX,
            least: (0, Weight::Soft(0)),
            parent: None,
        }
    }
}

/// Takes a problem in pieces.
#[derive(Debug)]
pub struct Builder {
    pub(super) horizon: Horizon,
    pub(super) spaces: Vec<Vec<Pattern>>,
    pub(super) facilitators: Vec<Vec<Pattern>>,
    pub(super) travel: BTreeMap<(SpaceId, SpaceId), u16>,
    pub(super) sections: Vec<Section>,
    pub(super) rules: Vec<Rule>,
    pub(super) shapes: Vec<DayShape>,
    pub(super) cohorts: Vec<Cohort>,
    pub(super) offerings: Vec<Offering>,
    pub(super) learners: Vec<Learner>,
    pub(super) clash: Weight,
    pub(super) rule_factor: u32,
    pub(super) day_rules: Vec<DayRule>,
    pub(super) pairs: Vec<Pair>,
    pub(super) equity: Equity,
}

impl Builder {
    /// An empty problem, in which no learner may be in two sections at once.
    pub const fn new(horizon: Horizon) -> Self {
        Self {
            horizon,
            spaces: Vec::new(),
            facilitators: Vec::new(),
            travel: BTreeMap::new(),
            sections: Vec::new(),
            rules: Vec::new(),
            shapes: Vec::new(),
            cohorts: Vec::new(),
            offerings: Vec::new(),
            learners: Vec::new(),
            clash: Weight::Hard,
            rule_factor: 1,
            day_rules: Vec::new(),
            pairs: Vec::new(),
            equity: Equity { spread: 0, gap: 0 },
        }
    }

    /// Says by what the cost of every soft rule is multiplied, after that of single days is rounded down to
    /// its mean over the weeks.
    pub const fn weigh_rules(&mut self, factor: u32) {
        self.rule_factor = factor;
    }

    /// Says what it means that a learner is in two sections at once, or has no time to get from one to the
    /// other. Without it, it must not happen.
    pub const fn clash(&mut self, weight: Weight) {
        self.clash = weight;
    }

    /// Adds a space that is closed at times.
    pub fn space(&mut self, closed: Vec<Pattern>) -> SpaceId {
        self.spaces.push(closed);
        SpaceId(number(self.spaces.len() - 1))
    }

    /// Says how many slots it takes from one space to another, either way. Without it, it takes none.
    pub fn travel(&mut self, one: SpaceId, other: SpaceId, slots: u16) {
        self.travel.insert((one, other), slots);
    }

    /// Adds a facilitator who is away at times.
    pub fn facilitator(&mut self, away: Vec<Pattern>) -> FacilitatorId {
        self.facilitators.push(away);
        FacilitatorId(number(self.facilitators.len() - 1))
    }

    /// Adds a section.
    pub fn section(&mut self, section: Section) -> SectionId {
        self.sections.push(section);
        SectionId(number(self.sections.len() - 1))
    }

    /// Says that who takes a section takes its parent too. Both must have been added.
    pub fn parent(&mut self, section: SectionId, parent: SectionId) {
        if let Some(section) = self.sections.get_mut(section.index()) {
            section.parent = Some(parent);
        }
    }

    /// Adds a rule between sections.
    pub fn rule(&mut self, kind: Kind, weight: Weight, sections: Vec<SectionId>) -> RuleId {
        self.rules.push(Rule { kind, weight, sections });
        RuleId(number(self.rules.len() - 1))
    }

    /// Adds a shape of days, which cohorts name by its place.
    pub fn shape(&mut self, shape: DayShape) -> usize {
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    /// Adds people who attend the same sections.
    pub fn cohort(&mut self, cohort: Cohort) -> CohortId {
        self.cohorts.push(cohort);
        CohortId(number(self.cohorts.len() - 1))
    }

    /// Adds what learners may ask for.
    pub fn offering(&mut self, offering: Offering) -> OfferingId {
        self.offerings.push(offering);
        OfferingId(number(self.offerings.len() - 1))
    }

    /// Adds a learner with requests.
    pub fn learner(&mut self, learner: Learner) -> LearnerId {
        self.learners.push(learner);
        LearnerId(number(self.learners.len() - 1))
    }

    /// Adds a rule of each learner's days.
    pub fn day_rule(&mut self, rule: DayRule) {
        self.day_rules.push(rule);
    }

    /// Says who should sit with whom, or not.
    pub fn pair(&mut self, pair: Pair) {
        self.pairs.push(pair);
    }

    /// Says how much it costs that some get less than others. Without it, nothing.
    pub const fn equity(&mut self, equity: Equity) {
        self.equity = equity;
    }

    /// # Errors
    ///
    /// When something refers to what is not there, or cannot be in any timetable.
    pub fn build(self) -> Result<Problem, Fault> {
        self.check_numbers()?;
        let mut patterns: Vec<Pattern> =
            self.sections.iter().flat_map(|s| s.times.iter().map(|(time, _)| *time)).collect();
        patterns.sort_unstable();
        patterns.dedup();
        let spaces = Places::new(&self.spaces, &patterns);
        let facilitators = Places::new(&self.facilitators, &patterns);
        let sections = self.lay_sections(&patterns);
        for number in 0..number(self.sections.len()) {
            if !has_a_place(&sections, number, &spaces, &facilitators) {
                return Err(Fault::Nowhere(SectionId(number)));
            }
        }
        let offerings = self.lay_offerings()?;
        let is_small = self.sections.len() <= MOST_IN_BLOCKS;
        let in_blocks = is_small
            && !patterns.iter().enumerate().any(|(n, p)| patterns[..n].iter().any(|q| q.overlaps(p)));
        let (exclusive, links, together) = self.lay_rules();
        let sections_as_bits = if in_blocks { self.sections.len() } else { 0 };
        let mut excluded = Bits::new(sections_as_bits, sections_as_bits);
        for section in 0..number(sections_as_bits) {
            for other in exclusive.row(section) {
                excluded.flip(section, *other);
            }
        }
        let related = self.lay_relations(sections_as_bits);
        let mut attended = vec![Vec::new(); self.sections.len()];
        for (at, cohort) in self.cohorts.iter().enumerate() {
            let this = Attended { cohort: number(at), shape: number(cohort.shape), weight: cohort.weight };
            for section in &cohort.sections {
                attended[section.index()].push(this);
            }
        }
        let mut requests_at = vec![0];
        let mut asker = Vec::new();
        for (at, learner) in self.learners.iter().enumerate() {
            asker.extend(learner.requests.iter().map(|_| number(at)));
            requests_at.push(number(asker.len()));
        }
        let company_of = self.lay_company();
        let (group_of, group_sizes) = self.lay_groups();
        let travel = lay_travel(self.spaces.len(), &self.travel);
        Ok(Problem {
            horizon: self.horizon,
            patterns,
            in_blocks,
            spaces,
            facilitators,
            travel,
            sections,
            rules: self.rules,
            exclusive,
            excluded,
            related,
            links,
            together,
            shapes: self.shapes,
            cohorts: self.cohorts,
            attended: attended.into_iter().collect(),
            offerings,
            learners: self.learners,
            requests_at,
            asker,
            clash: self.clash,
            rule_factor: self.rule_factor,
            day_rules: self.day_rules,
            company_of,
            equity: self.equity,
            group_of,
            group_sizes,
        })
    }

    fn check_numbers(&self) -> Result<(), Fault> {
        let requests = self.learners.iter().map(|learner| learner.requests.len()).sum();
        let times = self.sections.iter().map(|section| section.times.len()).sum();
        let spaces = self.sections.iter().map(|section| section.spaces.len()).sum();
        if [self.rules.len(), self.cohorts.len(), requests, times, spaces].iter().any(|count| *count > MOST) {
            return Err(Fault::Many);
        }
        let known = |found: bool, what| if found { Ok(()) } else { Err(Fault::Unknown(what)) };
        let is_section = |id: &SectionId| id.index() < self.sections.len();
        let is_space = |id: &SpaceId| id.index() < self.spaces.len();
        for section in &self.sections {
            known(section.spaces.iter().all(|(id, _)| is_space(id)), "space")?;
            let led = section.facilitators.iter().all(|(id, _)| id.index() < self.facilitators.len());
            known(led, "facilitator")?;
            known(section.parent.iter().all(is_section), "section")?;
        }
        known(self.travel.keys().all(|(a, b)| is_space(a) && is_space(b)), "space")?;
        known(self.rules.iter().all(|rule| rule.sections.iter().all(is_section)), "section")?;
        for (at, rule) in self.rules.iter().enumerate() {
            let mut sections = rule.sections.clone();
            sections.sort_unstable();
            if sections.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(Fault::Repeated(RuleId(number(at))));
            }
        }
        for cohort in &self.cohorts {
            known(cohort.sections.iter().all(is_section), "section")?;
            let shape = self.shapes.get(cohort.shape).ok_or(Fault::Unknown("shape"))?;
            if shape.slots() < self.horizon.slots() {
                return Err(Fault::Shape);
            }
        }
        let is_learner = |id: &LearnerId| id.index() < self.learners.len();
        for pair in &self.pairs {
            known(
                is_learner(&pair.one) && is_learner(&pair.other) && pair.one != pair.other,
                "other learner",
            )?;
            if let PairWish::With(offering) = pair.wish {
                known(offering.index() < self.offerings.len(), "offering")?;
            }
        }
        for (at, learner) in self.learners.iter().enumerate() {
            for request in &learner.requests {
                let mut listed: Vec<OfferingId> = request.options.iter().map(|(id, _)| *id).collect();
                listed.sort_unstable();
                if listed.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(Fault::Listed(LearnerId(number(at))));
                }
                let wide = request.options.iter().find(|(id, _)| self.is_wide(*id));
                if let Some((id, _)) = wide {
                    return Err(Fault::Wide(*id));
                }
                let asked = request.options.iter().all(|(id, _)| id.index() < self.offerings.len());
                known(asked, "offering")?;
            }
        }
        Ok(())
    }

    fn is_wide(&self, offering: OfferingId) -> bool {
        let configurations = self.offerings.get(offering.index()).map(|offering| &offering.configurations);
        configurations
            .into_iter()
            .flatten()
            .any(|configuration| configuration.components.len() > MOST_COMPONENTS)
    }
}
