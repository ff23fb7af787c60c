//! `trellis.internal.v1alpha1.ResetService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::internal::{
    self, CloseSandboxRequest, CloseSandboxResponse, EmptySandboxRequest, EmptySandboxResponse, Floor,
    OpenSandboxRequest, OpenSandboxResponse, ResetServiceApi,
};
use trellis_contracts::values;
use trellis_kernel::{Failure, Result, Uuid};
use trellis_store::feed::Place;
use trellis_store::{Reset, Store};

use super::district;

/// The steps of a reset in the stores of the services that run here.
#[derive(Clone, Debug)]
pub struct ResetSteps {
    stores: Vec<Store>,
}

impl ResetSteps {
    /// The steps in these stores.
    pub const fn new(stores: Vec<Store>) -> Self {
        Self { stores }
    }

    /// Whose step it is, and which reset's.
    fn read(&self, of: Option<internal::Reset>, id: &str) -> Result<(&Store, Reset)> {
        let internal::Reset { service, district: name } =
            of.ok_or_else(|| Failure::field("reset", "must be set"))?;
        let store = self.stores.iter().find(|store| store.service() == service);
        let store = store.ok_or_else(|| Failure::field("reset.service", "must be one that runs here"))?;
        let id = Uuid::try_parse(id).map_err(|_| Failure::field("request_id", "must be a UUID"))?;
        Ok((store, Reset { district: district("reset.district", &name)?, id }))
    }
}

#[async_trait]
impl ResetServiceApi for ResetSteps {
    async fn close_sandbox(&self, call: Call<CloseSandboxRequest>) -> Result<CloseSandboxResponse> {
        let CloseSandboxRequest { reset, request_id } = call.message;
        let (store, reset) = self.read(reset, &request_id)?;
        let Place { incarnation, position } = store.close_sandbox(&reset).await?;
        let producer = store.service().to_owned();
        let floor = Floor { producer, incarnation: incarnation.to_string(), position };
        Ok(CloseSandboxResponse { floor: Some(floor) })
    }

    async fn empty_sandbox(&self, call: Call<EmptySandboxRequest>) -> Result<EmptySandboxResponse> {
        let EmptySandboxRequest { reset, request_id, clock_time, floors } = call.message;
        let (store, reset) = self.read(reset, &request_id)?;
        let clock_time = clock_time.as_ref().and_then(values::instant);
        let clock_time = clock_time.ok_or_else(|| Failure::field("clock_time", "must be a moment"))?;
        let floors = floors.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        store.empty_sandbox(&reset, clock_time, &floors).await?;
        Ok(EmptySandboxResponse {})
    }

    async fn open_sandbox(&self, call: Call<OpenSandboxRequest>) -> Result<OpenSandboxResponse> {
        let OpenSandboxRequest { reset, request_id } = call.message;
        let (store, reset) = self.read(reset, &request_id)?;
        store.open_sandbox(&reset).await?;
        Ok(OpenSandboxResponse {})
    }
}

fn read(floor: Floor) -> Result<(String, Place)> {
    let Floor { producer, incarnation, position } = floor;
    let incarnation =
        Uuid::try_parse(&incarnation).map_err(|_| Failure::field("floors.incarnation", "must be a UUID"))?;
    Ok((producer, Place { incarnation, position }))
}
