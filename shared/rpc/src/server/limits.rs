//! What a server bears.

use std::time::Duration;

pub use crate::admission::Rate;

/// How much, how long and how many. The defaults fit a service behind a load balancer as well as a
/// suite on a school's own machine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; the next waits in the listener's backlog.
    pub max_connections: usize,
    /// Calls at once on one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// The size in bytes of all the headers of a request.
    pub max_header_bytes: u32,
    /// Calls with one answer that are worked on at once.
    pub max_calls: usize,
    /// Calls that wait for their turn.
    pub max_waiting: usize,
    /// How long they may wait.
    pub max_wait: Duration,
    /// Streams at once.
    pub max_streams: usize,
    /// How often one caller may call; none is no limit.
    pub caller_rate: Option<Rate>,
    /// How often calls from one address may prove nobody; none is no limit.
    pub failure_rate: Option<Rate>,
    /// The bytes of answers that one connection may leave unread.
    pub max_unread_bytes: usize,
    /// The same of all connections together; and, apart from that, the bytes of requests that are being
    /// received.
    pub max_buffered_bytes: usize,
    /// For how long a client may read nothing of what waits for it.
    pub max_stall: Duration,
    /// Calls that one connection may give up in ten seconds, before it is taken for a flood.
    pub max_given_up: u32,
    /// From the connection to its first request, the TLS handshake among it.
    pub first_request: Duration,
    /// From the end of an HTTP/1.1 request, or from the beginning of the connection, to the end of the next
    /// one's headers: an idle connection is closed after it, too.
    pub header_read: Duration,
    /// How often a silent HTTP/2 connection is asked whether it is there.
    pub keepalive_interval: Duration,
    /// How long it may take to say so.
    pub keepalive_timeout: Duration,
    /// How old a connection may grow; it is then told to go, so that clients spread over new pods. Up to
    /// a tenth is added, so that connections made together do not end together.
    pub connection_age: Duration,
    /// What an old connection has to finish its calls, before its streams are told to come back.
    pub connection_grace: Duration,
    /// The most that a call with one answer may take, whatever its caller allows.
    pub unary_timeout: Duration,
    /// Between saying that it is not ready and taking no more connections: what a load balancer needs
    /// to notice.
    pub lame_duck: Duration,
    /// What calls under way have left when the server ends.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_concurrent_streams: 256,
            max_header_bytes: 32 * 1024,
            max_calls: 128,
            max_waiting: 256,
            max_wait: Duration::from_millis(500),
            max_streams: 4096,
            caller_rate: Rate::per_second(1000, 2),
            failure_rate: Rate::per_second(20, 10),
            max_unread_bytes: 8 * 1024 * 1024,
            max_buffered_bytes: 256 * 1024 * 1024,
            max_stall: Duration::from_secs(30),
            max_given_up: 1000,
            first_request: Duration::from_secs(20),
            header_read: Duration::from_secs(10),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            connection_age: Duration::from_mins(30),
            connection_grace: Duration::from_secs(30),
            unary_timeout: Duration::from_secs(30),
            lame_duck: Duration::ZERO,
            drain: Duration::from_secs(20),
        }
    }
}
