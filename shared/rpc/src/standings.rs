//! How parties stand, asked of the profile service.

use async_trait::async_trait;
use trellis_auth::{Query, Standings};
use trellis_contracts::profile::access_service_client::AccessServiceClient;
use trellis_contracts::profile::{CheckTokenRequest, DecideAccessRequest};
use trellis_contracts::{status, values};
use trellis_kernel::{District, Failure, Party, Relations, Result};

use crate::Peer;

/// How many learners one question names at most; the contract's own limit.
const BATCH: usize = 1000;

/// The decision of the profile service, for the services that do not keep the roster.
///
/// Where no answer comes, the call that needed one is refused.
pub struct RemoteStandings {
    profile: Peer,
}

impl RemoteStandings {
    /// Asks `profile`, in the name of the service that the peer was made for.
    pub const fn new(profile: Peer) -> Self {
        Self { profile }
    }

    async fn ask(&self, request: DecideAccessRequest) -> Result<Vec<Relations>> {
        let expected = request.learners.len().max(1);
        let mut client = AccessServiceClient::new(self.profile.itself());
        let answer = client.decide_access(request).await.map_err(|s| status::received(&s))?.into_inner();
        if answer.standings.len() != expected {
            return Err(Failure::internal("the profile service answered for another number of learners"));
        }
        Ok(answer.standings.iter().map(|standing| values::relation_set(&standing.relations)).collect())
    }
}

#[async_trait]
impl Standings for RemoteStandings {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        let party = match &query.party {
            Party::Person(id) => format!("people/{id}"),
            Party::Application(id) => format!("applications/{id}"),
            // The roster knows no others, and who is not in it stands nowhere.
            Party::Operator | Party::Service { .. } => {
                return Ok(vec![Relations::NONE; query.learners.len().max(1)]);
            }
        };
        let request = DecideAccessRequest {
            district: format!("districts/{}", query.district),
            party,
            data_class: query.data_class.into(),
            learners: Vec::new(),
        };
        if query.learners.is_empty() {
            return self.ask(request).await;
        }
        let mut standings = Vec::with_capacity(query.learners.len());
        for learners in query.learners.chunks(BATCH) {
            let learners = learners.iter().map(ToString::to_string).collect();
            standings.extend(self.ask(DecideAccessRequest { learners, ..request.clone() }).await?);
        }
        Ok(standings)
    }

    async fn revoked(&self, district: &District, token_id: &str) -> Result<bool> {
        let request =
            CheckTokenRequest { district: format!("districts/{district}"), token_id: token_id.to_owned() };
        let mut client = AccessServiceClient::new(self.profile.itself());
        let answer = client.check_token(request).await.map_err(|s| status::received(&s))?;
        Ok(answer.into_inner().revoked)
    }
}
