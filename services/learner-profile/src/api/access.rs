//! `trellis.profile.v1alpha1.AccessService` and `trellis.common.v1.IdentityService`.

use std::sync::Arc;

use async_trait::async_trait;
use trellis_auth::{Query, Standings};
use trellis_contracts::common::{CallerKind, DataClass, IdentityServiceApi, WhoAmIRequest, WhoAmIResponse};
use trellis_contracts::guard::Call;
use trellis_contracts::profile::{
    AccessServiceApi, CheckTokenRequest, CheckTokenResponse, DecideAccessRequest, DecideAccessResponse,
    Standing,
};
use trellis_contracts::values;
use trellis_kernel::{Actor, District, Failure, Party, Relation, Relations, Result, Uuid};
use trellis_store::Store;

use super::convert::roster::in_collection;
use super::roster::district;
use crate::app::access::agreements_in_force;

/// Answers the other services of the suite.
pub(crate) struct Access {
    standings: Arc<dyn Standings>,
}

impl Access {
    /// Answers with these decisions, which must not be remembered ones: whoever asks remembers the answer
    /// for as long as it may hold.
    pub(crate) fn new(standings: Arc<dyn Standings>) -> Self {
        Self { standings }
    }
}

#[async_trait]
impl AccessServiceApi for Access {
    async fn decide_access(&self, call: Call<DecideAccessRequest>) -> Result<DecideAccessResponse> {
        let message = &call.message;
        let learners = message.learners.iter().map(|id| id_of("learners", id)).collect::<Result<_>>()?;
        let query = Query {
            district: district("district", &message.district)?,
            party: party(&message.party)?,
            data_class: message.data_class(),
            learners,
        };
        let standings = self.standings.standings(&query).await?;
        let standings =
            standings.into_iter().map(|relations| Standing { relations: values::relations(relations) });
        Ok(DecideAccessResponse { standings: standings.collect() })
    }

    async fn check_token(&self, call: Call<CheckTokenRequest>) -> Result<CheckTokenResponse> {
        let district = district("district", &call.message.district)?;
        let revoked = self.standings.revoked(&district, &call.message.token_id).await?;
        Ok(CheckTokenResponse { revoked })
    }
}

fn party(text: &str) -> Result<Party> {
    match text.split_once('/') {
        Some(("people", id)) => Ok(Party::Person(id_of("party", id)?)),
        Some(("applications", id)) => Ok(Party::Application(id_of("party", id)?)),
        _ => Err(Failure::field("party", "must be people/{person} or applications/{application}")),
    }
}

fn id_of(field: &str, text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Failure::field(field, "must be a UUID"))
}

/// Tells callers who they are.
pub(crate) struct Identity {
    store: Store,
    standings: Arc<dyn Standings>,
}

impl Identity {
    /// Answers from this store and with these decisions.
    pub(crate) fn new(store: Store, standings: Arc<dyn Standings>) -> Self {
        Self { store, standings }
    }

    async fn relations(&self, district: &District, party: &Party) -> Result<Relations> {
        match party {
            Party::Operator => Ok(Relations::NONE.with(Relation::Operator)),
            Party::Service { .. } => Ok(Relations::NONE.with(Relation::Service)),
            Party::Person(_) | Party::Application(_) => {
                let (district, party) = (district.clone(), party.clone());
                let query =
                    Query { district, party, data_class: DataClass::Operational, learners: Vec::new() };
                Ok(self.standings.standings(&query).await?.pop().unwrap_or_default())
            }
        }
    }
}

#[async_trait]
impl IdentityServiceApi for Identity {
    async fn who_am_i(&self, call: Call<WhoAmIRequest>) -> Result<WhoAmIResponse> {
        let Actor { subject, party, district, scopes, expire_time, token_id: _ } =
            call.actor().principal().clone();
        let mut answer = WhoAmIResponse {
            subject,
            scopes: scopes.iter().map(str::to_owned).collect(),
            expire_time: Some(values::timestamp(expire_time)),
            ..WhoAmIResponse::default()
        };
        let kind = match party {
            Party::Person(_) => CallerKind::Person,
            Party::Application(_) => CallerKind::Application,
            Party::Operator => CallerKind::Operator,
            Party::Service { .. } => CallerKind::Service,
        };
        answer.set_kind(kind);
        let Some(district) = district else { return Ok(answer) };
        answer.districts = vec![format!("districts/{district}")];
        answer.relations = values::relations(self.relations(&district, &party).await?);
        match party {
            Party::Person(id) => answer.person = in_collection(&district, "people", id),
            Party::Application(id) => {
                answer.application = in_collection(&district, "applications", id);
                let agreements = agreements_in_force(&self.store, &district, id).await?;
                answer.agreements =
                    agreements.into_iter().map(|id| in_collection(&district, "agreements", id)).collect();
            }
            Party::Operator | Party::Service { .. } => {}
        }
        Ok(answer)
    }
}
