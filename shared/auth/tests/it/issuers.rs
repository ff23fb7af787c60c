//! Tokens made to deceive, and those at the edge of what is believed.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use trellis_auth::{Authority, DEV_ISSUER, Issuer, Keys};
use trellis_kernel::{Kind, Party, Result, Uuid};

use crate::rotation::Site;
use crate::{House, metadata};

const PERSON: Party = Party::Person(Uuid::from_u128(7));

async fn believed(authority: &Authority, token: &str) -> bool {
    match authority.authenticate(&metadata(token)).await {
        Ok(_) => true,
        Err(failure) => {
            assert_eq!(failure.kind(), Kind::Unauthenticated, "{failure:?}");
            false
        }
    }
}

fn private(house: &House, file: &str) -> EncodingKey {
    let pem = std::fs::read(house.directory.path().join(file)).expect("a key");
    EncodingKey::from_ed_pem(&pem).expect("a key")
}

fn header(house: &House) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid.clone_from(&house.issuer.public_keys().keys[0].common.key_id);
    header
}

fn sign(header: &Header, claims: &impl serde::Serialize, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).expect("a token")
}

/// A new RSA key, and its public half under a name.
fn rsa(kid: &str) -> (EncodingKey, Jwk) {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("its form");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der.as_ref())
    );
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
    let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).expect("its public half");
    public.common.key_id = Some(kid.to_owned());
    (key, public)
}

#[tokio::test]
async fn the_header_s_own_keys_are_not_looked_at() {
    let (house, site) = (House::new(), Site::start().await);
    let authority = house.authority(&[]);
    let stranger =
        trellis_auth::Signer::open(&house.directory.path().join("stranger.pem"), DEV_ISSUER).expect("a key");
    site.publish(&[&stranger]);
    let (key, claims) = (private(&house, "stranger.pem"), house.claims(&PERSON, ""));
    let own = stranger.public_keys().keys[0].clone();
    let mut embedded = header(&house);
    embedded.jwk = Some(own.clone());
    let mut pointing = header(&house);
    pointing.jku = Some(site.url.clone());
    pointing.x5u = Some(site.url.clone());
    for mut header in [embedded, pointing] {
        assert!(!believed(&authority, &sign(&header, &claims, &key)).await);
        header.kid = own.common.key_id.clone();
        assert!(!believed(&authority, &sign(&header, &claims, &key)).await);
    }
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn a_header_that_demands_what_is_not_understood_is_refused() {
    let house = House::new();
    let authority = house.authority(&[]);
    let (key, claims) = (private(&house, "issuer.pem"), house.claims(&PERSON, ""));
    let plain = header(&house);
    assert!(believed(&authority, &sign(&plain, &claims, &key)).await);
    for critical in [vec!["exp".to_owned()], vec!["b64".to_owned()], Vec::new()] {
        let header = Header { crit: Some(critical), ..plain.clone() };
        assert!(!believed(&authority, &sign(&header, &claims, &key)).await);
    }
    let nameless = Header { kid: None, ..plain };
    assert!(!believed(&authority, &sign(&nameless, &claims, &key)).await);
}

#[tokio::test]
async fn a_key_is_used_with_its_own_algorithm_only() -> Result<()> {
    let house = House::new();
    let (key, public) = rsa("rsa");
    let mut pss = public.clone();
    pss.common.key_id = Some("pss".to_owned());
    pss.common.key_algorithm = Some("PS256".parse().expect("an algorithm"));
    let mut keys = house.issuer.public_keys().keys;
    keys.extend([public, pss]);
    let issuer = Issuer::new(DEV_ISSUER, Keys::Fixed(JwkSet { keys }));
    let authority = Authority::new(vec![issuer], &house.services, house.clock.clone())?;
    let claims = house.claims(&PERSON, "");
    let by = |kid: &str, algorithm: Algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.to_owned());
        sign(&header, &claims, key)
    };
    assert!(believed(&authority, &by("rsa", Algorithm::RS256, &key)).await);
    assert!(believed(&authority, &by("pss", Algorithm::PS256, &key)).await);
    for (kid, algorithm) in [
        ("rsa", Algorithm::RS512),
        ("rsa", Algorithm::PS256),
        ("pss", Algorithm::RS256),
        ("pss", Algorithm::PS384),
    ] {
        assert!(!believed(&authority, &by(kid, algorithm, &key)).await, "{kid} {algorithm:?}");
    }
    // Another kind of key under the name of this one.
    assert!(!believed(&authority, &by("rsa", Algorithm::EdDSA, &private(&house, "issuer.pem"))).await);
    let ed = header(&house).kid.expect("a name");
    assert!(!believed(&authority, &by(&ed, Algorithm::RS256, &key)).await);
    // A signature that is right, under a header that says another thing.
    let token = by("rsa", Algorithm::RS256, &key);
    let signature = token.rsplit('.').next().expect("a signature");
    let renamed = by("pss", Algorithm::RS256, &key);
    let (start, _) = renamed.rsplit_once('.').expect("three parts");
    assert!(!believed(&authority, &format!("{start}.{signature}")).await);
    Ok(())
}

