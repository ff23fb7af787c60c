//! What is offered, and who asks for it.

use super::ids::{OfferingId, SectionId};
use super::rule::Weight;
use super::time::Pattern;

/// What learners ask for: in one of its configurations, one section of each component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offering {
    /// The ways to take it.
    pub configurations: Vec<Configuration>,
}

/// A way to take an offering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What one takes a section of each of.
    pub components: Vec<Component>,
}

/// A part of an offering that is held in one or several sections, of which a learner takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The sections. Where one has a parent, who takes it takes the parent too.
    pub sections: Vec<SectionId>,
}

/// Someone who asks for offerings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learner {
    /// What is asked for. No offering is given twice.
    pub requests: Vec<Request>,
    /// When the learner cannot attend.
    pub closed: Vec<Pattern>,
    /// The group by which fairness is told.
    pub group: u32,
    /// What of the learner's regret cannot be avoided, because wishes of their own exclude each other. Equity
    /// looks at what is beyond it, so that a longer list of wishes weighs no more.
    pub spared: u32,
}

/// A wish for one of several offerings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What would do, the best first, and what each costs.
    pub options: Vec<(OfferingId, u32)>,
    /// What it means to get none.
    pub unplaced: Weight,
}
