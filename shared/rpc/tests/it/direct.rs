//! A proper HTTP/2 client on one connection, which hides nothing of what the server says there.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request, Response};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::Status;

use crate::house::soon;

pub(crate) const WHO_AM_I: &str = "/trellis.common.v1.IdentityService/WhoAmI";
pub(crate) const STREAM_EVENTS: &str = "/trellis.internal.v1alpha1.EventService/StreamEvents";

/// A connection. It is not made again when it ends.
pub(crate) struct Direct {
    pub(crate) requests: SendRequest<Bytes>,
    /// Done when the connection is.
    pub(crate) connection: JoinHandle<Result<(), h2::Error>>,
}

impl Direct {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.expect("a connection");
        let (requests, connection) = h2::client::handshake(socket).await.expect("a greeting");
        Self { requests, connection: tokio::spawn(connection) }
    }

    /// Sends a call and the whole of its body.
    pub(crate) async fn call(&mut self, request: Request<()>, body: &[u8]) -> ResponseFuture {
        self.requests = soon(self.requests.clone().ready()).await.expect("room for a call");
        let (answer, mut sends) = self.requests.send_request(request, false).expect("sent");
        sends.send_data(Bytes::copy_from_slice(body), true).expect("sent");
        answer
    }

    /// Waits until the server takes no more calls here; answers how it says so.
    pub(crate) async fn told_to_go(&self) -> h2::Error {
        soon(async {
            loop {
                if let Err(error) = self.requests.clone().ready().await {
                    return error;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }
}

/// A gRPC call as a request.
pub(crate) fn request(path: &str, token: &str) -> Request<()> {
    Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .expect("a request")
}

/// A message as gRPC frames it.
pub(crate) fn framed(message: &impl prost::Message) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    let length = u32::try_from(bytes.len()).expect("a length").to_be_bytes();
    [&[0][..], &length, &bytes].concat()
}

/// What a call was answered with: its bytes, and its status.
pub(crate) async fn answered(answer: ResponseFuture) -> (Bytes, Status) {
    let answer = soon(answer).await.expect("an answer");
    let (bytes, trailers) = rest(answer).await;
    (bytes, Status::from_header_map(&trailers).expect("a status"))
}

/// All that comes; the headers stand for trailers where there are none.
async fn rest(answer: Response<h2::RecvStream>) -> (Bytes, HeaderMap) {
    let (head, mut body) = answer.into_parts();
    let mut all = BytesMut::new();
    while let Some(part) = soon(body.data()).await {
        let part = part.expect("the stream is not cut off");
        body.flow_control().release_capacity(part.len()).expect("it was taken");
        all.extend_from_slice(&part);
    }
    let trailers = soon(body.trailers()).await.expect("the stream is not cut off");
    (all.freeze(), trailers.unwrap_or(head.headers))
}
