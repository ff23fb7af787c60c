//! What the other services know.

use std::collections::{BTreeSet, HashMap};

use trellis_contracts::experience::experience_service_client::ExperienceServiceClient;
use trellis_contracts::experience::{BatchGetExperiencesRequest, Experience, ExperienceState};
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{BatchGetPeopleRequest, GetAcademicSessionRequest, GetOrganizationRequest};
use trellis_contracts::status;
use trellis_kernel::{Actor, District, Failure, Kind, Name, Result, Uuid};

use super::{App, dangling};
use crate::domain::names;
use crate::domain::offering::{Particulars, Text};
use crate::domain::solving::fairness::Grades;

/// How many experiences or people one call asks for.
const BATCH: usize = 1000;

/// An experience, as far as scheduling goes.
pub(crate) struct Known {
    pub(crate) particulars: Particulars,
    /// Whether it takes place.
    pub(crate) open: bool,
}

impl App {
    /// Refuses an organisation that the roster does not have.
    pub(crate) async fn require_organization(
        &self,
        actor: &Actor,
        district: &District,
        id: Uuid,
    ) -> Result<()> {
        let name = names::organization(district, id).to_string();
        let mut roster = RosterServiceClient::new(self.profile.on_behalf_of(actor));
        match roster.get_organization(GetOrganizationRequest { name }).await {
            Ok(_) => Ok(()),
            Err(refused) => Err(reference(
                status::received(&refused),
                "calendar.organization",
                "must be an organization of the district's roster",
            )),
        }
    }

    /// Refuses a session that the roster does not have.
    pub(crate) async fn require_session(&self, actor: &Actor, district: &District, id: Uuid) -> Result<()> {
        let name = names::session(district, id).to_string();
        let mut roster = RosterServiceClient::new(self.profile.on_behalf_of(actor));
        match roster.get_academic_session(GetAcademicSessionRequest { name }).await {
            Ok(_) => Ok(()),
            Err(refused) => Err(reference(
                status::received(&refused),
                "timetable.academic_session",
                "must be an academic session of the district's roster",
            )),
        }
    }

    /// One experience, or the refusal of the field that names it.
    pub(crate) async fn experience(&self, actor: &Actor, district: &District, id: Uuid) -> Result<Known> {
        let refused = "must be an experience of the district that takes place";
        let known = self.experiences(actor, district, &[id]).await;
        let known = known.map_err(|failure| reference(failure, "offering.experience", refused))?;
        known
            .into_values()
            .next()
            .filter(|known| known.open)
            .ok_or_else(|| dangling("offering.experience", refused))
    }

    /// What is known of the experiences: all of them, or a refusal.
    pub(crate) async fn experiences(
        &self,
        actor: &Actor,
        district: &District,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Known>> {
        let mut known = HashMap::new();
        for some in ids.chunks(BATCH) {
            let request = BatchGetExperiencesRequest {
                parent: Name::district(district.clone()).to_string(),
                names: some.iter().map(|id| names::experience(district, *id).to_string()).collect(),
            };
            let mut client = ExperienceServiceClient::new(self.experience.on_behalf_of(actor));
            let reply = client.batch_get_experiences(request).await;
            let reply = reply.map_err(|refused| status::received(&refused))?.into_inner();
            for experience in reply.experiences {
                let (id, experience) = read(experience)?;
                known.insert(id, experience);
            }
        }
        Ok(known)
    }

    /// The grades that the roster has learners in.
    ///
    /// Asks for the service itself: whoever makes a plan is told of grades only what several learners come to
    /// together.
    pub(crate) async fn grades(&self, district: &District, learners: BTreeSet<Uuid>) -> Result<Grades> {
        let mut grades = Grades::new();
        for some in Vec::from_iter(learners).chunks(BATCH) {
            let request = BatchGetPeopleRequest {
                parent: Name::district(district.clone()).to_string(),
                names: some.iter().map(|id| names::person(district, *id).to_string()).collect(),
            };
            let mut roster = RosterServiceClient::new(self.profile.itself());
            let reply = roster.batch_get_people(request).await;
            let reply = reply.map_err(|refused| status::received(&refused))?.into_inner();
            for person in reply.people {
                let id = Name::parse(&person.name)?.id().ok_or_else(|| unreadable("name"))?;
                grades.insert(id, person.grades);
            }
        }
        Ok(grades)
    }
}

/// A refusal that means "there is no such thing for this caller" becomes one of the field; what is the
/// fault of nobody (the service is away) stays as it is.
fn reference(failure: Failure, field: &'static str, description: &'static str) -> Failure {
    match failure.kind() {
        Kind::NotFound | Kind::PermissionDenied | Kind::InvalidArgument => dangling(field, description),
        _ => failure,
    }
}

fn read(experience: Experience) -> Result<(Uuid, Known)> {
    let id = Name::parse(&experience.name)?.id().ok_or_else(|| unreadable("name"))?;
    let title = experience.title.into_iter().map(|title| Text { language: title.language, text: title.text });
    let particulars = Particulars {
        title: title.collect(),
        first: experience.start_date.parse().map_err(|_| unreadable("start_date"))?,
        last: experience.end_date.parse().map_err(|_| unreadable("end_date"))?,
    };
    Ok((id, Known { particulars, open: experience.state == i32::from(ExperienceState::Open) }))
}

fn unreadable(field: &'static str) -> Failure {
    Failure::internal(format!("a service answered with a {field} that cannot be read"))
}
