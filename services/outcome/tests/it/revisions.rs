//! Revisions: what there are, and what is different between them.

use tokio_stream::StreamExt as _;
use tonic::Code;
use trellis_contracts::outcome::diff_framework_revisions_response::Part;
use trellis_contracts::outcome::{
    AssociationType, CreateProgressionRequest, DeleteOutcomeRequest, DiffFrameworkRevisionsRequest,
    DifferenceKind, Framework, FrameworkDiffSummary, GetOutcomeRequest, ListFrameworkRevisionsRequest,
    MoveOutcomeRequest, Outcome, Progression, ProgressionLevel, PublishFrameworkRequest,
    UpdateFrameworkRequest, UpdateOutcomeRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::support::{Clients, english, metadata};

on_each_database!(
    async fn revisions_are_listed_newest_first_with_their_notes(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        for number in 1..=3 {
            clients.outcome(&draft, &format!("Outcome {number}"), "").await;
            let etag = clients.framework(&draft).await.etag;
            let request = PublishFrameworkRequest {
                name: draft.clone(),
                etag,
                release_note: english(&format!("Note {number}")),
                ..PublishFrameworkRequest::default()
            };
            let published = clients.frameworks.publish_framework(request).await.expect("published");
            assert_eq!(published.into_inner().release_note, english(&format!("Note {number}")));
        }
        assert!(clients.framework(&draft).await.release_note.is_empty(), "a note is of a revision");
        let list = |page_token: String| ListFrameworkRevisionsRequest {
            name: draft.clone(),
            page_size: 2,
            page_token,
        };
        let first = clients
            .frameworks
            .list_framework_revisions(list(String::new()))
            .await
            .expect("a page")
            .into_inner();
        let rest = list(first.next_page_token.clone());
        let rest = clients.frameworks.list_framework_revisions(rest).await.expect("a page").into_inner();
        let all: Vec<&Framework> = first.revisions.iter().chain(&rest.revisions).collect();
        let facts: Vec<_> =
            all.iter().map(|own| (own.name.clone(), own.revision, own.outcome_count)).collect();
        let fact = |number: i32| (format!("{draft}@{number}"), number, number);
        assert_eq!(facts, [fact(3), fact(2), fact(1)]);
        assert_eq!(all[2].release_note, english("Note 1"));
        assert_eq!(rest.next_page_token, "");
        // An old one says what to use instead; the newest is current.
        assert_eq!(all[2].superseded_by, [format!("{draft}@3")]);
        assert!(all[0].superseded_by.is_empty());
        assert_eq!(&clients.framework(&format!("{draft}@1")).await, all[2]);

        let pinned = ListFrameworkRevisionsRequest {
            name: format!("{draft}@1"),
            ..ListFrameworkRevisionsRequest::default()
        };
        let answer = clients.frameworks.list_framework_revisions(pinned).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let twice = PublishFrameworkRequest {
            name: draft.clone(),
            etag: clients.framework(&draft).await.etag,
            release_note: [english("One"), english("Other")].concat(),
            ..PublishFrameworkRequest::default()
        };
        let twice = clients.frameworks.publish_framework(twice).await;
        assert_eq!(
            violations(&refused(twice, Code::InvalidArgument, "FIELD_VIOLATION"))[0].0,
            "release_note[1].language"
        );
    }
);

/// Everything that is different, without the summary; and the summary.
pub(crate) async fn diff(clients: &mut Clients, base: &str, name: &str) -> (Vec<Part>, FrameworkDiffSummary) {
    let request = DiffFrameworkRevisionsRequest { name: name.to_owned(), base: base.to_owned() };
    let stream = clients.frameworks.diff_framework_revisions(request).await.expect("a diff").into_inner();
    let mut parts: Vec<Part> = stream.map(|part| part.expect("a part").part.expect("a part")).collect().await;
    let Some(Part::Summary(summary)) = parts.pop() else { panic!("the summary is the last") };
    (parts, summary)
}

on_each_database!(
    async fn a_diff_tells_what_came_went_changed_and_moved(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let voice = clients.outcome(&draft, "Voice", "").await;
        let choice = clients.outcome(&draft, "Choice", "").await;
        let story = clients.outcome(&draft, "Story", &voice.name).await;
        let old = clients.outcome(&draft, "Old", "").await;
        let level = |title: &str| ProgressionLevel {
            indicators: Vec::new(),
            number: 0,
            title: english(title),
            description: english("I can."),
        };
        let progression = Progression {
            outcomes: vec![old.name.clone(), voice.name.clone()],
            levels: vec![level("One"), level("Two")],
            ..Progression::default()
        };
        let create = CreateProgressionRequest {
            parent: draft.clone(),
            progression: Some(progression),
            request_id: String::new(),
        };
        clients.progressions.create_progression(create).await.expect("a progression");
        clients.publish(&draft).await;

        let changed = Outcome {
            name: voice.name.clone(),
            statement: english("My voice"),
            code: "V".to_owned(),
            ..Outcome::default()
        };
        let update = UpdateOutcomeRequest { outcome: Some(changed), ..UpdateOutcomeRequest::default() };
        clients.outcomes.update_outcome(update).await.expect("changed");
        let moved = MoveOutcomeRequest {
            name: story.name.clone(),
            parent_outcome: choice.name.clone(),
            ..MoveOutcomeRequest::default()
        };
        clients.outcomes.move_outcome(moved).await.expect("moved");
        let new = clients.outcome(&draft, "New", "").await;
        clients.associate(&draft, AssociationType::ReplacedBy, &old.name, &new.name).await;
        let title = Framework { name: draft.clone(), title: english("A portrait"), ..Framework::default() };
        let update = UpdateFrameworkRequest { framework: Some(title), ..UpdateFrameworkRequest::default() };
        clients.frameworks.update_framework(update).await.expect("changed");
        let first = format!("{draft}@1");
        let to_draft = diff(&mut clients, &first, &draft).await;
        let second = clients.publish(&draft).await.name;
        let (parts, summary) = diff(&mut clients, &first, &second).await;
        assert_eq!(to_draft.1, summary, "the draft is what was published");

        let Some(Part::Framework(framework)) = parts.first() else { panic!("the framework comes first") };
        assert_eq!(framework.changed_paths, ["title"]);
        let outcome = |uid: &str| {
            parts.iter().find_map(|part| match part {
                Part::Outcome(found) => {
                    let own = found.after.as_ref().or(found.before.as_ref())?;
                    (own.uid == uid).then_some(found)
                }
                _ => None,
            })
        };
        let told = outcome(&voice.uid).expect("it changed");
        assert_eq!((told.kind(), told.moved), (DifferenceKind::Changed, false));
        assert_eq!(told.changed_paths, ["statement", "code"]);
        let side = |side: &Option<Outcome>| side.clone().expect("both sides").statement;
        assert_eq!((side(&told.before), side(&told.after)), (english("Voice"), english("My voice")));
        let told = outcome(&story.uid).expect("it moved");
        assert_eq!((told.kind(), told.moved), (DifferenceKind::Changed, true));
        assert_eq!(told.changed_paths[0], "parent_outcome");
        assert_eq!(outcome(&new.uid).expect("it came").kind(), DifferenceKind::Added);
        assert!(outcome(&choice.uid).is_none(), "it is as it was");
        let counts = summary.outcomes.expect("counts");
        assert_eq!((counts.added, counts.removed, counts.changed, counts.moved), (1, 0, 2, 1));
        let counts = summary.associations.expect("counts");
        assert_eq!((counts.added, counts.removed, counts.changed), (2, 0, 1));

        // The other way round everything is the other way round.
        let (back, summary) = diff(&mut clients, &second, &first).await;
        assert_eq!(back.len(), parts.len());
        let counts = summary.outcomes.expect("counts");
        assert_eq!((counts.added, counts.removed, counts.changed), (0, 1, 2));
        let (nothing, _) = diff(&mut clients, &second, &second).await;
        assert!(nothing.is_empty());

        // What is gone says what replaces it, though its association is gone with it.
        let delete =
            DeleteOutcomeRequest { name: old.name.clone(), force: true, ..DeleteOutcomeRequest::default() };
        clients.outcomes.delete_outcome(delete).await.expect("it goes");
        let (parts, _) = diff(&mut clients, &second, &draft).await;
        let gone = parts.iter().find_map(|part| match part {
            Part::Outcome(found) if found.kind() == DifferenceKind::Removed => Some(found),
            _ => None,
        });
        let gone = gone.expect("it went");
        assert_eq!(gone.before.as_ref().expect("as it was").uid, old.uid);
        assert_eq!(gone.replaced_by, [new.name]);
        let shortened = parts.iter().find_map(|part| match part {
            Part::Progression(found) => Some(found),
            _ => None,
        });
        let shortened = shortened.expect("the progression lost an outcome");
        assert_eq!(
            (shortened.kind(), shortened.changed_paths.as_slice()),
            (DifferenceKind::Changed, ["outcomes".to_owned()].as_slice())
        );

        let other = clients.portrait().await.name;
        let foreign = DiffFrameworkRevisionsRequest { name: draft.clone(), base: other };
        let foreign = refused(
            clients.frameworks.diff_framework_revisions(foreign).await,
            Code::InvalidArgument,
            "FIELD_VIOLATION",
        );
        assert_eq!(violations(&foreign)[0].0, "base");
        let unknown = DiffFrameworkRevisionsRequest { name: draft.clone(), base: format!("{draft}@9") };
        refused(
            clients.frameworks.diff_framework_revisions(unknown).await,
            Code::NotFound,
            "RESOURCE_NOT_FOUND",
        );
    }
);

on_each_database!(
    async fn a_diff_of_many_is_read_in_windows(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let package = serde_json::json!({
            "CFDocument": {
                "identifier": "0d000000-0000-4000-8000-000000000000",
                "uri": "https://example.org/d", "creator": "C", "title": "Many",
                "lastChangeDateTime": "2026-01-01T00:00:00Z"
            },
            "CFItems": (0..1200).map(|number| serde_json::json!({
                "identifier": format!("0d000000-0000-4000-8000-{:012}", 1200 - number),
                "uri": format!("https://example.org/i/{number}"),
                "fullStatement": format!("Statement {number}"),
                "lastChangeDateTime": "2026-01-01T00:00:00Z"
            })).collect::<Vec<_>>(),
            "CFAssociations": []
        });
        let draft = clients.imported(package.to_string().into_bytes()).await.framework;
        clients.publish(&draft).await;
        let mut changed = package.clone();
        let items = changed["CFItems"].as_array_mut().expect("items");
        // The lowest identities go: one side's windows begin where the other's are long over.
        items.truncate(600);
        for item in items.iter_mut().step_by(2) {
            item["fullStatement"] = "Another statement".into();
        }
        clients.imported(changed.to_string().into_bytes()).await;
        let (parts, summary) = diff(&mut clients, &format!("{draft}@1"), &draft).await;
        let counts = summary.outcomes.expect("counts");
        assert_eq!((counts.added, counts.removed, counts.changed), (0, 600, 300));
        let told: Vec<&str> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Outcome(found) => found.before.as_ref().map(|own| own.uid.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(told.len(), 900);
        assert!(told.is_sorted(), "in the order of the identities, each once");
    }
);

on_each_database!(
    async fn what_is_gone_from_the_draft_names_where_it_stays(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let kept = clients.outcome(&draft, "Kept", "").await;
        let gone = clients.outcome(&draft, "Gone", "").await;
        clients.publish(&draft).await;
        clients.outcome(&draft, "Another", "").await;
        clients.publish(&draft).await;
        let delete =
            |name: &str| DeleteOutcomeRequest { name: name.to_owned(), ..DeleteOutcomeRequest::default() };
        clients.outcomes.delete_outcome(delete(&gone.name)).await.expect("nothing hangs on it");
        clients.publish(&draft).await;
        let get = |name: &str| GetOutcomeRequest { name: name.to_owned() };
        let answer = clients.outcomes.get_outcome(get(&gone.name)).await;
        let status = refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let last = format!("{draft}@2/outcomes/{}", gone.uid);
        assert_eq!(metadata(&status)["last_revision"], last);
        let read = clients.outcomes.get_outcome(get(&last)).await.expect("as it was").into_inner();
        assert_eq!(read.statement, english("Gone"));
        let never = format!("{draft}@3/outcomes/{}", gone.uid);
        let status =
            refused(clients.outcomes.get_outcome(get(&never)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert!(!metadata(&status).contains_key("last_revision"), "a revision that lacks it lacks it");
        clients.outcomes.get_outcome(get(&kept.name)).await.expect("kept");
    }
);