#[tokio::test]
async fn a_minute_between_clocks_is_allowed_and_no_more() {
    let house = House::new();
    let authority = house.authority(&[]);
    let now = 1_800_000_000_i64;
    let with = |name: &str, at: Value| {
        let mut claims = serde_json::to_value(house.claims(&PERSON, "")).expect("claims");
        claims[name] = at;
        sign(&header(&house), &claims, &private(&house, "issuer.pem"))
    };
    for (name, at, expected) in [
        ("exp", now - 59, true),
        ("exp", now - 60, false),
        ("exp", 0, false),
        ("exp", i64::MIN, false),
        ("exp", i64::MAX, false),
        ("nbf", now + 60, true),
        ("nbf", now + 61, false),
        ("nbf", i64::MAX, false),
        ("iat", now - 100_000, true),
        ("iat", now + 60, true),
        ("iat", now + 61, false),
    ] {
        assert_eq!(believed(&authority, &with(name, at.into())).await, expected, "{name} {at}");
    }
    for (name, value) in [("exp", json!("soon")), ("exp", Value::Null), ("aud", json!({})), ("iss", json!(7))]
    {
        assert!(!believed(&authority, &with(name, value)).await, "{name}");
    }
}

#[tokio::test]
async fn an_audience_among_many_is_enough_and_each_issuer_has_its_own() -> Result<()> {
    let house = House::new();
    let naming = |audience: Value| {
        let mut claims = serde_json::to_value(house.claims(&PERSON, "")).expect("claims");
        claims["aud"] = audience;
        sign(&header(&house), &claims, &private(&house, "issuer.pem"))
    };
    let many: Vec<String> = (0..500).map(|other| format!("other-{other}")).collect();
    let authority = house.authority(&[]);
    assert!(!believed(&authority, &naming(json!(many))).await);
    assert!(believed(&authority, &naming(json!([many, vec!["trellis".to_owned()]].concat()))).await);
    assert!(!believed(&authority, &naming(json!([]))).await);
    assert!(!believed(&authority, &naming(json!("trellis.example.org"))).await);
    let issuer = Issuer::new(DEV_ISSUER, Keys::Fixed(house.issuer.public_keys())).audience("our-trellis");
    let authority = Authority::new(vec![issuer], &house.services, house.clock.clone())?;
    assert!(believed(&authority, &naming(json!("our-trellis"))).await);
    assert!(!believed(&authority, &naming(json!("trellis"))).await);
    Ok(())
}

#[tokio::test]
async fn an_issuer_proves_nothing_under_another_s_name() -> Result<()> {
    let house = House::new();
    let other = trellis_auth::Signer::open(&house.directory.path().join("other.pem"), "x").expect("a key");
    let issuers = vec![
        Issuer::new("https://a.example.org", Keys::Fixed(house.issuer.public_keys())),
        Issuer::new("https://b.example.org", Keys::Fixed(other.public_keys())),
    ];
    let authority = Authority::new(issuers, &house.services, house.clock.clone())?;
    let mut claims = house.claims(&PERSON, "");
    for (name, expected) in [("https://a.example.org", true), ("https://b.example.org", false)] {
        claims.iss = name.to_owned();
        assert_eq!(believed(&authority, &house.issuer.mint(&claims)?).await, expected, "{name}");
    }
    Ok(())
}
