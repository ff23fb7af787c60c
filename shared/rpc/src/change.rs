//! A call, as a change of the store.

use prost::Message;
use sha2::{Digest, Sha256};
use trellis_contracts::guard::{Admission, Call, Method};
use trellis_kernel::{Failure, Relations, Result, Uuid};
use trellis_store::{Change, Grounds, Idempotency};

/// The change that a call begins.
///
/// With a `request_id` it is done once, however often the call is repeated: a repetition is known by
/// the method and the fingerprint of the message. Without one, every call is a change of its own.
pub fn change<M: Message>(call: &Call<M>, request_id: &str) -> Result<Change> {
    let fingerprint = Sha256::digest(call.message.encode_to_vec()).into();
    change_as(call.admission(), call.method(), request_id, fingerprint)
}

/// The same for a call whose message is not at hand as a whole, such as an upload: `fingerprint`
/// must differ wherever the content does.
pub fn change_as(
    admission: &Admission,
    method: &'static Method,
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
            Some(Idempotency { request_id, method: method.path, fingerprint })
        }
    };
    let grounds = Some(grounds(admission, method));
    Ok(Change { district, actor: admission.actor.label(), idempotency, grounds, since: None })
}

/// By what right, for the trail: how the caller stands to the learners, or else to the district.
fn grounds(admission: &Admission, method: &'static Method) -> Grounds {
    let towards = admission.subjects.iter().flat_map(|(_, relations)| relations.iter());
    let towards = towards.fold(Relations::NONE, Relations::with);
    Grounds {
        method: method.path,
        // What a service does on behalf of another is done by that one's token.
        token_id: admission.actor.principal().token_id.clone(),
        data_class: method.data_class,
        relations: if towards.is_empty() { admission.standing } else { towards },
        learners: admission.subjects.iter().map(|(learner, _)| *learner).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trellis_kernel::{Actor, Clock as _, District, Kind, Party, Relation, Scopes, SystemClock};

    use super::*;

    static METHOD: Method = Method {
        service: "S",
        name: "M",
        path: "/S/M",
        scope: "s",
        data_class: 3,
        resource: "name",
        relations: Relations::NONE,
        commons: false,
        any_caller: false,
        writes: true,
    };

    fn admission(district: Option<&str>) -> Admission {
        let district = district.map(|id| District::parse(id).expect("a district"));
        let actor = Actor {
            subject: "someone".to_owned(),
            party: Party::Person(Uuid::from_u128(7)),
            district: district.clone(),
            scopes: Scopes::default(),
            expire_time: SystemClock.now(),
            token_id: None,
        };
        Admission { actor: Arc::new(actor), district, subjects: Vec::new(), standing: Relations::NONE }
    }

    #[test]
    fn a_change_knows_where_who_and_which_request() {
        let id = "01900000-0000-7000-8000-000000000001";
        let change = change_as(&admission(Some("grand-bend")), &METHOD, id, [1; 32]).expect("a change");
        assert_eq!(change.district.as_str(), "grand-bend");
        assert_eq!(change.actor, "people/00000000-0000-0000-0000-000000000007");
        let request = change.idempotency.expect("a request id");
        assert_eq!((request.request_id.to_string().as_str(), request.method), (id, "/S/M"));
        assert_eq!(request.fingerprint, [1; 32]);
    }

    #[test]
    fn a_change_knows_by_what_right_it_is_made() {
        let mut admission = admission(Some("grand-bend"));
        admission.standing = Relations::NONE.with(Relation::Member);
        let grounds = |admission: &Admission| {
            change_as(admission, &METHOD, "", [1; 32]).expect("a change").grounds.expect("grounds")
        };
        let towards = grounds(&admission);
        assert_eq!((towards.method, towards.data_class, towards.learners.len()), ("/S/M", 3, 0));
        assert_eq!(towards.relations, Relations::NONE.with(Relation::Member));
        let learner = Uuid::from_u128(9);
        admission.subjects.push((learner, Relations::NONE.with(Relation::Educator)));
        let towards = grounds(&admission);
        assert_eq!(towards.relations, Relations::NONE.with(Relation::Educator));
        assert_eq!(towards.learners, [learner]);
    }

    #[test]
    fn what_a_service_does_for_another_is_done_by_that_one_s_token() {
        let mut admission = admission(Some("grand-bend"));
        let person = Actor { token_id: Some("theirs".to_owned()), ..Actor::clone(&admission.actor) };
        let party = Party::Service { name: "outcome".to_owned(), on_behalf_of: Some(Box::new(person)) };
        admission.actor = Arc::new(Actor { party, ..Actor::clone(&admission.actor) });
        let change = change_as(&admission, &METHOD, "", [1; 32]).expect("a change");
        assert_eq!(change.grounds.expect("grounds").token_id.as_deref(), Some("theirs"));
    }

    #[test]
    fn a_call_without_a_request_id_is_a_change_of_its_own() {
        let change = change_as(&admission(Some("grand-bend")), &METHOD, "", [1; 32]).expect("a change");
        assert!(change.idempotency.is_none());
    }

    #[test]
    fn a_request_id_that_is_none_and_a_call_without_a_district_are_refused() {
        let refused = change_as(&admission(Some("grand-bend")), &METHOD, "x", [1; 32]).expect_err("no UUID");
        assert_eq!(refused.violations()[0].field, "request_id");
        let refused = change_as(&admission(None), &METHOD, "", [1; 32]).expect_err("no district");
        assert_eq!(refused.kind(), Kind::Internal);
    }
}
