//! What a client may rely on when it repeats requests, whatever it repeats and however they meet.

use std::collections::BTreeMap;

use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use trellis_kernel::{Reason, Result, Uuid};
use trellis_store::{Scope, Store, Write};

use crate::place::{Place, add, district, note, request};

/// One request: which id it carries, which body, and whether the server dies before it is done.
#[derive(Clone, Copy, Debug)]
struct Asked {
    id: u8,
    body: u8,
    dies: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..3_u8, 0..2_u8, prop::bool::weighted(0.2)).prop_map(|(id, body, dies)| Asked { id, body, dies })
}

/// What a service does: a new note for a new request, the reply of then for an old one.
async fn serve(store: &Store, round: u32, asked: Asked) -> Option<Result<Uuid>> {
    let request_id = u128::from(round) << 8 | u128::from(asked.id);
    match store.write::<Uuid>(request(request_id, "/Notes/Create", asked.body)).await {
        Ok(Write::Replay(id)) => Some(Ok(id)),
        Ok(Write::Begin(mut tx)) => {
            let id = add(&mut tx, i64::from(asked.body)).await;
            if asked.dies {
                return None;
            }
            Some(tx.commit(id).await)
        }
        Err(refused) => Some(Err(refused)),
    }
}

/// Every request is made at once. Of each id there is one effect at most, all who were answered were
/// answered alike, and whoever asked for something else under the same id was told so.
#[test]
fn a_request_takes_effect_once_however_its_repetitions_meet() {
    for place in [Place::sqlite(), Place::postgres()] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(place.store());
        let mut runner =
            TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
        let round = std::cell::Cell::new(0);
        runner
            .run(&prop::collection::vec(asked(), 1..10), |requests| {
                round.set(round.get() + 1);
                let before = runtime.block_on(count(&store));
                let serving = requests.iter().map(|asked| serve(&store, round.get(), *asked));
                let answers = runtime.block_on(join_all(serving));
                let mut effects: BTreeMap<u8, (Uuid, u8)> = BTreeMap::new();
                for (asked, answer) in requests.iter().zip(&answers) {
                    if let Some(Ok(id)) = answer {
                        let effect = *effects.entry(asked.id).or_insert((*id, asked.body));
                        prop_assert_eq!(effect, (*id, asked.body), "one id, two effects");
                    }
                }
                for (asked, answer) in requests.iter().zip(&answers) {
                    if let Some(Err(refused)) = answer {
                        prop_assert_eq!(refused.reason(), Reason::RequestIdReused);
                        let effect = effects.get(&asked.id).map(|(_, body)| *body);
                        prop_assert!(effect.is_some_and(|body| body != asked.body), "refused for nothing");
                    }
                }
                let after = runtime.block_on(count(&store));
                prop_assert_eq!(
                    after - before,
                    effects.len(),
                    "as many notes as requests that were answered"
                );
                Ok(())
            })
            .unwrap();
        runtime.block_on(store.close());
    }
}

async fn count(store: &Store) -> usize {
    let reader = store.read(&district("grand-bend"));
    reader.find::<note::Entity>().all(reader.conn()).await.unwrap().len()
}
