//! The roster, applications and agreements in the change feed.

use async_trait::async_trait;
use trellis_auth::Query;
use trellis_contracts::common::DataClass;
use trellis_contracts::guard::Method;
use trellis_contracts::profile::profile_change::Body;
use trellis_contracts::profile::{
    APPLICATION_SERVICE_LIST_AGREEMENTS, APPLICATION_SERVICE_LIST_APPLICATIONS,
    ROSTER_SERVICE_GET_ACADEMIC_SESSION, ROSTER_SERVICE_GET_CLASS, ROSTER_SERVICE_GET_COURSE,
    ROSTER_SERVICE_GET_ENROLLMENT, ROSTER_SERVICE_GET_ORGANIZATION, ROSTER_SERVICE_GET_PERSON,
    ROSTER_SERVICE_LIST_RELATIONSHIPS,
};
use trellis_kernel::{Actor, District, Name, Party, Relation, Relations, Result, Uuid};
use trellis_rpc::changes::Row;
use trellis_store::Reader;

use super::changes::{Sight, Source};
use super::convert::{agreement as agreements_out, roster as convert};
use crate::domain::agreement::{Agreement, Application};
use crate::domain::roster::{AcademicSession, Class, Course, Enrollment, Organization, Person, Relationship};
use crate::events::agreement as told;
use crate::events::roster::Telling;
use crate::store::records::{Kept, Stored};
use crate::store::{agreements, roster};

/// Organisations.
pub(crate) struct Organizations;
/// Sessions.
pub(crate) struct AcademicSessions;
/// Courses.
pub(crate) struct Courses;
/// Classes.
pub(crate) struct Classes;
/// People.
pub(crate) struct People;
/// Enrolments.
pub(crate) struct Enrollments;
/// Relationships, each to those to whom `ListRelationships` shows it.
pub(crate) struct Relationships;
/// Applications.
pub(crate) struct Applications;
/// Agreements.
pub(crate) struct Agreements;

fn ids(names: &[Name]) -> Vec<Uuid> {
    names.iter().filter_map(Name::id).collect()
}

async fn named<T: Kept>(reader: &Reader, names: &[Name]) -> Result<Vec<Stored<T>>> {
    Ok(roster::by_ids::<T, _>(reader, &ids(names)).await?.into_values().collect())
}

async fn following<T: Kept>(reader: &Reader, after: Option<&Name>, limit: u64) -> Result<Vec<Stored<T>>> {
    roster::after::<T>(reader, after.and_then(Name::id), limit).await
}

fn row<T: Telling>(
    district: &District,
    stored: Stored<T>,
    body: impl FnOnce(Stored<T>) -> Body,
) -> Row<Body> {
    Row {
        name: stored.record.name(district),
        subjects: stored.record.subjects(),
        update_time: stored.meta.update_time,
        body: Some(body(stored)),
    }
}

/// A type that is one table of the roster.
macro_rules! source {
    ($source:ident, $record:ident, $method:ident, $body:ident, $convert:ident) => {
        #[async_trait]
        impl Source for $source {
            fn resource_type(&self) -> &'static str {
                $record::TYPE
            }

            fn method(&self) -> &'static Method {
                &$method
            }

            async fn current(
                &self,
                sight: &Sight,
                _actor: &Actor,
                district: &District,
                names: &[Name],
            ) -> Result<Vec<Row<Body>>> {
                let found = named::<$record>(&sight.store.read(district), names).await?;
                let body = |stored| Body::$body(convert::$convert(district, stored));
                Ok(found.into_iter().map(|stored| row(district, stored, body)).collect())
            }

            async fn batch(
                &self,
                sight: &Sight,
                _actor: &Actor,
                district: &District,
                after: Option<&Name>,
                limit: u64,
            ) -> Result<Vec<Row<Body>>> {
                let found = following::<$record>(&sight.store.read(district), after, limit).await?;
                let body = |stored| Body::$body(convert::$convert(district, stored));
                Ok(found.into_iter().map(|stored| row(district, stored, body)).collect())
            }
        }
    };
}

source!(Organizations, Organization, ROSTER_SERVICE_GET_ORGANIZATION, Organization, organization);
source!(
    AcademicSessions,
    AcademicSession,
    ROSTER_SERVICE_GET_ACADEMIC_SESSION,
    AcademicSession,
    academic_session
);
source!(Courses, Course, ROSTER_SERVICE_GET_COURSE, Course, course);
source!(Classes, Class, ROSTER_SERVICE_GET_CLASS, Class, class);
source!(Enrollments, Enrollment, ROSTER_SERVICE_GET_ENROLLMENT, Enrollment, enrollment);

impl People {
    async fn rows(
        reader: &Reader,
        district: &District,
        people: Vec<Stored<Person>>,
    ) -> Result<Vec<Row<Body>>> {
        let people = roster::with_roles(reader, people).await?;
        let rows = people.into_iter().map(|found| Row {
            name: found.person.record.name(district),
            subjects: found.person.record.subjects(),
            update_time: found.person.meta.update_time,
            body: Some(Body::Person(convert::person(district, found))),
        });
        Ok(rows.collect())
    }
}

