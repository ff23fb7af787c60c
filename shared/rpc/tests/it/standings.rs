//! The access decision, asked over a socket.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tonic::service::Routes;
use trellis_auth::{Query, Standings as _};
use trellis_contracts::common::{DataClass, Relation as WireRelation};
use trellis_contracts::guard::Call;
use trellis_contracts::profile::{
    AccessServiceApi, CheckTokenRequest, CheckTokenResponse, DecideAccessRequest, DecideAccessResponse,
    Standing, access_service,
};
use trellis_kernel::{District, Party, Reason, Relation, Relations, Result, Uuid};
use trellis_rpc::{Limits, RemoteStandings, Target};
use trellis_testkit::run;

use crate::house::{House, Running};

/// Whoever asks about learner 1 is their educator; about any other, nobody. Answers `short` too few.
struct Roster {
    asked: Arc<Mutex<Vec<DecideAccessRequest>>>,
    short: usize,
}

#[async_trait]
impl AccessServiceApi for Roster {
    async fn check_token(&self, call: Call<CheckTokenRequest>) -> Result<CheckTokenResponse> {
        Ok(CheckTokenResponse { revoked: call.message.token_id == "taken-back" })
    }

    async fn decide_access(&self, call: Call<DecideAccessRequest>) -> Result<DecideAccessResponse> {
        let (_, request) = call.into_parts();
        let taught = Uuid::from_u128(1).to_string();
        let educator = |learner: &String| Standing {
            relations: if *learner == taught { vec![WireRelation::Educator.into()] } else { Vec::new() },
        };
        let mut standings: Vec<Standing> = request.learners.iter().map(educator).collect();
        if standings.is_empty() {
            standings.push(Standing { relations: vec![WireRelation::Member.into()] });
        }
        standings.truncate(standings.len() - self.short);
        self.asked.lock().expect("no panic").push(request);
        Ok(DecideAccessResponse { standings })
    }
}

async fn roster(
    house: &House,
    short: usize,
) -> (Running, RemoteStandings, Arc<Mutex<Vec<DecideAccessRequest>>>) {
    let asked = Arc::default();
    let api = Arc::new(Roster { asked: Arc::clone(&asked), short });
    let routes = Routes::new(access_service(api, house.guard()));
    let server = Running::start(routes, Limits::default()).await;
    let target = Target::remote("profile", &server.url()).expect("a URL");
    (server, RemoteStandings::new(house.peer("outcome", &target)), asked)
}

fn query(party: Party, learners: impl IntoIterator<Item = u128>) -> Query {
    Query {
        district: District::parse("grand-bend").expect("a district"),
        party,
        data_class: DataClass::EducationRecord,
        learners: learners.into_iter().map(Uuid::from_u128).collect(),
    }
}

const PERSON: Party = Party::Person(Uuid::from_u128(100));

#[test]
fn each_learner_has_an_answer_in_the_order_of_the_question() {
    run(async {
        let (_server, standings, asked) = roster(&House::new(), 0).await;
        let answers = standings.standings(&query(PERSON, (1..=2500).rev())).await.expect("answers");
        assert_eq!(answers.len(), 2500);
        assert_eq!(answers[2499], Relations::NONE.with(Relation::Educator));
        assert!(answers[..2499].iter().all(|answer| answer.is_empty()));
        let asked = asked.lock().expect("no panic");
        assert_eq!(asked.iter().map(|request| request.learners.len()).collect::<Vec<_>>(), [1000, 1000, 500]);
        assert!(asked.iter().all(|request| request.party == "people/00000000-0000-0000-0000-000000000064"
            && request.district == "districts/grand-bend"
            && request.data_class == DataClass::EducationRecord as i32));
    });
}

#[test]
fn a_question_about_nobody_is_about_the_district() {
    run(async {
        let (_server, standings, _) = roster(&House::new(), 0).await;
        let answers = standings.standings(&query(PERSON, [])).await.expect("an answer");
        assert_eq!(answers, [Relations::NONE.with(Relation::Member)]);
    });
}

#[test]
fn who_is_not_in_the_roster_stands_nowhere_and_is_not_asked_about() {
    run(async {
        let (_server, standings, asked) = roster(&House::new(), 0).await;
        let answers = standings.standings(&query(Party::Operator, [1, 2])).await.expect("answers");
        assert_eq!(answers, [Relations::NONE, Relations::NONE]);
        assert!(asked.lock().expect("no panic").is_empty());
    });
}

#[test]
fn what_cannot_be_decided_is_refused() {
    run(async {
        let house = House::new();
        let (_server, standings, _) = roster(&house, 1).await;
        let refused = standings.standings(&query(PERSON, [1, 2])).await.expect_err("an answer too few");
        assert_eq!(refused.reason(), Reason::Internal);
        let away = RemoteStandings::new(house.peer("outcome", &Target::missing("profile")));
        let refused = away.standings(&query(PERSON, [1])).await.expect_err("nobody to ask");
        assert_eq!(refused.reason(), Reason::PeerUnavailable);
    });
}
