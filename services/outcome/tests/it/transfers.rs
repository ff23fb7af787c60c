//! Importing CASE packages.

use tokio_stream::StreamExt as _;
use tonic::Code;
use trellis_contracts::common::{IssueSeverity, JobState};
use trellis_contracts::outcome::{
    FrameworkTransfer, FrameworkTransferAction, FrameworkTransferCounts, FrameworkTransferPhase,
    GetFrameworkTransferRequest, GetOutcomeRequest, ImportFrameworkRequest, ListAssociationsRequest,
    ListDescendantsRequest, ListFrameworkTransferChangesRequest, ListFrameworksRequest, Outcome, OutcomeKind,
    UpdateOutcomeRequest, WatchFrameworkTransferRequest,
};
use trellis_kernel::Uuid;
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, beginning, fixture, metadata, shown};

fn outcomes(transfer: &FrameworkTransfer) -> FrameworkTransferCounts {
    transfer.outcomes.expect("counts")
}

fn associations(transfer: &FrameworkTransfer) -> FrameworkTransferCounts {
    transfer.associations.expect("counts")
}

async fn frameworks(clients: &mut Clients) -> usize {
    let list = ListFrameworksRequest { parent: DISTRICT.to_owned(), ..ListFrameworksRequest::default() };
    clients.frameworks.list_frameworks(list).await.expect("a list").into_inner().frameworks.len()
}

on_each_database!(
    async fn the_math_specification_is_all_accounted_for_and_a_second_time_changes_nothing(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let first = ImportFrameworkRequest { publish: true, ..beginning() };
        let done = clients.import(first, fixture("mockMATH.json")).await.expect("taken").into_inner();
        assert_eq!((done.state(), done.changed, done.revision), (JobState::Succeeded, true, 1));
        assert_eq!(
            outcomes(&done),
            FrameworkTransferCounts { read: 585, created: 585, ..FrameworkTransferCounts::default() }
        );
        let counts = associations(&done);
        assert_eq!((counts.read, counts.created, counts.duplicates), (3368, 3367, 1));
        assert_eq!(done.destinations_elsewhere, 2001);
        let issues = clients.issues(&done.name).await;
        assert_eq!(issues.len(), usize::try_from(done.issue_count).expect("a count"));
        assert_eq!(issues.iter().filter(|issue| issue.code == "ENTRY_REPEATED").count(), 1);

        let framework = clients.framework(&done.framework).await;
        assert_eq!((framework.outcome_count, framework.association_count), (585, 3367));
        assert_eq!(framework.title[0].text, "Smarter Balanced Math Content Specification");
        let tree = ListDescendantsRequest { parent: format!("{}@1", done.framework), max_depth: 0 };
        let tree = clients.outcomes.list_descendants(tree).await.expect("a tree").into_inner();
        assert_eq!(tree.map(|node| node.expect("a node")).collect::<Vec<_>>().await.len(), 585);
        assert_eq!(listed(&mut clients, &done.framework).await, (3367, 2000));

        let again = clients.imported(fixture("mockMATH.json")).await;
        assert!(!again.changed);
        assert_eq!(
            outcomes(&again),
            FrameworkTransferCounts { read: 585, unchanged: 585, ..FrameworkTransferCounts::default() }
        );
        assert_eq!((associations(&again).unchanged, associations(&again).duplicates), (3367, 1));
        assert_eq!(clients.framework(&done.framework).await, framework);
    }
);

/// How many associations a framework lists, and how many of them lead elsewhere.
async fn listed(clients: &mut Clients, framework: &str) -> (usize, usize) {
    let (mut all, mut elsewhere, mut page_token) = (0, 0, String::new());
    loop {
        let request = ListAssociationsRequest {
            parent: framework.to_owned(),
            page_size: 1000,
            page_token,
            ..ListAssociationsRequest::default()
        };
        let page = clients.associations.list_associations(request).await.expect("a page").into_inner();
        all += page.associations.len();
        let destinations =
            page.associations.iter().filter_map(|association| association.destination.as_ref());
        elsewhere += destinations.filter(|node| node.resource.is_empty() && !node.uri.is_empty()).count();
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (all, elsewhere);
        }
    }
}

