//! The names and types of the service's resources.

use trellis_kernel::{District, Name, Uuid};

pub(crate) const CALENDAR: &str = "trellis.dev/Calendar";
pub(crate) const TIMETABLE: &str = "trellis.dev/Timetable";
pub(crate) const OFFERING: &str = "trellis.dev/Offering";
pub(crate) const REQUEST: &str = "trellis.dev/Request";
pub(crate) const PLAN: &str = "trellis.dev/Plan";
pub(crate) const PLACEMENT: &str = "trellis.dev/Placement";
pub(crate) const SOLVE: &str = "trellis.dev/Solve";
pub(crate) const FEED: &str = "trellis.dev/Feed";

fn in_district(district: &District, collection: &str, id: Uuid) -> Name {
    Name::district(district.clone()).child(collection, id)
}

pub(crate) fn calendar(district: &District, id: Uuid) -> Name {
    in_district(district, "calendars", id)
}

pub(crate) fn timetable(district: &District, id: Uuid) -> Name {
    in_district(district, "timetables", id)
}

pub(crate) fn offering(district: &District, timetable: Uuid, id: Uuid) -> Name {
    self::timetable(district, timetable).child("offerings", id)
}

pub(crate) fn request(district: &District, timetable: Uuid, id: Uuid) -> Name {
    self::timetable(district, timetable).child("requests", id)
}

pub(crate) fn plan(district: &District, timetable: Uuid, id: Uuid) -> Name {
    self::timetable(district, timetable).child("plans", id)
}

pub(crate) fn placement(district: &District, timetable: Uuid, plan: Uuid, id: Uuid) -> Name {
    self::plan(district, timetable, plan).child("placements", id)
}

pub(crate) fn solve(district: &District, timetable: Uuid, id: Uuid) -> Name {
    self::timetable(district, timetable).child("solves", id)
}

pub(crate) fn feed(district: &District, learner: Uuid, id: Uuid) -> Name {
    self::learner(district, learner).child("feeds", id)
}

pub(crate) fn learner(district: &District, id: Uuid) -> Name {
    in_district(district, "learners", id)
}

pub(crate) fn person(district: &District, id: Uuid) -> Name {
    in_district(district, "people", id)
}

pub(crate) fn organization(district: &District, id: Uuid) -> Name {
    in_district(district, "organizations", id)
}

pub(crate) fn session(district: &District, id: Uuid) -> Name {
    in_district(district, "academicSessions", id)
}

pub(crate) fn experience(district: &District, id: Uuid) -> Name {
    in_district(district, "experiences", id)
}
