//! Timetables.

use prost_types::Timestamp as ProtoTimestamp;
use trellis_contracts::scheduling as proto;
use trellis_contracts::values::{instant, timestamp};
use trellis_kernel::{District, Failure, Result, Timestamp};

use crate::api::read;
use crate::app::timetables::Draft;
use crate::domain::timetable::{Timetable, Window};
use crate::domain::{Stamps, names};

/// What a client says of a new timetable.
pub(crate) fn draft(district: &District, timetable: proto::Timetable) -> Result<Draft> {
    let proto::Timetable {
        name: _,
        uid: _,
        create_time: _,
        update_time: _,
        etag: _,
        calendar,
        academic_session,
        title,
        request_open_time,
        request_close_time,
    } = timetable;
    let calendar = read::id(district, "timetable.calendar", &calendar, &["calendars"])?;
    let session = match academic_session.as_str() {
        "" => None,
        name => Some(read::id(district, "timetable.academic_session", name, &["academicSessions"])?),
    };
    let open = moment("timetable.request_open_time", request_open_time)?;
    let close = moment("timetable.request_close_time", request_close_time)?;
    Ok(Draft { calendar, session, title, window: Window::new(open, close)? })
}

/// A moment, to the microsecond that is kept.
fn moment(field: &'static str, at: Option<ProtoTimestamp>) -> Result<Option<Timestamp>> {
    at.map(|at| {
        instant(&at)
            .and_then(|at| Timestamp::from_microsecond(at.as_microsecond()).ok())
            .ok_or_else(|| Failure::field(field, "must be a moment between the years 0001 and 9999"))
    })
    .transpose()
}

/// A timetable as clients see it.
pub(crate) fn message(district: &District, timetable: Timetable) -> proto::Timetable {
    let Timetable { id, stamps, calendar, session, title, window } = timetable;
    let Stamps { created, updated, version: _ } = stamps;
    let Window { open, close } = window;
    proto::Timetable {
        name: names::timetable(district, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        update_time: Some(timestamp(updated)),
        etag: stamps.etag().to_string(),
        calendar: names::calendar(district, calendar).to_string(),
        academic_session: session.map(|id| names::session(district, id).to_string()).unwrap_or_default(),
        title,
        request_open_time: open.map(timestamp),
        request_close_time: close.map(timestamp),
    }
}