on_each_database!(
    async fn every_real_package_is_taken(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        // Three of them have the same identity: each changes the draft of the one before.
        for (file, items) in [
            ("MarkdownFramework.json", 2),
            ("SequenceNumberFramework.json", 2),
            ("Utf8TestFramework.json", 1),
            ("mockDOK.json", 15),
            ("mockELA.json", 3),
            ("mockHSMATH.json", 86),
            ("mockIT.json", 19),
            ("mockPT.json", 164),
            ("mockPack_0.json", 37),
            ("mockPack_1.json", 65),
            ("mockPack_4.json", 32),
        ] {
            let done = clients.imported(fixture(file)).await;
            assert_eq!(clients.framework(&done.framework).await.outcome_count, items, "{file}");
            let counts = outcomes(&done);
            assert_eq!(
                counts.read,
                counts.created + counts.updated + counts.duplicates + counts.refused,
                "{file}"
            );
            let refused = counts.refused + associations(&done).refused;
            let issues = clients.issues(&done.name).await;
            let told = issues.iter().filter(|issue| issue.severity() == IssueSeverity::Error).count();
            assert_eq!(told, usize::try_from(refused).expect("a count"), "{file}");
            assert!(issues.iter().all(|issue| issue.line > 0), "{file}");
        }
    }
);

on_each_database!(
    async fn a_changed_package_changes_the_draft_and_not_the_revision(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let package = String::from_utf8(fixture("mockIT.json")).expect("UTF-8");
        let first = ImportFrameworkRequest { publish: true, ..beginning() };
        let done = clients.import(first, package.clone().into_bytes()).await.expect("taken").into_inner();
        let mut json: serde_json::Value = serde_json::from_str(&package).expect("JSON");
        json["CFItems"][0]["fullStatement"] = "Another statement".into();
        let gone = json["CFItems"].as_array_mut().expect("items").pop().expect("an item");
        let gone = gone["identifier"].as_str().expect("an identifier").to_owned();
        let document = json.to_string().into_bytes();

        let dry = ImportFrameworkRequest { dry_run: true, ..beginning() };
        let dry = clients.import(dry, document.clone()).await.expect("taken").into_inner();
        assert!(dry.changed);
        assert_eq!(clients.framework(&done.framework).await.outcome_count, 19, "a dry run writes nothing");

        let changed = clients.imported(document).await;
        assert_eq!(outcomes(&changed), outcomes(&dry));
        let counts = outcomes(&changed);
        assert_eq!((counts.updated, counts.unchanged, counts.removed), (1, 17, 1));
        let draft = clients.framework(&done.framework).await;
        assert_eq!((draft.outcome_count, draft.unpublished_changes), (18, true));
        let revision = clients.framework(&format!("{}@1", done.framework)).await;
        assert_eq!(revision.outcome_count, 19);
        let name = |framework: &str| format!("{framework}/outcomes/{gone}");
        let get = |name: String| GetOutcomeRequest { name };
        let answer = clients.outcomes.get_outcome(get(name(&done.framework))).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        clients.outcomes.get_outcome(get(name(&revision.name))).await.expect("what was published stays");
    }
);

