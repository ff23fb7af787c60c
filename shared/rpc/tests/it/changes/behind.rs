//! A feed that has moved on from a client's place, and a replica that has not come to it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::SignedDuration;
use sea_orm::{ConnectionTrait, Statement};
use tonic::Code;
use trellis_contracts::guard::Method;
use trellis_contracts::internal::Event;
use trellis_contracts::status;
use trellis_kernel::{Actor, District, Kind, Name, Reason, Result};
use trellis_rpc::changes::{Change, ChangeFeed, Resources, Row};
use trellis_store::{Scope, Store, Write};
use trellis_testkit::run;

use super::scene::*;
use crate::house::soon;

fn is_too_old(refused: trellis_kernel::Failure) {
    assert_eq!((refused.kind(), refused.reason()), (Kind::OutOfRange, Reason::ResumeTokenTooOld));
    let told = status::refuse(refused);
    assert_eq!(told.code(), Code::OutOfRange);
    assert_eq!(status::received(&told).reason(), Reason::ResumeTokenTooOld);
}

#[test]
fn who_resumes_from_before_what_is_kept_is_told_to_list_again() {
    run(async {
        let scene = Scene::new().await;
        for id in 1..=3 {
            scene.put(NOTE, id, &[TAUGHT]).await;
        }
        let (_, early, _) = listed(&scene, &scene.educator(), "", 1).await;
        let (_, late, _) = listed(&scene, &scene.educator(), "", 0).await;
        scene.clock.advance(SignedDuration::from_hours(31 * 24));
        scene.put(NOTE, 4, &[TAUGHT]).await;
        assert_eq!(scene.store.trim_feed().await.expect("trimmed"), 3);

        let educator = scene.educator();
        let refused = scene.feed.list(&educator, &scene.district, &early, 0).await.err();
        is_too_old(refused.expect("a gap"));
        let mut stream = scene.watch(scene.educator(), false, &early);
        is_too_old(soon(stream.next()).await.expect("an answer").expect_err("a gap"));
        assert!(soon(stream.next()).await.is_none(), "it ends there");

        // Who had come to the end has missed nothing, and neither has who begins.
        for token in [late.as_str(), ""] {
            assert_eq!(listed(&scene, &educator, token, 0).await.0, ["UPSERTED body 4"]);
            assert_eq!(
                short(&next(&mut scene.watch(educator.clone(), false, token)).await),
                "UPSERTED body 4"
            );
        }
    });
}

/// The district's feed goes back to a position, and positions after it are given once more.
async fn put_back(scene: &Scene, head: i64) {
    let change = trellis_store::Change {
        district: scene.district.clone(),
        actor: "operator".to_owned(),
        idempotency: None,
        grounds: None,
        since: None,
    };
    let Write::Begin(tx) = scene.store.write::<()>(change).await.expect("a transaction") else {
        panic!("nothing to repeat");
    };
    for sql in
        [format!("DELETE FROM outbox WHERE position > {head}"), format!("UPDATE relay SET head = {head}")]
    {
        tx.conn().execute_unprepared(&sql).await.expect("it goes back");
    }
    tx.commit(()).await.expect("committed");
    trellis_store::restored(std::slice::from_ref(&scene.store)).await.expect("it is said");
}

