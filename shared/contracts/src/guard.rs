//! How a message gets from the wire to a use case: only through a [`Gate`].
//!
//! The build script writes, for every service, a trait (`FrameworkServiceApi`) whose methods take a
//! [`Call`], and the tonic server that stands before it. A `Call` is made nowhere but here, after the
//! gate has authenticated the caller, found that they may, and checked the message against the rules
//! of the contract. So no handler can forget any of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use prost_reflect::ReflectMessage;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};
use trellis_kernel::{Actor, District, Failure, Reason, Relation, Relations, Result, Uuid};

use crate::status;

/// What the contract says of a method.
#[derive(Debug)]
pub struct Method {
    /// The service, `trellis.outcome.v1.FrameworkService`.
    pub service: &'static str,
    /// The method, `GetFramework`.
    pub name: &'static str,
    /// The path of its calls.
    pub path: &'static str,
    /// The scope that the token must carry.
    pub scope: &'static str,
    /// The class of data, a number of `trellis.common.v1.DataClass`.
    pub data_class: i32,
    /// The path of the field that names the resource.
    pub resource: &'static str,
    /// How a caller must stand to it.
    pub relations: Relations,
    /// Whether all may read this of the commons.
    pub commons: bool,
    /// Whether any authenticated caller may call it.
    pub any_caller: bool,
    /// Whether it changes anything: it then takes a `request_id`.
    pub writes: bool,
}

/// What the gate found of a caller it let through.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Who asks.
    pub actor: Arc<Actor>,
    /// The district that the resources are in; none for the methods that name no resource.
    pub district: Option<District>,
    /// How the caller stands to each learner that the resources are about.
    pub subjects: Vec<(Uuid, Relations)>,
    /// How the caller stands to the district, where the resources are about no learner.
    pub standing: Relations,
}

/// A call that was admitted.
#[derive(Debug)]
pub struct Call<M> {
    method: &'static Method,
    admission: Admission,
    /// The message; it keeps every rule of the contract.
    pub message: M,
}

impl<M> Call<M> {
    /// The method that is called.
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// What the gate found of the caller.
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Who asks.
    pub fn actor(&self) -> &Actor {
        &self.admission.actor
    }

    /// The district that the call is about.
    pub fn district(&self) -> Result<&District> {
        self.admission
            .district
            .as_ref()
            .ok_or_else(|| Failure::internal("a method that names no resource asked for its district"))
    }

    /// Whether the caller stands so to a learner the call is about, or, where it is about none, to the
    /// district. For the resources that are about one learner, that learner.
    pub fn is(&self, relation: Relation) -> bool {
        if self.admission.subjects.is_empty() {
            return self.admission.standing.contains(relation);
        }
        self.admission.subjects.iter().any(|(_, relations)| relations.contains(relation))
    }

    /// The message, and what the gate found.
    pub fn into_parts(self) -> (Admission, M) {
        (self.admission, self.message)
    }
}

/// The resource names in a request that the gate must know.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Those that the call is decided on: the field that the access option names.
    pub decided: Vec<String>,
    /// Those that say where else it acts: `parent` and `name`, where they are not the above.
    pub placed: Vec<String>,
}

/// Authenticates, authorises, validates: in this order.
pub trait Gate: Clone + Send + Sync + 'static {
    /// Lets a caller begin to stream, whose first message will say what the call is about: the token
    /// proves somebody, and carries the method's scope.
    fn greet(
        &self,
        method: &'static Method,
        metadata: &MetadataMap,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Lets a call through or says why not.
    fn admit<M: ReflectMessage>(
        &self,
        method: &'static Method,
        metadata: &MetadataMap,
        names: Names,
        message: &M,
    ) -> impl Future<Output = Result<Admission>> + Send;

    /// Checks a message against the rules of the contract.
    fn check<M: ReflectMessage>(&self, message: &M) -> Result<()>;

    /// Refuses a caller whose token has ended since they were admitted, or was taken back: asked before each
    /// message of a stream, in either direction.
    fn stands(&self, actor: &Actor) -> impl Future<Output = Result<()>> + Send;
}

/// The messages that a client streams after the first, each checked against the contract's rules, and come
/// from a caller whose token was still believed.
pub struct Inbound<M> {
    /// The first message, which named the resource.
    pub first: M,
    rest: Pin<Box<dyn Stream<Item = Result<M>> + Send>>,
}

impl<M> Inbound<M> {
    /// The message after those already taken; none at the end.
    pub async fn next(&mut self) -> Option<Result<M>> {
        self.rest.next().await
    }
}

/// What a handler streams to the client.
pub type Outbound<M> = Pin<Box<dyn Stream<Item = Result<M>> + Send + 'static>>;

/// The same on the wire.
pub type StatusStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send + 'static>>;

pub(crate) async fn admit<M: ReflectMessage, G: Gate>(
    gate: &G,
    method: &'static Method,
    request: Request<M>,
    names: impl FnOnce(&M) -> Names + Send,
) -> Result<Call<M>> {
    let (metadata, _, message) = request.into_parts();
    let admission = gate.admit(method, &metadata, names(&message), &message).await?;
    Ok(Call { method, admission, message })
}

