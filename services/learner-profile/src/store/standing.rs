//! The facts that access is decided on.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ColumnTrait, Condition, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Reader, Scope, failure};

use super::columns::maybe_day;
use super::entities::{
    class, demographics, enrollment, organization, organization_ancestor, person, person_role, relationship,
};
use crate::domain::access::{Caller, Held};

/// A person as one who asks; nothing when there is no such person.
pub(crate) async fn caller(reader: &Reader, id: Uuid, today: Date) -> Result<Option<Caller>> {
    let found = reader.find::<person::Entity>().filter(person::Column::Id.eq(id));
    let Some(found) = found.one(reader.conn()).await.map_err(failure)? else { return Ok(None) };
    let roles: Vec<(String, Uuid)> = roles_on(reader, today)
        .filter(person_role::Column::PersonId.eq(id))
        .select_only()
        .column(person_role::Column::Role)
        .column(person_role::Column::OrganizationId)
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    let kinds: HashMap<Uuid, String> = reader
        .find::<organization::Entity>()
        .filter(organization::Column::Id.is_in(roles.iter().map(|(_, organization)| *organization)))
        .filter(organization::Column::Active.eq(true))
        .select_only()
        .column(organization::Column::Id)
        .column(organization::Column::Kind)
        .into_tuple::<(Uuid, String)>()
        .all(reader.conn())
        .await
        .map_err(failure)?
        .into_iter()
        .collect();
    // A role in an organisation that is gone is no role.
    let held = roles.into_iter().filter_map(|(role, organization)| {
        let organization_kind = kinds.get(&organization)?.clone();
        Some(Held { role, organization, organization_kind })
    });
    Ok(Some(Caller { id, active: found.active, enabled: found.enabled, roles: held.collect() }))
}

/// Which of these people there are.
pub(crate) async fn existing(reader: &Reader, people: &[Uuid]) -> Result<HashSet<Uuid>> {
    let select = reader.find::<person::Entity>().filter(person::Column::Id.is_in(people.iter().copied()));
    ids(reader, select, person::Column::Id).await
}

/// The birth dates that are known of these people.
pub(crate) async fn birth_dates(reader: &Reader, people: &[Uuid]) -> Result<HashMap<Uuid, Date>> {
    let rows: Vec<(Uuid, Option<String>)> = reader
        .find::<demographics::Entity>()
        .filter(demographics::Column::Id.is_in(people.iter().copied()))
        .select_only()
        .column(demographics::Column::Id)
        .column(demographics::Column::BirthDate)
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    let mut dates = HashMap::new();
    for (id, text) in rows {
        if let Some(date) = maybe_day(text.as_deref())? {
            dates.insert(id, date);
        }
    }
    Ok(dates)
}

/// Which of these learners a person has education rights for, by the roster.
pub(crate) async fn in_care_of(reader: &Reader, person: Uuid, learners: &[Uuid]) -> Result<HashSet<Uuid>> {
    let select = reader
        .find::<relationship::Entity>()
        .filter(relationship::Column::OtherId.eq(person))
        .filter(relationship::Column::Active.eq(true))
        .filter(relationship::Column::EducationRights.eq(true))
        .filter(relationship::Column::LearnerId.is_in(learners.iter().copied()));
    ids(reader, select, relationship::Column::LearnerId).await
}

/// Which of these learners a person teaches.
pub(crate) async fn taught_by(
    reader: &Reader,
    person: Uuid,
    learners: &[Uuid],
    today: Date,
) -> Result<HashSet<Uuid>> {
    let select = learning_with(reader, person, today)
        .filter(enrollment::Column::PersonId.is_in(learners.iter().copied()));
    ids(reader, select, enrollment::Column::PersonId).await
}

/// The organisations of each person, by role and by class, and all that those are a part of.
pub(crate) async fn lineages(
    reader: &Reader,
    people: &[Uuid],
    today: Date,
) -> Result<HashMap<Uuid, Vec<Uuid>>> {
    let mut places: Vec<(Uuid, Uuid)> = roles_on(reader, today)
        .filter(person_role::Column::PersonId.is_in(people.iter().copied()))
        .select_only()
        .column(person_role::Column::PersonId)
        .column(person_role::Column::OrganizationId)
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    let by_class: Vec<(Uuid, Uuid)> = enrollments_on(reader, today)
        .filter(enrollment::Column::PersonId.is_in(people.iter().copied()))
        .select_only()
        .column(enrollment::Column::PersonId)
        .column(enrollment::Column::OrganizationId)
        .distinct()
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    places.extend(by_class);
    let organizations: HashSet<Uuid> = places.iter().map(|(_, organization)| *organization).collect();
    let pairs: Vec<(Uuid, Uuid)> = reader
        .find::<organization_ancestor::Entity>()
        .filter(organization_ancestor::Column::OrganizationId.is_in(organizations))
        .select_only()
        .column(organization_ancestor::Column::OrganizationId)
        .column(organization_ancestor::Column::AncestorId)
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    let mut ancestors: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (organization, ancestor) in pairs {
        ancestors.entry(organization).or_default().push(ancestor);
    }
    let mut lineages: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (person, organization) in places {
        let lineage = lineages.entry(person).or_default();
        lineage.extend(ancestors.get(&organization).into_iter().flatten());
    }
    Ok(lineages)
}

