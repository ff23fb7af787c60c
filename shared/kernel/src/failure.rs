//! What a refusal or a failure says, and to whom.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::Reason;

/// The kind of a failure, one for each canonical status that Trellis answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong whatever the state of the system.
    InvalidArgument,
    /// What was asked lies outside what there is (a feed position that is no longer kept).
    OutOfRange,
    /// The request is right, but not in this state.
    FailedPrecondition,
    /// Another change came first: read again and repeat.
    Aborted,
    /// It does not exist.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// Nobody known asks.
    Unauthenticated,
    /// The one who asks may not.
    PermissionDenied,
    /// A limit is reached.
    ResourceExhausted,
    /// Try again soon.
    Unavailable,
    /// The caller's time is over.
    DeadlineExceeded,
    /// The caller went away.
    Cancelled,
    /// The method is not served here.
    Unimplemented,
    /// What was kept cannot be read any more.
    DataLoss,
    /// A defect.
    Internal,
}

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in the request, `framework.title` or `entries[2].text`.
    pub field: String,
    /// What the rule asks for; never the value itself, which may be personal.
    pub description: String,
}

/// The resource that a failure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRef {
    /// Its type, `trellis.dev/Framework`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A refusal or a failure.
///
/// What a client reads (kind, reason, message, metadata, violations) is kept apart from what a log
/// reads (the source). Neither holds personal data. It becomes a gRPC status in one place,
/// `trellis_contracts::status`, last.
pub struct Failure(Box<Parts>);

struct Parts {
    kind: Kind,
    reason: Reason,
    message: Cow<'static, str>,
    metadata: BTreeMap<String, String>,
    violations: Vec<Violation>,
    resource: Option<ResourceRef>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

macro_rules! constructors {
    ($($(#[doc = $doc:literal])* $name:ident => $kind:ident;)*) => {
        $($(#[doc = $doc])*
        pub fn $name(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
            Self::new(Kind::$kind, reason, message)
        })*
    };
}

impl Failure {
    /// A failure of the given kind; `message` is a sentence for a developer at the client's side.
    pub fn new(kind: Kind, reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Parts {
            kind,
            reason,
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            resource: None,
            retry_after: None,
            source: None,
        }))
    }

    constructors! {
        /// The request is wrong whatever the state of the system.
        invalid => InvalidArgument;
        /// The request is right, but not in this state.
        precondition => FailedPrecondition;
        /// Another change came first.
        aborted => Aborted;
        /// It exists already.
        exists => AlreadyExists;
        /// The one who asks may not.
        denied => PermissionDenied;
        /// A limit is reached.
        exhausted => ResourceExhausted;
    }

    /// One field breaks a rule.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid(Reason::FieldViolation, "A field of the request breaks a rule of the contract.")
            .violation(field, description)
    }

    /// A resource does not exist.
    pub fn not_found(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, Reason::ResourceNotFound, "The resource does not exist.").about(kind, name)
    }

    /// The caller may not see or do this, or it may not exist: both answer alike (AIP-211).
    pub fn access_denied() -> Self {
        Self::denied(Reason::AccessDenied, "You may not do this on this resource, or it may not exist.")
    }

    /// Nobody known asks.
    pub fn unauthenticated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unauthenticated, Reason::Unauthenticated, message)
    }

    /// Something that the call needs is away; the client may try again after `after`.
    pub fn unavailable(reason: Reason, message: impl Into<Cow<'static, str>>, after: Duration) -> Self {
        let mut failure = Self::new(Kind::Unavailable, reason, message);
        failure.0.retry_after = Some(after);
        failure
    }

    /// A defect or a broken installation. The client learns nothing but that; `source` goes to the log.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, Reason::Internal, "The server failed; nothing was changed.").because(source)
    }

    /// Adds a field violation.
    #[must_use]
    pub fn violation(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.0.violations.push(Violation { field: field.into(), description: description.into() });
        self
    }

    /// Adds a value that the message speaks of. Never personal data.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.metadata.insert(key.into(), value.to_string());
        self
    }

    /// Names the resource that this is about.
    #[must_use]
    pub fn about(mut self, kind: impl Into<String>, name: impl Into<String>) -> Self {
        self.0.resource = Some(ResourceRef { kind: kind.into(), name: name.into() });
        self
    }

    /// Tells the client when to try again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Its reason.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The values that the message speaks of.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// The fields that break a rule.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The resource that this is about.
    pub fn resource(&self) -> Option<&ResourceRef> {
        self.0.resource.as_ref()
    }

    /// When to try again.
    pub fn retry(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The cause, for the log alone.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason.as_str(), self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("kind", &self.0.kind)
            .field("reason", &self.0.reason)
            .field("message", &self.0.message)
            .field("metadata", &self.0.metadata)
            .field("violations", &self.0.violations)
            .field("resource", &self.0.resource)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}
