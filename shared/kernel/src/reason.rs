//! The machine-readable reasons of a refusal.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal,)*) => {
        /// Why a request was refused or failed. The contract's `trellis.common.v1.ErrorReason`
        /// holds the same list, and `docs/errors` a page for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Reason { $($(#[doc = $doc])* #[serde(rename = $text)] $variant,)* }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The reason as `google.rpc.ErrorInfo.reason` carries it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The reason with this text.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

reasons! {
    /// No token, or one that is not well formed, not signed by a trusted issuer, or expired.
    Unauthenticated = "UNAUTHENTICATED",
    /// The token does not carry the scope that the method requires.
    ScopeMissing = "SCOPE_MISSING",
    /// The caller has no relation to the resource that allows this, or the resource may not exist.
    AccessDenied = "ACCESS_DENIED",
    /// The resource does not exist.
    ResourceNotFound = "RESOURCE_NOT_FOUND",
    /// A resource with this identity exists already.
    ResourceExists = "RESOURCE_EXISTS",
    /// A field breaks a rule that the contract states.
    FieldViolation = "FIELD_VIOLATION",
    /// A resource name is not well formed.
    InvalidName = "INVALID_NAME",
    /// `page_size` is negative.
    InvalidPageSize = "INVALID_PAGE_SIZE",
    /// A page token was changed, has expired, or belongs to another list.
    InvalidPageToken = "INVALID_PAGE_TOKEN",
    /// The resource changed since its etag was read.
    EtagMismatch = "ETAG_MISMATCH",
    /// The method requires an etag and got none.
    EtagRequired = "ETAG_REQUIRED",
    /// A `request_id` was used before with another request.
    RequestIdReused = "REQUEST_ID_REUSED",
    /// The resource is in a state in which this may not be done.
    StateConflict = "STATE_CONFLICT",
    /// A revision is immutable: change the resource by its unpinned name.
    RevisionImmutable = "REVISION_IMMUTABLE",
    /// A resource that the request names does not exist or cannot be used here.
    ReferenceNotFound = "REFERENCE_NOT_FOUND",
    /// An imported document cannot be read; metadata says where.
    DocumentMalformed = "DOCUMENT_MALFORMED",
    /// An imported document is larger than the limit.
    DocumentTooLarge = "DOCUMENT_TOO_LARGE",
    /// A relation between resources would close a circle; metadata names the path.
    CycleDetected = "CYCLE_DETECTED",
    /// The place in the change feed that a token names is no longer kept, or was of the feed before a
    /// restore: list again, then watch.
    ResumeTokenTooOld = "RESUME_TOKEN_TOO_OLD",
    /// A resume token was changed or belongs to another feed.
    InvalidResumeToken = "INVALID_RESUME_TOKEN",
    /// The request holds more than a limit allows.
    LimitExceeded = "LIMIT_EXCEEDED",
    /// Another service that this call needs is away for the moment.
    PeerUnavailable = "PEER_UNAVAILABLE",
    /// The database is away or overloaded for the moment.
    StoreUnavailable = "STORE_UNAVAILABLE",
    /// The caller's deadline passed.
    DeadlineExceeded = "DEADLINE_EXCEEDED",
    /// The server is ending; connect again.
    ShuttingDown = "SHUTTING_DOWN",
    /// A defect or a broken installation; the log holds the rest under the trace id.
    Internal = "INTERNAL",
    /// The server serves as many calls as it can: come back after the time that it says.
    Overloaded = "OVERLOADED",
    /// The caller has called more often than its share: come back after the time that it says.
    RateLimited = "RATE_LIMITED",
    /// The database has no room left; nothing was changed, and reading goes on.
    StoreFull = "STORE_FULL",
    /// The database takes no changes for the moment; reading goes on.
    StoreReadOnly = "STORE_READ_ONLY",
    /// A part of the database cannot be read: whoever runs the server must restore it.
    StoreCorrupt = "STORE_CORRUPT",
}
