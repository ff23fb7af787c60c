//! Designs.

use prost_types::FieldMask;
use trellis_contracts::experience as proto;
use trellis_kernel::{District, Etag, Failure, Result};

use super::{count_in, count_out, outcomes_in, outcomes_out, text_in, text_out, time};
use crate::app::DesignView;
use crate::domain::design::{Authenticity, Design, Draft, Field, Kind, Milestone, Plan, Published};
use crate::domain::reference::within;

pub(in crate::api) fn draft(design: proto::Design, home: &District) -> Result<Draft> {
    Ok(Draft {
        kind: kind_in(design.kind)?,
        title: text_in("design.title", design.title)?,
        driving_question: text_in("design.driving_question", design.driving_question)?,
        outcomes: outcomes_in("design", &design.outcomes, home)?,
        milestones: design
            .milestones
            .into_iter()
            .enumerate()
            .map(|(place, milestone)| milestone_in(&format!("design.milestones[{place}]"), milestone))
            .collect::<Result<_>>()?,
        min_group_size: count_in("design.min_group_size", design.min_group_size)?,
        max_group_size: count_in("design.max_group_size", design.max_group_size)?,
        authenticity: design.authenticity.map(authenticity_in).transpose()?.unwrap_or_default(),
    })
}

/// The fields that a mask names; without one, those that are populated.
pub(in crate::api) fn fields(mask: Option<&FieldMask>, design: &proto::Design) -> Result<Vec<Field>> {
    let Some(mask) = mask else {
        return Ok(Field::ALL.iter().map(|(_, field)| *field).filter(|f| populated(*f, design)).collect());
    };
    if mask.paths == ["*"] {
        return Ok(Field::ALL.iter().map(|(_, field)| *field).collect());
    }
    let known = |path: &String| {
        let field = Field::ALL.iter().find(|(name, _)| name == path).map(|(_, field)| *field);
        field.ok_or_else(|| Failure::field("update_mask", "must name fields of a design that can be changed"))
    };
    mask.paths.iter().map(known).collect()
}

fn populated(field: Field, design: &proto::Design) -> bool {
    match field {
        Field::Kind => design.kind != 0,
        Field::Title => !design.title.is_empty(),
        Field::DrivingQuestion => !design.driving_question.is_empty(),
        Field::Outcomes => !design.outcomes.is_empty(),
        Field::Milestones => !design.milestones.is_empty(),
        Field::MinGroupSize => design.min_group_size != 0,
        Field::MaxGroupSize => design.max_group_size != 0,
        Field::Authenticity => design.authenticity.is_some(),
    }
}

pub(in crate::api) fn view(home: &District, view: &DesignView) -> proto::Design {
    let DesignView { design, revision } = view;
    let Some(revision) = revision else { return current(home, design) };
    let name = within(home, "designs", design.id).at_revision(revision.published.revision);
    proto::Design {
        name: name.to_string(),
        publish_time: time(revision.published.time),
        update_time: time(revision.published.time),
        etag: Etag::new(revision.published.version).to_string(),
        ..with_plan(home, design, &revision.plan)
    }
}

pub(in crate::api) fn current(home: &District, design: &Design) -> proto::Design {
    with_plan(home, design, &design.plan)
}

fn with_plan(home: &District, design: &Design, plan: &Plan) -> proto::Design {
    let name = within(home, "designs", design.id);
    let latest = |published: Published| name.clone().at_revision(published.revision).to_string();
    let state = match design.published {
        Some(_) => proto::DesignState::Published,
        None => proto::DesignState::Draft,
    };
    proto::Design {
        name: name.to_string(),
        uid: design.id.to_string(),
        kind: kind_out(plan.kind).into(),
        title: text_out(&plan.title),
        driving_question: text_out(&plan.driving_question),
        outcomes: outcomes_out(&plan.outcomes),
        milestones: plan.milestones.iter().map(milestone_out).collect(),
        min_group_size: count_out(plan.min_group_size),
        max_group_size: count_out(plan.max_group_size),
        authenticity: authenticity_out(&plan.authenticity),
        state: state.into(),
        latest_revision: design.published.map(latest).unwrap_or_default(),
        publish_time: design.published.and_then(|published| time(published.time)),
        create_time: time(design.create_time),
        update_time: time(design.update_time),
        etag: design.etag().to_string(),
    }
}

fn milestone_in(field: &str, milestone: proto::Milestone) -> Result<Milestone> {
    Ok(Milestone {
        title: text_in(&format!("{field}.title"), milestone.title)?,
        due_day: count_in(&format!("{field}.due_day"), milestone.due_day)?,
    })
}

fn milestone_out(milestone: &Milestone) -> proto::Milestone {
    proto::Milestone { title: text_out(&milestone.title), due_day: count_out(milestone.due_day) }
}

fn authenticity_in(authenticity: proto::Authenticity) -> Result<Authenticity> {
    let proto::Authenticity { audience, partner, real_world_problem } = authenticity;
    Ok(Authenticity {
        audience: text_in("design.authenticity.audience", audience)?,
        partner: text_in("design.authenticity.partner", partner)?,
        real_world_problem: text_in("design.authenticity.real_world_problem", real_world_problem)?,
    })
}

fn authenticity_out(authenticity: &Authenticity) -> Option<proto::Authenticity> {
    if *authenticity == Authenticity::default() {
        return None;
    }
    let Authenticity { audience, partner, real_world_problem } = authenticity;
    Some(proto::Authenticity {
        audience: text_out(audience),
        partner: text_out(partner),
        real_world_problem: text_out(real_world_problem),
    })
}

fn kind_in(number: i32) -> Result<Option<Kind>> {
    use proto::ExperienceKind as Proto;
    let kind = Proto::try_from(number)
        .map_err(|_| Failure::field("design.kind", "value must be one of the defined enum values"))?;
    Ok(Some(match kind {
        Proto::Unspecified => return Ok(None),
        Proto::Project => Kind::Project,
        Proto::Seminar => Kind::Seminar,
        Proto::Workshop => Kind::Workshop,
        Proto::Internship => Kind::Internship,
        Proto::Mentorship => Kind::Mentorship,
        Proto::ServiceLearning => Kind::ServiceLearning,
        Proto::Expedition => Kind::Expedition,
        Proto::Advisory => Kind::Advisory,
        Proto::Exhibition => Kind::Exhibition,
        Proto::Course => Kind::Course,
        Proto::Intersession => Kind::Intersession,
        Proto::ProfessionalLearning => Kind::ProfessionalLearning,
        Proto::Other => Kind::Other,
    }))
}

pub(super) const fn kind_out(kind: Kind) -> proto::ExperienceKind {
    use proto::ExperienceKind as Proto;
    match kind {
        Kind::Project => Proto::Project,
        Kind::Seminar => Proto::Seminar,
        Kind::Workshop => Proto::Workshop,
        Kind::Internship => Proto::Internship,
        Kind::Mentorship => Proto::Mentorship,
        Kind::ServiceLearning => Proto::ServiceLearning,
        Kind::Expedition => Proto::Expedition,
        Kind::Advisory => Proto::Advisory,
        Kind::Exhibition => Proto::Exhibition,
        Kind::Course => Proto::Course,
        Kind::Intersession => Proto::Intersession,
        Kind::ProfessionalLearning => Proto::ProfessionalLearning,
        Kind::Other => Proto::Other,
    }
}
