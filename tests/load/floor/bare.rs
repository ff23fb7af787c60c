//! An answer that costs nothing to find, behind tonic alone.

use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};
use trellis_contracts::common::LocalizedText;
use trellis_contracts::outcome::framework_service_server::{FrameworkService, FrameworkServiceServer};
use trellis_contracts::outcome::{
    CreateFrameworkRequest, DeleteFrameworkRequest, DeprecateFrameworkRequest, DiffFrameworkRevisionsRequest,
    DiffFrameworkRevisionsResponse, Framework, FrameworkKind, GetFrameworkRequest,
    ListFrameworkRevisionsRequest, ListFrameworkRevisionsResponse, ListFrameworksRequest,
    ListFrameworksResponse, PublishFrameworkRequest, SetFrameworkVisibilityRequest,
    UndeprecateFrameworkRequest, UpdateFrameworkRequest,
};

/// The framework that every layer answers with.
pub(super) fn framework(name: String) -> Framework {
    Framework {
        name,
        kind: FrameworkKind::Competencies.into(),
        title: vec![LocalizedText { language: "en".to_owned(), text: "Competencies".to_owned() }],
        ..Framework::default()
    }
}

pub(super) fn frameworks() -> Routes {
    Routes::new(FrameworkServiceServer::new(Bare))
}

/// tonic's own service.
pub(super) struct Bare;

#[async_trait]
impl FrameworkService for Bare {
    async fn get_framework(
        &self,
        request: Request<GetFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        Ok(Response::new(framework(request.into_inner().name)))
    }

    async fn list_frameworks(
        &self,
        _request: Request<ListFrameworksRequest>,
    ) -> Result<Response<ListFrameworksResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn create_framework(
        &self,
        _request: Request<CreateFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn update_framework(
        &self,
        _request: Request<UpdateFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn publish_framework(
        &self,
        _request: Request<PublishFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_framework_revisions(
        &self,
        _request: Request<ListFrameworkRevisionsRequest>,
    ) -> Result<Response<ListFrameworkRevisionsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type DiffFrameworkRevisionsStream = tokio_stream::Pending<Result<DiffFrameworkRevisionsResponse, Status>>;

    async fn diff_framework_revisions(
        &self,
        _request: Request<DiffFrameworkRevisionsRequest>,
    ) -> Result<Response<Self::DiffFrameworkRevisionsStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn deprecate_framework(
        &self,
        _request: Request<DeprecateFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn undeprecate_framework(
        &self,
        _request: Request<UndeprecateFrameworkRequest>,
    ) -> Result<Response<Framework>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn set_framework_visibility(
        &self,
        _request: Request<SetFrameworkVisibilityRequest>,
    ) -> Result<Response<Framework>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn delete_framework(
        &self,
        _request: Request<DeleteFrameworkRequest>,
    ) -> Result<Response<()>, Status> {
        Err(Status::unimplemented(""))
    }
}
