//! What was decided a moment ago.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use trellis_auth::{Guard, NoSubjects, NothingPersonal, Query, Remembered, Standings};
use trellis_contracts::common::{DataClass, WhoAmIRequest};
use trellis_contracts::guard::{Gate, Method, Names};
use trellis_kernel::{
    District, Failure, FixedClock, Kind, Party, Reason, Relation, Relations, Result, Timestamp, Uuid,
};

use crate::{House, district, metadata};

const EDUCATOR: Party = Party::Person(Uuid::from_u128(3));

/// Answers what it is told to, and writes down what it was asked.
#[derive(Default)]
struct Roster {
    answer: Mutex<Relations>,
    revoked: Mutex<bool>,
    asked: Mutex<Vec<usize>>,
    away: Mutex<bool>,
    /// How many answers may be given, where they are held back.
    gate: Option<Semaphore>,
}

impl Roster {
    fn times(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }

    async fn note(&self, learners: usize) -> Result<()> {
        self.asked.lock().expect("no panic").push(learners);
        if let Some(gate) = &self.gate {
            gate.acquire().await.expect("open").forget();
        }
        if *self.away.lock().expect("no panic") {
            return Err(Failure::unavailable(Reason::PeerUnavailable, "away", std::time::Duration::ZERO));
        }
        Ok(())
    }
}

#[async_trait]
impl Standings for Roster {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        // The answer is taken before it is held back: what it says may be old by the time it arrives.
        let answer = *self.answer.lock().expect("no panic");
        self.note(query.learners.len()).await?;
        Ok(vec![answer; query.learners.len().max(1)])
    }

    async fn revoked(&self, _district: &District, _token_id: &str) -> Result<bool> {
        let revoked = *self.revoked.lock().expect("no panic");
        self.note(0).await?;
        Ok(revoked)
    }
}

fn scene(roster: Roster) -> (Arc<Roster>, Arc<FixedClock>, Arc<Remembered>) {
    let clock = Arc::new(FixedClock::at(Timestamp::from_second(1_800_000_000).expect("a moment")));
    let roster = Arc::new(roster);
    let remembered = Arc::new(Remembered::new(roster.clone(), clock.clone()));
    (roster, clock, remembered)
}

fn query(learners: &[u128]) -> Query {
    Query {
        district: district("grand-bend"),
        party: EDUCATOR,
        data_class: DataClass::EducationRecord,
        learners: learners.iter().map(|id| Uuid::from_u128(*id)).collect(),
    }
}

const TEACHES: Relations = Relations::NONE.with(Relation::Educator);

