//! What goes on after a call was admitted.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use trellis_auth::{Guard, NoSubjects, NothingPersonal, Query, Standings};
use trellis_contracts::guard::Gate as _;
use trellis_kernel::{Actor, District, Kind, Party, Relations, Result, Uuid};

use crate::{House, metadata};

const PERSON: Party = Party::Person(Uuid::from_u128(7));

/// Has taken one token back.
struct List;

#[async_trait]
impl Standings for List {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        Ok(vec![Relations::NONE; query.learners.len().max(1)])
    }

    async fn revoked(&self, _district: &District, token_id: &str) -> Result<bool> {
        Ok(token_id == "taken-back")
    }
}

#[tokio::test]
async fn who_streams_is_believed_until_their_token_ends_or_is_taken_back() -> Result<()> {
    let house = House::new();
    let authority = Arc::new(house.authority(&[]));
    let guard =
        Guard::new(authority.clone(), Arc::new(List), Arc::new(NoSubjects), Arc::new(NothingPersonal));
    let called = |jti: &str| {
        let mut claims = house.claims(&PERSON, "");
        claims.jti = Some(jti.to_owned());
        metadata(&house.issuer.mint(&claims).expect("a token"))
    };
    let refused = async |actor: &Actor| guard.stands(actor).await.err().map(|refused| refused.kind());
    let taken_back = authority.authenticate(&called("taken-back")).await?;
    assert_eq!(refused(&taken_back).await, Some(Kind::Unauthenticated));
    let person = authority.authenticate(&called("kept")).await?;
    let detour = authority.authenticate(&metadata(&house.service().token(Some(&person))?)).await?;
    let service = authority.authenticate(&metadata(&house.service().token(None)?)).await?;
    for actor in [&person, &detour, &service] {
        assert_eq!(refused(actor).await, None);
    }
    // As long as the token would be let in: clocks differ by a minute at most.
    house.clock.advance(SignedDuration::from_mins(60));
    assert_eq!(refused(&person).await, None);
    house.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(refused(&person).await, Some(Kind::Unauthenticated));
    assert_eq!(refused(&detour).await, Some(Kind::Unauthenticated));
    // A service's own token lives two minutes, and what it streams lives longer.
    assert_eq!(refused(&service).await, None);
    Ok(())
}
