//! Making a call, and making it again where that is safe and helps.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Version, request};
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use trellis_contracts::status;
use trellis_kernel::Failure;

use super::Target;
use super::answer::{Asks, Read, asks, is_ours};
use super::circuit::Pass;
use super::figures::Because;
use super::methods::Method;
use super::missed::{How, Missed};
use crate::deadline;

/// How many attempts a service knows to have been made before this one (gRFC A6).
const PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

/// A call that is being made.
pub(super) struct Attempts<'a> {
    pub(super) target: &'a Target,
    pub(super) method: &'static Method,
    pub(super) head: &'a request::Parts,
    pub(super) deadline: Option<Instant>,
    pub(super) pass: Pass<'a>,
}

/// What there is to send.
enum Message {
    /// One message, which can be sent any number of times.
    Whole { bytes: Bytes, repeatable: bool },
    /// A stream, which is gone once anything of it is sent.
    Stream(Option<Body>),
}

impl Message {
    async fn of(body: Body, method: &Method) -> Result<Self, Status> {
        if method.streams_in {
            return Ok(Self::Stream(Some(body)));
        }
        let bytes = body.collect().await?.to_bytes();
        let repeatable = method.is_repeatable(&bytes);
        Ok(Self::Whole { bytes, repeatable })
    }

    fn body(&mut self) -> Option<Body> {
        match self {
            Self::Whole { bytes, .. } => Some(Body::new(Full::new(bytes.clone()))),
            Self::Stream(body) => body.take(),
        }
    }

    /// Takes back what was not sent.
    fn keep(&mut self, unsent: &mut Option<Request<Body>>) {
        if let (Self::Stream(body), Some(unsent)) = (self, unsent.take()) {
            *body = Some(unsent.into_body());
        }
    }

    /// Whether it may be sent although it may have been served.
    fn is_repeatable(&self) -> bool {
        matches!(self, Self::Whole { repeatable: true, .. })
    }
}

/// Whether a call is made again, and after which wait.
#[derive(Clone, Copy)]
enum Next {
    Done,
    Again { after: Duration, because: Because },
}

impl Attempts<'_> {
    /// Makes the call until it is answered, or must not or need not be made again. Tells the circuit.
    pub(super) async fn make(self, body: Body) -> Result<Result<Read, Missed>, Status> {
        let mut message = Message::of(body, self.method).await?;
        let (mut made, mut left_once) = (0, false);
        loop {
            let Some(body) = message.body() else {
                return Err(status::refuse(Failure::internal("a stream cannot be sent twice")));
            };
            let mut outcome = self.attempt(body, made).await;
            made += 1;
            if let Err(missed) = &mut outcome {
                message.keep(&mut missed.request);
            }
            let next = self.next(&outcome, &message, made, left_once);
            let Next::Again { after, because } = self.in_time(next, made) else {
                self.tell(&outcome);
                return Ok(outcome);
            };
            left_once |= because == Because::Leaving;
            self.target.repeated(because);
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
        }
    }

    /// What an outcome asks for, whatever the time.
    fn next(&self, outcome: &Result<Read, Missed>, message: &Message, made: u32, left_once: bool) -> Next {
        let budget = self.target.budget();
        match outcome {
            Ok(read) => match read.status.as_ref().map_or(Asks::Nothing, asks) {
                Asks::Nothing => {
                    budget.earn();
                    Next::Done
                }
                Asks::Again(after) => {
                    if !budget.spend() || !message.is_repeatable() {
                        return Next::Done;
                    }
                    let wait = self.target.policy().wait(made);
                    match after {
                        Some(after) if after > self.target.policy().longest_wait => Next::Done,
                        Some(after) => Next::Again { after: after + wait, because: Because::Asked },
                        None => Next::Again { after: wait, because: Because::Asked },
                    }
                }
            },
            Err(missed) => {
                let because = missed.how.into();
                let again = match missed.how {
                    // Nothing was sent: this is the same attempt still, by another connection.
                    How::Unsent => return Next::Again { after: Duration::ZERO, because },
                    How::Leaving if !left_once && message.is_repeatable() => {
                        return Next::Again { after: Duration::ZERO, because };
                    }
                    How::Away => budget.spend(),
                    How::Leaving | How::Broken => budget.spend() && message.is_repeatable(),
                };
                let after = self.target.policy().wait(made);
                if again { Next::Again { after, because } } else { Next::Done }
            }
        }
    }

    /// No more attempts than the policy allows; one for a probe; and no wait beyond the deadline.
    fn in_time(&self, next: Next, made: u32) -> Next {
        let Next::Again { after, because } = next else { return Next::Done };
        let too_late = self.deadline.is_some_and(|deadline| Instant::now() + after >= deadline);
        let once = self.pass.is_probe() && because != Because::Unsent;
        let most = if once { 1 } else { self.target.policy().attempts };
        if made >= most || too_late { Next::Done } else { Next::Again { after, because } }
    }

    /// An answer is an answer, whatever it says, if it is the service's own; but for one that says
    /// that it could not answer in time.
    fn tell(self, outcome: &Result<Read, Missed>) {
        match outcome {
            Ok(Read { status: Some(status), .. })
                if status.code() == Code::Unavailable && !is_ours(status) =>
            {
                self.pass.unanswered();
            }
            // Whether it was given time enough is known to the circuit.
            Ok(Read { status: Some(status), .. }) if status.code() == Code::DeadlineExceeded => {
                drop(self.pass);
            }
            Ok(_) => self.pass.answered(),
            Err(_) => self.pass.unanswered(),
        }
    }

    /// Makes the call with what would cross a socket, and nothing else, wherever the callee is: an
    /// extension that crossed could pass for what a layer of the callee has found out.
    async fn attempt(&self, body: Body, made: u32) -> Result<Read, Missed> {
        let mut request = Request::new(body);
        self.head.method.clone_into(request.method_mut());
        self.head.uri.clone_into(request.uri_mut());
        self.head.headers.clone_into(request.headers_mut());
        *request.version_mut() = Version::HTTP_2;
        if let Some(deadline) = self.deadline {
            deadline::write(request.headers_mut(), deadline.saturating_duration_since(Instant::now()));
        }
        if made > 0 {
            request.headers_mut().insert(PREVIOUS_ATTEMPTS, HeaderValue::from(made));
        }
        Read::of(self.target.call(request).await?, self.method).await
    }
}
