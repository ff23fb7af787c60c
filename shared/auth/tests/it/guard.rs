use std::sync::Arc;

use async_trait::async_trait;
use trellis_auth::{Access, Guard, MemoryTrail, Query, Standings, Subjects};
use trellis_contracts::common::{DataClass, WhoAmIRequest};
use trellis_contracts::guard::{Admission, Gate, Method, Names};
use trellis_contracts::profile::DecideAccessRequest;
use trellis_kernel::{District, Failure, Kind, Name, Party, Reason, Relation, Relations, Result, Uuid};

use crate::House;

const LEARNER: Uuid = Uuid::from_u128(1);
const CLASSMATE: Uuid = Uuid::from_u128(2);
const EDUCATOR: Party = Party::Person(Uuid::from_u128(3));
const APPLICATION: Party = Party::Application(Uuid::from_u128(4));
const TEAM: Uuid = Uuid::from_u128(5);

static METHOD: Method = Method {
    service: "test.Service",
    name: "Read",
    path: "/test.Service/Read",
    scope: "evidence.read",
    data_class: DataClass::EducationRecord as i32,
    resource: "name",
    relations: Relations::NONE.with(Relation::Own).with(Relation::Educator).with(Relation::Application),
    commons: false,
    any_caller: false,
    writes: false,
};

/// The educator teaches the learner and nobody else; the application's agreement covers the learner.
struct Roster;

#[async_trait]
impl Standings for Roster {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        let to = |learner: &Uuid| match &query.party {
            Party::Person(id) if id == learner => Relations::NONE.with(Relation::Own),
            party if *party == EDUCATOR && *learner == LEARNER => Relations::NONE.with(Relation::Educator),
            party if *party == APPLICATION && *learner == LEARNER => {
                Relations::NONE.with(Relation::Application)
            }
            _ => Relations::NONE,
        };
        if query.learners.is_empty() {
            return Ok(vec![Relations::NONE.with(Relation::Member)]);
        }
        Ok(query.learners.iter().map(to).collect())
    }

    async fn revoked(&self, _district: &District, token_id: &str) -> Result<bool> {
        Ok(token_id == "taken-back")
    }
}

/// The evidence of a team is about both learners; no other evidence exists.
struct Evidence;

#[async_trait]
impl Subjects for Evidence {
    async fn learners(&self, name: &Name) -> Result<Vec<Uuid>> {
        match name.id() {
            None => Ok(Vec::new()),
            Some(TEAM) => Ok(vec![LEARNER, CLASSMATE]),
            Some(_) => Err(Failure::access_denied()),
        }
    }
}

async fn admit(
    house: &House,
    method: &'static Method,
    party: &Party,
    scopes: &str,
    name: &str,
) -> Result<Admission> {
    let guard = Guard::new(
        Arc::new(house.authority(&[])),
        Arc::new(Roster),
        Arc::new(Evidence),
        Arc::new(MemoryTrail::default()),
    );
    guard.admit(method, &house.call(party, scopes), decided(&[name]), &WhoAmIRequest {}).await
}

fn decided(names: &[&str]) -> Names {
    Names { decided: names.iter().map(|name| (*name).to_owned()).collect(), placed: Vec::new() }
}

fn learner(id: Uuid) -> String {
    format!("districts/grand-bend/learners/{id}/goals/{TEAM}")
}

async fn denied(house: &House, party: &Party, name: &str) {
    let failure = admit(house, &METHOD, party, "evidence.read", name).await.expect_err("denied");
    assert_eq!((failure.kind(), failure.reason()), (Kind::PermissionDenied, Reason::AccessDenied));
}

