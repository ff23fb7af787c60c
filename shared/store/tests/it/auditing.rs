use std::sync::Arc;

use jiff::SignedDuration;
use trellis_kernel::{FixedClock, PageRequest, Reason, Relation, Relations, Timestamp, Uuid};
use trellis_store::{Access, AccessQuery, AccessRow, Change, Grounds, Store};

use crate::place::{Notes, add, begin, change, district, each, soon};

const METHOD: &str = "/trellis.profile.v1alpha1.GoalService/GetGoal";

fn person(number: u128) -> String {
    format!("people/{}", Uuid::from_u128(number))
}

fn access(learners: &[u128]) -> Access {
    Access {
        district: district("grand-bend"),
        actor: person(7),
        token_id: Some("token-1".to_owned()),
        method: METHOD,
        data_class: 3,
        relations: Relations::NONE.with(Relation::Educator).with(Relation::Member),
        learners: learners.iter().map(|id| Uuid::from_u128(*id)).collect(),
    }
}

async fn page(store: &Store, query: &AccessQuery, size: i32, token: &str) -> (Vec<AccessRow>, String) {
    let request = PageRequest::parse(size, token.to_owned()).unwrap();
    let page = store.audit().accesses(&district("grand-bend"), query, &request).await.unwrap();
    (page.items, page.next)
}

async fn all(store: &Store, query: &AccessQuery) -> Vec<AccessRow> {
    page(store, query, 1000, "").await.0
}

fn of_learner(learner: u128) -> AccessQuery {
    AccessQuery { learner: Some(Uuid::from_u128(learner)), ..AccessQuery::default() }
}

#[test]
fn an_access_comes_back_whole_by_learner_token_actor_and_time() {
    each(async |place| {
        let start = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000);
        let clock = Arc::new(FixedClock::at(start));
        let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
        store.migrate().await.unwrap();
        let audit = store.audit();
        audit.record_now(access(&[1, 2, 1])).await.unwrap();
        clock.advance(SignedDuration::from_secs(1));
        let other = Access { actor: person(8), token_id: None, ..access(&[2]) };
        audit.record(other).await.unwrap();
        clock.advance(SignedDuration::from_secs(1));
        audit.record(Access { district: district("elsewhere"), ..access(&[1]) }).await.unwrap();

        let [second, first] = all(&store, &AccessQuery::default()).await.try_into().unwrap();
        assert_eq!((first.time, second.time), (start, start + SignedDuration::from_secs(1)));
        assert_eq!((first.actor.as_str(), first.token_id.as_deref()), (&*person(7), Some("token-1")));
        assert_eq!((first.method.as_str(), first.data_class, first.write), (METHOD, 3, false));
        assert_eq!(first.relations, access(&[]).relations);
        assert_eq!(first.learners, [Uuid::from_u128(1), Uuid::from_u128(2)]);
        assert_eq!(second.token_id, None);

        let uids = |rows: Vec<AccessRow>| rows.iter().map(|row| row.uid).collect::<Vec<_>>();
        let about = all(&store, &of_learner(1)).await;
        assert_eq!(about[0].learners, [Uuid::from_u128(1)]);
        assert_eq!(uids(about), [first.uid]);
        assert_eq!(uids(all(&store, &of_learner(2)).await), [second.uid, first.uid]);
        let token = AccessQuery { token_id: Some("token-1".to_owned()), ..AccessQuery::default() };
        assert_eq!(uids(all(&store, &token).await), [first.uid]);
        let actor = AccessQuery { actor: Some(person(8)), ..of_learner(2) };
        assert_eq!(uids(all(&store, &actor).await), [second.uid]);
        let since = AccessQuery { begin: Some(second.time), ..AccessQuery::default() };
        assert_eq!(uids(all(&store, &since).await), [second.uid]);
        let until = AccessQuery { end: Some(second.time), ..of_learner(2) };
        assert_eq!(uids(all(&store, &until).await), [first.uid]);
    });
}

#[test]
fn a_change_is_on_the_trail_with_its_own_transaction() {
    each(async |place| {
        let store = place.store().await;
        let grounds = Grounds {
            method: METHOD,
            token_id: Some("token-2".to_owned()),
            data_class: 4,
            relations: Relations::NONE.with(Relation::Own),
            learners: vec![Uuid::from_u128(5)],
        };
        let change = Change { grounds: Some(grounds), ..change() };
        let mut dropped = begin(&store, change.clone()).await;
        add(&mut dropped, 1).await;
        drop(dropped);
        assert_eq!(all(&store, &AccessQuery::default()).await, []);

        let mut tx = begin(&store, change).await;
        let subject = add(&mut tx, 1).await;
        let now = tx.now();
        tx.commit(subject).await.unwrap();
        let [row] = all(&store, &AccessQuery::default()).await.try_into().unwrap();
        assert!(row.write);
        assert_eq!((row.actor.as_str(), row.token_id.as_deref()), ("people/a", Some("token-2")));
        assert_eq!((row.method.as_str(), row.data_class), (METHOD, 4));
        assert_eq!(row.relations, Relations::NONE.with(Relation::Own));
        assert_eq!(row.time.as_microsecond(), now.as_microsecond());
        assert_eq!(row.learners, [Uuid::from_u128(5), subject]);
        let query = AccessQuery { learner: Some(subject), ..AccessQuery::default() };
        assert_eq!(all(&store, &query).await.len(), 1);
    });
}

