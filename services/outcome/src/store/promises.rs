//! What the rows promise each other where no foreign key says so.

use trellis_store::check::Promise::{self, Within};

/// Everything that `trellis db check` looks at.
pub(crate) fn all() -> Vec<Promise> {
    vec![
        Within {
            broken: "outcomes of frameworks that are gone",
            count: "SELECT count(*) FROM outcomes o WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = o.district AND f.id = o.framework AND f.revision = o.revision)",
        },
        Within {
            broken: "outcomes below one that is gone",
            count: "SELECT count(*) FROM outcomes o WHERE o.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outcomes p WHERE p.district = o.district AND p.framework = o.framework AND p.revision = o.revision AND p.id = o.parent)",
        },
        Within {
            broken: "associations of frameworks that are gone",
            count: "SELECT count(*) FROM associations a WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = a.district AND f.id = a.framework AND f.revision = a.revision)",
        },
        Within {
            broken: "progressions of frameworks that are gone",
            count: "SELECT count(*) FROM progressions p WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = p.district AND f.id = p.framework AND f.revision = p.revision)",
        },
        Within {
            broken: "rubrics of frameworks that are gone",
            count: "SELECT count(*) FROM rubrics r WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = r.district AND f.id = r.framework AND f.revision = r.revision)",
        },
        Within {
            broken: "outcomes looked at by rubrics that are gone",
            count: "SELECT count(*) FROM rubric_outcomes l WHERE NOT EXISTS (SELECT 1 FROM rubrics r WHERE r.district = l.district AND r.framework = l.framework AND r.revision = l.revision AND r.id = l.rubric)",
        },
        Within {
            broken: "rubrics that look at outcomes of their framework that are gone",
            count: "SELECT count(*) FROM rubric_outcomes l WHERE l.held = 'own' AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.district = l.district AND o.framework = l.framework AND o.revision = l.revision AND o.id = l.outcome)",
        },
        Within {
            broken: "CASE entries of frameworks that are gone",
            count: "SELECT count(*) FROM case_entries c WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = c.district AND f.id = c.framework AND f.revision = c.revision)",
        },
        Within {
            broken: "revisions of proficiency scales that have no draft",
            count: "SELECT count(*) FROM proficiency_scales r WHERE r.revision > 0 AND NOT EXISTS (SELECT 1 FROM proficiency_scales d WHERE d.district = r.district AND d.id = r.id AND d.revision = 0 AND d.latest_revision >= r.revision)",
        },
        Within {
            broken: "frameworks that count other outcomes than they hold",
            count: "SELECT count(*) FROM frameworks f WHERE f.outcomes <> (SELECT count(*) FROM outcomes o WHERE o.district = f.district AND o.framework = f.id AND o.revision = f.revision)",
        },
        Within {
            broken: "deprecations of frameworks that are gone",
            count: "SELECT count(*) FROM deprecations d WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = d.district AND f.id = d.framework AND f.revision > 0)",
        },
        Within {
            broken: "open frameworks that are gone",
            count: "SELECT count(*) FROM public_frameworks p WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = p.district AND f.id = p.framework AND f.revision = 0)",
        },
        Within {
            broken: "replacements told by frameworks that are gone",
            count: "SELECT count(*) FROM successions s WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = s.district AND f.id = s.framework AND f.revision > 0)",
        },
        Within {
            broken: "adoptions of revisions of frameworks that are gone",
            count: "SELECT count(*) FROM adoptions a WHERE NOT EXISTS (SELECT 1 FROM frameworks f WHERE f.district = a.framework_district AND f.id = a.framework AND f.revision = a.framework_revision AND f.revision > 0)",
        },
        Within {
            broken: "adoptions that name no organization and are not the district's, or do and are",
            count: "SELECT count(*) FROM adoptions a WHERE a.district_wide = EXISTS (SELECT 1 FROM adoption_organizations o WHERE o.district = a.district AND o.adoption = a.id)",
        },
        Within {
            broken: "organizations of adoptions that are gone",
            count: "SELECT count(*) FROM adoption_organizations o WHERE NOT EXISTS (SELECT 1 FROM adoptions a WHERE a.district = o.district AND a.id = o.adoption)",
        },
        Within {
            broken: "adoptions of one framework in one place on one day",
            count: "SELECT count(*) FROM adoptions a JOIN adoptions b ON b.district = a.district AND b.framework_district = a.framework_district AND b.framework = a.framework AND b.id > a.id AND (a.end_date IS NULL OR b.start_date <= a.end_date) AND (b.end_date IS NULL OR a.start_date <= b.end_date) WHERE (a.district_wide AND b.district_wide) OR EXISTS (SELECT 1 FROM adoption_organizations o JOIN adoption_organizations p ON p.district = o.district AND p.organization = o.organization WHERE o.district = a.district AND o.adoption = a.id AND p.adoption = b.id)",
        },
        Within {
            broken: "changes of imports that are gone",
            count: "SELECT count(*) FROM transfer_changes c WHERE NOT EXISTS (SELECT 1 FROM transfers t WHERE t.district = c.district AND t.id = c.transfer)",
        },
        Within {
            broken: "issues of imports that are gone",
            count: "SELECT count(*) FROM transfer_issues i WHERE NOT EXISTS (SELECT 1 FROM transfers t WHERE t.district = i.district AND t.id = i.transfer)",
        },
    ]
}