#[async_trait]
impl Source for People {
    fn resource_type(&self) -> &'static str {
        Person::TYPE
    }

    fn method(&self) -> &'static Method {
        &ROSTER_SERVICE_GET_PERSON
    }

    async fn current(
        &self,
        sight: &Sight,
        _actor: &Actor,
        district: &District,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        let reader = sight.store.read(district);
        Self::rows(&reader, district, named(&reader, names).await?).await
    }

    async fn batch(
        &self,
        sight: &Sight,
        _actor: &Actor,
        district: &District,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        let reader = sight.store.read(district);
        Self::rows(&reader, district, following(&reader, after, limit).await?).await
    }
}

impl Relationships {
    /// A guardian is told of their own relationship to the learner, and not of another household's.
    async fn rows(
        sight: &Sight,
        actor: &Actor,
        district: &District,
        ties: Vec<Stored<Relationship>>,
    ) -> Result<Vec<Row<Body>>> {
        let more: Relations = [Relation::Own, Relation::School, Relation::District].into_iter().collect();
        let person = match actor.principal().party {
            Party::Person(id) => Some(id),
            _ => None,
        };
        let mut rows = Vec::with_capacity(ties.len());
        let standings = match person {
            Some(id) if !ties.is_empty() => {
                let query = Query {
                    district: district.clone(),
                    party: Party::Person(id),
                    data_class: DataClass::Sensitive,
                    learners: ties.iter().map(|stored| stored.record.learner).collect(),
                };
                sight.standings.standings(&query).await?
            }
            _ => Vec::new(),
        };
        for (index, stored) in ties.into_iter().enumerate() {
            let hidden = person.is_some_and(|id| {
                let stands = standings.get(index).copied().unwrap_or_default();
                !stands.meets(more) && stored.record.other != id
            });
            let mut row =
                row(district, stored, |stored| Body::Relationship(convert::relationship(district, stored)));
            if hidden {
                row.body = None;
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

#[async_trait]
impl Source for Relationships {
    fn resource_type(&self) -> &'static str {
        Relationship::TYPE
    }

    fn method(&self) -> &'static Method {
        &ROSTER_SERVICE_LIST_RELATIONSHIPS
    }

    async fn current(
        &self,
        sight: &Sight,
        actor: &Actor,
        district: &District,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        let found = named(&sight.store.read(district), names).await?;
        Self::rows(sight, actor, district, found).await
    }

    async fn batch(
        &self,
        sight: &Sight,
        actor: &Actor,
        district: &District,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        let found = following(&sight.store.read(district), after, limit).await?;
        Self::rows(sight, actor, district, found).await
    }
}

fn application_row(district: &District, found: Application) -> Row<Body> {
    Row {
        name: told::application_name(district, found.id),
        subjects: Vec::new(),
        update_time: found.meta.update_time,
        body: Some(Body::Application(agreements_out::application(district, found))),
    }
}

fn agreement_row(district: &District, found: Agreement) -> Row<Body> {
    Row {
        name: told::agreement_name(district, found.terms.id),
        subjects: Vec::new(),
        update_time: found.meta.update_time,
        body: Some(Body::Agreement(agreements_out::agreement(district, found))),
    }
}

/// Applications and agreements.
macro_rules! agreed {
    ($source:ident, $type:expr, $method:ident, $one:ident, $after:ident, $row:ident) => {
        #[async_trait]
        impl Source for $source {
            fn resource_type(&self) -> &'static str {
                $type
            }

            fn method(&self) -> &'static Method {
                &$method
            }

            async fn current(
                &self,
                sight: &Sight,
                _actor: &Actor,
                district: &District,
                names: &[Name],
            ) -> Result<Vec<Row<Body>>> {
                let found = agreements::$one(&sight.store.read(district), &ids(names)).await?;
                Ok(found.into_iter().map(|found| $row(district, found)).collect())
            }

            async fn batch(
                &self,
                sight: &Sight,
                _actor: &Actor,
                district: &District,
                after: Option<&Name>,
                limit: u64,
            ) -> Result<Vec<Row<Body>>> {
                let reader = sight.store.read(district);
                let found = agreements::$after(&reader, after.and_then(Name::id), limit).await?;
                Ok(found.into_iter().map(|found| $row(district, found)).collect())
            }
        }
    };
}

agreed!(
    Applications,
    told::APPLICATION,
    APPLICATION_SERVICE_LIST_APPLICATIONS,
    applications_by_ids,
    applications_after,
    application_row
);
agreed!(
    Agreements,
    told::AGREEMENT,
    APPLICATION_SERVICE_LIST_AGREEMENTS,
    agreements_by_ids,
    agreements_after,
    agreement_row
);