on_each_database!(
    async fn what_was_made_here_survives_a_later_import(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let package: serde_json::Value = serde_json::from_slice(&fixture("mockIT.json")).expect("JSON");
        let framework = clients.imported(package.to_string().into_bytes()).await.framework;
        let last = package["CFItems"].as_array().expect("items").last().expect("an item").clone();
        let last = format!("{framework}/outcomes/{}", last["identifier"].as_str().expect("an identifier"));
        let kind = Outcome { name: last.clone(), kind: OutcomeKind::Skill.into(), ..Outcome::default() };
        let update = UpdateOutcomeRequest { outcome: Some(kind), ..UpdateOutcomeRequest::default() };
        clients.outcomes.update_outcome(update).await.expect("a kind is set");
        let own = clients.outcome(&framework, "Our own", &last).await;

        let same = clients.imported(package.to_string().into_bytes()).await;
        assert!(!same.changed, "what was made here is no change of the document");
        let mut changed = package.clone();
        let items = changed["CFItems"].as_array_mut().expect("items");
        let gone = items.pop().expect("an item");
        let changed = clients.imported(changed.to_string().into_bytes()).await;
        assert_eq!(outcomes(&changed).removed, 0, "what our own stands below is kept");
        let kept = clients.issues(&changed.name).await;
        assert!(kept.iter().any(|issue| issue.code == "ITEM_KEPT"));
        let get = |name: &str| GetOutcomeRequest { name: name.to_owned() };
        let parent = clients.outcomes.get_outcome(get(&last)).await.expect("kept").into_inner();
        assert_eq!(
            (parent.kind(), parent.uid.as_str()),
            (OutcomeKind::Skill, gone["identifier"].as_str().expect("an identifier"))
        );
        let read = clients.outcomes.get_outcome(get(&own.name)).await.expect("our own").into_inner();
        assert_eq!(read, own);
    }
);

on_each_database!(
    async fn an_import_whose_client_goes_away_is_kept_as_failed(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let id = "01900000-0000-7000-8000-0000000000ac";
        let first = ImportFrameworkRequest { request_id: id.to_owned(), ..beginning() };
        let (send, receive) = tokio::sync::mpsc::channel(4);
        send.send(first.clone()).await.expect("the import listens");
        let mut importer = clients.clone();
        let import = tokio::spawn(async move {
            importer.transfers.import_framework(tokio_stream::wrappers::ReceiverStream::new(receive)).await
        });
        let watch = WatchFrameworkTransferRequest { name: format!("{DISTRICT}/frameworkTransfers/{id}") };
        let seen = loop {
            match clients.transfers.watch_framework_transfer(watch.clone()).await {
                Ok(stream) => break stream.into_inner(),
                Err(status) => assert_eq!(status.code(), Code::NotFound),
            }
        };
        import.abort();
        let seen: Vec<_> = seen.map(shown).collect().await;
        assert_eq!(seen.last().expect("a transfer").state(), JobState::Failed);
        let done =
            clients.import(first, fixture("mockIT.json")).await.expect("again, and whole").into_inner();
        assert_eq!(done.state(), JobState::Succeeded);
    }
);

on_each_database!(
    async fn broken_documents_are_refused_with_the_place_and_nothing_is_written(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let whole = String::from_utf8(fixture("mockIT.json")).expect("UTF-8");
        let cut = whole[..whole.len() / 2].to_owned();
        let deep = whole.replacen(
            "\"CFItems\"",
            &format!("\"x\": {}{},\n\"CFItems\"", "[".repeat(100), "]".repeat(100)),
            1,
        );
        let wrong = "{\"CFDocument\": 7}".to_owned();
        for (what, document) in [("cut", cut), ("deep", deep), ("wrong", wrong), ("empty", String::new())] {
            let answer = clients.import(beginning(), document.into_bytes()).await;
            let status = refused(answer, Code::InvalidArgument, "DOCUMENT_MALFORMED");
            let told = metadata(&status);
            assert!(told["line"].parse::<u32>().expect("a line") > 0, "{what}: {told:?}");
            let get = GetFrameworkTransferRequest { name: told["transfer"].clone() };
            let failed = clients.transfers.get_framework_transfer(get).await.expect("kept").into_inner();
            assert_eq!(
                (failed.state(), failed.phase()),
                (JobState::Failed, FrameworkTransferPhase::Ended),
                "{what}"
            );
            let issues = clients.issues(&failed.name).await;
            assert_eq!(issues[0].severity(), IssueSeverity::Error, "{what}");
        }
        assert_eq!(frameworks(&mut clients).await, 0);
    }
);

