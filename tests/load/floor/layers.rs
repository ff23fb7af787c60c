//! The same answer behind the suite's layers, one upon the other.

use std::path::Path;
use std::sync::Arc;

use prost_reflect::ReflectMessage;
use tokio::net::TcpListener;
use tonic::async_trait;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use trellis_auth::{
    Authority, DEV_ISSUER, Guard, Issuer, Keys, NoSubjects, NothingPersonal, Query, Remembered,
    SERVICE_ISSUER, Signer, Standings,
};
use trellis_contracts::guard::{Admission, Call, Gate, Method, Names, Outbound};
use trellis_contracts::outcome::{
    CreateFrameworkRequest, DeleteFrameworkRequest, DeprecateFrameworkRequest, DiffFrameworkRevisionsRequest,
    DiffFrameworkRevisionsResponse, Framework, FrameworkServiceApi, GetFrameworkRequest,
    ListFrameworkRevisionsRequest, ListFrameworkRevisionsResponse, ListFrameworksRequest,
    ListFrameworksResponse, PublishFrameworkRequest, SetFrameworkVisibilityRequest,
    UndeprecateFrameworkRequest, UpdateFrameworkRequest, framework_service,
};
use trellis_kernel::{Actor, District, Failure, Relation, Relations, Result, SystemClock};
use trellis_rpc::{Limits, Rate, Server};

use super::bare;

/// Serves the layers up to the named one.
pub(super) async fn serve(listener: TcpListener, layer: &str, keys: &Path) {
    let _telemetry = (layer == "telemetry")
        .then(|| trellis_telemetry::init(&trellis_telemetry::Options::default()).expect("telemetry"));
    let routes = match layer {
        "limits" => bare::frameworks(),
        "auth" => Routes::new(framework_service(Arc::new(Constant), OnlyToken(authority(keys)))),
        _ => {
            let standings = Remembered::new(Arc::new(Everyone), Arc::new(SystemClock));
            let guard = Guard::new(
                authority(keys),
                Arc::new(standings),
                Arc::new(NoSubjects),
                Arc::new(NothingPersonal),
            );
            Routes::new(framework_service(Arc::new(Constant), guard))
        }
    };
    // All calls are one caller's here, whose rate is counted and never too high.
    let limits = Limits { caller_rate: Rate::per_second(1_000_000, 2), ..Limits::default() };
    let server = Server::new(limits).routes(routes);
    server.serve(listener, std::future::pending()).await.expect("serving");
}

/// Believes the same tokens as the suite with `--dev`.
fn authority(keys: &Path) -> Arc<Authority> {
    let signer = |file: &str, issuer| Signer::open(&keys.join(file), issuer).expect("a key");
    let known = Keys::Fixed(signer("dev.pem", DEV_ISSUER).public_keys());
    let issuer = Issuer::new(DEV_ISSUER, known);
    let services = signer("services.pem", SERVICE_ISSUER);
    Arc::new(Authority::new(vec![issuer], &services, Arc::new(SystemClock)).expect("an authority"))
}

/// Finds out who calls, and lets everyone through.
#[derive(Clone)]
struct OnlyToken(Arc<Authority>);

impl Gate for OnlyToken {
    async fn greet(&self, _method: &'static Method, metadata: &MetadataMap) -> Result<()> {
        self.0.authenticate(metadata).await.map(drop)
    }

    async fn admit<M: ReflectMessage>(
        &self,
        _method: &'static Method,
        metadata: &MetadataMap,
        _names: Names,
        _message: &M,
    ) -> Result<Admission> {
        let actor = self.0.authenticate(metadata).await?;
        Ok(Admission { actor, district: None, subjects: Vec::new(), standing: Relations::NONE })
    }

    fn check<M: ReflectMessage>(&self, _message: &M) -> Result<()> {
        Ok(())
    }

    async fn stands(&self, _actor: &Actor) -> Result<()> {
        Ok(())
    }
}

/// Says that everyone belongs here.
struct Everyone;

#[async_trait]
impl Standings for Everyone {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        Ok(vec![Relations::NONE.with(Relation::Member); query.learners.len().max(1)])
    }

    async fn revoked(&self, _district: &District, _token_id: &str) -> Result<bool> {
        Ok(false)
    }
}

/// The contract's method, with an answer that costs nothing to find.
struct Constant;

#[async_trait]
impl FrameworkServiceApi for Constant {
    async fn get_framework(&self, call: Call<GetFrameworkRequest>) -> Result<Framework> {
        Ok(bare::framework(call.message.name))
    }

    async fn list_frameworks(&self, _call: Call<ListFrameworksRequest>) -> Result<ListFrameworksResponse> {
        Err(Failure::internal("not measured"))
    }

    async fn create_framework(&self, _call: Call<CreateFrameworkRequest>) -> Result<Framework> {
        Err(Failure::internal("not measured"))
    }

    async fn update_framework(&self, _call: Call<UpdateFrameworkRequest>) -> Result<Framework> {
        Err(Failure::internal("not measured"))
    }

    async fn publish_framework(&self, _call: Call<PublishFrameworkRequest>) -> Result<Framework> {
        Err(Failure::internal("not measured"))
    }

    async fn list_framework_revisions(
        &self,
        _call: Call<ListFrameworkRevisionsRequest>,
    ) -> Result<ListFrameworkRevisionsResponse> {
        Err(Failure::internal("not measured"))
    }

    async fn diff_framework_revisions(
        &self,
        _call: Call<DiffFrameworkRevisionsRequest>,
    ) -> Result<Outbound<DiffFrameworkRevisionsResponse>> {
        Err(Failure::internal("not measured"))
    }

    async fn deprecate_framework(&self, _call: Call<DeprecateFrameworkRequest>) -> Result<Framework> {
        Err(Failure::internal("not measured"))
    }

    async fn undeprecate_framework(&self, _call: Call<UndeprecateFrameworkRequest>) -> Result<Framework> {
        Err(Failure::internal("not measured"))
    }

    async fn set_framework_visibility(
        &self,
        _call: Call<SetFrameworkVisibilityRequest>,
    ) -> Result<Framework> {
        Err(Failure::internal("not measured"))
    }

    async fn delete_framework(&self, _call: Call<DeleteFrameworkRequest>) -> Result<()> {
        Err(Failure::internal("not measured"))
    }
}
