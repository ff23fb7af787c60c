//! Events that cannot be applied: put aside, with order kept, replayed, given up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::task::JoinHandle;
use tonic::{Code, Status};
use trellis_contracts::common::dead_letter_service_client::DeadLetterServiceClient;
use trellis_contracts::common::dead_letter_service_server::DeadLetterServiceServer;
use trellis_contracts::common::{
    DeadLetter, DeadLetterServiceGuarded, DeadLetterState, DiscardDeadLetterRequest, GetDeadLetterRequest,
    ListDeadLettersRequest, ReplayDeadLetterRequest, dead_letter_service,
};
use trellis_events::{ATTEMPTS, Apply, DeadLetters, Event, EventFeed};
use trellis_kernel::{Failure, PageRequest, Result};
use trellis_store::{AccessQuery, Tx};

use crate::place::{Open, Place, district, each, follower, note, server, take_effect};

/// How an effect fails.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Refuses,
    Panics,
}

/// Fails at some positions, after the effect was written, for as long as they are among its faults.
#[derive(Clone, Default)]
struct Faulty {
    at: Arc<Mutex<BTreeMap<i64, Fault>>>,
    tried: Arc<Mutex<BTreeMap<i64, i32>>>,
}

impl Faulty {
    fn at(positions: &[i64], fault: Fault) -> Self {
        let faulty = Self::default();
        faulty.at.lock().unwrap().extend(positions.iter().map(|position| (*position, fault)));
        faulty
    }

    fn heal(&self, position: i64) {
        self.at.lock().unwrap().remove(&position);
    }
}

#[async_trait]
impl Apply for Faulty {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["note.created"]
    }

    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        take_effect(tx, event.position).await?;
        *self.tried.lock().unwrap().entry(event.position).or_default() += 1;
        let fault = self.at.lock().unwrap().get(&event.position).copied();
        match fault {
            Some(Fault::Refuses) => Err(Failure::not_found("trellis.dev/Note", "a note")),
            Some(Fault::Panics) => panic!("panicked by the test"),
            None => Ok(()),
        }
    }
}

/// Who looks after the letters of a consumer that runs.
struct Desk {
    client: DeadLetterServiceClient<DeadLetterServiceServer<DeadLetterServiceGuarded<DeadLetters, Open>>>,
    following: JoinHandle<()>,
}

impl Desk {
    fn open(place: &Place, apply: Faulty) -> Self {
        let feed = server(EventFeed::new(vec![place.producer.clone()]));
        let ((_, task), effect) = follower(&place.consumer, feed, apply);
        let letters = DeadLetters::new(vec![place.producer.clone(), place.consumer.clone()], vec![effect]);
        let client = DeadLetterServiceClient::new(dead_letter_service(Arc::new(letters), Open));
        Self { client, following: tokio::spawn(task) }
    }

    async fn page(
        &mut self,
        show_settled: bool,
        page_size: i32,
        page_token: &str,
    ) -> (Vec<DeadLetter>, String) {
        let request = ListDeadLettersRequest {
            parent: "districts/grand-bend".to_owned(),
            show_settled,
            page_size,
            page_token: page_token.to_owned(),
        };
        let page = self.client.list_dead_letters(request).await.unwrap().into_inner();
        (page.dead_letters, page.next_page_token)
    }

    async fn list(&mut self, show_settled: bool) -> Vec<DeadLetter> {
        self.page(show_settled, 0, "").await.0
    }

    async fn at(&mut self, position: i64) -> DeadLetter {
        self.list(true).await.into_iter().find(|letter| letter.position == position).expect("a letter")
    }

    async fn replay(&mut self, position: i64) -> std::result::Result<Vec<(i64, DeadLetterState)>, Status> {
        let name = self.at(position).await.name;
        let request = ReplayDeadLetterRequest { name, request_id: String::new() };
        Ok(short(&self.client.replay_dead_letter(request).await?.into_inner().dead_letters))
    }

    async fn discard(&mut self, position: i64) -> std::result::Result<DeadLetterState, Status> {
        let name = self.at(position).await.name;
        let request = DiscardDeadLetterRequest { name, request_id: String::new() };
        Ok(self.client.discard_dead_letter(request).await?.into_inner().state())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.following.abort();
    }
}

