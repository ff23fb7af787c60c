//! `trellis.profile.v1alpha1.RosterService`.

use async_trait::async_trait;
use trellis_auth::Guard;
use trellis_contracts::guard::{Admission, Call};
use trellis_contracts::profile::{
    AcademicSession, BatchGetPeopleRequest, BatchGetPeopleResponse, Class, Course, Enrollment,
    GetAcademicSessionRequest, GetClassRequest, GetCourseRequest, GetEnrollmentRequest,
    GetOrganizationRequest, GetPersonRequest, ListAcademicSessionsRequest, ListAcademicSessionsResponse,
    ListClassesRequest, ListClassesResponse, ListCoursesRequest, ListCoursesResponse, ListEnrollmentsRequest,
    ListEnrollmentsResponse, ListOrganizationsRequest, ListOrganizationsResponse, ListPeopleRequest,
    ListPeopleResponse, ListRelationshipsRequest, ListRelationshipsResponse, Organization, Person,
    RosterServiceApi,
};
use trellis_kernel::{District, Failure, Name, PageRequest, Relation, Relations, Result, Uuid};
use trellis_store::Store;

use super::convert::roster as convert;
use super::entry::plain_name;
use crate::app::roster;
use crate::events::roster::Telling as _;
use crate::store::roster_lists::{self, Ask};

/// Reads the roster.
pub(crate) struct Roster {
    store: Store,
    guard: Guard,
}

impl Roster {
    /// The roster in this store; `guard` is the one that stands before it.
    pub(crate) const fn new(store: Store, guard: Guard) -> Self {
        Self { store, guard }
    }
}

macro_rules! asked {
    ($message:ident) => {{
        let district = district("parent", &$message.parent)?;
        let page = PageRequest::parse($message.page_size, $message.page_token)?;
        (district, Ask { page, filter: $message.filter })
    }};
}

#[async_trait]
impl RosterServiceApi for Roster {
    async fn get_organization(&self, call: Call<GetOrganizationRequest>) -> Result<Organization> {
        let name = plain_name("name", &call.message.name, &["organizations"])?;
        let found = roster::get(&self.store, &name, crate::domain::roster::Organization::TYPE).await?;
        Ok(convert::organization(&name.district, found))
    }

    async fn list_organizations(
        &self,
        call: Call<ListOrganizationsRequest>,
    ) -> Result<ListOrganizationsResponse> {
        let (_, message) = call.into_parts();
        let (district, ask) = asked!(message);
        let page = roster_lists::organizations(&self.store.read(&district), &ask).await?;
        let page = page.map(|found| convert::organization(&district, found));
        Ok(ListOrganizationsResponse { organizations: page.items, next_page_token: page.next })
    }

    async fn get_academic_session(&self, call: Call<GetAcademicSessionRequest>) -> Result<AcademicSession> {
        let name = plain_name("name", &call.message.name, &["academicSessions"])?;
        let found = roster::get(&self.store, &name, crate::domain::roster::AcademicSession::TYPE).await?;
        Ok(convert::academic_session(&name.district, found))
    }

    async fn list_academic_sessions(
        &self,
        call: Call<ListAcademicSessionsRequest>,
    ) -> Result<ListAcademicSessionsResponse> {
        let (_, message) = call.into_parts();
        let (district, ask) = asked!(message);
        let page = roster_lists::academic_sessions(&self.store.read(&district), &ask).await?;
        let page = page.map(|found| convert::academic_session(&district, found));
        Ok(ListAcademicSessionsResponse { academic_sessions: page.items, next_page_token: page.next })
    }

    async fn get_course(&self, call: Call<GetCourseRequest>) -> Result<Course> {
        let name = plain_name("name", &call.message.name, &["courses"])?;
        let found = roster::get(&self.store, &name, crate::domain::roster::Course::TYPE).await?;
        Ok(convert::course(&name.district, found))
    }

    async fn list_courses(&self, call: Call<ListCoursesRequest>) -> Result<ListCoursesResponse> {
        let (_, message) = call.into_parts();
        let (district, ask) = asked!(message);
        let page = roster_lists::courses(&self.store.read(&district), &ask).await?;
        let page = page.map(|found| convert::course(&district, found));
        Ok(ListCoursesResponse { courses: page.items, next_page_token: page.next })
    }

    async fn get_class(&self, call: Call<GetClassRequest>) -> Result<Class> {
        let name = plain_name("name", &call.message.name, &["classes"])?;
        let found = roster::get(&self.store, &name, crate::domain::roster::Class::TYPE).await?;
        Ok(convert::class(&name.district, found))
    }

