use std::sync::Arc;

use jiff::SignedDuration;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use tonic::metadata::MetadataMap;
use trellis_auth::door::{self, Door, Turn};
use trellis_auth::{Authority, DEV_ISSUER, Issuer, Keys, Signer};
use trellis_kernel::{Actor, Failure, Kind, Party, Reason, Result, Uuid};

use crate::{House, district, metadata};

const PERSON: Party = Party::Person(Uuid::from_u128(7));

async fn refused(authority: &Authority, call: &MetadataMap) {
    let failure = authority.authenticate(call).await.expect_err("nobody");
    assert_eq!((failure.kind(), failure.reason()), (Kind::Unauthenticated, Reason::Unauthenticated));
}

#[tokio::test]
async fn a_token_of_a_trusted_issuer_proves_its_person() -> Result<()> {
    let house = House::new();
    let authority = house.authority(&[]);
    let call = house.call(&PERSON, "profile.goals.read");
    for _ in 0..2 {
        let actor = authority.authenticate(&call).await?;
        assert_eq!(actor.party, PERSON);
        assert_eq!(actor.district, Some(district("grand-bend")));
        assert!(actor.scopes.allow("profile.goals.read"));
        assert!(!actor.scopes.allow("profile.goals.write"));
    }
    Ok(())
}

#[tokio::test]
async fn a_token_ends_even_when_it_was_seen_before() -> Result<()> {
    let house = House::new();
    let authority = house.authority(&[]);
    let call = house.call(&PERSON, "");
    authority.authenticate(&call).await?;
    house.clock.advance(SignedDuration::from_hours(2));
    refused(&authority, &call).await;
    // And where it was not seen before.
    refused(&house.authority(&[]), &call).await;
    Ok(())
}

#[tokio::test]
async fn a_token_is_called_by_a_name_that_can_be_kept() -> Result<()> {
    let house = House::new();
    let authority = house.authority(&[]);
    let called = |jti: String| {
        let mut claims = house.claims(&PERSON, "");
        claims.jti = Some(jti);
        metadata(&house.issuer.mint(&claims).expect("a token"))
    };
    for jti in [String::new(), "x".repeat(257), "x".repeat(4096), "a\0b".to_owned(), "a\nb".to_owned()] {
        refused(&authority, &called(jti)).await;
    }
    for jti in ["x".repeat(256), "\u{e9}".repeat(256)] {
        assert_eq!(authority.authenticate(&called(jti.clone())).await?.token_id, Some(jti));
    }
    Ok(())
}

#[tokio::test]
async fn a_token_that_was_verified_before_the_clock_was_set_back_is_verified_again() -> Result<()> {
    let house = House::new();
    let authority = house.authority(&[]);
    let call = house.call(&PERSON, "");
    authority.authenticate(&call).await?;
    assert!(authority.recall(call.as_ref()).is_some());
    house.clock.advance(SignedDuration::from_hours(-1));
    assert!(authority.recall(call.as_ref()).is_none(), "nobody knows how long ago");
    authority.authenticate(&call).await?;
    assert!(authority.recall(call.as_ref()).is_some());
    Ok(())
}

/// The door of an address that has proven nobody too often.
struct Shut;

impl Door for Shut {
    fn before_proof(&self) -> Result<()> {
        Err(Failure::exhausted(Reason::RateLimited, "too many"))
    }

    fn unproven(&self, failure: Failure) -> Failure {
        failure
    }

    fn enter(&self, _actor: &Actor) -> Turn {
        Turn::Now(Ok(()))
    }
}

#[tokio::test]
async fn a_token_that_was_believed_is_verified_again_whatever_else_its_address_sends() -> Result<()> {
    let house = House::new();
    let authority = house.authority(&[]);
    let through = async |call: &MetadataMap| {
        let mut proof = Box::pin(authority.authenticate(call));
        let door: Arc<dyn Door> = Arc::new(Shut);
        std::future::poll_fn(|cx| door::within(Some(door.clone()), || proof.as_mut().poll(cx))).await
    };
    let (known, new) = (house.call(&PERSON, ""), house.call(&PERSON, "profile.read"));
    authority.authenticate(&known).await?;
    house.clock.advance(SignedDuration::from_mins(6));
    assert!(authority.recall(known.as_ref()).is_none(), "it is to be verified again");
    through(&known).await?;
    assert_eq!(through(&new).await.expect_err("not met before").reason(), Reason::RateLimited);
    Ok(())
}