#[tokio::test]
async fn a_relation_of_the_method_opens_and_a_stranger_is_denied() -> Result<()> {
    let house = House::new();
    let admission = admit(&house, &METHOD, &EDUCATOR, "evidence.read", &learner(LEARNER)).await?;
    assert_eq!(admission.subjects, vec![(LEARNER, Relations::NONE.with(Relation::Educator))]);
    admit(&house, &METHOD, &Party::Person(LEARNER), "evidence.read", &learner(LEARNER)).await?;
    admit(&house, &METHOD, &APPLICATION, "evidence.read", &learner(LEARNER)).await?;
    denied(&house, &EDUCATOR, &learner(CLASSMATE)).await;
    denied(&house, &Party::Person(CLASSMATE), &learner(LEARNER)).await;
    denied(&house, &Party::Operator, &learner(LEARNER)).await;
    Ok(())
}

#[tokio::test]
async fn without_the_scope_nothing_is_decided() {
    let house = House::new();
    let failure =
        admit(&house, &METHOD, &EDUCATOR, "evidence.write", &learner(LEARNER)).await.expect_err("no scope");
    assert_eq!(failure.reason(), Reason::ScopeMissing);
    assert_eq!(failure.metadata()["scope"], "evidence.read");
}

#[tokio::test]
async fn another_district_is_denied_whatever_the_relation() {
    let house = House::new();
    denied(&house, &EDUCATOR, &learner(LEARNER).replace("grand-bend", "elsewhere")).await;
}

#[tokio::test]
async fn a_call_acts_in_the_district_that_it_is_decided_in() {
    let house = House::new();
    let guard = Guard::new(
        Arc::new(house.authority(&[])),
        Arc::new(Roster),
        Arc::new(Evidence),
        Arc::new(MemoryTrail::default()),
    );
    let call = house.call(&EDUCATOR, "evidence.read");
    for placed in [vec![], vec!["districts/elsewhere".to_owned()]] {
        for decided in [
            vec![learner(LEARNER)],
            vec![learner(LEARNER), learner(LEARNER).replace("grand-bend", "elsewhere")],
        ] {
            let alone = placed.is_empty() && decided.len() == 1;
            let names = Names { decided, placed: placed.clone() };
            let admitted = guard.admit(&METHOD, &call, names, &WhoAmIRequest {}).await;
            assert_eq!(admitted.is_ok(), alone);
            assert!(admitted.err().is_none_or(|failure| failure.kind() == Kind::InvalidArgument));
        }
    }
}

#[tokio::test]
async fn a_team_s_evidence_opens_to_a_person_by_one_of_them_and_to_an_application_by_all() -> Result<()> {
    let house = House::new();
    let evidence = format!("districts/grand-bend/evidence/{TEAM}");
    admit(&house, &METHOD, &EDUCATOR, "evidence.read", &evidence).await?;
    denied(&house, &APPLICATION, &evidence).await;
    Ok(())
}

#[tokio::test]
async fn what_does_not_exist_answers_as_what_may_not_be_seen() {
    let house = House::new();
    denied(&house, &EDUCATOR, &format!("districts/grand-bend/evidence/{LEARNER}")).await;
}

#[tokio::test]
async fn where_nobody_is_meant_the_standing_to_the_district_decides() -> Result<()> {
    static MEMBERS: Method = Method { relations: Relations::NONE.with(Relation::Member), ..METHOD };
    let house = House::new();
    let admission = admit(&house, &MEMBERS, &EDUCATOR, "evidence.read", "districts/grand-bend").await?;
    assert!(admission.standing.contains(Relation::Member));
    denied(&house, &EDUCATOR, "districts/grand-bend").await;
    Ok(())
}

#[tokio::test]
async fn the_commons_open_only_the_methods_that_say_so() -> Result<()> {
    static COMMONS: Method = Method { commons: true, ..METHOD };
    let house = House::new();
    admit(&house, &COMMONS, &EDUCATOR, "evidence.read", "districts/commons").await?;
    denied(&house, &EDUCATOR, "districts/commons").await;
    Ok(())
}