    async fn list_classes(&self, call: Call<ListClassesRequest>) -> Result<ListClassesResponse> {
        let (_, message) = call.into_parts();
        let (district, ask) = asked!(message);
        let page = roster_lists::classes(&self.store.read(&district), &ask).await?;
        let page = page.map(|found| convert::class(&district, found));
        Ok(ListClassesResponse { classes: page.items, next_page_token: page.next })
    }

    async fn get_person(&self, call: Call<GetPersonRequest>) -> Result<Person> {
        let (name, id) = person_name("name", &call.message.name)?;
        let found = roster::people(&self.store, &name.district, &[id]).await?.pop();
        found.map(|found| convert::person(&name.district, found)).ok_or_else(Failure::access_denied)
    }

    async fn batch_get_people(&self, call: Call<BatchGetPeopleRequest>) -> Result<BatchGetPeopleResponse> {
        let district = district("parent", &call.message.parent)?;
        let mut ids = Vec::with_capacity(call.message.names.len());
        for text in &call.message.names {
            let (name, id) = person_name("names", text)?;
            if name.district != district {
                return Err(Failure::field("names", "must lie in the parent"));
            }
            ids.push(id);
        }
        let found = roster::people(&self.store, &district, &ids).await?;
        let people = found.into_iter().map(|person| convert::person(&district, person)).collect();
        Ok(BatchGetPeopleResponse { people })
    }

    async fn list_people(&self, call: Call<ListPeopleRequest>) -> Result<ListPeopleResponse> {
        let (admission, message) = call.into_parts();
        let (district, ask) = asked!(message);
        let party = &admission.actor.principal().party;
        let page = roster::list_people(&self.store, &district, party, &ask).await?;
        let page = page.map(|found| convert::person(&district, found));
        Ok(ListPeopleResponse { people: page.items, next_page_token: page.next })
    }

    async fn get_enrollment(&self, call: Call<GetEnrollmentRequest>) -> Result<Enrollment> {
        let name = plain_name("name", &call.message.name, &["enrollments"])?;
        let found = roster::get(&self.store, &name, crate::domain::roster::Enrollment::TYPE).await?;
        Ok(convert::enrollment(&name.district, found))
    }

    async fn list_enrollments(&self, call: Call<ListEnrollmentsRequest>) -> Result<ListEnrollmentsResponse> {
        let (admission, message) = call.into_parts();
        let (district, ask) = asked!(message);
        let party = &admission.actor.principal().party;
        let page = roster::list_enrollments(&self.store, &district, party, &ask).await?;
        let page = page.map(|found| convert::enrollment(&district, found));
        Ok(ListEnrollmentsResponse { enrollments: page.items, next_page_token: page.next })
    }

    async fn list_relationships(
        &self,
        call: Call<ListRelationshipsRequest>,
    ) -> Result<ListRelationshipsResponse> {
        let method = call.method();
        let (admission, message) = call.into_parts();
        let (parent, _) = person_name("parent", &message.parent)?;
        let page = PageRequest::parse(message.page_size, message.page_token)?;
        let page = roster::relationships(&self.store, &parent, only_their_own(&admission), &page).await?;
        // Those of a guardian are about the learners to whom they are one.
        let about = page.items.iter().map(|found| found.record.learner);
        self.guard.show_besides(method, &admission, about).await?;
        let page = page.map(|found| convert::relationship(&parent.district, found));
        Ok(ListRelationshipsResponse { relationships: page.items, next_page_token: page.next })
    }
}

/// The caller, when being a guardian is all that lets them in: what another household is to the learner is
/// not theirs to know.
fn only_their_own(admission: &Admission) -> Option<Uuid> {
    let more =
        [Relation::Own, Relation::School, Relation::District, Relation::Application, Relation::Service];
    let more: Relations = more.into_iter().collect();
    let relations = admission.subjects.first().map_or(admission.standing, |(_, relations)| *relations);
    if relations.meets(more) { None } else { admission.actor.person().or(Some(Uuid::nil())) }
}

/// Reads the name of a district.
pub(crate) fn district(field: &str, text: &str) -> Result<District> {
    Ok(Name::of(field, text, &[])?.district)
}

fn person_name(field: &str, text: &str) -> Result<(Name, Uuid)> {
    let name = plain_name(field, text, &["people"])?;
    let id = name.id().ok_or_else(Failure::access_denied)?;
    Ok((name, id))
}
