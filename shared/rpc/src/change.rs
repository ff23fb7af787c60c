//! A call, as a change of the store.

use prost::Message;
use sha2::{Digest, Sha256};
use trellis_contracts::guard::{Admission, Call};
use trellis_kernel::{Failure, Result, Uuid};
use trellis_store::{Change, Idempotency};

/// The change that a call begins.
///
/// With a `request_id` it is done once, however often the call is repeated: a repetition is known by
/// the method and the fingerprint of the message. Without one, every call is a change of its own.
pub fn change<M: Message>(call: &Call<M>, request_id: &str) -> Result<Change> {
    let fingerprint = Sha256::digest(call.message.encode_to_vec()).into();
    change_as(call.admission(), call.method().path, request_id, fingerprint)
}

/// The same for a call whose message is not at hand as a whole, such as an upload: `fingerprint`
/// must differ wherever the content does.
pub fn change_as(
    admission: &Admission,
    method: &'static str,
    request_id: &str,
    fingerprint: [u8; 32],
) -> Result<Change> {
    let district = admission
        .district
        .clone()
        .ok_or_else(|| Failure::internal("a method that names no resource began a change"))?;
    let idempotency = match request_id {
        "" => None,
        text => {
            let request_id =
                Uuid::try_parse(text).map_err(|_| Failure::field("request_id", "must be a UUID"))?;
            Some(Idempotency { request_id, method, fingerprint })
        }
    };
    Ok(Change { district, actor: admission.actor.label(), idempotency })
}
