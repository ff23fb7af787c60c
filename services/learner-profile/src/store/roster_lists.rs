//! Lists of the roster: their filters, their orders.

use jiff::civil::Date;
use sea_orm::sea_query::{Expr, Iden, Query};
use sea_orm::{ColumnTrait, Condition, ExprTrait as _, QueryFilter, Select, Value};
use trellis_kernel::{Name, Page, PageRequest, Result, Uuid};
use trellis_store::filter::{Field, Kind, parse};
use trellis_store::{Keyset, Reader, Scope, Scoped};

use super::entities::{academic_session, class, course, enrollment, organization, person, person_role};
use super::records::{Kept, Stored};
use super::standing::{Reach, people_within};
use crate::domain::roster::{AcademicSession, Class, Course, Enrollment, Organization, Person, ROLES};

/// What a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub page: PageRequest,
    pub filter: String,
}

const ORGANIZATIONS: Kind = Kind::Name(&["organizations"]);
const SESSIONS: Kind = Kind::Name(&["academicSessions"]);
const COURSES: Kind = Kind::Name(&["courses"]);
const CLASSES: Kind = Kind::Name(&["classes"]);
const PEOPLE: Kind = Kind::Name(&["people"]);
const STATE: Kind = Kind::Word(state);

fn state(word: &str) -> Option<Value> {
    match word {
        "ACTIVE" => Some(true.into()),
        "INACTIVE" => Some(false.into()),
        _ => None,
    }
}

const fn field<C>(name: &'static str, column: C, kind: Kind) -> Field<C> {
    Field { name, column, kind }
}

