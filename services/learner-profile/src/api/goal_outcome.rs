//! Asks the outcome service whether the outcome of a goal exists.

use trellis_contracts::outcome::BatchGetOutcomesRequest;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::status;
use trellis_kernel::{Actor, District, Kind, Name, Result};
use trellis_rpc::Peer;

use crate::domain::goal::unknown_outcome;

/// Refuses unless the outcome exists and this actor may read it.
pub(crate) async fn require(peer: &Peer, actor: &Actor, district: &District, outcome: &Name) -> Result<()> {
    let request = BatchGetOutcomesRequest {
        parent: Name::district(district.clone()).to_string(),
        names: vec![outcome.to_string()],
    };
    let answer = OutcomeServiceClient::new(peer.on_behalf_of(actor)).batch_get_outcomes(request).await;
    match answer.map_err(|refused| status::received(&refused)) {
        Ok(_) => Ok(()),
        Err(refused) if matches!(refused.kind(), Kind::NotFound | Kind::PermissionDenied) => {
            Err(unknown_outcome())
        }
        Err(failed) => Err(failed),
    }
}
