//! A learner's calendar in other programs.

use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Timestamp, Uuid};

/// How many feeds a learner may have.
pub(crate) const MOST: u64 = 20;

/// How many random bytes a token holds.
pub(crate) const RANDOM_BYTES: usize = 32;

/// A feed as it is kept: without its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Feed {
    pub(crate) id: Uuid,
    pub(crate) learner: Uuid,
    /// The person who made it, as long as whose standing to the learner allows it the feed answers.
    pub(crate) creator: Uuid,
    pub(crate) created: Timestamp,
}

/// The secret part of a feed's address: the district, in which it is looked up, and 256 random bits.
/// It has no `Debug` and no `Display`, so that it cannot come into a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    district: District,
    secret: [u8; RANDOM_BYTES],
}

impl Token {
    /// The token of `secret`.
    pub(crate) const fn new(district: District, secret: [u8; RANDOM_BYTES]) -> Self {
        Self { district, secret }
    }

    /// Reads a token in the one spelling that it has.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (district, secret) = text.split_once('.')?;
        let secret = read_hex(secret)?;
        Some(Self { district: District::parse(district).ok()?, secret })
    }

    /// Its spelling in an address.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", self.district, hex(&self.secret))
    }

    /// The district in which it is looked up.
    pub(crate) const fn district(&self) -> &District {
        &self.district
    }

    /// What the digest is made of.
    pub(crate) const fn secret(&self) -> &[u8; RANDOM_BYTES] {
        &self.secret
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn read_hex(text: &str) -> Option<[u8; RANDOM_BYTES]> {
    if text.len() != 2 * RANDOM_BYTES {
        return None;
    }
    let digit = |byte: u8| DIGITS.iter().position(|d| *d == byte).and_then(|n| u8::try_from(n).ok());
    let mut secret = [0; RANDOM_BYTES];
    for (byte, pair) in secret.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_spelling() {
        let secret = std::array::from_fn(|n| u8::try_from(n * 8 % 256).expect("a byte"));
        let token = Token::new(District::parse("grand-bend").expect("a district"), secret);
        let text = token.text();
        assert!(Token::parse(&text).is_some_and(|read| read == token));
        for other in [
            text.to_uppercase(),
            text.replace('.', ""),
            format!("{text}0"),
            text[..text.len() - 1].to_owned(),
            text.replace("00", "0g"),
            String::new(),
            ".".to_owned(),
        ] {
            assert!(Token::parse(&other).is_none());
        }
    }
}