async fn list<T, E>(
    reader: &Reader,
    select: Select<E>,
    keys: Keyset<E>,
    (method, ask): (&str, &Ask),
    weigh: fn(&E::Model) -> usize,
) -> Result<Page<Stored<T>>>
where
    E: Scoped,
    E::Model: Send + Sync,
    T: Kept<Entity = E, Row = E::Model>,
{
    let context = format!("{method} {}", ask.filter);
    let page = trellis_store::page(reader, select, keys, &ask.page, &context, weigh).await?;
    let items = page.items.into_iter().map(T::read).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

/// Organisations by title.
pub(crate) async fn organizations(reader: &Reader, ask: &Ask) -> Result<Page<Stored<Organization>>> {
    use organization::Column;
    let fields = [
        field("type", Column::Kind, Kind::Text),
        field("parent_organization", Column::ParentId, ORGANIZATIONS),
        field("state", Column::Active, STATE),
        field("external_id", Column::SourcedId, Kind::Text),
    ];
    let select = reader.find::<organization::Entity>().filter(parse(&ask.filter, &fields)?);
    let keys = Keyset::by(Column::Title).then(Column::Id);
    list(reader, select, keys, ("ListOrganizations", ask), |row: &organization::Model| 600 + row.title.len())
        .await
}

/// Sessions by first day.
pub(crate) async fn academic_sessions(reader: &Reader, ask: &Ask) -> Result<Page<Stored<AcademicSession>>> {
    use academic_session::Column;
    let fields = [
        field("type", Column::Kind, Kind::Text),
        field("school_year", Column::SchoolYear, Kind::Integer),
        field("parent_session", Column::ParentId, SESSIONS),
        field("state", Column::Active, STATE),
        field("external_id", Column::SourcedId, Kind::Text),
    ];
    let select = reader.find::<academic_session::Entity>().filter(parse(&ask.filter, &fields)?);
    let keys = Keyset::by(Column::StartDate).then(Column::Id);
    list(reader, select, keys, ("ListAcademicSessions", ask), |row: &academic_session::Model| {
        600 + row.title.len()
    })
    .await
}

/// Courses by title.
pub(crate) async fn courses(reader: &Reader, ask: &Ask) -> Result<Page<Stored<Course>>> {
    use course::Column;
    let fields = [
        field("organization", Column::OrganizationId, ORGANIZATIONS),
        field("course_code", Column::Code, Kind::Text),
        field("state", Column::Active, STATE),
        field("external_id", Column::SourcedId, Kind::Text),
    ];
    let select = reader.find::<course::Entity>().filter(parse(&ask.filter, &fields)?);
    let keys = Keyset::by(Column::Title).then(Column::Id);
    list(reader, select, keys, ("ListCourses", ask), |row: &course::Model| 4000 + row.title.len()).await
}

/// Classes by title.
pub(crate) async fn classes(reader: &Reader, ask: &Ask) -> Result<Page<Stored<Class>>> {
    use class::Column;
    let fields = [
        field("organization", Column::OrganizationId, ORGANIZATIONS),
        field("course", Column::CourseId, COURSES),
        field("state", Column::Active, STATE),
        field("external_id", Column::SourcedId, Kind::Text),
    ];
    let select = reader.find::<class::Entity>().filter(parse(&ask.filter, &fields)?);
    let keys = Keyset::by(Column::Title).then(Column::Id);
    list(reader, select, keys, ("ListClasses", ask), |row: &class::Model| {
        6000 + row.title.len() + row.location.len()
    })
    .await
}

/// People within reach, by name.
pub(crate) async fn people(
    reader: &Reader,
    ask: &Ask,
    reach: &Reach,
    today: Date,
) -> Result<Page<Stored<Person>>> {
    use person::Column;
    let fields = [
        field("organization", Column::Id, Kind::Has(in_organization)),
        field("role", Column::Id, Kind::Has(in_role)),
        field("class", Column::Id, Kind::Has(in_class)),
        field("state", Column::Active, STATE),
        field("external_id", Column::SourcedId, Kind::Text),
    ];
    let select = reader.find::<person::Entity>().filter(parse(&ask.filter, &fields)?).filter(people_within(
        reader,
        reach,
        Column::Id,
        today,
    ));
    let keys = Keyset::by(Column::FamilyName).then(Column::GivenName).then(Column::Id);
    list(reader, select, keys, ("ListPeople", ask), |row: &person::Model| {
        2000 + row.family_name.len() + row.given_name.len()
    })
    .await
}

/// Enrolments of people within reach, by id.
pub(crate) async fn enrollments(
    reader: &Reader,
    ask: &Ask,
    reach: &Reach,
    today: Date,
) -> Result<Page<Stored<Enrollment>>> {
    use enrollment::Column;
    let fields = [
        field("class", Column::ClassId, CLASSES),
        field("person", Column::PersonId, PEOPLE),
        field("organization", Column::OrganizationId, ORGANIZATIONS),
        field("role", Column::Role, Kind::Text),
        field("state", Column::Active, STATE),
        field("external_id", Column::SourcedId, Kind::Text),
    ];
    let select = reader
        .find::<enrollment::Entity>()
        .filter(parse(&ask.filter, &fields)?)
        .filter(people_within(reader, reach, Column::PersonId, today));
    list(reader, select, Keyset::by(Column::Id), ("ListEnrollments", ask), |_| 800).await
}

/// Where people have a role that the roster holds.
fn in_organization(text: &str) -> Option<Condition> {
    let organization = Name::of("filter", text, &["organizations"]).ok()?.id()?;
    Some(with_role(person_role::Column::OrganizationId.eq(organization)))
}

/// What people are, wherever, by roles that the roster holds.
fn in_role(text: &str) -> Option<Condition> {
    let known = ROLES.contains(&text) || text.starts_with("ext:");
    known.then(|| with_role(person_role::Column::Role.eq(text)))
}

fn with_role(condition: Expr) -> Condition {
    use person_role::{Column, Entity};
    let active = Expr::col((Entity, Column::Active)).eq(true);
    among(Entity, Column::District, Column::PersonId, active.and(condition))
}

/// A filter is read without a scope, so the rows that it looks at are held to the district of the person
/// they are compared to.
fn among<E, C>(table: E, district: C, person: C, condition: Expr) -> Condition
where
    E: Iden + Copy + 'static,
    C: Iden + Copy + 'static,
{
    let same = Expr::col((table, district)).equals((person::Entity, person::Column::District));
    let mut rows = Query::select();
    rows.column((table, person)).from(table).and_where(same).and_where(condition);
    Condition::all().add(person::Column::Id.in_subquery(rows))
}

/// Which class people are enrolled in, by enrolments that the roster holds.
fn in_class(text: &str) -> Option<Condition> {
    use enrollment::{Column, Entity};
    let class = Name::of("filter", text, &["classes"]).ok()?.id()?;
    let active = Expr::col((Entity, Column::Active)).eq(true);
    Some(among(Entity, Column::District, Column::PersonId, active.and(Column::ClassId.eq(class))))
}

/// Whom an enrolment is about.
pub(crate) async fn enrolled(reader: &Reader, enrollment: Uuid) -> Result<Option<Uuid>> {
    Ok(super::roster::one::<Enrollment>(reader, enrollment).await?.map(|stored| stored.record.person))
}
