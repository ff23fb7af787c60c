//! Experiences.

use jiff::civil::Date;
use trellis_contracts::experience as proto;
use trellis_kernel::{District, Failure, Name, Result, Uuid};

use super::{
    count_in, count_out, design, id_or_none, ids_in, name, name_or_empty, outcomes_out, text_out, time,
};
use crate::domain::experience::{Experience, State, Terms};
use crate::domain::reference::{at_home, within};

/// The revision that an experience is opened from, and its terms.
pub(in crate::api) fn opening(
    experience: &proto::Experience,
    home: &District,
) -> Result<((Uuid, u32), Terms)> {
    let from = revision("experience.design", &experience.design, home)?;
    let facilitators = ids_in("experience.facilitators", &experience.facilitators, "people", home)?;
    let organization =
        id_or_none("experience.organization", &experience.organization, "organizations", home)?;
    let terms = Terms {
        facilitators,
        organization,
        start_date: date("experience.start_date", &experience.start_date)?,
        end_date: date("experience.end_date", &experience.end_date)?,
        capacity: count_in("experience.capacity", experience.capacity)?,
    };
    Ok((from, terms))
}

fn revision(field: &str, text: &str, home: &District) -> Result<(Uuid, u32)> {
    let name = Name::of(field, text, &["designs"])?;
    at_home(field, &name, home)?;
    let pinned = name.segments.first().and_then(|design| Some((design.id, design.revision?)));
    pinned.ok_or_else(|| Failure::field(field, "must be pinned to a revision: designs/{design}@{revision}"))
}

fn date(field: &str, text: &str) -> Result<Date> {
    text.parse().map_err(|_| Failure::field(field, "must be a day of the calendar, YYYY-MM-DD"))
}

pub(in crate::api) fn experience(home: &District, experience: &Experience) -> proto::Experience {
    let terms = &experience.terms;
    let design = within(home, "designs", experience.design).at_revision(experience.revision);
    proto::Experience {
        name: name(home, "experiences", experience.id),
        uid: experience.id.to_string(),
        design: design.to_string(),
        kind: design::kind_out(experience.kind).into(),
        title: text_out(&experience.title),
        outcomes: outcomes_out(&experience.outcomes),
        facilitators: terms.facilitators.iter().map(|person| name(home, "people", *person)).collect(),
        organization: name_or_empty(home, "organizations", terms.organization),
        start_date: terms.start_date.to_string(),
        end_date: terms.end_date.to_string(),
        capacity: count_out(terms.capacity),
        state: match experience.state {
            State::Open => proto::ExperienceState::Open,
            State::Cancelled => proto::ExperienceState::Cancelled,
        }
        .into(),
        create_time: time(experience.create_time),
        update_time: time(experience.update_time),
        etag: experience.etag().to_string(),
    }
}