on_each_database!(
    async fn a_document_of_200_megabytes_is_refused_before_it_has_arrived(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let chunk = prost::bytes::Bytes::from(vec![b' '; 1024 * 1024]);
        let chunks = (0..200).map(move |_| ImportFrameworkRequest {
            chunk: chunk.clone(),
            ..ImportFrameworkRequest::default()
        });
        let stream = tokio_stream::iter(std::iter::once(beginning()).chain(chunks));
        let answer = clients.transfers.import_framework(stream).await;
        let status = refused(answer, Code::ResourceExhausted, "DOCUMENT_TOO_LARGE");
        let get = GetFrameworkTransferRequest { name: metadata(&status)["transfer"].clone() };
        let failed = clients.transfers.get_framework_transfer(get).await.expect("kept").into_inner();
        assert_eq!(failed.received_size, 128 * 1024 * 1024);
    }
);

on_each_database!(
    async fn a_request_id_imports_once_and_names_the_transfer(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let id = "01900000-0000-7000-8000-0000000000aa";
        let first = ImportFrameworkRequest { request_id: id.to_owned(), ..beginning() };
        let name = format!("{DISTRICT}/frameworkTransfers/{id}");
        let done = clients.import(first.clone(), fixture("mockDOK.json")).await.expect("taken").into_inner();
        assert_eq!((done.name.as_str(), outcomes(&done).created), (name.as_str(), 15));
        let again =
            clients.import(first.clone(), fixture("mockDOK.json")).await.expect("the same").into_inner();
        assert_eq!(again, done);
        let other = clients.import(first, fixture("mockIT.json")).await;
        refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        let watch = WatchFrameworkTransferRequest { name };
        let seen = clients.transfers.watch_framework_transfer(watch).await.expect("a stream").into_inner();
        let seen: Vec<_> = seen.map(shown).collect().await;
        assert_eq!(seen, [done]);
    }
);

on_each_database!(
    async fn an_import_is_watched_while_it_runs(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let id = "01900000-0000-7000-8000-0000000000ab";
        let first = ImportFrameworkRequest { request_id: id.to_owned(), total_size: 33_000, ..beginning() };
        let (send, receive) = tokio::sync::mpsc::channel(4);
        send.send(first).await.expect("the import listens");
        let mut importer = clients.clone();
        let import = tokio::spawn(async move {
            importer.transfers.import_framework(tokio_stream::wrappers::ReceiverStream::new(receive)).await
        });
        let watch = WatchFrameworkTransferRequest { name: format!("{DISTRICT}/frameworkTransfers/{id}") };
        // The import may begin a moment after this asks for the first time.
        let mut seen = loop {
            match clients.transfers.watch_framework_transfer(watch.clone()).await {
                Ok(stream) => break stream.into_inner(),
                Err(status) => assert_eq!(status.code(), Code::NotFound),
            }
        };
        let begun = shown(seen.next().await.expect("a transfer"));
        assert_eq!((begun.state(), begun.total_size), (JobState::Running, 33_000));
        let chunk = ImportFrameworkRequest {
            chunk: fixture("mockIT.json").into(),
            ..ImportFrameworkRequest::default()
        };
        send.send(chunk).await.expect("the import listens");
        drop(send);
        let mut last = begun;
        while let Some(next) = seen.next().await {
            last = shown(next);
        }
        let done = import.await.expect("no panic").expect("taken").into_inner();
        assert_eq!(last, done);
        assert_eq!(done.state(), JobState::Succeeded);
    }
);

