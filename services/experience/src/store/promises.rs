//! What the rows promise each other where no foreign key says so.

use trellis_store::check::Promise::{self, Towards, Within};

/// Everything that `trellis db check` looks at.
pub(crate) fn all() -> Vec<Promise> {
    vec![
        Within {
            broken: "published revisions of designs that are gone",
            count: "SELECT count(*) FROM design_revisions r WHERE NOT EXISTS (SELECT 1 FROM designs d WHERE d.district = r.district AND d.id = r.design)",
        },
        Within {
            broken: "experiences without the design that they were opened from",
            count: "SELECT count(*) FROM experiences e WHERE NOT EXISTS (SELECT 1 FROM design_revisions r WHERE r.district = e.district AND r.design = e.design AND r.revision = e.revision)",
        },
        Within {
            broken: "evidence of experiences that are gone",
            count: "SELECT count(*) FROM evidence e WHERE e.experience IS NOT NULL AND NOT EXISTS (SELECT 1 FROM experiences x WHERE x.district = e.district AND x.id = e.experience)",
        },
        Within {
            broken: "contributors to evidence that is gone",
            count: "SELECT count(*) FROM evidence_contributors c WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.district = c.district AND e.id = c.evidence)",
        },
        Within {
            broken: "feedback on evidence that is gone",
            count: "SELECT count(*) FROM feedback f WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.district = f.district AND e.id = f.evidence)",
        },
        Within {
            broken: "reflections on evidence that is gone",
            count: "SELECT count(*) FROM reflections r WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.district = r.district AND e.id = r.evidence)",
        },
        Within {
            broken: "assessments that correct one that is gone",
            count: "SELECT count(*) FROM assessments a WHERE a.supersedes IS NOT NULL AND NOT EXISTS (SELECT 1 FROM assessments o WHERE o.district = a.district AND o.id = a.supersedes)",
        },
        Towards {
            broken: "learners with evidence who are not in the roster",
            references: "SELECT DISTINCT district, HEX(learner) FROM evidence",
            service: "profile",
            table: "people",
        },
        Towards {
            broken: "learners with assessments who are not in the roster",
            references: "SELECT DISTINCT district, HEX(learner) FROM assessments",
            service: "profile",
            table: "people",
        },
        Towards {
            broken: "learners with proposals who are not in the roster",
            references: "SELECT DISTINCT district, HEX(learner) FROM proposals",
            service: "profile",
            table: "people",
        },
    ]
}
