//! People, what they are and where, and what is kept apart about them.

use trellis_kernel::Uuid;

use super::row::{Identities, Row};
use super::{File, Placed};
use crate::domain::roster::{Collection, Demographics, Enrollment, LegalName, Person, ROLES, Role};

const ROLE_TYPES: &[&str] = &["primary", "secondary"];
const ENROLLMENT_ROLES: &[&str] = &["administrator", "proctor", "student", "teacher"];
const SEXES: &[&str] = &["male", "female", "unspecified", "other"];

/// A person, and the people whom the row names as agents.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub person: Person,
    /// Parents, guardians and relatives of this person, or those to whom this person is one.
    pub agents: Vec<Uuid>,
    /// The organisation that the row calls the main one; the roles say what counts.
    pub primary_organization: Option<Uuid>,
}

/// The columns `password`, `username`, `email`, `sms` and `phone` are not read: nothing here needs them.
pub(super) fn user(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<User>> {
    let (id, sourced_id) = row.own(ids, Collection::People);
    let active = row.active();
    row.required("enabledUser");
    let enabled = row.flag("enabledUser", false);
    let legal_name = LegalName {
        given: row.required("givenName"),
        middle: row.text("middleName"),
        family: row.required("familyName"),
    };
    let used =
        |preferred: String, legal: &str| if preferred.is_empty() { legal.to_owned() } else { preferred };
    let person = Person {
        id,
        sourced_id,
        active,
        enabled,
        given_name: used(row.text("preferredGivenName"), &legal_name.given),
        family_name: used(row.text("preferredFamilyName"), &legal_name.family),
        legal_name,
        pronouns: row.text("pronouns"),
        grades: row.list("grades"),
        identifier: row.text("identifier"),
    };
    let agents = row.list("agentSourcedIds").iter().map(|agent| ids.of(Collection::People, agent)).collect();
    let primary_organization = row.optional_reference("primaryOrgSourcedId", ids, Collection::Organizations);
    row.finish(User { person, agents, primary_organization })
}

pub(super) fn role(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Role>> {
    let (id, sourced_id) = row.own(ids, Collection::Roles);
    let record = Role {
        id,
        sourced_id,
        active: row.active(),
        person: row.reference("userSourcedId", ids, Collection::People),
        organization: row.reference("orgSourcedId", ids, Collection::Organizations),
        primary: row.closed_word("roleType", ROLE_TYPES) == "primary",
        word: row.word("role", ROLES),
        begin: row.date("beginDate"),
        end: row.date("endDate"),
    };
    row.ordered(record.begin, record.end, "endDate");
    row.finish(record)
}

pub(super) fn enrollment(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Enrollment>> {
    let (id, sourced_id) = row.own(ids, Collection::Enrollments);
    let record = Enrollment {
        id,
        sourced_id,
        active: row.active(),
        class: row.reference("classSourcedId", ids, Collection::Classes),
        organization: row.reference("schoolSourcedId", ids, Collection::Organizations),
        person: row.reference("userSourcedId", ids, Collection::People),
        role: row.word("role", ENROLLMENT_ROLES),
        primary: row.flag("primary", false),
        begin: row.date("beginDate"),
        end: row.date("endDate"),
    };
    row.ordered(record.begin, record.end, "endDate");
    row.finish(record)
}

/// The row of demographics of a person has the person's own sourcedId.
pub(super) fn demographics(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Demographics>> {
    let (id, _) = row.own(ids, Collection::People);
    let active = row.active();
    let birth_date = row.date("birthDate");
    let mut facts = std::collections::BTreeMap::new();
    for column in &File::Demographics.columns()[4..] {
        let value = match *column {
            "sex" => {
                let text = row.text(column);
                if text.is_empty() { text } else { row.word(column, SEXES) }
            }
            "countryOfBirthCode"
            | "stateOfBirthAbbreviation"
            | "cityOfBirth"
            | "publicSchoolResidenceStatus" => row.text(column),
            _ => {
                row.flag(column, false);
                row.text(column).to_ascii_lowercase()
            }
        };
        if !value.is_empty() {
            facts.insert((*column).to_owned(), value);
        }
    }
    row.finish(Demographics { id, active, birth_date, facts })
}

/// An account in another system: whose it is. Names and passwords of accounts are not read.
pub(super) fn profile(mut row: Row<'_>, ids: &Identities<'_>) -> Option<Placed<Uuid>> {
    row.required("sourcedId");
    let person = row.reference("userSourcedId", ids, Collection::People);
    row.finish(person)
}