on_each_database!(
    async fn a_dry_run_lists_what_would_change_and_a_real_run_what_did(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let mut json: serde_json::Value = serde_json::from_slice(&fixture("mockIT.json")).expect("JSON");
        let first = clients.imported(json.to_string().into_bytes()).await;
        assert_eq!(
            first.change_count,
            i32::try_from(clients.differences(&first.name, 0).await.len()).expect("few")
        );

        json["CFItems"][0]["fullStatement"] = "Another statement".into();
        json["CFItems"][0]["vendorOwn"] = 7.into();
        let added = "77777777-7777-4777-8777-777777777777";
        json["CFItems"].as_array_mut().expect("items").push(serde_json::json!({
            "identifier": added, "fullStatement": "New"
        }));
        json["CFAssociations"][5]["sequenceNumber"] = 999.into();
        let links = json["CFAssociations"].as_array_mut().expect("associations");
        let gone = links.pop().expect("an association")["identifier"].as_str().expect("one").to_owned();
        let document = json.to_string().into_bytes();
        let dry = ImportFrameworkRequest { dry_run: true, ..beginning() };
        let dry = clients.import(dry, document.clone()).await.expect("taken").into_inner();
        let would = clients.differences(&dry.name, 0).await;
        let of =
            |action: FrameworkTransferAction| would.iter().filter(move |change| change.action() == action);
        let changed: Vec<_> = of(FrameworkTransferAction::Changed).collect();
        let told = changed.iter().map(|change| (change.section.as_str(), change.fields.join(" ")));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("CFItems", "fullStatement vendorOwn".to_owned()),
                ("CFAssociations", "sequenceNumber".to_owned())
            ]
        );
        assert!(changed[0].resource.starts_with(&format!("{}/outcomes/", dry.framework)));
        assert_eq!(
            of(FrameworkTransferAction::Added).map(|change| change.uid.as_str()).collect::<Vec<_>>(),
            [added]
        );
        assert_eq!(
            of(FrameworkTransferAction::Removed).map(|change| change.uid.as_str()).collect::<Vec<_>>(),
            [gone.as_str()]
        );
        let moved: Vec<&str> =
            of(FrameworkTransferAction::Moved).map(|change| change.section.as_str()).collect();
        assert_eq!(moved, ["CFItems"], "what the association places");
        assert_eq!(clients.differences(&dry.name, FrameworkTransferAction::Removed.into()).await.len(), 1);

        let done = clients.imported(document).await;
        assert_eq!(clients.differences(&done.name, 0).await, would);
        let before = ListFrameworkTransferChangesRequest {
            parent: dry.name,
            ..ListFrameworkTransferChangesRequest::default()
        };
        let answer = clients.transfers.list_framework_transfer_changes(before).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn what_a_first_import_adds_is_listed_in_order_by_pages_of_any_size(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (mut items, mut links) = (Vec::new(), Vec::new());
        let guid = |name: String| Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string();
        let framework = guid("framework".to_owned());
        for number in 0..450 {
            let id = |kind: &str| guid(format!("{kind} {number}"));
            items.push(serde_json::json!({"identifier": id("item"), "fullStatement": "One of many"}));
            links.push(serde_json::json!({
                "identifier": id("link"), "associationType": "isChildOf",
                "originNodeURI": {"identifier": id("item")},
                "destinationNodeURI": {"identifier": framework}
            }));
        }
        let document = serde_json::json!({
            "CFDocument": {"identifier": framework, "title": "Many", "creator": "A test"},
            "CFItems": items, "CFAssociations": links
        });
        let told = |items: &[serde_json::Value]| -> Vec<String> {
            items.iter().map(|item| item["identifier"].as_str().expect("one").to_owned()).collect()
        };
        let all = [vec![framework], told(&items), told(&links)].concat();
        let done = clients.imported(document.to_string().into_bytes()).await;
        assert_eq!(usize::try_from(done.change_count).expect("a count"), all.len());
        for (page_size, action) in [(1000, 0), (200, 0), (199, 0), (7, FrameworkTransferAction::Added.into())]
        {
            let (mut listed, mut page_token) = (Vec::new(), String::new());
            loop {
                let request = ListFrameworkTransferChangesRequest {
                    parent: done.name.clone(),
                    page_size,
                    page_token,
                    action,
                };
                let page = clients.transfers.list_framework_transfer_changes(request).await;
                let page = page.expect("changes").into_inner();
                assert!(page.changes.len() <= usize::try_from(page_size).expect("a size"));
                listed.extend(page.changes.into_iter().map(|change| change.uid));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(listed, all, "by pages of {page_size}");
        }
        let request = ListFrameworkTransferChangesRequest {
            parent: done.name.clone(),
            page_token: "no token".to_owned(),
            ..ListFrameworkTransferChangesRequest::default()
        };
        let answer = clients.transfers.list_framework_transfer_changes(request).await;
        refused(answer, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);