#[tokio::test]
async fn a_call_needs_one_well_formed_bearer_token() {
    let house = House::new();
    let authority = house.authority(&[]);
    refused(&authority, &MetadataMap::new()).await;
    for value in ["Basic abc", "Bearer", "Bearer ", "Bearer a.b.c", "bearer \u{7f}"] {
        let mut call = MetadataMap::new();
        if let Ok(value) = value.parse() {
            call.insert("authorization", value);
        }
        refused(&authority, &call).await;
    }
    let mut twice = house.call(&PERSON, "");
    let token = twice.get("authorization").expect("a token").clone();
    twice.append("authorization", token);
    refused(&authority, &twice).await;
    refused(&authority, &metadata(&"a".repeat(20_000))).await;
}

#[tokio::test]
async fn a_stranger_s_signature_is_not_believed() {
    let house = House::new();
    let authority = house.authority(&[]);
    let stranger = Signer::open(&house.directory.path().join("stranger.pem"), DEV_ISSUER).expect("a key");
    let claims = house.claims(&PERSON, "");
    refused(&authority, &metadata(&stranger.mint(&claims).expect("a token"))).await;

    // The trusted key's id over the stranger's signature.
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = house.issuer.public_keys().keys[0].common.key_id.clone();
    let pem = std::fs::read(house.directory.path().join("stranger.pem")).expect("its key");
    let key = EncodingKey::from_ed_pem(&pem).expect("a key");
    let token = jsonwebtoken::encode(&header, &claims, &key).expect("a token");
    refused(&authority, &metadata(&token)).await;

    // An issuer that nobody configured.
    let mut claims = claims;
    claims.iss = "https://elsewhere.example".to_owned();
    refused(&authority, &metadata(&house.issuer.mint(&claims).expect("a token"))).await;
}

#[tokio::test]
async fn the_algorithm_is_the_key_s_and_never_the_token_s() {
    let house = House::new();
    let authority = house.authority(&[]);
    let claims = house.claims(&PERSON, "");
    let public = house.issuer.public_keys();
    let secret = serde_json::to_vec(&public.keys[0]).expect("the public key as bytes");
    let mut header = Header::new(Algorithm::HS256);
    header.kid = public.keys[0].common.key_id.clone();
    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret)).expect("a token");
    refused(&authority, &metadata(&token)).await;

    let signed = house.issuer.mint(&claims).expect("a token");
    let body = signed.split('.').nth(1).expect("claims");
    // {"alg":"none"}
    refused(&authority, &metadata(&format!("eyJhbGciOiJub25lIn0.{body}."))).await;
}

#[tokio::test]
async fn a_token_for_another_audience_is_not_ours() {
    let house = House::new();
    let mut claims = serde_json::to_value(house.claims(&PERSON, "")).expect("claims");
    claims["aud"] = "another-product".into();
    let claims = serde_json::from_value(claims).expect("claims");
    refused(&house.authority(&[]), &metadata(&house.issuer.mint(&claims).expect("a token"))).await;
}

#[tokio::test]
async fn an_issuer_speaks_for_its_districts_only() -> Result<()> {
    let house = House::new();
    let call = house.call(&PERSON, "");
    house.authority(&["grand-bend"]).authenticate(&call).await?;
    refused(&house.authority(&["elsewhere"]), &call).await;
    Ok(())
}

#[tokio::test]
async fn an_issuer_speaks_for_the_commons_only_when_they_are_named() -> Result<()> {
    const NAME: &str = "https://id.example.org";
    let house = House::new();
    let mut claims = house.claims(&PERSON, "outcome.write");
    claims.iss = NAME.to_owned();
    claims.trellis_district = Some(district("commons"));
    let call = metadata(&house.issuer.mint(&claims)?);
    let trusting = |districts: &[&str]| {
        let districts = districts.iter().map(|id| district(id)).collect();
        let issuer = Issuer::new(NAME, Keys::Fixed(house.issuer.public_keys())).districts(districts);
        Authority::new(vec![issuer], &house.services, house.clock.clone())
    };
    refused(&trusting(&[])?, &call).await;
    refused(&trusting(&["grand-bend"])?, &call).await;
    trusting(&["commons"])?.authenticate(&call).await?;
    Ok(())
}

