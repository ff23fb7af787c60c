//! Offerings.

use trellis_contracts::scheduling as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::{District, Failure, Result, Uuid};

use super::texts;
use crate::api::read;
use crate::app::offerings::Draft;
use crate::domain::offering::{Offering, Particulars};
use crate::domain::{Stamps, names};

/// What a client says of a new offering of a timetable.
pub(crate) fn draft(district: &District, timetable: Uuid, offering: proto::Offering) -> Result<Draft> {
    let proto::Offering {
        name: _,
        uid: _,
        create_time: _,
        update_time: _,
        etag: _,
        experience,
        title: _,
        capacity,
        blocks,
        start_date: _,
        end_date: _,
    } = offering;
    let experience = read::id(district, "offering.experience", &experience, &["experiences"])?;
    let capacity =
        u32::try_from(capacity).map_err(|_| Failure::field("offering.capacity", "must be at least 1"))?;
    Ok(Draft { timetable, experience, capacity, blocks })
}

/// An offering as clients see it.
pub(crate) fn message(district: &District, offering: Offering) -> proto::Offering {
    let Offering { id, stamps, timetable, experience, particulars, capacity, blocks } = offering;
    let Particulars { title, first, last } = particulars;
    let Stamps { created, updated, version: _ } = stamps;
    proto::Offering {
        name: names::offering(district, timetable, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        update_time: Some(timestamp(updated)),
        etag: stamps.etag().to_string(),
        experience: names::experience(district, experience).to_string(),
        title: texts(title),
        capacity: super::count(capacity),
        blocks,
        start_date: first.to_string(),
        end_date: last.to_string(),
    }
}