#[tokio::test]
async fn a_method_that_states_nothing_is_refused_to_everyone() {
    static SILENT: Method = Method { scope: "", resource: "", relations: Relations::NONE, ..METHOD };
    let house = House::new();
    for party in [EDUCATOR, APPLICATION, Party::Operator] {
        assert!(admit(&house, &SILENT, &party, "*", "districts/grand-bend").await.is_err());
    }
}

#[tokio::test]
async fn a_service_acts_with_the_standing_of_the_one_behind_it() -> Result<()> {
    static WRITES: Method = Method { writes: true, ..METHOD };
    let house = House::new();
    let authority = Arc::new(house.authority(&[]));
    let guard =
        Guard::new(authority.clone(), Arc::new(Roster), Arc::new(Evidence), Arc::new(MemoryTrail::default()));
    let person = authority.authenticate(&house.call(&EDUCATOR, "")).await?;
    let call = crate::metadata(&house.service().token(Some(&person))?);
    let admit = |method: &'static Method, learner: String| {
        let (guard, call) = (guard.clone(), call.clone());
        async move { guard.admit(method, &call, decided(&[&learner]), &WhoAmIRequest {}).await }
    };
    admit(&METHOD, learner(LEARNER)).await?;
    assert!(admit(&METHOD, learner(CLASSMATE)).await.is_err());
    // The person's token has no scope to write with, so the detour through a service has none either.
    let failure = admit(&WRITES, learner(LEARNER)).await.expect_err("no scope behind it");
    assert_eq!(failure.reason(), Reason::ScopeMissing);
    Ok(())
}

#[tokio::test]
async fn names_that_are_not_well_formed_are_refused_with_their_field() {
    let house = House::new();
    let failure =
        admit(&house, &METHOD, &EDUCATOR, "evidence.read", "Ada Lovelace").await.expect_err("no name");
    assert_eq!(failure.kind(), Kind::InvalidArgument);
    assert_eq!(failure.violations()[0].field, "name");
    assert!(!format!("{failure:?}").contains("Lovelace"));
}

#[tokio::test]
async fn who_may_not_learns_nothing_of_the_rules() {
    static PEERS: Method = Method { resource: "district", ..METHOD };
    let house = House::new();
    let guard = Guard::new(
        Arc::new(house.authority(&[])),
        Arc::new(Roster),
        Arc::new(Evidence),
        Arc::new(MemoryTrail::default()),
    );
    let broken = DecideAccessRequest { party: "nobody".to_owned(), ..DecideAccessRequest::default() };
    let admit = |party: Party, name: String| {
        let (guard, call, broken) = (guard.clone(), house.call(&party, "evidence.read"), broken.clone());
        async move { guard.admit(&PEERS, &call, decided(&[&name]), &broken).await.expect_err("refused").kind() }
    };
    assert_eq!(admit(EDUCATOR, learner(CLASSMATE)).await, Kind::PermissionDenied);
    assert_eq!(admit(EDUCATOR, learner(LEARNER)).await, Kind::InvalidArgument);
}

#[tokio::test]
async fn ones_own_record_among_the_names_opens_nothing_of_the_district() {
    let house = House::new();
    let guard = Guard::new(
        Arc::new(house.authority(&[])),
        Arc::new(Roster),
        Arc::new(Evidence),
        Arc::new(MemoryTrail::default()),
    );
    let call = house.call(&Party::Person(LEARNER), "evidence.read");
    let names = decided(&[&learner(LEARNER), "districts/grand-bend"]);
    let failure = guard.admit(&METHOD, &call, names, &WhoAmIRequest {}).await.expect_err("a member only");
    assert_eq!(failure.reason(), Reason::AccessDenied);
}