/// The people whom a caller may read one by one: see [`people_within`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everyone of the district.
    Everyone,
    /// Those in some organisations and all below them; and, for a person who asks, themself and those
    /// whom they teach now.
    Some {
        /// The organisations.
        organizations: Vec<Uuid>,
        /// The person who asks.
        person: Option<Uuid>,
    },
}

/// The condition that a column holds the id of a person within reach; nothing when everyone is.
pub(crate) fn people_within<C: ColumnTrait>(
    reader: &Reader,
    reach: &Reach,
    column: C,
    today: Date,
) -> Condition {
    let Reach::Some { organizations, person } = reach else { return Condition::all() };
    let below = || -> SelectStatement {
        reader
            .find::<organization_ancestor::Entity>()
            .filter(organization_ancestor::Column::AncestorId.is_in(organizations.iter().copied()))
            .select_only()
            .column(organization_ancestor::Column::OrganizationId)
            .into_query()
    };
    let by_role = roles_on(reader, today)
        .filter(person_role::Column::OrganizationId.in_subquery(below()))
        .select_only()
        .column(person_role::Column::PersonId)
        .into_query();
    let by_class = enrollments_on(reader, today)
        .filter(enrollment::Column::OrganizationId.in_subquery(below()))
        .select_only()
        .column(enrollment::Column::PersonId)
        .into_query();
    let mut any = Condition::any().add(column.in_subquery(by_role)).add(column.in_subquery(by_class));
    if let Some(person) = *person {
        let taught = learning_with(reader, person, today)
            .select_only()
            .column(enrollment::Column::PersonId)
            .into_query();
        any = any.add(column.eq(person)).add(column.in_subquery(taught));
    }
    any
}

/// The roles that hold today.
fn roles_on(reader: &Reader, today: Date) -> Select<person_role::Entity> {
    let today = today.to_string();
    reader
        .find::<person_role::Entity>()
        .filter(person_role::Column::Active.eq(true))
        .filter(person_role::Column::BeginDate.is_null().or(person_role::Column::BeginDate.lte(&today)))
        .filter(person_role::Column::EndDate.is_null().or(person_role::Column::EndDate.gt(&today)))
}

/// The enrolments that hold today, in classes that meet today.
fn enrollments_on(reader: &Reader, today: Date) -> Select<enrollment::Entity> {
    let day = today.to_string();
    let meeting = reader
        .find::<class::Entity>()
        .filter(class::Column::Active.eq(true))
        .filter(class::Column::FirstDate.is_null().or(class::Column::FirstDate.lte(&day)))
        .filter(class::Column::LastDate.is_null().or(class::Column::LastDate.gte(&day)))
        .select_only()
        .column(class::Column::Id)
        .into_query();
    reader
        .find::<enrollment::Entity>()
        .filter(enrollment::Column::Active.eq(true))
        .filter(enrollment::Column::BeginDate.is_null().or(enrollment::Column::BeginDate.lte(&day)))
        .filter(enrollment::Column::EndDate.is_null().or(enrollment::Column::EndDate.gt(&day)))
        .filter(enrollment::Column::ClassId.in_subquery(meeting))
}

/// The enrolments of learners in the classes that a person teaches today.
fn learning_with(reader: &Reader, person: Uuid, today: Date) -> Select<enrollment::Entity> {
    let taught = enrollments_on(reader, today)
        .filter(enrollment::Column::PersonId.eq(person))
        .filter(enrollment::Column::Role.eq("teacher"))
        .select_only()
        .column(enrollment::Column::ClassId)
        .into_query();
    enrollments_on(reader, today)
        .filter(enrollment::Column::Role.eq("student"))
        .filter(enrollment::Column::ClassId.in_subquery(taught))
}

async fn ids<E>(reader: &Reader, select: Select<E>, column: E::Column) -> Result<HashSet<Uuid>>
where
    E: sea_orm::EntityTrait,
{
    let ids: Vec<Uuid> = select
        .select_only()
        .column(column)
        .distinct()
        .into_tuple()
        .all(reader.conn())
        .await
        .map_err(failure)?;
    Ok(ids.into_iter().collect())
}
