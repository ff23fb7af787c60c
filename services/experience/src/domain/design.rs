//! The reusable plan of an experience.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Etag, Failure, Result, Timestamp, Uuid};

use super::conflict;
use super::reference::FrameworkChild;
use super::text::Text;
use super::words::words;

words! {
    /// The kind of a learning experience.
    Kind {
        /// A sustained inquiry with a product.
        Project = "PROJECT",
        /// A discussion of texts and ideas.
        Seminar = "SEMINAR",
        /// A short, hands-on practice of a skill.
        Workshop = "WORKSHOP",
        /// Work at a partner.
        Internship = "INTERNSHIP",
        /// Learning with a mentor.
        Mentorship = "MENTORSHIP",
        /// Service to a community.
        ServiceLearning = "SERVICE_LEARNING",
        /// A journey or fieldwork.
        Expedition = "EXPEDITION",
        /// A small group with its advisor.
        Advisory = "ADVISORY",
        /// A public showing of learning.
        Exhibition = "EXHIBITION",
        /// A course of study.
        Course = "COURSE",
        /// A short, intensive session between terms.
        Intersession = "INTERSESSION",
        /// Learning of educators.
        ProfessionalLearning = "PROFESSIONAL_LEARNING",
        /// Another kind.
        Other = "OTHER",
    }
}

/// What an author wrote, before it is known to make a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) kind: Option<Kind>,
    pub(crate) title: Text,
    pub(crate) driving_question: Text,
    pub(crate) outcomes: Vec<FrameworkChild>,
    pub(crate) milestones: Vec<Milestone>,
    pub(crate) min_group_size: u32,
    pub(crate) max_group_size: u32,
    pub(crate) authenticity: Authenticity,
}

/// A part of a plan that can be changed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Kind,
    Title,
    DrivingQuestion,
    Outcomes,
    Milestones,
    MinGroupSize,
    MaxGroupSize,
    Authenticity,
}

impl Field {
    /// Every field with its path in the contract.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("kind", Self::Kind),
        ("title", Self::Title),
        ("driving_question", Self::DrivingQuestion),
        ("outcomes", Self::Outcomes),
        ("milestones", Self::Milestones),
        ("min_group_size", Self::MinGroupSize),
        ("max_group_size", Self::MaxGroupSize),
        ("authenticity", Self::Authenticity),
    ];
}

/// A plan: it has a kind and a title, and its group sizes agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) title: Text,
    pub(crate) driving_question: Text,
    pub(crate) outcomes: Vec<FrameworkChild>,
    pub(crate) milestones: Vec<Milestone>,
    /// The fewest learners; 0 for any number.
    pub(crate) min_group_size: u32,
    /// The most learners; 0 for no limit.
    pub(crate) max_group_size: u32,
    pub(crate) authenticity: Authenticity,
}

/// A step on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Milestone {
    pub(crate) title: Text,
    /// Counted from the first day, which is 0.
    pub(crate) due_day: u32,
}

/// What makes an experience real.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authenticity {
    pub(crate) audience: Text,
    pub(crate) partner: Text,
    pub(crate) real_world_problem: Text,
}

impl Plan {
    /// The plan that a draft makes.
    pub(crate) fn of(draft: Draft) -> Result<Self> {
        let kind = draft.kind.ok_or_else(|| Failure::field("design.kind", "value is required"))?;
        if draft.title.is_empty() {
            return Err(Failure::field("design.title", "value is required"));
        }
        if draft.max_group_size != 0 && draft.min_group_size > draft.max_group_size {
            return Err(Failure::field(
                "design.max_group_size",
                "must not be less than min_group_size, unless 0",
            ));
        }
        Ok(Self {
            kind,
            title: draft.title,
            driving_question: draft.driving_question,
            outcomes: draft.outcomes,
            milestones: draft.milestones,
            min_group_size: draft.min_group_size,
            max_group_size: draft.max_group_size,
            authenticity: draft.authenticity,
        })
    }

    /// This plan with the given fields taken from a draft.
    pub(crate) fn patched(self, from: &Draft, fields: &[Field]) -> Result<Self> {
        let mut to = self.into_draft();
        for field in fields {
            match field {
                Field::Kind => to.kind = from.kind,
                Field::Title => to.title.clone_from(&from.title),
                Field::DrivingQuestion => to.driving_question.clone_from(&from.driving_question),
                Field::Outcomes => to.outcomes.clone_from(&from.outcomes),
                Field::Milestones => to.milestones.clone_from(&from.milestones),
                Field::MinGroupSize => to.min_group_size = from.min_group_size,
                Field::MaxGroupSize => to.max_group_size = from.max_group_size,
                Field::Authenticity => to.authenticity.clone_from(&from.authenticity),
            }
        }
        Self::of(to)
    }

    fn into_draft(self) -> Draft {
        let Self {
            kind,
            title,
            driving_question,
            outcomes,
            milestones,
            min_group_size,
            max_group_size,
            authenticity,
        } = self;
        Draft {
            kind: Some(kind),
            title,
            driving_question,
            outcomes,
            milestones,
            min_group_size,
            max_group_size,
            authenticity,
        }
    }
}

/// A design: a plan that is edited, and what was published of it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Design {
    pub(crate) id: Uuid,
    pub(crate) plan: Plan,
    pub(crate) version: i64,
    pub(crate) published: Option<Published>,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

/// What was published last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Published {
    pub(crate) revision: u32,
    /// The version that the design got by it.
    pub(crate) version: i64,
    pub(crate) time: Timestamp,
}

/// A published revision, which never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) design: Uuid,
    pub(crate) published: Published,
    pub(crate) plan: Plan,
}

impl Design {
    /// A new design.
    pub(crate) fn new(id: Uuid, plan: Plan, now: Timestamp) -> Self {
        Self { id, plan, version: 1, published: None, create_time: now, update_time: now }
    }

    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }

    /// Takes another plan; false when it is the one it has, and nothing changes.
    pub(crate) fn edit(&mut self, plan: Plan, now: Timestamp) -> bool {
        if plan == self.plan {
            return false;
        }
        self.plan = plan;
        self.version += 1;
        self.update_time = now;
        true
    }

    /// Publishes the plan as it is, as the next revision.
    pub(crate) fn publish(&mut self, now: Timestamp) -> Result<Revision> {
        if self.published.is_some_and(|published| published.version == self.version) {
            return Err(conflict("PUBLISHED", "Nothing changed since the last revision was published."));
        }
        self.version += 1;
        self.update_time = now;
        let revision = self.published.map_or(1, |published| published.revision + 1);
        let published = Published { revision, version: self.version, time: now };
        self.published = Some(published);
        Ok(Revision { design: self.id, published, plan: self.plan.clone() })
    }
}