#[tokio::test]
async fn who_would_stream_is_known_before_the_first_message() -> Result<()> {
    let house = House::new();
    let guard = Guard::new(
        Arc::new(house.authority(&[])),
        Arc::new(Roster),
        Arc::new(Evidence),
        Arc::new(MemoryTrail::default()),
    );
    let nobody = guard.greet(&METHOD, &tonic::metadata::MetadataMap::new()).await.expect_err("nobody");
    assert_eq!(nobody.reason(), Reason::Unauthenticated);
    let scopeless = guard.greet(&METHOD, &house.call(&EDUCATOR, "evidence.write")).await;
    assert_eq!(scopeless.expect_err("no scope").reason(), Reason::ScopeMissing);
    guard.greet(&METHOD, &house.call(&EDUCATOR, "evidence.read")).await
}

#[tokio::test]
async fn what_is_read_is_written_down_and_at_once_where_it_leaves_the_district() -> Result<()> {
    static WRITES: Method = Method { writes: true, ..METHOD };
    static LISTS: Method = Method {
        data_class: DataClass::Directory as i32,
        relations: Relations::NONE.with(Relation::Member).with(Relation::Operator),
        ..METHOD
    };
    static PLACES: Method = Method { data_class: DataClass::Operational as i32, ..LISTS };
    static SERVICES: Method = Method { relations: METHOD.relations.with(Relation::Service), ..METHOD };
    let house = House::new();
    let authority = Arc::new(house.authority(&[]));
    let trail = Arc::new(MemoryTrail::default());
    let guard = Guard::new(authority.clone(), Arc::new(Roster), Arc::new(Evidence), trail.clone());
    let read = |method: &'static Method, call: tonic::metadata::MetadataMap, name: String| {
        let (guard, trail) = (guard.clone(), trail.clone());
        async move {
            let admitted = guard.admit(method, &call, decided(&[&name]), &WhoAmIRequest {}).await;
            admitted.map(|_| trail.take())
        }
    };
    let district = || "districts/grand-bend".to_owned();
    let call = |party: &Party| house.call(party, "evidence.read");

    let mut claims = house.claims(&EDUCATOR, "evidence.read");
    claims.jti = Some("token-1".to_owned());
    let named = crate::metadata(&house.issuer.mint(&claims)?);
    let educators = Access {
        district: crate::district("grand-bend"),
        actor: format!("people/{}", Uuid::from_u128(3)),
        token_id: Some("token-1".to_owned()),
        method: "/test.Service/Read",
        data_class: DataClass::EducationRecord,
        relations: Relations::NONE.with(Relation::Educator),
        learners: vec![LEARNER],
    };
    assert_eq!(read(&METHOD, named.clone(), learner(LEARNER)).await?, [(educators.clone(), false)]);
    // A service that reads on their behalf reads for them; for itself, it is nobody's reading.
    let behind = authority.authenticate(&named).await?;
    let detour = crate::metadata(&house.service().token(Some(&behind))?);
    assert_eq!(read(&METHOD, detour, learner(LEARNER)).await?, [(educators, false)]);
    let itself = crate::metadata(&house.service().token(None)?);
    assert_eq!(read(&SERVICES, itself, learner(LEARNER)).await?, []);

    let kept = read(&METHOD, call(&Party::Person(LEARNER)), learner(LEARNER)).await?;
    assert!(!kept[0].1, "their own");
    let kept = read(&METHOD, call(&APPLICATION), learner(LEARNER)).await?;
    assert!(kept[0].1, "a vendor's product");
    let team = format!("districts/grand-bend/evidence/{TEAM}");
    assert_eq!(read(&METHOD, call(&EDUCATOR), team).await?[0].0.learners, [LEARNER, CLASSMATE]);
    // People, though none in particular; and what is about nobody.
    let kept = read(&LISTS, call(&Party::Person(CLASSMATE)), district()).await?;
    assert!(kept[0].0.learners.is_empty() && kept[0].1, "a member who is not of the staff");
    assert!(!read(&LISTS, call(&Party::Operator), district()).await?[0].1);
    assert_eq!(read(&PLACES, call(&EDUCATOR), district()).await?, []);
    // A change is written down by its own transaction, and what is refused is no read.
    assert_eq!(read(&WRITES, call(&EDUCATOR), learner(LEARNER)).await?, []);
    assert!(read(&METHOD, call(&EDUCATOR), learner(CLASSMATE)).await.is_err());
    assert_eq!(trail.take(), []);
    Ok(())
}

