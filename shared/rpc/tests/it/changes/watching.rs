//! Streams of changes.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::SignedDuration;
use trellis_kernel::{Actor, Clock as _, Kind, Uuid};
use trellis_testkit::run;

use crate::house::soon;

use super::scene::*;

#[test]
fn a_snapshot_and_the_changes_after_it_make_a_copy_without_a_gap() {
    run(async {
        let scene = Scene::new().await;
        for id in 1..=5 {
            scene.put(NOTE, id, &[TAUGHT]).await;
        }
        scene.put(NOTE, 6, &[STRANGER]).await;
        scene.put(RULE, 7, &[]).await;
        let mut stream = scene.watch(scene.educator(), true, "");
        let mut copy: HashMap<String, String> = HashMap::new();
        // Changed while the snapshot is under way: a row already read, and one not yet.
        let first = next(&mut stream).await;
        assert_eq!(first.uid, "", "a snapshot cannot be resumed");
        copy.insert(first.resource.clone(), short(&first));
        scene.delete("note.deleted", NOTE, 1).await;
        scene.put(NOTE, 8, &[TAUGHT]).await;
        let mut checkpoints = 0;
        loop {
            let event = next(&mut stream).await;
            match short(&event).split(' ').next() {
                Some("UPSERTED") => drop(copy.insert(event.resource.clone(), short(&event))),
                Some("DELETED") => drop(copy.remove(&event.resource)),
                _ => checkpoints += 1,
            }
            let has = |id| copy.values().any(|told| told == &format!("UPSERTED body {id}"));
            if checkpoints == 1 && !has(1) && has(8) {
                break;
            }
        }
        assert_eq!(copy.len(), 6, "2 to 5, 7 and 8: {copy:?}");
    });
}

#[test]
fn a_watch_goes_on_from_any_token_with_what_came_since() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 2, &[TAUGHT]).await;
        let mut stream = scene.watch(scene.educator(), false, "");
        let first = next(&mut stream).await;
        assert_eq!(short(&first), "UPSERTED body 1");
        drop(stream);
        let mut resumed = scene.watch(scene.educator(), false, &first.uid);
        assert_eq!(short(&next(&mut resumed).await), "UPSERTED body 2");
        // And stays open for those to come.
        let waiting = tokio::spawn(async move { short(&next(&mut resumed).await) });
        scene.put(NOTE, 3, &[TAUGHT]).await;
        assert_eq!(soon(waiting).await.expect("no panic"), "UPSERTED body 3");
    });
}

#[test]
fn a_silent_watch_says_that_nothing_is_missing() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[STRANGER]).await;
        let feed = scene.feed.clone().heartbeat(Duration::from_millis(50));
        let mut stream = feed.watch(scene.educator(), scene.district.clone(), false, "").expect("a stream");
        let event = next(&mut stream).await;
        assert_eq!(short(&event), "CHECKPOINT -", "told of a stranger");
        assert_eq!(listed(&scene, &scene.educator(), &event.uid, 0).await.0, Vec::<String>::new());
    });
}

#[test]
fn a_watch_ends_with_its_callers_token() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        let mut stream = scene.watch(scene.educator(), false, "");
        next(&mut stream).await;
        scene.clock.advance(SignedDuration::from_hours(2));
        scene.put(NOTE, 2, &[TAUGHT]).await;
        let refused = soon(stream.next()).await.expect("an end").expect_err("expired");
        assert_eq!(refused.kind(), Kind::Unauthenticated);
    });
}

#[test]
fn a_quiet_district_is_not_told_that_it_missed_what_happened_in_another() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.elsewhere(20).await;
        let (told, token, more) = listed(&scene, &scene.educator(), "", 0).await;
        assert_eq!((told, more), (vec!["UPSERTED body 1".to_owned()], false));
        scene.trim().await;
        let (told, token, _) = listed(&scene, &scene.educator(), &token, 0).await;
        assert_eq!(told, Vec::<String>::new());
        scene.elsewhere(20).await;
        let (_, token, _) = listed(&scene, &scene.educator(), &token, 0).await;
        scene.trim().await;
        scene.put(NOTE, 2, &[TAUGHT]).await;
        assert_eq!(listed(&scene, &scene.educator(), &token, 0).await.0, ["UPSERTED body 2"]);
    });
}

#[test]
fn an_open_watch_of_a_quiet_district_outlives_the_floor() {
    run(async {
        let scene = Scene::new().await;
        let feed = scene.feed.clone().heartbeat(Duration::ZERO);
        let lasting =
            Actor { expire_time: scene.clock.now() + SignedDuration::from_hours(1000), ..scene.educator() };
        let mut stream = feed.watch(lasting, scene.district.clone(), false, "").expect("a stream");
        scene.put(NOTE, 1, &[TAUGHT]).await;
        assert_eq!(short(&next(&mut stream).await), "UPSERTED body 1");
        scene.elsewhere(20).await;
        assert_eq!(short(&next(&mut stream).await), "CHECKPOINT -");
        scene.trim().await;
        let checkpoint = next(&mut stream).await;
        assert_eq!(short(&checkpoint), "CHECKPOINT -");
        assert_eq!(listed(&scene, &scene.educator(), &checkpoint.uid, 0).await.0, Vec::<String>::new());
        scene.put(NOTE, 2, &[TAUGHT]).await;
        assert_eq!(short(&next(&mut stream).await), "UPSERTED body 2");
    });
}

#[test]
fn a_checkpoint_comes_when_it_is_due_though_there_is_more_that_the_caller_may_not_see() {
    run(async {
        let scene = Scene::new().await;
        // More than are read at a time.
        for id in 0..200 {
            scene.tell("note.changed", NOTE, Uuid::from_u128(id), &[STRANGER], false).await;
        }
        scene.put(NOTE, 1000, &[TAUGHT]).await;
        let feed = scene.feed.clone().heartbeat(Duration::ZERO);
        let mut stream = feed.watch(scene.educator(), scene.district.clone(), false, "").expect("a stream");
        let checkpoint = next(&mut stream).await;
        assert_eq!(short(&checkpoint), "CHECKPOINT -");
        assert_eq!(short(&next(&mut stream).await), "UPSERTED body 1000");
        assert_eq!(listed(&scene, &scene.educator(), &checkpoint.uid, 0).await.0, ["UPSERTED body 1000"]);
    });
}
