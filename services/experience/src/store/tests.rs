//! What the queries cannot show from outside: two changes of one row at the same moment.

use std::sync::Arc;

use trellis_kernel::{District, RandomIds, Reason, SystemClock};
use trellis_store::{Change, Options, Sealer, SealingKey, Store, Tx, Write};

use super::{find, insert, migrations, replace};
use crate::domain::proposal::{Idea, Proposal, State, Verdict};

async fn store(url: String) -> Store {
    let sealer = Sealer::new(vec![SealingKey::generate(1)]).unwrap();
    let options = Options::new(url, sealer);
    let store =
        Store::open(&options, crate::NAME, migrations::all(), Arc::new(SystemClock), Arc::new(RandomIds));
    let store = store.await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn begin(store: &Store) -> Tx {
    let change = Change {
        district: District::parse("grand-bend").unwrap(),
        actor: "people/test".to_owned(),
        idempotency: None,
        grounds: None,
        since: None,
    };
    match store.write::<()>(change).await.unwrap() {
        Write::Begin(tx) => tx,
        Write::Replay(()) => panic!("no request_id was given"),
    }
}

/// A proposal that is kept.
async fn kept(store: &Store) -> Proposal {
    let tx = begin(store).await;
    let idea = Idea {
        learner: tx.new_id(),
        title: "Bees".to_owned(),
        driving_question: String::new(),
        outcomes: Vec::new(),
        why: "The meadow is silent.".to_owned(),
    };
    let proposal = Proposal::new(tx.new_id(), idea, tx.now());
    insert(&tx, &proposal).await.unwrap();
    tx.commit(proposal).await.unwrap()
}

/// Decides on the proposal as it is read in this transaction, or was read before.
async fn decide(tx: &Tx, mut read: Proposal, verdict: Verdict) -> trellis_kernel::Result<()> {
    let read_as = read.version;
    read.decide(verdict, "Because.".to_owned(), tx.new_id(), tx.now()).unwrap();
    replace(tx, &read, read_as).await
}

#[test]
fn a_row_that_was_read_before_another_change_is_not_replaced() {
    trellis_testkit::run(async {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().display());
        for url in [url, tokio::task::spawn_blocking(trellis_testkit::postgres::database).await.unwrap()] {
            let store = store(url).await;
            let before = kept(&store).await;
            let tx = begin(&store).await;
            decide(&tx, before.clone(), Verdict::Accepted).await.unwrap();
            tx.commit(()).await.unwrap();
            let tx = begin(&store).await;
            let refused = decide(&tx, before.clone(), Verdict::Declined).await.unwrap_err();
            assert_eq!(refused.reason(), Reason::EtagMismatch);
            let now: Proposal = find(&tx, before.id).await.unwrap().unwrap();
            assert_eq!((now.state, now.version), (State::Accepted, 2));
        }
    });
}

#[test]
fn of_two_transactions_that_read_the_same_version_one_commits() {
    trellis_testkit::run(async {
        let url = tokio::task::spawn_blocking(trellis_testkit::postgres::database).await.unwrap();
        let store = store(url).await;
        let id = kept(&store).await.id;
        let (first, second) = (begin(&store).await, begin(&store).await);
        let (one, other): (Proposal, Proposal) =
            (find(&first, id).await.unwrap().unwrap(), find(&second, id).await.unwrap().unwrap());
        decide(&first, one, Verdict::Accepted).await.unwrap();
        first.commit(()).await.unwrap();
        let refused = decide(&second, other, Verdict::Declined).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::EtagMismatch);
    });
}
