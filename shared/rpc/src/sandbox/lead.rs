//! `trellis.common.v1.SandboxService`.

use async_trait::async_trait;
use futures::future::{join_all, try_join_all};
use trellis_contracts::common::{
    self, GetSandboxRequest, ResetSandboxRequest, SandboxServiceApi, SandboxState as Told,
};
use trellis_contracts::guard::Call;
use trellis_contracts::internal::reset_service_client::ResetServiceClient;
use trellis_contracts::internal::{
    self, CloseSandboxRequest, EmptySandboxRequest, Floor, OpenSandboxRequest,
};
use trellis_contracts::{status, values};
use trellis_kernel::{District, Failure, Result, Timestamp, Uuid};
use trellis_store::{SANDBOX_TIME, Sandbox, SandboxState, Store, Write, instant};

use super::district;
use crate::{Peer, Peers};

/// Shows sandboxes as one service has them, and leads all services through a reset.
pub struct Sandboxes {
    store: Store,
    peers: Peers,
}

/// A reset that is under way.
struct Leading<'a> {
    peers: [(&'static str, &'a Peer); 4],
    district: &'a District,
    id: Uuid,
}

impl Sandboxes {
    /// Those of `store`, whose service calls the others as `peers`, itself among them.
    pub const fn new(store: Store, peers: Peers) -> Self {
        Self { store, peers }
    }

    fn leading<'a>(&'a self, district: &'a District, id: Uuid) -> Leading<'a> {
        let Peers { outcome, profile, experience, scheduling } = &self.peers;
        let peers = [
            ("outcome", outcome),
            ("profile", profile),
            ("experience", experience),
            ("scheduling", scheduling),
        ];
        Leading { peers, district, id }
    }
}

#[async_trait]
impl SandboxServiceApi for Sandboxes {
    async fn get_sandbox(&self, call: Call<GetSandboxRequest>) -> Result<common::Sandbox> {
        let district = district("name", &call.message.name)?;
        self.store.sandbox(&district).await.map(|sandbox| told(&district, &sandbox))
    }

    async fn reset_sandbox(&self, call: Call<ResetSandboxRequest>) -> Result<common::Sandbox> {
        let ResetSandboxRequest { name, clock_time, request_id } = &call.message;
        let district = district("name", name)?;
        let clock_time = match clock_time {
            None => instant(SANDBOX_TIME)?,
            Some(time) => moment(time)?,
        };
        let id = match request_id.as_str() {
            "" => self.store.ids().next(),
            text => Uuid::try_parse(text).map_err(|_| Failure::field("request_id", "must be a UUID"))?,
        };
        let before = self.store.sandbox(&district).await?;
        let leading = self.leading(&district, id);
        if before.reset == Some(id) && before.state == SandboxState::Open {
            // Where another led the reset, it may have opened this one and not the rest.
            leading.open(self.store.service()).await?;
            return Ok(told(&district, &before));
        }
        // On the trail before anything is gone.
        match self.store.write_regardless(crate::change(&call, "")?).await? {
            Write::Begin(tx) => tx.commit(()).await?,
            Write::Replay(()) => {}
        }
        let floors = leading.close().await?;
        leading.empty(clock_time, floors).await?;
        leading.open(self.store.service()).await?;
        self.store.sandbox(&district).await.map(|sandbox| told(&district, &sandbox))
    }
}

impl Leading<'_> {
    async fn close(&self) -> Result<Vec<Floor>> {
        let closed = self.peers.map(|(service, peer)| async move {
            let request =
                CloseSandboxRequest { reset: Some(self.of(service)), request_id: self.id.to_string() };
            let answer = ResetServiceClient::new(peer.itself()).close_sandbox(request).await;
            let floor = answer.map_err(|refused| status::received(&refused))?.into_inner().floor;
            floor.ok_or_else(|| {
                Failure::internal("a service closed a sandbox and did not tell where its events end")
            })
        });
        // All of them, also after one has failed: another attempt finds no step under way.
        join_all(closed).await.into_iter().collect()
    }

    async fn empty(&self, clock_time: Timestamp, floors: Vec<Floor>) -> Result<()> {
        let emptied = self.peers.map(|(service, peer)| {
            let request = EmptySandboxRequest {
                reset: Some(self.of(service)),
                request_id: self.id.to_string(),
                clock_time: Some(values::timestamp(clock_time)),
                floors: floors.clone(),
            };
            async move {
                let answer = ResetServiceClient::new(peer.itself()).empty_sandbox(request).await;
                answer.map(drop).map_err(|refused| status::received(&refused))
            }
        });
        join_all(emptied).await.into_iter().collect()
    }

    /// The one that leads is the last: where it is open again, so are the others.
    async fn open(&self, leader: &str) -> Result<()> {
        let open = |(service, peer): (&'static str, &Peer)| {
            let request =
                OpenSandboxRequest { reset: Some(self.of(service)), request_id: self.id.to_string() };
            let mut client = ResetServiceClient::new(peer.itself());
            async move {
                client.open_sandbox(request).await.map(drop).map_err(|refused| status::received(&refused))
            }
        };
        let (last, others): (Vec<_>, Vec<_>) =
            self.peers.into_iter().partition(|(service, _)| *service == leader);
        try_join_all(others.into_iter().map(open)).await?;
        try_join_all(last.into_iter().map(open)).await.map(drop)
    }

    fn of(&self, service: &str) -> internal::Reset {
        let district = format!("districts/{}", self.district);
        internal::Reset { service: service.to_owned(), district }
    }
}

/// A moment to the precision that the databases keep.
fn moment(time: &prost_types::Timestamp) -> Result<Timestamp> {
    let time = values::instant(time).ok_or_else(|| Failure::field("clock_time", "must be a moment"))?;
    Timestamp::from_microsecond(time.as_microsecond()).map_err(Failure::internal)
}

fn told(district: &District, sandbox: &Sandbox) -> common::Sandbox {
    let Sandbox { state, clock_time, reset_count, reset_time, reset: _ } = *sandbox;
    let state = match state {
        SandboxState::Open => Told::Open,
        SandboxState::Closed | SandboxState::Emptied => Told::Resetting,
    };
    common::Sandbox {
        name: format!("districts/{district}"),
        state: state.into(),
        clock_time: Some(values::timestamp(clock_time)),
        reset_time: reset_time.map(values::timestamp),
        reset_count,
    }
}
