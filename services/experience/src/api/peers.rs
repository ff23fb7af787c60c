//! The calls to the other services.

use async_trait::async_trait;
use tonic::Status;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::progression_service_client::ProgressionServiceClient;
use trellis_contracts::outcome::{BatchGetOutcomesRequest, GetProgressionRequest, Outcome};
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{BatchGetPeopleRequest, GetOrganizationRequest};
use trellis_contracts::status::received;
use trellis_kernel::{Actor, District, Failure, Name, Reason, Result, Uuid};
use trellis_rpc::{Peer, Peers};

use crate::app::neighbours::{FieldAt, KnownOutcome, KnownProgression, Neighbours};
use crate::domain::reference::{FrameworkChild, missing, within};

/// The other services, reached by their contracts.
pub(crate) struct Others {
    outcome: Peer,
    profile: Peer,
}

impl Others {
    /// Calls these peers.
    pub(crate) fn new(peers: &Peers) -> Self {
        Self { outcome: peers.outcome.clone(), profile: peers.profile.clone() }
    }
}

#[async_trait]
impl Neighbours for Others {
    async fn outcomes(
        &self,
        actor: &Actor,
        home: &District,
        names: &[FrameworkChild],
        field: FieldAt<'_>,
    ) -> Result<Vec<KnownOutcome>> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let request = BatchGetOutcomesRequest { parent: format!("districts/{home}"), names: names.clone() };
        let mut client = OutcomeServiceClient::new(self.outcome.on_behalf_of(actor));
        let reply = client.batch_get_outcomes(request).await;
        let outcomes =
            reply.map_err(|status| absent(&status, &names, field, "an outcome"))?.into_inner().outcomes;
        if outcomes.len() != names.len() {
            return Err(Failure::internal("the outcome service answered for another number of outcomes"));
        }
        outcomes.iter().map(|outcome| known_outcome(outcome, home)).collect()
    }

    async fn progression(
        &self,
        actor: &Actor,
        name: &FrameworkChild,
        field: &str,
    ) -> Result<KnownProgression> {
        let request = GetProgressionRequest { name: name.to_string() };
        let mut client = ProgressionServiceClient::new(self.outcome.on_behalf_of(actor));
        let reply = client.get_progression(request).await;
        let progression = reply
            .map_err(|status| absent(&status, &[], &|_| field.to_owned(), "a progression"))?
            .into_inner();
        let outcomes = progression.outcomes.iter().map(|outcome| Name::parse(outcome).map(|name| name.id()));
        let outcomes: Vec<Option<Uuid>> = outcomes.collect::<Result<_>>().map_err(Failure::internal)?;
        let levels = u32::try_from(progression.levels.len()).map_err(Failure::internal)?;
        Ok(KnownProgression { outcomes: outcomes.into_iter().flatten().collect(), levels })
    }

    async fn people(&self, home: &District, people: &[Uuid], field: FieldAt<'_>) -> Result<()> {
        let names: Vec<String> =
            people.iter().map(|person| within(home, "people", *person).to_string()).collect();
        let Err(failure) = self.require_people(home, &names).await else { return Ok(()) };
        if !leads_nowhere(&failure) {
            return Err(failure);
        }
        // The answer does not say who of them is not there, and the caller must be told.
        for (place, name) in names.iter().enumerate() {
            match self.require_people(home, std::slice::from_ref(name)).await {
                Err(failure) if leads_nowhere(&failure) => {
                    return Err(missing(field(place), "a person of the district"));
                }
                answer => answer?,
            }
        }
        Ok(())
    }

    async fn organization(&self, home: &District, organization: Uuid, field: &str) -> Result<()> {
        let request =
            GetOrganizationRequest { name: within(home, "organizations", organization).to_string() };
        let mut client = RosterServiceClient::new(self.profile.itself());
        let reply = client.get_organization(request).await;
        reply.map_err(|status| {
            absent(&status, &[], &|_| field.to_owned(), "an organisation of the district")
        })?;
        Ok(())
    }
}

impl Others {
    /// Asks for the service itself: who works with another knows that they are here, and this says no
    /// more.
    async fn require_people(&self, home: &District, names: &[String]) -> Result<()> {
        let request = BatchGetPeopleRequest { parent: format!("districts/{home}"), names: names.to_vec() };
        let mut client = RosterServiceClient::new(self.profile.itself());
        client.batch_get_people(request).await.map_err(|status| received(&status))?;
        Ok(())
    }
}

fn known_outcome(outcome: &Outcome, home: &District) -> Result<KnownOutcome> {
    let pinned = Some(&outcome.pinned_name).filter(|name| !name.is_empty());
    let pinned = pinned.map(|name| FrameworkChild::outcome("pinned_name", name, home)).transpose();
    Ok(KnownOutcome { pinned: pinned.map_err(Failure::internal)? })
}

/// What a refusal of another service means here: what it did not find, or would not show, is a
/// reference that leads nowhere.
fn absent(status: &Status, names: &[String], field: FieldAt<'_>, what: &str) -> Failure {
    let failure = received(status);
    if !leads_nowhere(&failure) {
        return failure;
    }
    let place = failure.resource().and_then(|resource| names.iter().position(|name| *name == resource.name));
    missing(field(place.unwrap_or_default()), what)
}

fn leads_nowhere(failure: &Failure) -> bool {
    matches!(failure.reason(), Reason::ResourceNotFound | Reason::AccessDenied)
}
