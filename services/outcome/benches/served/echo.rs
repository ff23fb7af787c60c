//! The least that an answer can cost: tonic's own server, with a message that is there already.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use prost::Message;
use tokio::net::TcpListener;
use tonic::server::Grpc;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_prost::ProstCodec;
use trellis_contracts::outcome::{
    BatchGetOutcomesRequest, BatchGetOutcomesResponse, GetOutcomeRequest, Outcome,
};

/// Answers `GetOutcome` with the first outcome of the answer in a file, `BatchGetOutcomes` with all.
pub(super) async fn serve(answers: &Path) {
    let bytes = std::fs::read(answers).expect("the answers");
    let batch = Arc::new(BatchGetOutcomesResponse::decode(bytes.as_slice()).expect("the answers"));
    let one = Arc::new(batch.outcomes[0].clone());
    let routes = Router::new()
        .route("/trellis.outcome.v1.OutcomeService/GetOutcome", post(move |asked| get(asked, one.clone())))
        .route(
            "/trellis.outcome.v1.OutcomeService/BatchGetOutcomes",
            post(move |asked| batch_get(asked, batch.clone())),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("http://{}\n", listener.local_addr().expect("an address"));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = Server::builder().add_routes(Routes::from(routes)).serve_with_incoming(incoming);
    tokio::select! {
        served = serving => served.expect("serving"),
        () = super::wait_for_the_end() => {}
    }
}

async fn get(asked: Request, one: Arc<Outcome>) -> Response {
    echo::<GetOutcomeRequest, Outcome>(asked, one).await
}

async fn batch_get(asked: Request, all: Arc<BatchGetOutcomesResponse>) -> Response {
    echo::<BatchGetOutcomesRequest, BatchGetOutcomesResponse>(asked, all).await
}

async fn echo<Q, A>(asked: Request, answer: Arc<A>) -> Response
where
    Q: Message + Default + 'static,
    A: Message + Default + Clone + 'static,
{
    let answered = tower::service_fn(move |_: tonic::Request<Q>| {
        let answer = A::clone(&answer);
        std::future::ready(Ok::<_, tonic::Status>(tonic::Response::new(answer)))
    });
    Grpc::new(ProstCodec::<A, Q>::default()).unary(answered, asked).await.map(Body::new)
}
