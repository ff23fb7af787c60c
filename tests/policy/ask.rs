//! One call of any method, made from the descriptor alone, and what became of it.

use http::uri::PathAndQuery;
use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use trellis_contracts::guard::Method;
use trellis_testkit::{Caller, reason};

/// Where a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nobody known asked.
    NoToken,
    /// The token lacks the scope.
    NoScope,
    /// The caller may not.
    NoAccess,
    /// The guard let it through, whatever came of it then.
    Admitted,
}

/// Calls a method with the one message, and says how far it came.
pub(crate) async fn ask(caller: Caller, method: &Method, request: &DynamicMessage) -> Answer {
    call(caller, method, request).await.err().map_or(Answer::Admitted, |status| judge(&status))
}

/// Calls a method with the one message; the refusal of a stream is its first message.
pub(crate) async fn call(caller: Caller, method: &Method, request: &DynamicMessage) -> Result<(), Status> {
    let mut grpc = Grpc::new(caller);
    grpc.ready().await.unwrap_or_else(|_| panic!("the suite is away"));
    let path = PathAndQuery::from_static(method.path);
    let messages = tokio_stream::once(request.encode_to_vec());
    // A stream that begins was admitted; what it tells is not asked here.
    grpc.streaming(Request::new(messages), path, Raw).await?.into_inner().message().await.map(drop)
}

fn judge(status: &Status) -> Answer {
    match (status.code(), reason(status).as_deref()) {
        (Code::Unauthenticated, Some("UNAUTHENTICATED")) => Answer::NoToken,
        (Code::PermissionDenied, Some("SCOPE_MISSING")) => Answer::NoScope,
        (Code::PermissionDenied, Some("ACCESS_DENIED")) => Answer::NoAccess,
        (Code::Unimplemented | Code::Internal | Code::Unavailable | Code::Unknown, _) => {
            panic!("the suite failed: {status:?}")
        }
        _ => Answer::Admitted,
    }
}

/// Messages as they are on the wire.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use prost_reflect::prost::bytes::BufMut as _;
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use prost_reflect::prost::bytes::Buf as _;
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length).to_vec()))
    }
}
