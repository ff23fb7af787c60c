//! What the rows promise each other where no foreign key says so.

use trellis_store::check::Promise::{self, Towards, Within};

/// Everything that `trellis db check` looks at.
pub(crate) fn all() -> Vec<Promise> {
    vec![
        Within {
            broken: "timetables of calendars that are gone",
            count: "SELECT count(*) FROM timetables t WHERE NOT EXISTS (SELECT 1 FROM calendars c WHERE c.district = t.district AND c.id = t.calendar)",
        },
        Within {
            broken: "timetables whose published plan is gone",
            count: "SELECT count(*) FROM timetables t WHERE t.published_plan IS NOT NULL AND NOT EXISTS (SELECT 1 FROM plans p WHERE p.district = t.district AND p.id = t.published_plan)",
        },
        Within {
            broken: "offerings of timetables that are gone",
            count: "SELECT count(*) FROM offerings o WHERE NOT EXISTS (SELECT 1 FROM timetables t WHERE t.district = o.district AND t.id = o.timetable)",
        },
        Within {
            broken: "requests for offerings that are gone",
            count: "SELECT count(*) FROM requests r WHERE NOT EXISTS (SELECT 1 FROM offerings o WHERE o.district = r.district AND o.id = r.offering)",
        },
        Within {
            broken: "plans of timetables that are gone",
            count: "SELECT count(*) FROM plans p WHERE NOT EXISTS (SELECT 1 FROM timetables t WHERE t.district = p.district AND t.id = p.timetable)",
        },
        Within {
            broken: "solves of timetables that are gone",
            count: "SELECT count(*) FROM solves s WHERE NOT EXISTS (SELECT 1 FROM timetables t WHERE t.district = s.district AND t.id = s.timetable)",
        },
        Within {
            broken: "results of plans that are gone",
            count: "SELECT count(*) FROM plan_outcomes o WHERE NOT EXISTS (SELECT 1 FROM plans p WHERE p.district = o.district AND p.id = o.plan)",
        },
        Towards {
            broken: "learners with requests who are not in the roster",
            references: "SELECT DISTINCT district, HEX(learner) FROM requests",
            service: "profile",
            table: "people",
        },
        Towards {
            broken: "learners with calendar feeds who are not in the roster",
            references: "SELECT DISTINCT district, HEX(learner) FROM feeds",
            service: "profile",
            table: "people",
        },
        Towards {
            broken: "experiences that are offered and gone",
            references: "SELECT DISTINCT district, HEX(experience) FROM offerings",
            service: "experience",
            table: "experiences",
        },
    ]
}