#[tokio::test]
async fn the_rows_that_are_shown_are_written_down() -> Result<()> {
    let house = House::new();
    let authority = Arc::new(house.authority(&[]));
    let trail = Arc::new(MemoryTrail::default());
    let guard = Guard::new(authority.clone(), Arc::new(Roster), Arc::new(Evidence), trail.clone());
    let (home, class) = (crate::district("grand-bend"), DataClass::EducationRecord);
    let rows: [&[Uuid]; 3] = [&[LEARNER], &[CLASSMATE], &[CLASSMATE, LEARNER]];
    let both = vec![LEARNER, CLASSMATE];
    for (party, shown, about, at_once) in [
        (EDUCATOR, [true, false, true], both.clone(), false),
        (Party::Person(CLASSMATE), [false, true, true], both, false),
        (APPLICATION, [true, false, false], vec![LEARNER], true),
        (Party::Operator, [false; 3], vec![], false),
    ] {
        let actor = authority.authenticate(&house.call(&party, "")).await?;
        let path = "/test.Service/Watch";
        assert_eq!(guard.show(&actor, path, &home, class, METHOD.relations, &rows).await?, shown);
        let kept = trail.take();
        assert_eq!(kept.len(), usize::from(!about.is_empty()), "one line for all the rows");
        assert_eq!(kept.iter().flat_map(|(access, _)| access.learners.clone()).collect::<Vec<_>>(), about);
        assert!(kept.iter().all(|(access, now)| access.method == path && *now == at_once));
    }
    // What is about the district is shown to who stands to it, and is no learner's.
    let actor = authority.authenticate(&house.call(&EDUCATOR, "")).await?;
    let members = Relations::NONE.with(Relation::Member);
    assert_eq!(guard.show(&actor, "/test.Service/Watch", &home, class, members, &[&[]]).await?, [true]);
    assert_eq!(trail.take(), []);
    Ok(())
}

#[tokio::test]
async fn whom_an_answer_is_about_besides_is_written_down_as_shown_to_the_same() -> Result<()> {
    let house = House::new();
    let trail = Arc::new(MemoryTrail::default());
    let guard =
        Guard::new(Arc::new(house.authority(&[])), Arc::new(Roster), Arc::new(Evidence), trail.clone());
    for (party, relation, at_once) in
        [(EDUCATOR, Relation::Educator, false), (APPLICATION, Relation::Application, true)]
    {
        let call = house.call(&party, "evidence.read");
        let admission = guard.admit(&METHOD, &call, decided(&[&learner(LEARNER)]), &WhoAmIRequest {}).await?;
        trail.take();
        guard.show_besides(&METHOD, &admission, [LEARNER, LEARNER]).await?;
        assert_eq!(trail.take(), [], "they are on it already");
        guard.show_besides(&METHOD, &admission, [CLASSMATE, LEARNER, CLASSMATE]).await?;
        let kept = trail.take();
        assert_eq!((kept.len(), kept[0].1), (1, at_once));
        assert_eq!(kept[0].0.learners, [CLASSMATE]);
        assert_eq!(kept[0].0.relations, Relations::NONE.with(relation));
    }
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_read() {
    let house = House::new();
    let trail = Arc::new(trellis_auth::NothingPersonal);
    let guard = Guard::new(Arc::new(house.authority(&[])), Arc::new(Roster), Arc::new(Evidence), trail);
    let call = house.call(&EDUCATOR, "evidence.read");
    let refused = guard.admit(&METHOD, &call, decided(&[&learner(LEARNER)]), &WhoAmIRequest {}).await;
    assert_eq!(refused.expect_err("no trail").kind(), Kind::Internal);
}