#[test]
fn who_resumes_from_before_a_restore_is_told_to_list_again_though_the_feed_has_overtaken_them() {
    run(async {
        for scene in [Scene::new().await, Scene::at(&trellis_testkit::postgres::database(), None).await] {
            for id in 1..=3 {
                scene.put(NOTE, id, &[TAUGHT]).await;
            }
            let educator = scene.educator();
            let (_, token, _) = listed(&scene, &educator, "", 0).await;
            let mut open = scene.watch(educator.clone(), true, "");
            let mut last = next(&mut open).await;
            while short(&last) != "CHECKPOINT -" {
                last = next(&mut open).await;
            }
            put_back(&scene, 1).await;
            for id in 4..=9 {
                scene.put(NOTE, id, &[TAUGHT]).await;
            }
            is_too_old(soon(open.next()).await.expect("an answer").expect_err("it is another feed"));
            for token in [token, last.uid] {
                let refused = scene.feed.list(&educator, &scene.district, &token, 0).await.err();
                is_too_old(refused.expect("a place of before"));
                let mut stream = scene.watch(educator.clone(), false, &token);
                is_too_old(soon(stream.next()).await.expect("an answer").expect_err("a place of before"));
            }
            let (told, token, _) = listed(&scene, &educator, "", 0).await;
            assert_eq!(told.len(), 7);
            scene.put(NOTE, 10, &[TAUGHT]).await;
            assert_eq!(listed(&scene, &educator, &token, 0).await.0, ["UPSERTED body 10"]);
        }
    });
}

/// Notes that are there when the store that is read has them in its outbox, as a service reads its
/// tables: by [`Store::read`], which may lag.
struct Stored(Store);

impl Stored {
    async fn rows(&self, district: &District, sql: &str, name: &str) -> Vec<Row<()>> {
        let reader = self.0.read(district);
        let backend = reader.conn().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, [name.into()]);
        let rows = reader.conn().query_all_raw(statement).await.expect("rows");
        let names = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a name"));
        let id = |name: String| Name::parse(&name).expect("a name").id().expect("an id");
        names.map(|name| Rows::row(district, NOTE, id(name), &[TAUGHT], false)).collect()
    }
}

#[async_trait]
impl Resources for Stored {
    type Body = ();
    type Message = Event;

    fn types(&self) -> &'static [(&'static str, &'static Method)] {
        &TYPES[..1]
    }

    async fn current(&self, _: &Actor, district: &District, _: &str, names: &[Name]) -> Result<Vec<Row<()>>> {
        let mut rows = Vec::new();
        for name in names {
            let sql = "SELECT resource FROM outbox WHERE resource = $1";
            rows.extend(self.rows(district, sql, &name.to_string()).await);
        }
        Ok(rows)
    }

    async fn batch(
        &self,
        _: &Actor,
        district: &District,
        _: &str,
        after: Option<&Name>,
        _: u64,
    ) -> Result<Vec<Row<()>>> {
        let after = after.map(Name::to_string).unwrap_or_default();
        let sql = "SELECT resource FROM outbox WHERE resource > $1 ORDER BY resource LIMIT 1";
        Ok(self.rows(district, sql, &after).await)
    }

    fn compose(&self, change: Change<()>) -> Event {
        Rows::default().compose(change)
    }
}

#[test]
fn a_watch_is_told_at_once_what_a_replica_does_not_have_yet() {
    run(async {
        let url = trellis_testkit::postgres::database();
        let scene = Scene::at(&url, None).await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.store.give_up_leases().await.expect("others may give positions");
        scene.store.close().await;
        // It never catches up.
        let replica = trellis_testkit::postgres::copy_of(&url);
        let scene = Scene::at(&url, Some(replica)).await;
        let feed =
            ChangeFeed::new(scene.store.clone(), scene.guard.clone(), Arc::new(Stored(scene.store.clone())));
        let watch =
            |snapshot| feed.watch(scene.educator(), scene.district.clone(), snapshot, "").expect("a stream");
        let mut following = watch(false);
        assert_eq!(short(&next(&mut following).await), "UPSERTED body 1");
        scene.put(NOTE, 2, &[TAUGHT]).await;
        assert_eq!(short(&next(&mut following).await), "UPSERTED body 2");
        let mut snapshot = watch(true);
        for told in ["UPSERTED body 1", "UPSERTED body 2", "CHECKPOINT -"] {
            assert_eq!(short(&next(&mut snapshot).await), told);
        }
        let listed = feed.list(&scene.educator(), &scene.district, "", 0).await.expect("changes");
        assert_eq!(
            listed.changes.iter().map(short).collect::<Vec<_>>(),
            ["UPSERTED body 1", "UPSERTED body 2"]
        );
    });
}
