//! Requests.

use trellis_contracts::scheduling as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::{District, Result};

use crate::api::read;
use crate::app::requests::RankedList;
use crate::domain::request::{Kind, Request};
use crate::domain::{Stamps, names};

/// A learner's list, as a client submits it.
pub(crate) fn ranked_list(district: &District, request: proto::SubmitRequestsRequest) -> Result<RankedList> {
    let proto::SubmitRequestsRequest { parent, learner, offerings, etag, request_id: _ } = request;
    let timetable = read::id(district, "parent", &parent, &["timetables"])?;
    let learner = read::id(district, "learner", &learner, &["learners"])?;
    let offerings = offerings.iter().enumerate().map(|(index, name)| {
        let field = format!("offerings[{index}]");
        let (within, offering) = read::in_timetable(district, &field, name, "offerings")?;
        if within == timetable {
            return Ok(offering);
        }
        Err(trellis_kernel::Failure::field(field, "must be an offering of the same timetable"))
    });
    Ok(RankedList { timetable, learner, offerings: offerings.collect::<Result<_>>()?, etag })
}

/// Why an offering is asked for, and with which rank.
pub(super) fn claim(kind: Kind) -> (i32, i32) {
    let word = match kind {
        Kind::Required => proto::RequestKind::Required,
        Kind::Ranked(_) => proto::RequestKind::Ranked,
    };
    (word.into(), kind.rank().into())
}

/// A request as clients see it.
pub(crate) fn message(district: &District, request: &Request) -> proto::Request {
    let Request { id, stamps, timetable, learner, offering, kind } = *request;
    let Stamps { created, updated, version: _ } = stamps;
    let (kind, rank) = claim(kind);
    proto::Request {
        name: names::request(district, timetable, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        update_time: Some(timestamp(updated)),
        etag: stamps.etag().to_string(),
        learner: names::learner(district, learner).to_string(),
        offering: names::offering(district, timetable, offering).to_string(),
        kind,
        rank,
    }
}