#[tokio::test]
async fn only_the_suite_names_services() -> Result<()> {
    let house = House::new();
    let authority = house.authority(&[]);
    let forged = Party::Service { name: "profile".to_owned(), on_behalf_of: None };
    refused(&authority, &house.call(&forged, "*")).await;

    let person = authority.authenticate(&house.call(&PERSON, "outcome.read")).await?;
    let token = house.service().token(Some(&person))?;
    let service = authority.authenticate(&metadata(&token)).await?;
    assert_eq!(service.principal(), &*person);
    assert_eq!(service.label(), format!("people/{}", Uuid::from_u128(7)));
    Ok(())
}

#[tokio::test]
async fn a_service_s_own_token_is_renewed_before_it_ends() -> Result<()> {
    let house = House::new();
    let (authority, service) = (house.authority(&[]), house.service());
    let first = service.token(None)?;
    assert_eq!(first, service.token(None)?);
    house.clock.advance(SignedDuration::from_secs(90));
    let second = service.token(None)?;
    assert_ne!(first, second);
    authority.authenticate(&metadata(&second)).await?;
    Ok(())
}

#[tokio::test]
async fn keys_in_a_file_are_found_when_a_token_names_them() -> Result<()> {
    let house = House::new();
    let file = house.directory.path().join("jwks.json");
    std::fs::write(&file, serde_json::to_vec(&house.issuer.public_keys()).expect("keys")).expect("a file");
    let issuer = Issuer::new(DEV_ISSUER, Keys::File(file));
    let authority = Authority::new(vec![issuer], &house.services, house.clock.clone())?;
    authority.authenticate(&house.call(&PERSON, "")).await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_its_issuer_takes_back_is_believed_no_longer() -> Result<()> {
    let house = House::new();
    let file = house.directory.path().join("jwks.json");
    let write = |keys| std::fs::write(&file, serde_json::to_vec(&keys).expect("keys")).expect("a file");
    write(house.issuer.public_keys());
    let issuer = Issuer::new(DEV_ISSUER, Keys::File(file.clone()));
    let authority = Authority::new(vec![issuer], &house.services, house.clock.clone())?;
    let call = house.call(&PERSON, "");
    authority.authenticate(&call).await?;
    write(JwkSet { keys: Vec::new() });
    house.clock.advance(SignedDuration::from_mins(9));
    authority.authenticate(&call).await?;
    house.clock.advance(SignedDuration::from_mins(6));
    refused(&authority, &call).await;
    refused(&authority, &house.call(&PERSON, "")).await;
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_is_away_for_a_while_stops_nobody() -> Result<()> {
    let house = House::new();
    let file = house.directory.path().join("jwks.json");
    std::fs::write(&file, serde_json::to_vec(&house.issuer.public_keys()).expect("keys")).expect("a file");
    let issuer = Issuer::new(DEV_ISSUER, Keys::File(file.clone()));
    let authority = Authority::new(vec![issuer], &house.services, house.clock.clone())?;
    authority.authenticate(&house.call(&PERSON, "")).await?;
    std::fs::remove_file(&file).expect("no file");
    house.clock.advance(SignedDuration::from_mins(59));
    authority.authenticate(&house.call(&PERSON, "")).await?;
    house.clock.advance(SignedDuration::from_mins(1));
    let failure = authority.authenticate(&house.call(&PERSON, "")).await.expect_err("too long ago");
    assert_eq!(failure.kind(), Kind::Unavailable);
    Ok(())
}

#[test]
fn nobody_may_be_configured_under_the_suite_s_own_name_or_another_s() {
    let house = House::new();
    let keys = || Keys::Fixed(house.issuer.public_keys());
    let issuer = Issuer::new(trellis_auth::SERVICE_ISSUER, keys());
    assert!(Authority::new(vec![issuer], &house.services, house.clock.clone()).is_err());
    let twice = || Issuer::new("https://id.example.org", keys());
    assert!(Authority::new(vec![twice(), twice()], &house.services, house.clock.clone()).is_err());
}

#[test]
fn a_key_is_made_once_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    let path = house.directory.path().join("issuer.pem");
    let again = Signer::open(&path, DEV_ISSUER).expect("the same key");
    assert_eq!(again.public_keys(), house.issuer.public_keys());
    let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
