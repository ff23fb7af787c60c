//! Answers whose parts were encoded before they were asked for: they are sent as they are, where decoding
//! them and encoding them again would cost more than all the rest of the call.

use prost::bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::encoding::{DecodeContext, WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use prost::{DecodeError, Message};
use prost_reflect::{MessageDescriptor, ReflectMessage};

use crate::DESCRIPTOR_POOL;
use crate::outcome::Outcome;

/// The number of `outcomes` in the contract.
const OUTCOMES: u32 = 1;

/// The outcomes, in the order of the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchGetOutcomesResponse {
    /// The outcomes. Who reads an answer finds all of them here.
    pub outcomes: Vec<Outcome>,
    /// Those that were encoded before, as the fields of this message; they follow the others.
    encoded: Bytes,
}

impl BatchGetOutcomesResponse {
    /// An answer of these outcomes.
    #[must_use]
    pub const fn of(outcomes: Vec<Outcome>) -> Self {
        Self { outcomes, encoded: Bytes::new() }
    }

    /// An answer of encoded outcomes, each with what is told beside it: fields that it does not have yet.
    #[must_use]
    pub fn encoded<'a>(outcomes: impl Iterator<Item = (&'a [u8], Option<Outcome>)>) -> Self {
        let mut encoded = BytesMut::new();
        for (outcome, beside) in outcomes {
            let more = beside.as_ref().map_or(0, Message::encoded_len);
            let length = outcome.len() + more;
            let whole = length + encoded_len_varint(length as u64) + key_len(OUTCOMES);
            encoded.reserve(whole);
            encode_key(OUTCOMES, WireType::LengthDelimited, &mut encoded);
            encode_varint(length as u64, &mut encoded);
            encoded.put_slice(outcome);
            if let Some(beside) = beside {
                beside.encode_raw(&mut encoded);
            }
        }
        Self { outcomes: Vec::new(), encoded: encoded.freeze() }
    }
}

impl Message for BatchGetOutcomesResponse {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        prost::encoding::message::encode_repeated(OUTCOMES, &self.outcomes, buf);
        buf.put_slice(&self.encoded);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag == OUTCOMES {
            prost::encoding::message::merge_repeated(wire_type, &mut self.outcomes, buf, context)
        } else {
            prost::encoding::skip_field(wire_type, tag, buf, context)
        }
    }

    fn encoded_len(&self) -> usize {
        prost::encoding::message::encoded_len_repeated(OUTCOMES, &self.outcomes) + self.encoded.len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl ReflectMessage for BatchGetOutcomesResponse {
    fn descriptor(&self) -> MessageDescriptor {
        let descriptor = DESCRIPTOR_POOL.get_message_by_name("trellis.outcome.v1.BatchGetOutcomesResponse");
        descriptor.expect("the contracts have it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_before_reads_as_what_was_not() {
        let one = |uid: &str| Outcome { uid: uid.to_owned(), ..Outcome::default() };
        let (a, b) = (one("a"), one("b"));
        let replaced = Outcome { superseded_by: vec!["c".to_owned()], ..Outcome::default() };
        let (first, second) = (a.encode_to_vec(), b.encode_to_vec());
        let parts = [(first.as_slice(), None), (second.as_slice(), Some(replaced))];
        let answer = BatchGetOutcomesResponse::encoded(parts.into_iter());
        let bytes = answer.encode_to_vec();
        assert_eq!(bytes.len(), answer.encoded_len());
        let read = BatchGetOutcomesResponse::decode(bytes.as_slice()).expect("it reads");
        let b = Outcome { superseded_by: vec!["c".to_owned()], ..b };
        assert_eq!(read, BatchGetOutcomesResponse::of(vec![a, b]));
        assert_eq!(read.encode_to_vec().len(), bytes.len());
    }

    #[test]
    fn it_has_the_fields_of_the_contract() {
        let descriptor = BatchGetOutcomesResponse::default().descriptor();
        let fields: Vec<(u32, String)> =
            descriptor.fields().map(|field| (field.number(), field.name().to_owned())).collect();
        assert_eq!(fields, [(OUTCOMES, "outcomes".to_owned())]);
    }
}