fn short(letters: &[DeadLetter]) -> Vec<(i64, DeadLetterState)> {
    letters.iter().map(|letter| (letter.position, letter.state())).collect()
}

use DeadLetterState::{Discarded, Failed, Replayed, Waiting};

#[test]
fn an_event_that_cannot_be_applied_is_put_aside_and_only_its_resource_waits() {
    each(async |place| {
        place.publish_of(&[1, 2, 1, 3, 2, 1]).await;
        let faulty = Faulty::at(&[3], Fault::Refuses);
        let mut desk = Desk::open(&place, faulty.clone());
        place.moved_to(6).await;
        assert_eq!(place.applied().await, [1, 2, 4, 5]);
        let letters = desk.list(false).await;
        assert_eq!(short(&letters), [(3, Failed), (6, Waiting)]);
        let first = &letters[0];
        assert_eq!((first.service.as_str(), first.consumer.as_str()), ("profile", "notes"));
        assert_eq!((first.producer.as_str(), first.kind.as_str()), ("experience", "note.created"));
        assert_eq!((first.resource.as_str(), first.reason.as_str()), (&*note(1), "RESOURCE_NOT_FOUND"));
        assert_eq!((first.attempts, letters[1].attempts, letters[1].reason.as_str()), (ATTEMPTS, 0, ""));
        // Once more than that, with the events that came beside it.
        assert!((ATTEMPTS..=ATTEMPTS + 1).contains(&faulty.tried.lock().unwrap()[&3]));
        let request = GetDeadLetterRequest { name: first.name.clone() };
        assert_eq!(desk.client.get_dead_letter(request).await.unwrap().into_inner(), *first);
    });
}

#[test]
fn a_replay_applies_in_order_stops_where_it_fails_and_lets_the_next_through() {
    each(async |place| {
        place.publish_of(&[1, 1, 1, 1, 2]).await;
        let faulty = Faulty::at(&[2, 4], Fault::Panics);
        let mut desk = Desk::open(&place, faulty.clone());
        place.moved_to(5).await;
        assert_eq!(place.applied().await, [1, 5]);
        // Still broken.
        assert_eq!(desk.replay(2).await.unwrap(), [(2, Failed)]);
        assert_eq!(desk.at(2).await.attempts, ATTEMPTS + 1);
        assert_eq!(desk.at(2).await.reason, "INTERNAL");
        // Not before the one that it waits behind.
        let refused = desk.replay(3).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        faulty.heal(2);
        assert_eq!(desk.replay(2).await.unwrap(), [(2, Replayed), (3, Replayed), (4, Failed)]);
        assert_eq!(place.applied().await, [1, 5, 2, 3]);
        // One that was replayed is not replayed again.
        assert_eq!(desk.replay(2).await.unwrap(), [(2, Replayed), (4, Failed)]);
        place.publish_of(&[1]).await;
        place.moved_to(6).await;
        faulty.heal(4);
        assert_eq!(desk.replay(4).await.unwrap(), [(4, Replayed), (6, Replayed)]);
        place.publish_of(&[1]).await;
        place.moved_to(7).await;
        assert_eq!(place.applied().await, [1, 5, 2, 3, 4, 6, 7]);
        assert_eq!(desk.list(false).await, []);
        assert_eq!(desk.list(true).await.len(), 4);
    });
}

#[test]
fn an_effect_is_made_in_the_name_of_who_caused_its_event_and_the_replay_in_that_of_who_asked() {
    each(async |place| {
        for actor in ["people/a", "people/b", "people/c"] {
            place.publish_by(actor, 1).await;
        }
        let faulty = Faulty::at(&[1], Fault::Refuses);
        let mut desk = Desk::open(&place, faulty.clone());
        place.moved_to(3).await;
        faulty.heal(1);
        assert_eq!(desk.replay(1).await.unwrap(), [(1, Replayed), (2, Replayed), (3, Replayed)]);
        assert_eq!(place.made_by().await, ["people/a", "people/b", "people/c"]);
        let page = PageRequest::parse(0, String::new()).unwrap();
        let audit = place.consumer.audit();
        let trail = audit.accesses(&district(), &AccessQuery::default(), &page).await.unwrap().items;
        let replays: Vec<_> =
            trail.iter().filter(|line| line.method.ends_with("/ReplayDeadLetter")).collect();
        assert_eq!(replays.len(), 1, "{trail:?}");
        assert_eq!((replays[0].actor.as_str(), replays[0].write), ("services/profile", true));
    });
}

