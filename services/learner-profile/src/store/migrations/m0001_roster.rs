//! The roster.

use sea_orm_migration::prelude::*;

use super::columns::{flag, id, index, json, long, number, record, table, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "async_trait makes another signature of a written one")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            organizations(),
            academic_sessions(),
            courses(),
            classes(),
            people(),
            person_roles(),
            enrollments(),
            relationships(),
            demographics(),
            roster_transfers(),
            organization_ancestors(),
            roster_issues(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in INDEXES {
            manager.create_index(index(name, table, columns)).await?;
        }
        Ok(())
    }
}

/// Name, table and columns after the district.
const INDEXES: &[(&str, &str, &[&str])] = &[
    ("organizations_by_title", "organizations", &["title", "id"]),
    ("academic_sessions_by_start", "academic_sessions", &["start_date", "id"]),
    ("courses_by_title", "courses", &["title", "id"]),
    ("classes_by_title", "classes", &["title", "id"]),
    ("people_by_name", "people", &["family_name", "given_name", "id"]),
    ("person_roles_by_person", "person_roles", &["person_id"]),
    ("person_roles_by_organization", "person_roles", &["organization_id", "role"]),
    ("enrollments_by_person", "enrollments", &["person_id", "class_id"]),
    ("enrollments_by_class", "enrollments", &["class_id", "role"]),
    ("enrollments_by_organization", "enrollments", &["organization_id"]),
    ("relationships_by_learner", "relationships", &["learner_id"]),
    ("relationships_by_other", "relationships", &["other_id"]),
    ("organization_ancestors_by_ancestor", "organization_ancestors", &["ancestor_id"]),
];

fn organizations() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        text("title"),
        text("kind"),
        text("identifier"),
        id("parent_id").null().take(),
        text("time_zone"),
    ];
    record("organizations", columns)
}

fn academic_sessions() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        text("title"),
        text("kind"),
        text("start_date"),
        text("end_date"),
        id("parent_id").null().take(),
        number("school_year"),
    ];
    record("academic_sessions", columns)
}

fn courses() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        text("title"),
        text("code"),
        id("organization_id"),
        id("school_year_id").null().take(),
        json("grades"),
        json("subjects"),
        json("subject_codes"),
    ];
    record("courses", columns)
}

fn classes() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        text("title"),
        text("code"),
        text("kind"),
        id("course_id"),
        id("organization_id"),
        json("sessions"),
        text("first_date").null().take(),
        text("last_date").null().take(),
        text("location"),
        json("periods"),
        json("grades"),
        json("subjects"),
        json("subject_codes"),
    ];
    record("classes", columns)
}

fn people() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        flag("enabled"),
        text("given_name"),
        text("family_name"),
        text("legal_given_name"),
        text("legal_middle_name"),
        text("legal_family_name"),
        text("pronouns"),
        json("grades"),
        text("identifier"),
    ];
    record("people", columns)
}

fn person_roles() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        id("person_id"),
        id("organization_id"),
        text("role"),
        flag("is_primary"),
        text("begin_date").null().take(),
        text("end_date").null().take(),
    ];
    record("person_roles", columns)
}

fn enrollments() -> TableCreateStatement {
    let columns = vec![
        text("sourced_id"),
        flag("active"),
        id("class_id"),
        id("organization_id"),
        id("person_id"),
        text("role"),
        flag("is_primary"),
        text("begin_date").null().take(),
        text("end_date").null().take(),
    ];
    record("enrollments", columns)
}

fn relationships() -> TableCreateStatement {
    let columns =
        vec![flag("active"), id("learner_id"), id("other_id"), text("kind"), flag("education_rights")];
    record("relationships", columns)
}

fn demographics() -> TableCreateStatement {
    let columns = vec![flag("active"), text("birth_date").null().take(), json("facts")];
    record("demographics", columns)
}

fn roster_transfers() -> TableCreateStatement {
    let columns = vec![
        flag("dry_run"),
        flag("succeeded"),
        json("files"),
        number("error_count"),
        number("warning_count"),
        text("actor"),
    ];
    record("roster_transfers", columns)
}

fn organization_ancestors() -> TableCreateStatement {
    table("organization_ancestors", vec![id("organization_id"), id("ancestor_id")], Vec::new())
}

fn roster_issues() -> TableCreateStatement {
    let columns =
        vec![text("severity"), text("file"), long("line"), text("field"), text("reason"), text("text")];
    table("roster_issues", vec![id("transfer_id"), number("position")], columns)
}
