//! Organisations, sessions, courses, classes.

use super::Placed;
use super::row::{Identities, Row};
use crate::domain::roster::{AcademicSession, Class, Collection, Course, Organization};

const ORG_TYPES: &[&str] = &["department", "school", "district", "local", "state", "national"];
const SESSION_TYPES: &[&str] = &["gradingPeriod", "semester", "schoolYear", "term"];
const CLASS_TYPES: &[&str] = &["homeroom", "scheduled"];

pub(super) fn organization(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Organization>> {
    let (id, sourced_id) = row.own(ids, Collection::Organizations);
    let record = Organization {
        id,
        sourced_id,
        active: row.active(),
        title: row.required("name"),
        kind: row.word("type", ORG_TYPES),
        identifier: row.text("identifier"),
        parent: row.optional_reference("parentSourcedId", ids, Collection::Organizations),
        time_zone: String::new(),
    };
    row.finish(record)
}

pub(super) fn academic_session(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<AcademicSession>> {
    let (id, sourced_id) = row.own(ids, Collection::AcademicSessions);
    let record = AcademicSession {
        id,
        sourced_id,
        active: row.active(),
        title: row.required("title"),
        kind: row.word("type", SESSION_TYPES),
        start: row.required_date("startDate"),
        end: row.required_date("endDate"),
        parent: row.optional_reference("parentSourcedId", ids, Collection::AcademicSessions),
        school_year: row.year("schoolYear"),
    };
    row.ordered(Some(record.start), Some(record.end), "endDate");
    row.finish(record)
}

pub(super) fn course(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Course>> {
    let (id, sourced_id) = row.own(ids, Collection::Courses);
    let record = Course {
        id,
        sourced_id,
        active: row.active(),
        title: row.required("title"),
        code: row.text("courseCode"),
        organization: row.reference("orgSourcedId", ids, Collection::Organizations),
        school_year: row.optional_reference("schoolYearSourcedId", ids, Collection::AcademicSessions),
        grades: row.list("grades"),
        subjects: row.list("subjects"),
        subject_codes: row.list("subjectCodes"),
    };
    row.finish(record)
}

pub(super) fn class(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Class>> {
    let (id, sourced_id) = row.own(ids, Collection::Classes);
    row.required("termSourcedIds");
    let terms = row.list("termSourcedIds");
    let record = Class {
        id,
        sourced_id,
        active: row.active(),
        title: row.required("title"),
        code: row.text("classCode"),
        kind: row.word("classType", CLASS_TYPES),
        course: row.reference("courseSourcedId", ids, Collection::Courses),
        organization: row.reference("schoolSourcedId", ids, Collection::Organizations),
        sessions: terms.iter().map(|term| ids.of(Collection::AcademicSessions, term)).collect(),
        span: None,
        location: row.text("location"),
        periods: row.list("periods"),
        grades: row.list("grades"),
        subjects: row.list("subjects"),
        subject_codes: row.list("subjectCodes"),
    };
    row.finish(record)
}