#[test]
fn what_many_bring_at_once_is_all_there_when_each_is_told_so() {
    each(async |place| {
        let store = place.store().await;
        let mut readers = tokio::task::JoinSet::new();
        for learner in 0..300 {
            let audit = store.audit();
            readers.spawn(async move { audit.record_now(access(&[learner])).await.unwrap() });
        }
        soon(readers.join_all()).await;
        // Another process sees them.
        let other = place.open().await;
        assert_eq!(all(&other, &AccessQuery::default()).await.len(), 300);
        assert_eq!(all(&other, &of_learner(299)).await.len(), 1);
    });
}

#[test]
fn accesses_that_are_given_up_while_they_are_written_are_not_lost() {
    each(async |place| {
        let store = place.store().await;
        for polls in 0..40 {
            store.audit().record(access(&[polls])).await.unwrap();
            let audit = store.audit();
            let mut writing = Box::pin(async move { audit.flush().await.unwrap() });
            let mut left = polls;
            let () = soon(std::future::poll_fn(|context| {
                if left == 0 {
                    return std::task::Poll::Ready(());
                }
                left -= 1;
                writing.as_mut().poll(context)
            }))
            .await;
        }
        let rows = all(&store, &AccessQuery::default()).await;
        let mut learners: Vec<u128> = rows.iter().map(|row| row.learners[0].as_u128()).collect();
        learners.sort_unstable();
        assert_eq!(learners, (0..40).collect::<Vec<_>>());
    });
}

#[test]
fn what_waits_is_written_when_the_store_closes() {
    each(async |place| {
        let store = place.store().await;
        store.audit().record(access(&[1])).await.unwrap();
        store.close().await;
        assert_eq!(all(&place.open().await, &of_learner(1)).await.len(), 1);
    });
}

#[test]
fn more_than_may_wait_are_written_first() {
    each(async |place| {
        let store = place.store().await;
        for _ in 0..4096 {
            store.audit().record(access(&[1])).await.unwrap();
        }
        let (rows, next) = page(&place.open().await, &of_learner(1), 1000, "").await;
        assert_eq!((rows.len(), next.is_empty()), (1000, false));
    });
}

#[test]
fn pages_hold_every_access_once_while_others_come() {
    each(async |place| {
        let store = place.store().await;
        for learner in 0..53 {
            store.audit().record(access(&[learner])).await.unwrap();
        }
        let query = AccessQuery::default();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (rows, next) = page(&store, &query, 5, &token).await;
            seen.extend(rows.into_iter().map(|row| row.learners[0].as_u128()));
            if next.is_empty() {
                break;
            }
            token = next;
            store.audit().record(access(&[1000])).await.unwrap();
        }
        assert_eq!(seen, (0..53).rev().collect::<Vec<_>>());
        // A token opens only for the list that gave it.
        let (_, token) = page(&store, &query, 5, "").await;
        let request = PageRequest::parse(5, token).unwrap();
        let foreign = store.audit().accesses(&district("grand-bend"), &of_learner(1), &request).await;
        assert_eq!(foreign.unwrap_err().reason(), Reason::InvalidPageToken);
    });
}

#[test]
fn the_trail_is_kept_as_long_as_it_is_said_and_no_longer() {
    each(async |mut place| {
        place.options.audit_keep = SignedDuration::from_hours(48);
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000)));
        let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
        store.migrate().await.unwrap();
        for learner in 0..1200 {
            store.audit().record(access(&[learner, 5000])).await.unwrap();
        }
        store.audit().record(Access { district: district("elsewhere"), ..access(&[1]) }).await.unwrap();
        clock.advance(SignedDuration::from_hours(24));
        store.audit().record(access(&[5000])).await.unwrap();
        store.audit().flush().await.unwrap();
        assert_eq!(store.audit().forget_accesses().await.unwrap(), 0);
        clock.advance(SignedDuration::from_hours(24) + SignedDuration::from_micros(1));
        assert_eq!(store.audit().forget_accesses().await.unwrap(), 1201);
        assert_eq!(all(&store, &AccessQuery::default()).await.len(), 1);
        assert_eq!(all(&store, &of_learner(5000)).await.len(), 1);
        assert_eq!(all(&store, &of_learner(1)).await, []);
    });
}

#[test]
fn nobody_is_told_that_an_access_is_on_the_trail_when_it_is_not() {
    each(async |place| {
        // Not migrated: there is no trail.
        let store = place.open().await;
        let refused = soon(store.audit().record_now(access(&[1]))).await;
        assert!(refused.is_err());
        store.migrate().await.unwrap();
        assert_eq!(all(&store, &AccessQuery::default()).await, []);
        store.audit().record_now(access(&[2])).await.unwrap();
        assert_eq!(all(&store, &AccessQuery::default()).await.len(), 1);
    });
}
