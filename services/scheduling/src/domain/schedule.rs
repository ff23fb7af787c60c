//! When and where a learner is, by the published plans.

use std::collections::BTreeMap;

use trellis_kernel::{Timestamp, Uuid};

use super::calendar::{Calendar, Series, Zone};
use super::offering::Offering;
use super::timetable::Timetable;

/// One thing that meets again and again in a learner's week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Engagement {
    /// The same for as long as the learner has the place, whatever plan gives it.
    pub(crate) uid: Uuid,
    pub(crate) title: String,
    /// The timetable that it is from.
    pub(crate) timetable: String,
    pub(crate) zone: Zone,
    pub(crate) series: Series,
    /// When the plan that gives it was published.
    pub(crate) published: Timestamp,
}

/// A timetable whose plan is published, with what a learner has in it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) timetable: Timetable,
    pub(crate) calendar: Calendar,
    pub(crate) published: Timestamp,
    pub(crate) offerings: Vec<Offering>,
}

/// All that a learner has, in the order of the first meetings.
pub(crate) fn engagements(learner: Uuid, placed: &[Placed]) -> Vec<Engagement> {
    let mut ordered = BTreeMap::new();
    for Placed { timetable, calendar, published, offerings } in placed {
        for offering in offerings {
            let particulars = &offering.particulars;
            for block in &offering.blocks {
                let series = calendar
                    .term
                    .block(block)
                    .and_then(|block| calendar.term.series(block, particulars.first, particulars.last));
                let Some(series) = series else { continue };
                let uid = Uuid::new_v5(&learner, format!("{}/{block}", offering.id).as_bytes());
                let key = (series.first, series.start, uid);
                let engagement = Engagement {
                    uid,
                    title: particulars.headline().to_owned(),
                    timetable: timetable.title.clone(),
                    zone: calendar.term.zone.clone(),
                    series,
                    published: *published,
                };
                ordered.insert(key, engagement);
            }
        }
    }
    ordered.into_values().collect()
}