pub(crate) async fn admit_stream<M: ReflectMessage + 'static, G: Gate>(
    gate: &G,
    method: &'static Method,
    request: Request<Streaming<M>>,
    names: impl FnOnce(&M) -> Names + Send,
) -> Result<Call<Inbound<M>>> {
    let (metadata, _, mut stream) = request.into_parts();
    // Nothing is read of a stream that nobody known sends.
    gate.greet(method, &metadata).await?;
    let first = stream.message().await.map_err(|s| status::received(&s))?.ok_or_else(|| {
        Failure::invalid(
            Reason::FieldViolation,
            "The stream ended before its first message, which names the parent.",
        )
    })?;
    let admission = gate.admit(method, &metadata, names(&first), &first).await?;
    let asked = (stream, gate.clone(), Arc::clone(&admission.actor));
    let rest = stream::try_unfold(asked, |(mut stream, gate, actor)| async move {
        let message = stream.message().await.map_err(|s| status::received(&s))?;
        // At the end too: what was sent is used only then.
        gate.stands(&actor).await?;
        let Some(message) = message else { return Ok(None) };
        gate.check(&message)?;
        Ok(Some((message, (stream, gate, actor))))
    });
    Ok(Call { method, admission, message: Inbound { first, rest: Box::pin(rest) } })
}

/// What a handler streams, for as long as the caller's token is believed.
pub(crate) fn into_status_stream<M: Send + 'static, G: Gate>(
    gate: &G,
    actor: Arc<Actor>,
    messages: Outbound<M>,
) -> StatusStream<M> {
    let asked = (messages, gate.clone(), actor);
    let messages = stream::try_unfold(asked, |(mut messages, gate, actor)| async move {
        let Some(message) = messages.next().await.transpose()? else { return Ok(None) };
        gate.stands(&actor).await?;
        Ok(Some((message, (messages, gate, actor))))
    });
    Box::pin(messages.map_err(status::refuse))
}

/// The largest message that is taken or answered, in bytes: what gRPC's clients take where nobody tells
/// them otherwise.
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// A smaller answer costs more to compress than to send.
const WORTH_COMPRESSING: usize = 1024;

/// Whether the caller takes an answer compressed by gzip.
pub(crate) fn takes_gzip(metadata: &MetadataMap) -> bool {
    let accepted = metadata.get("grpc-accept-encoding").and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| list.split(',').any(|name| name.trim() == "gzip"))
}

/// The same for a method with one answer, which is compressed where the caller takes that and it is
/// worth it.
pub(crate) fn finish_unary<T: prost::Message>(
    method: &'static Method,
    takes_gzip: bool,
    done: Result<T>,
) -> Result<Response<T>, Status> {
    let mut response = finish(method, done)?;
    if takes_gzip && response.get_ref().encoded_len() < WORTH_COMPRESSING {
        response.disable_compression();
    }
    Ok(response)
}

pub(crate) fn finish<T>(method: &'static Method, done: Result<T>) -> Result<Response<T>, Status> {
    done.map(Response::new).map_err(|failure| {
        tracing::debug!(rpc.method = method.path, reason = failure.reason().as_str(), "refused");
        status::refuse(failure)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures::FutureExt as _;
    use trellis_kernel::{Party, Scopes, Timestamp};

    use super::*;

    /// Lets everybody in, and believes them until it is told otherwise.
    #[derive(Clone, Default)]
    struct Until(Arc<AtomicBool>);

    impl Until {
        fn actor() -> Arc<Actor> {
            Arc::new(Actor {
                subject: "operator".to_owned(),
                party: Party::Operator,
                district: None,
                scopes: Scopes::default(),
                expire_time: Timestamp::MAX,
                token_id: None,
            })
        }
    }

    impl Gate for Until {
        async fn greet(&self, _method: &'static Method, _metadata: &MetadataMap) -> Result<()> {
            Ok(())
        }

        async fn admit<M: ReflectMessage>(
            &self,
            _method: &'static Method,
            _metadata: &MetadataMap,
            _names: Names,
            _message: &M,
        ) -> Result<Admission> {
            let (district, subjects, standing) = (None, Vec::new(), Relations::NONE);
            Ok(Admission { actor: Self::actor(), district, subjects, standing })
        }

        fn check<M: ReflectMessage>(&self, _message: &M) -> Result<()> {
            Ok(())
        }

        async fn stands(&self, _actor: &Actor) -> Result<()> {
            if self.0.load(Ordering::SeqCst) { Err(Failure::unauthenticated("Over.")) } else { Ok(()) }
        }
    }

    #[test]
    fn a_stream_ends_before_the_message_after_its_caller_s_token_was_taken_back() {
        let gate = Until::default();
        let messages: Outbound<u8> = Box::pin(stream::iter([Ok(1), Ok(2), Ok(3)]));
        let mut told = into_status_stream(&gate, Until::actor(), messages);
        assert_eq!(told.next().now_or_never().flatten().expect("a message").expect("the first"), 1);
        gate.0.store(true, Ordering::SeqCst);
        let refused = told.next().now_or_never().flatten().expect("an end").expect_err("taken back");
        assert_eq!(refused.code(), tonic::Code::Unauthenticated);
        assert!(told.next().now_or_never().expect("an end").is_none(), "it went on");
    }
}
