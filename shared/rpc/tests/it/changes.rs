//! What a change feed tells, and to whom.

mod behind;
mod scene;
mod watching;

use trellis_kernel::{District, Reason, Uuid};
use trellis_testkit::run;

use self::scene::*;

#[test]
fn a_caller_is_told_what_they_could_get_and_nothing_else() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 2, &[STRANGER]).await;
        scene.put(NOTE, 3, &[STRANGER, TAUGHT]).await;
        scene.put(RULE, 4, &[]).await;
        let (told, _, more) = listed(&scene, &scene.educator(), "", 0).await;
        assert_eq!(told, ["UPSERTED body 1", "UPSERTED body 3", "UPSERTED body 4"]);
        assert!(!more);
        let (told, ..) = listed(&scene, &scene.actor(EDUCATOR, "rules.read"), "", 0).await;
        assert_eq!(told, ["UPSERTED body 4"], "the token carries no scope for notes");
        let (told, ..) = listed(&scene, &scene.actor(STRANGER, "notes.read rules.read"), "", 0).await;
        assert_eq!(told, ["UPSERTED body 4"], "who teaches nobody sees no note");
    });
}

#[test]
fn whom_a_resource_is_about_now_decides_and_not_whom_it_was_about() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 1, &[STRANGER]).await;
        assert_eq!(listed(&scene, &scene.educator(), "", 1).await.0, Vec::<String>::new());
    });
}

#[test]
fn what_the_service_itself_keeps_back_is_not_told() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.rows.0.lock().expect("no panic").get_mut(&(NOTE, Uuid::from_u128(1))).expect("a row").1 = true;
        assert_eq!(listed(&scene, &scene.educator(), "", 0).await.0, Vec::<String>::new());
        assert_eq!(scene.trail.take(), [], "nor is it read");
    });
}

#[test]
fn everybody_whom_an_answer_is_about_is_on_the_trail_in_one_line() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 2, &[TAUGHT, STRANGER]).await;
        scene.put(NOTE, 3, &[Uuid::from_u128(3)]).await;
        let about = || {
            let kept = scene.trail.take();
            kept.into_iter().map(|(access, _)| access.learners).collect::<Vec<_>>()
        };
        assert_eq!(listed(&scene, &scene.educator(), "", 0).await.0.len(), 2);
        assert_eq!(about(), [[TAUGHT, STRANGER]]);
        let mut snapshot = scene.watch(scene.educator(), true, "");
        next(&mut snapshot).await;
        assert_eq!(about(), [vec![TAUGHT]]);
        next(&mut snapshot).await;
        assert_eq!(about(), [vec![TAUGHT, STRANGER]]);
    });
}

#[test]
fn a_resource_that_is_gone_is_a_tombstone_to_those_who_could_see_it() {
    run(async {
        let scene = Scene::new().await;
        for (id, learner) in [(1, TAUGHT), (2, STRANGER), (3, TAUGHT)] {
            scene.put(NOTE, id, &[learner]).await;
        }
        for (id, kind) in [(1, "note.deleted"), (2, "note.deleted"), (3, "note.withdrawn")] {
            scene.delete(kind, NOTE, id).await;
        }
        assert_eq!(listed(&scene, &scene.educator(), "", 0).await.0, ["DELETED - 1"]);
    });
}

#[test]
fn pages_of_every_size_tell_the_same() {
    run(async {
        let scene = Scene::new().await;
        for id in 1..=25_u128 {
            scene.put(NOTE, id, &[if id % 3 == 0 { TAUGHT } else { STRANGER }]).await;
        }
        let whole = listed(&scene, &scene.educator(), "", 1000).await.0;
        assert_eq!(whole.len(), 8);
        for size in [1, 2, 3, 7] {
            let (mut all, mut token) = (Vec::new(), String::new());
            loop {
                let (page, next, more) = listed(&scene, &scene.educator(), &token, size).await;
                assert!(page.len() <= usize::try_from(size).expect("small"));
                all.extend(page);
                token = next;
                if !more {
                    break;
                }
            }
            assert_eq!(all, whole, "pages of {size}");
            scene.put(NOTE, 30, &[TAUGHT]).await;
            assert_eq!(listed(&scene, &scene.educator(), &token, 0).await.0, ["UPSERTED body 30"]);
            scene.delete("note.withdrawn", NOTE, 30).await;
        }
    });
}

#[test]
fn a_token_of_another_district_is_refused() {
    run(async {
        let scene = Scene::new().await;
        let (_, token, _) = listed(&scene, &scene.educator(), "", 0).await;
        let other = District::parse("elsewhere").expect("a district");
        let refused = scene.feed.list(&scene.educator(), &other, &token, 0).await.expect_err("not its own");
        assert_eq!(refused.reason(), Reason::InvalidResumeToken);
        let refused = scene.feed.watch(scene.educator(), other, false, &token).err().expect("not its own");
        assert_eq!(refused.reason(), Reason::InvalidResumeToken);
    });
}

#[test]
fn a_negative_page_size_and_a_resumed_snapshot_are_refused() {
    run(async {
        let scene = Scene::new().await;
        let refused =
            scene.feed.list(&scene.educator(), &scene.district, "", -1).await.expect_err("negative");
        assert_eq!(refused.reason(), Reason::InvalidPageSize);
        let refused = scene.feed.watch(scene.educator(), scene.district.clone(), true, "token").err();
        assert_eq!(refused.expect("refused").violations()[0].field, "resume_token");
    });
}