#[tokio::test]
async fn an_answer_holds_for_a_second_and_no_longer() -> Result<()> {
    let (roster, clock, remembered) = scene(Roster::default());
    *roster.answer.lock().expect("no panic") = TEACHES;
    for _ in 0..3 {
        assert_eq!(remembered.standings(&query(&[1])).await?, [TEACHES]);
        assert!(!remembered.revoked(&district("grand-bend"), "t").await?);
    }
    assert_eq!(roster.times(), 2, "one about the learner, one about the token");
    *roster.answer.lock().expect("no panic") = Relations::NONE;
    *roster.revoked.lock().expect("no panic") = true;
    clock.advance(SignedDuration::from_millis(999));
    assert_eq!(remembered.standings(&query(&[1])).await?, [TEACHES]);
    clock.advance(SignedDuration::from_millis(1));
    assert_eq!(remembered.standings(&query(&[1])).await?, [Relations::NONE]);
    assert!(remembered.revoked(&district("grand-bend"), "t").await?);
    Ok(())
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_nothing_hold_for_longer() -> Result<()> {
    let (roster, clock, remembered) = scene(Roster::default());
    remembered.standings(&query(&[1])).await?;
    clock.advance(SignedDuration::from_hours(-1));
    remembered.standings(&query(&[1])).await?;
    assert_eq!(roster.times(), 2);
    Ok(())
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for_and_each_has_its_own_answer() -> Result<()> {
    let (roster, _, remembered) = scene(Roster::default());
    remembered.standings(&query(&[1, 2])).await?;
    *roster.answer.lock().expect("no panic") = TEACHES;
    let answers = remembered.standings(&query(&[3, 1, 4, 2])).await?;
    assert_eq!(answers, [TEACHES, Relations::NONE, TEACHES, Relations::NONE]);
    assert_eq!(*roster.asked.lock().expect("no panic"), [2, 2]);
    // Another class of data, another party, another district, the district as a whole.
    let others = [
        Query { data_class: DataClass::Directory, ..query(&[1]) },
        Query { party: Party::Application(Uuid::from_u128(3)), ..query(&[1]) },
        Query { district: district("elsewhere"), ..query(&[1]) },
        query(&[]),
    ];
    for other in others {
        assert_eq!(remembered.standings(&other).await?, [TEACHES]);
    }
    Ok(())
}

#[tokio::test]
async fn a_change_is_seen_at_once_where_it_is_told() -> Result<()> {
    let (roster, _, remembered) = scene(Roster::default());
    *roster.answer.lock().expect("no panic") = TEACHES;
    remembered.standings(&query(&[1])).await?;
    remembered.revoked(&district("grand-bend"), "t").await?;
    *roster.answer.lock().expect("no panic") = Relations::NONE;
    *roster.revoked.lock().expect("no panic") = true;
    remembered.forget(&district("grand-bend"));
    assert_eq!(remembered.standings(&query(&[1])).await?, [Relations::NONE]);
    assert!(remembered.revoked(&district("grand-bend"), "t").await?);
    Ok(())
}

#[tokio::test]
async fn an_answer_that_was_under_way_while_it_changed_is_not_kept() -> Result<()> {
    let (roster, _, remembered) = scene(Roster { gate: Some(Semaphore::new(0)), ..Roster::default() });
    *roster.answer.lock().expect("no panic") = TEACHES;
    let asking = tokio::spawn({
        let remembered = remembered.clone();
        async move { remembered.standings(&query(&[1])).await }
    });
    while roster.times() == 0 {
        tokio::task::yield_now().await;
    }
    *roster.answer.lock().expect("no panic") = Relations::NONE;
    remembered.forget(&district("grand-bend"));
    roster.gate.as_ref().expect("a gate").add_permits(2);
    assert_eq!(asking.await.expect("no panic")?, [TEACHES], "it was asked before the change");
    assert_eq!(remembered.standings(&query(&[1])).await?, [Relations::NONE]);
    Ok(())
}

#[tokio::test]
async fn what_could_not_be_answered_is_not_remembered() -> Result<()> {
    let (roster, _, remembered) = scene(Roster::default());
    *roster.away.lock().expect("no panic") = true;
    assert!(remembered.standings(&query(&[1])).await.is_err());
    assert!(remembered.revoked(&district("grand-bend"), "t").await.is_err());
    *roster.away.lock().expect("no panic") = false;
    remembered.standings(&query(&[1])).await?;
    assert!(!remembered.revoked(&district("grand-bend"), "t").await?);
    Ok(())
}

static ANYONE: Method = Method {
    service: "test.Service",
    name: "WhoAmI",
    path: "/test.Service/WhoAmI",
    scope: "",
    data_class: 0,
    resource: "",
    relations: Relations::NONE,
    commons: false,
    any_caller: true,
    writes: false,
};

#[tokio::test]
async fn a_token_that_was_taken_back_proves_nobody_to_any_method() -> Result<()> {
    let house = House::new();
    let (roster, _, remembered) = scene(Roster::default());
    let authority = Arc::new(house.authority(&[]));
    let guard =
        Guard::new(authority.clone(), remembered.clone(), Arc::new(NoSubjects), Arc::new(NothingPersonal));
    let mut claims = house.claims(&Party::Operator, "*");
    claims.jti = Some("t".to_owned());
    let named = metadata(&house.issuer.mint(&claims)?);
    let behind = authority.authenticate(&named).await?;
    let detour = metadata(&house.service().token(Some(&behind))?);
    for call in [&named, &detour] {
        guard.admit(&ANYONE, call, Names::default(), &WhoAmIRequest {}).await?;
    }
    *roster.revoked.lock().expect("no panic") = true;
    remembered.forget(&district("grand-bend"));
    for call in [&named, &detour] {
        let refused = guard.admit(&ANYONE, call, Names::default(), &WhoAmIRequest {}).await;
        assert_eq!(refused.expect_err("taken back").kind(), Kind::Unauthenticated);
        assert_eq!(guard.greet(&ANYONE, call).await.expect_err("taken back").kind(), Kind::Unauthenticated);
    }
    let refused = guard.require_standing_token(&behind).await.expect_err("taken back");
    assert_eq!(refused.kind(), Kind::Unauthenticated);
    // Where nobody knows, nobody is let in, but for those whose token has no name to be taken back by.
    *roster.away.lock().expect("no panic") = true;
    remembered.forget(&district("grand-bend"));
    let refused = guard.admit(&ANYONE, &named, Names::default(), &WhoAmIRequest {}).await;
    assert_eq!(refused.expect_err("not known").kind(), Kind::Unavailable);
    let unnamed = house.call(&Party::Operator, "*");
    guard.admit(&ANYONE, &unnamed, Names::default(), &WhoAmIRequest {}).await?;
    Ok(())
}