#[test]
fn one_that_is_given_up_never_comes_and_those_behind_it_can_be_replayed() {
    each(async |place| {
        place.publish_of(&[1, 1, 1]).await;
        let mut desk = Desk::open(&place, Faulty::at(&[1], Fault::Refuses));
        place.moved_to(3).await;
        assert_eq!(desk.discard(1).await.unwrap(), Discarded);
        assert_eq!(desk.discard(1).await.unwrap(), Discarded, "twice changes nothing");
        assert_eq!(desk.replay(1).await.unwrap_err().code(), Code::FailedPrecondition);
        assert_eq!(place.applied().await, Vec::<i64>::new());
        assert_eq!(desk.replay(2).await.unwrap(), [(2, Replayed), (3, Replayed)]);
        assert_eq!(desk.discard(3).await.unwrap_err().code(), Code::FailedPrecondition);
        assert_eq!(place.applied().await, [2, 3]);
    });
}

#[test]
fn events_that_come_while_letters_are_replayed_keep_the_order_of_their_resource() {
    each(async |place: Place| {
        place.publish_of(&[1, 2, 3, 1, 2, 3]).await;
        let faulty = Faulty::at(&[1, 2], Fault::Refuses);
        let mut desk = Desk::open(&place, faulty.clone());
        place.moved_to(6).await;
        faulty.heal(1);
        faulty.heal(2);
        let publishing = async {
            for _ in 0..20 {
                place.publish_of(&[1, 2, 3]).await;
            }
        };
        let replaying = async {
            for position in [1, 2] {
                desk.replay(position).await.unwrap();
            }
        };
        tokio::join!(publishing, replaying);
        place.moved_to(66).await;
        // An event may have come between the last letter and the end of a replay's transaction.
        for letter in desk.list(false).await {
            desk.replay(letter.position).await.ok();
        }
        let applied = place.applied().await;
        assert_eq!(applied.iter().collect::<BTreeSet<_>>().len(), 66, "each once: {applied:?}");
        assert_eq!(applied.len(), 66);
        for resource in 0..3 {
            let of_one: Vec<i64> = applied.iter().copied().filter(|p| (p - 1) % 3 == resource).collect();
            assert!(of_one.is_sorted(), "{of_one:?}");
        }
    });
}

#[test]
fn letters_are_listed_by_the_page_in_the_order_in_which_they_were_put_aside() {
    each(async |place| {
        place.publish_of(&[1, 1, 1, 1, 1, 1, 1]).await;
        let mut desk = Desk::open(&place, Faulty::at(&[1], Fault::Refuses));
        place.moved_to(7).await;
        let whole: Vec<i64> = desk.list(false).await.iter().map(|letter| letter.position).collect();
        for size in [1, 3, 7] {
            let (mut listed, mut token) = (Vec::new(), String::new());
            loop {
                let (page, next) = desk.page(false, size, &token).await;
                assert!(page.len() <= usize::try_from(size).unwrap());
                listed.extend(page.iter().map(|letter| letter.position));
                token = next;
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!(listed, whole, "pages of {size}");
        }
        let (_, token) = desk.page(false, 1, "").await;
        let foreign = ListDeadLettersRequest {
            parent: "districts/grand-bend".to_owned(),
            show_settled: true,
            page_size: 1,
            page_token: token,
        };
        assert_eq!(desk.client.list_dead_letters(foreign).await.unwrap_err().code(), Code::InvalidArgument);
        let unknown = GetDeadLetterRequest {
            name: "districts/grand-bend/deadLetters/01900000-0000-7000-8000-000000000000".to_owned(),
        };
        assert_eq!(desk.client.get_dead_letter(unknown).await.unwrap_err().code(), Code::NotFound);
    });
}
