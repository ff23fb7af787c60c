//! Records of the roster as the contract has them.

use jiff::civil::Date;
use trellis_contracts::{common, profile, values};
use trellis_kernel::{District, Etag, Name, Uuid};

use crate::domain::meta::Meta;
use crate::domain::roster::{
    AcademicSession, Class, Course, Enrollment, Kinship, Organization, Relationship, Role,
};
use crate::store::records::Stored;
use crate::store::roster::PersonWithRoles;

/// The name of something in a collection of the district.
pub(crate) fn in_collection(district: &District, collection: &str, id: Uuid) -> String {
    Name::district(district.clone()).child(collection, id).to_string()
}

fn maybe(district: &District, collection: &str, id: Option<Uuid>) -> String {
    id.map(|id| in_collection(district, collection, id)).unwrap_or_default()
}

fn day(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn state(active: bool) -> i32 {
    let state = if active { profile::RosterState::Active } else { profile::RosterState::Inactive };
    state.into()
}

fn external_ids(sourced_id: String, identifier: String) -> Vec<common::ExternalId> {
    [("oneroster", sourced_id), ("identifier", identifier)]
        .into_iter()
        .filter(|(_, id)| !id.is_empty())
        .map(|(system, id)| common::ExternalId { system: system.to_owned(), id })
        .collect()
}

fn etag(meta: Meta) -> String {
    Etag::new(meta.version).to_string()
}

pub(crate) fn organization(district: &District, stored: Stored<Organization>) -> profile::Organization {
    let Stored { record, meta } = stored;
    let Organization { id, sourced_id, active, title, kind, identifier, parent, time_zone } = record;
    profile::Organization {
        name: in_collection(district, "organizations", id),
        uid: id.to_string(),
        title,
        r#type: kind,
        parent_organization: maybe(district, "organizations", parent),
        time_zone,
        state: state(active),
        external_ids: external_ids(sourced_id, identifier),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}

pub(crate) fn academic_session(
    district: &District,
    stored: Stored<AcademicSession>,
) -> profile::AcademicSession {
    let Stored { record, meta } = stored;
    let AcademicSession { id, sourced_id, active, title, kind, start, end, parent, school_year } = record;
    profile::AcademicSession {
        name: in_collection(district, "academicSessions", id),
        uid: id.to_string(),
        title,
        r#type: kind,
        start_date: start.to_string(),
        end_date: end.to_string(),
        parent_session: maybe(district, "academicSessions", parent),
        school_year,
        state: state(active),
        external_ids: external_ids(sourced_id, String::new()),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}

pub(crate) fn course(district: &District, stored: Stored<Course>) -> profile::Course {
    let Stored { record, meta } = stored;
    let Course {
        id,
        sourced_id,
        active,
        title,
        code,
        organization,
        school_year,
        grades,
        subjects,
        subject_codes,
    } = record;
    profile::Course {
        name: in_collection(district, "courses", id),
        uid: id.to_string(),
        title,
        course_code: code,
        organization: in_collection(district, "organizations", organization),
        school_year: maybe(district, "academicSessions", school_year),
        grades,
        subjects,
        subject_codes,
        state: state(active),
        external_ids: external_ids(sourced_id, String::new()),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}

pub(crate) fn class(district: &District, stored: Stored<Class>) -> profile::Class {
    let Stored { record, meta } = stored;
    let sessions = record.sessions.iter().map(|id| in_collection(district, "academicSessions", *id));
    profile::Class {
        name: in_collection(district, "classes", record.id),
        uid: record.id.to_string(),
        title: record.title,
        class_code: record.code,
        class_type: record.kind,
        course: in_collection(district, "courses", record.course),
        organization: in_collection(district, "organizations", record.organization),
        academic_sessions: sessions.collect(),
        location: record.location,
        periods: record.periods,
        grades: record.grades,
        subjects: record.subjects,
        subject_codes: record.subject_codes,
        state: state(record.active),
        external_ids: external_ids(record.sourced_id, String::new()),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}

/// The legal name stays where it is.
pub(crate) fn person(district: &District, found: PersonWithRoles) -> profile::Person {
    let Stored { record, meta } = found.person;
    profile::Person {
        name: in_collection(district, "people", record.id),
        uid: record.id.to_string(),
        name_used: Some(profile::NameUsed { given: record.given_name, family: record.family_name }),
        pronouns: record.pronouns,
        state: state(record.active),
        roles: found.roles.into_iter().map(|role| person_role(district, role)).collect(),
        grades: record.grades,
        external_ids: external_ids(record.sourced_id, record.identifier),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}

fn person_role(district: &District, role: Role) -> profile::PersonRole {
    profile::PersonRole {
        organization: in_collection(district, "organizations", role.organization),
        role: role.word,
        primary: role.primary,
        begin_date: day(role.begin),
        end_date: day(role.end),
    }
}

pub(crate) fn enrollment(district: &District, stored: Stored<Enrollment>) -> profile::Enrollment {
    let Stored { record, meta } = stored;
    let Enrollment { id, sourced_id, active, class, organization, person, role, primary, begin, end } =
        record;
    profile::Enrollment {
        name: in_collection(district, "enrollments", id),
        uid: id.to_string(),
        class: in_collection(district, "classes", class),
        person: in_collection(district, "people", person),
        organization: in_collection(district, "organizations", organization),
        role,
        primary,
        begin_date: day(begin),
        end_date: day(end),
        state: state(active),
        external_ids: external_ids(sourced_id, String::new()),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}

pub(crate) fn relationship(district: &District, stored: Stored<Relationship>) -> profile::Relationship {
    use crate::events::roster::Telling as _;
    let Stored { record, meta } = stored;
    let kind = match record.kind {
        Kinship::Parent => profile::RelationshipKind::Parent,
        Kinship::Guardian => profile::RelationshipKind::Guardian,
        Kinship::Relative => profile::RelationshipKind::Relative,
    };
    profile::Relationship {
        name: record.name(district).to_string(),
        uid: record.id.to_string(),
        learner: in_collection(district, "people", record.learner),
        other: in_collection(district, "people", record.other),
        kind: kind.into(),
        education_rights: record.education_rights,
        state: state(record.active),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: etag(meta),
    }
}
