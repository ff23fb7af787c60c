//! Which of an issuer's public keys sign tokens, and how (RFC 7517, RFC 8725).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use trellis_kernel::{Failure, Result};

/// More keys than this is no key set of an issuer's.
const MAX_KEYS: usize = 100;
/// The shortest RSA key that is believed (RFC 7518, section 3.3), in bits.
const MIN_RSA: usize = 2048;
/// The longest: checking takes longer with every bit.
const MAX_RSA: usize = 8192;

/// A key with the only algorithm it may be used for.
#[derive(Clone)]
pub(crate) struct VerifyingKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// The keys of a set that sign tokens, by their id. Those that do not are left out, and do not stop the
/// others: keys for encryption, symmetric or weak ones, kinds that are not known.
pub(crate) fn usable(set: &JwkSet) -> Result<HashMap<String, VerifyingKey>> {
    if set.keys.len() > MAX_KEYS {
        return Err(Failure::internal("an issuer's key set holds more than 100 keys"));
    }
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        if let (Some(kid), Some(algorithm), Ok(key)) =
            (&jwk.common.key_id, algorithm(jwk), DecodingKey::from_jwk(jwk))
        {
            keys.insert(kid.clone(), VerifyingKey { algorithm, key });
        }
    }
    Ok(keys)
}

/// The algorithm of a key, fixed by the key and never by the token (RFC 8725, section 3.1). Symmetric
/// keys have none: whoever can check such a token could also make one.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
        && jwk.common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    if !signs {
        return None;
    }
    let stated = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let stated = stated.as_deref();
    let only =
        |algorithm: Algorithm, name: &str| stated.is_none_or(|stated| stated == name).then_some(algorithm);
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if (MIN_RSA..=MAX_RSA).contains(&bits(&rsa.n)) => match stated {
            None | Some("RS256") => Some(Algorithm::RS256),
            Some("RS384") => Some(Algorithm::RS384),
            Some("RS512") => Some(Algorithm::RS512),
            Some("PS256") => Some(Algorithm::PS256),
            Some("PS384") => Some(Algorithm::PS384),
            Some("PS512") => Some(Algorithm::PS512),
            Some(_) => None,
        },
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => only(Algorithm::ES256, "ES256"),
            EllipticCurve::P384 => only(Algorithm::ES384, "ES384"),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(parameters) if parameters.curve == EllipticCurve::Ed25519 => {
            only(Algorithm::EdDSA, "EdDSA")
        }
        _ => None,
    }
}

/// The length of a number that is written in base64url, in bits; 0 for what is none.
fn bits(number: &str) -> usize {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(number) else { return 0 };
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros).map_or(0, |first| (bytes.len() - zeros) * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The ids of the keys of a set that are used.
    fn used(keys: &Value) -> Vec<String> {
        let set: JwkSet = serde_json::from_value(json!({ "keys": keys })).expect("a set");
        let mut ids: Vec<String> = usable(&set).expect("few keys").into_keys().collect();
        ids.sort();
        ids
    }

    fn rsa(id: &str, bits: usize) -> Value {
        let n = URL_SAFE_NO_PAD.encode(vec![0xff; bits / 8]);
        json!({ "kid": id, "kty": "RSA", "n": n, "e": "AQAB" })
    }

    fn with(mut key: Value, name: &str, value: impl Into<Value>) -> Value {
        key[name] = value.into();
        key
    }

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn a_short_key_is_not_used_and_does_not_stop_the_others() {
        let padded = URL_SAFE_NO_PAD.encode([vec![0; 128], vec![0xff; 128]].concat());
        let keys = json!([
            rsa("1024", 1024),
            rsa("2040", 2040),
            rsa("2048", 2048),
            rsa("16384", 16384),
            with(rsa("zeros", 2048), "n", padded),
            with(rsa("none", 2048), "n", "!"),
        ]);
        assert_eq!(used(&keys), ["2048"]);
    }

    #[test]
    fn a_key_for_another_purpose_is_not_used() {
        let keys = json!([
            with(rsa("enc", 2048), "use", "enc"),
            with(rsa("sig", 2048), "use", "sig"),
            with(rsa("wraps", 2048), "key_ops", vec!["wrapKey"]),
            with(rsa("verifies", 2048), "key_ops", vec!["verify"]),
            with(rsa("oaep", 2048), "alg", "RSA-OAEP-256"),
            { "kid": "secret", "kty": "oct", "k": "c2VjcmV0" },
            { "kid": "new", "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" },
        ]);
        assert_eq!(used(&keys), ["sig", "verifies"]);
    }

    #[test]
    fn the_stated_algorithm_must_be_that_of_the_kind() {
        let ed =
            |id: &str, alg: &str| json!({ "kid": id, "kty": "OKP", "crv": "Ed25519", "x": X, "alg": alg });
        let ec = |id: &str, crv: &str, alg: &str| json!({ "kid": id, "kty": "EC", "crv": crv, "x": X, "y": X, "alg": alg });
        let keys = json!([
            ed("eddsa", "EdDSA"),
            ed("es256", "ES256"),
            ec("p256", "P-256", "ES256"),
            ec("p256-as-384", "P-256", "ES384"),
            ec("p256-as-hs", "P-256", "HS256"),
            with(rsa("rsa-as-ec", 2048), "alg", "ES256"),
            with(rsa("pss", 2048), "alg", "PS256"),
        ]);
        assert_eq!(used(&keys), ["eddsa", "p256", "pss"]);
    }

    #[test]
    fn a_set_of_too_many_keys_is_none() {
        let keys: Vec<Value> = (0..=100).map(|id| rsa(&id.to_string(), 2048)).collect();
        let set: JwkSet = serde_json::from_value(json!({ "keys": keys })).expect("a set");
        assert!(usable(&set).is_err());
    }
}
