//! A server that fails as it is told, on the level of HTTP/2, and counts what reaches it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Ping, Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tonic::Status;

/// What becomes of a call.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is answered with an empty message.
    None,
    /// The connection is closed under it.
    Drop,
    /// Its stream is refused unseen.
    Refuse,
    /// The connection is told to go, and ends, as it comes.
    Leave,
    /// Its answer begins, and the connection is closed under it.
    BreakOff,
    /// It is answered with this status.
    Status(Status),
    /// It is answered by something in between, with this HTTP status.
    Gateway(u16),
}

/// A request as it arrived: its path, and how often it says to have been made before.
pub(crate) type Seen = (String, u32);

#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) address: SocketAddr,
    faults: Arc<Mutex<std::collections::VecDeque<Fault>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Faulty {
    /// Meets the calls with these faults, in their order; those after them are answered.
    pub(crate) async fn start(faults: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = Self {
            address,
            faults: Arc::new(Mutex::new(faults.into_iter().collect())),
            seen: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().converse(stream));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has arrived.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic").clone()
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.seen().len()
    }

    async fn converse(self, stream: TcpStream) {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, respond))) = connection.accept().await {
            if !self.meet(request, respond, &mut connection).await {
                return;
            }
        }
    }

    /// Meets one call; says whether the connection goes on.
    async fn meet(
        &self,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        connection: &mut Connection<TcpStream, Bytes>,
    ) -> bool {
        let before = request.headers().get("grpc-previous-rpc-attempts");
        let before = before.map_or(0, |before| before.to_str().expect("text").parse().expect("a number"));
        self.seen.lock().expect("no panic").push((request.uri().path().to_owned(), before));
        let fault = self.faults.lock().expect("no panic").pop_front().unwrap_or(Fault::None);
        let head =
            |status: u16| Response::builder().status(status).header("content-type", "application/grpc");
        match fault {
            Fault::None => {
                let mut body =
                    respond.send_response(head(200).body(()).expect("a head"), false).expect("sent");
                body.send_data(Bytes::from_static(&[0; 5]), false).expect("sent");
                body.send_trailers(HeaderMap::from_iter([(Status::GRPC_STATUS, 0.into())])).expect("sent");
            }
            Fault::Drop => return false,
            Fault::Refuse => respond.send_reset(Reason::REFUSED_STREAM),
            Fault::Leave => {
                connection.abrupt_shutdown(Reason::NO_ERROR);
                // Until all of that is sent.
                while connection.accept().await.is_some() {}
                return false;
            }
            Fault::BreakOff => {
                let mut body =
                    respond.send_response(head(200).body(()).expect("a head"), false).expect("sent");
                body.send_data(Bytes::from_static(&[0; 5]), false).expect("sent");
                let mut pings = connection.ping_pong().expect("the first");
                // What answers a ping has had all that came before it.
                tokio::select! {
                    _ = connection.accept() => {}
                    pong = pings.ping(Ping::opaque()) => drop(pong.expect("an answer")),
                }
                return false;
            }
            Fault::Status(status) => {
                let mut response = head(200).body(()).expect("a head");
                status.add_header(response.headers_mut()).expect("headers");
                respond.send_response(response, true).expect("sent");
            }
            Fault::Gateway(status) => {
                respond
                    .send_response(Response::builder().status(status).body(()).expect("a head"), true)
                    .expect("sent");
            }
        }
        true
    }
}
