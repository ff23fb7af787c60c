//! What the rows promise each other where no foreign key says so.

use trellis_store::check::Promise::{self, Towards, Within};

/// Everything that `trellis db check` looks at.
pub(crate) fn all() -> Vec<Promise> {
    vec![
        Within {
            broken: "roles of people who are not in the roster",
            count: "SELECT count(*) FROM person_roles r WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.district = r.district AND p.id = r.person_id)",
        },
        Within {
            broken: "enrolments without their person or class",
            count: "SELECT count(*) FROM enrollments e WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.district = e.district AND p.id = e.person_id) OR NOT EXISTS (SELECT 1 FROM classes c WHERE c.district = e.district AND c.id = e.class_id)",
        },
        Within {
            broken: "relationships of people who are not in the roster",
            count: "SELECT count(*) FROM relationships r WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.district = r.district AND p.id = r.learner_id) OR NOT EXISTS (SELECT 1 FROM people p WHERE p.district = r.district AND p.id = r.other_id)",
        },
        Within {
            broken: "demographics of people who are not in the roster",
            count: "SELECT count(*) FROM demographics d WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.district = d.district AND p.id = d.id)",
        },
        Within {
            broken: "ancestors of organisations that are not in the roster",
            count: "SELECT count(*) FROM organization_ancestors a WHERE NOT EXISTS (SELECT 1 FROM organizations o WHERE o.district = a.district AND o.id = a.organization_id)",
        },
        Within {
            broken: "issues of roster imports that are gone",
            count: "SELECT count(*) FROM roster_issues i WHERE NOT EXISTS (SELECT 1 FROM roster_transfers t WHERE t.district = i.district AND t.id = i.transfer_id)",
        },
        Within {
            broken: "agreements of applications that are gone",
            count: "SELECT count(*) FROM agreements a WHERE NOT EXISTS (SELECT 1 FROM applications p WHERE p.district = a.district AND p.id = a.application_id)",
        },
        Within {
            broken: "profile entries of people who are not in the roster",
            count: "SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.district = e.district AND p.id = e.learner)",
        },
        Within {
            broken: "goals of people who are not in the roster",
            count: "SELECT count(*) FROM goals g WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.district = g.district AND p.id = g.learner)",
        },
        Within {
            broken: "endorsements of goals that are gone",
            count: "SELECT count(*) FROM goal_endorsements e WHERE NOT EXISTS (SELECT 1 FROM goals g WHERE g.district = e.district AND g.id = e.goal)",
        },
        Within {
            broken: "ratings without the assessment that gave them",
            count: "SELECT count(*) FROM ratings r WHERE NOT EXISTS (SELECT 1 FROM growth_assessments a WHERE a.district = r.district AND a.id = r.assessment)",
        },
        Within {
            broken: "levels without a rating or a rule",
            count: "SELECT count(*) FROM levels l WHERE NOT EXISTS (SELECT 1 FROM ratings r WHERE r.district = l.district AND r.learner = l.learner AND r.outcome_key = l.outcome_key) OR NOT EXISTS (SELECT 1 FROM growth_rules g WHERE g.district = l.district AND g.id = l.rule)",
        },
        Towards {
            broken: "goals on outcomes that are gone",
            references: "SELECT DISTINCT outcome FROM goals",
            service: "outcome",
            table: "outcomes",
        },
        Towards {
            broken: "ratings on outcomes that are gone",
            references: "SELECT DISTINCT outcome FROM ratings",
            service: "outcome",
            table: "outcomes",
        },
        Towards {
            broken: "assessments that took effect here and are gone there",
            references: "SELECT DISTINCT district, HEX(id) FROM growth_assessments",
            service: "experience",
            table: "assessments",
        },
    ]
}
