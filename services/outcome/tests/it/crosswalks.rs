//! Crosswalks, coverage and suggestions.

use serde_json::json;
use tokio_stream::StreamExt as _;
use tonic::Code;
use trellis_contracts::outcome::analyze_coverage_response::Item as CoverageItem;
use trellis_contracts::outcome::{
    AnalyzeCoverageRequest, AssociationType, Coverage, CrosswalkFrameworksRequest,
    CrosswalkFrameworksResponse, CrosswalkGap, CrosswalkLink, CrosswalkSummary, LevelCoverage,
    SubtreeCoverage, SuggestAssociationsRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::graph::{join, pinned};
use crate::support::{Clients, DISTRICT};

/// Two frameworks and a hub between them.
struct Scene {
    ours: String,
    theirs: String,
    hub: String,
    listen: String,
    voice: String,
    speak: String,
    heard: String,
    told: String,
}

async fn scene(clients: &mut Clients) -> Scene {
    let hub = clients.portrait().await.name;
    let heard = clients.outcome(&hub, "Listening to others", "").await.name;
    let ours = clients.portrait().await.name;
    let voice = clients.outcome(&ours, "Voice", "").await.name;
    let listen = clients.outcome(&ours, "I listen to what others say.", &voice).await.name;
    let speak = clients.outcome(&ours, "I speak so that others understand.", &voice).await.name;
    let theirs = clients.portrait().await.name;
    let told = clients.outcome(&theirs, "Listens to what others say", "").await.name;
    clients.outcome(&theirs, "Plays an instrument", "").await;
    join(clients, &ours, AssociationType::PeerOf, &listen, &heard).await;
    join(clients, &theirs, AssociationType::ExactMatchOf, &told, &heard).await;
    clients.publish(&hub).await;
    Scene { ours, theirs, hub, listen, voice, speak, heard, told }
}

fn request(scene: &Scene) -> CrosswalkFrameworksRequest {
    CrosswalkFrameworksRequest {
        parent: DISTRICT.to_owned(),
        source: scene.ours.clone(),
        target: scene.theirs.clone(),
        ..CrosswalkFrameworksRequest::default()
    }
}

/// The counts, and all that follows them as one.
async fn crosswalk(
    clients: &mut Clients,
    request: CrosswalkFrameworksRequest,
) -> (CrosswalkSummary, CrosswalkFrameworksResponse) {
    let mut stream =
        clients.associations.crosswalk_frameworks(request).await.expect("a crosswalk").into_inner();
    let first = stream.next().await.expect("the counts first").expect("the counts");
    let mut rest = CrosswalkFrameworksResponse::default();
    while let Some(part) = stream.next().await {
        let CrosswalkFrameworksResponse { summary, matches, source_gaps, target_gaps } =
            part.expect("a part");
        assert_eq!(summary, None);
        rest.matches.extend(matches);
        rest.source_gaps.extend(source_gaps);
        rest.target_gaps.extend(target_gaps);
    }
    (first.summary.expect("the counts first"), rest)
}

on_each_database!(
    async fn two_frameworks_match_through_a_hub_with_the_way_and_its_strength(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let scene = scene(&mut clients).await;
        let (summary, told) = crosswalk(&mut clients, request(&scene)).await;
        assert_eq!((summary.source_outcomes, summary.source_matched), (3, 1));
        assert_eq!((summary.target_outcomes, summary.target_matched), (2, 1));
        assert_eq!(summary.hubs, [format!("{}@1", scene.hub)]);
        let found = &told.matches[0];
        assert_eq!(
            (found.source.as_str(), found.target.as_str(), found.strength),
            (scene.listen.as_str(), scene.told.as_str(), 800)
        );
        let way: Vec<(AssociationType, bool, &str, i32)> = found
            .links
            .iter()
            .map(|link: &CrosswalkLink| (link.r#type(), link.reversed, link.to.as_str(), link.strength))
            .collect();
        let heard = pinned(&scene.heard, 1);
        assert_eq!(
            way,
            [
                (AssociationType::PeerOf, false, heard.as_str(), 800),
                (AssociationType::ExactMatchOf, true, scene.told.as_str(), 1000),
            ]
        );
        assert_eq!((told.matches.len(), told.source_gaps.len(), told.target_gaps.len()), (1, 2, 1));

        // A direct link of its own is told instead where it is as strong or stronger.
        join(&mut clients, &scene.ours, AssociationType::ExactMatchOf, &scene.listen, &scene.told).await;
        let (_, told) = crosswalk(&mut clients, request(&scene)).await;
        let found = &told.matches[0];
        assert_eq!((found.strength, found.links.len()), (1000, 1));
        let turned = CrosswalkFrameworksRequest {
            source: scene.theirs.clone(),
            target: scene.ours.clone(),
            ..request(&scene)
        };
        let (_, told) = crosswalk(&mut clients, turned).await;
        let found = &told.matches[0];
        assert_eq!(
            (found.source.as_str(), found.strength, found.links[0].reversed),
            (scene.told.as_str(), 1000, true)
        );
    }
);

on_each_database!(
    async fn a_crosswalk_keeps_to_its_bounds_and_its_district(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let scene = scene(&mut clients).await;
        let matches = async |clients: &mut Clients, request| {
            let (_, told) = crosswalk(clients, request).await;
            told.matches.len()
        };
        let direct = CrosswalkFrameworksRequest { max_links: 1, ..request(&scene) };
        assert_eq!(matches(&mut clients, direct).await, 0);
        let strong = CrosswalkFrameworksRequest { min_strength: 801, ..request(&scene) };
        assert_eq!(matches(&mut clients, strong).await, 0);
        let named = CrosswalkFrameworksRequest { hubs: vec![scene.hub.clone()], ..request(&scene) };
        assert_eq!(matches(&mut clients, named).await, 1);

        let far = CrosswalkFrameworksRequest { max_links: 5, ..request(&scene) };
        refused(
            clients.associations.crosswalk_frameworks(far).await,
            Code::InvalidArgument,
            "FIELD_VIOLATION",
        );
        let itself = CrosswalkFrameworksRequest { target: format!("{}@1", scene.ours), ..request(&scene) };
        let itself = refused(
            clients.associations.crosswalk_frameworks(itself).await,
            Code::InvalidArgument,
            "FIELD_VIOLATION",
        );
        assert_eq!(violations(&itself)[0].0, "target");
        let foreign = scene.theirs.replace("grand-bend", "other-district");
        for request in [
            CrosswalkFrameworksRequest { target: foreign.clone(), ..request(&scene) },
            CrosswalkFrameworksRequest { hubs: vec![foreign], ..request(&scene) },
        ] {
            refused(
                clients.associations.crosswalk_frameworks(request).await,
                Code::NotFound,
                "RESOURCE_NOT_FOUND",
            );
        }
        // Who asks for another district is not told of this one's frameworks.
        let mut stranger = Clients::of(&suite.operator("other-district"));
        let mut theirs = request(&scene);
        refused(
            stranger.associations.crosswalk_frameworks(theirs.clone()).await,
            Code::PermissionDenied,
            "ACCESS_DENIED",
        );
        "districts/other-district".clone_into(&mut theirs.parent);
        refused(
            stranger.associations.crosswalk_frameworks(theirs).await,
            Code::NotFound,
            "RESOURCE_NOT_FOUND",
        );
    }
);

on_each_database!(
    async fn coverage_is_told_of_the_whole_of_levels_and_of_subtrees(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let scene = scene(&mut clients).await;
        let request = AnalyzeCoverageRequest {
            parent: DISTRICT.to_owned(),
            framework: scene.ours.clone(),
            covering_framework: scene.theirs.clone(),
            ..AnalyzeCoverageRequest::default()
        };
        let stream = clients.associations.analyze_coverage(request.clone()).await.expect("an analysis");
        let told: Vec<CoverageItem> =
            stream.into_inner().map(|item| item.expect("an item").item.expect("one")).collect().await;
        let of = |outcomes, covered| Coverage { outcomes, covered };
        assert_eq!(
            told,
            [
                CoverageItem::Total(of(3, 1)),
                CoverageItem::Level(LevelCoverage { depth: 1, coverage: Some(of(1, 0)) }),
                CoverageItem::Level(LevelCoverage { depth: 2, coverage: Some(of(2, 1)) }),
                CoverageItem::Subtree(SubtreeCoverage {
                    outcome: scene.voice.clone(),
                    depth: 1,
                    covered: false,
                    coverage: Some(of(2, 1)),
                }),
            ]
        );
        let missing = AnalyzeCoverageRequest { framework: format!("{}@7", scene.ours), ..request };
        refused(clients.associations.analyze_coverage(missing).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn what_is_alike_and_not_joined_is_suggested_with_its_words(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let scene = scene(&mut clients).await;
        let request = SuggestAssociationsRequest {
            parent: DISTRICT.to_owned(),
            source: scene.ours.clone(),
            target: scene.theirs.clone(),
            ..SuggestAssociationsRequest::default()
        };
        let suggest = async |clients: &mut Clients| {
            let stream =
                clients.associations.suggest_associations(request.clone()).await.expect("suggestions");
            stream.into_inner().map(|pair| pair.expect("a pair")).collect::<Vec<_>>().await
        };
        let pairs = suggest(&mut clients).await;
        assert_eq!(pairs.len(), 1, "{pairs:?}");
        let pair = &pairs[0];
        assert_eq!(
            (pair.source.as_str(), pair.target.as_str()),
            (scene.listen.as_str(), scene.told.as_str())
        );
        let shared: i32 = pair.words.iter().map(|word| word.weight).sum();
        assert_eq!(pair.score, 2000 * shared / pair.total_weight);
        let mut words: Vec<&str> = pair.words.iter().map(|word| word.word.as_str()).collect();
        words.sort_unstable();
        assert_eq!(words, ["others", "say", "to", "what"]);
        assert!(!pairs.iter().any(|pair| pair.source == scene.speak));

        join(&mut clients, &scene.theirs, AssociationType::RelatedTo, &scene.told, &scene.listen).await;
        assert!(suggest(&mut clients).await.is_empty(), "what is joined is not suggested");
        let itself = SuggestAssociationsRequest { target: scene.ours.clone(), ..request.clone() };
        refused(
            clients.associations.suggest_associations(itself).await,
            Code::InvalidArgument,
            "FIELD_VIOLATION",
        );
    }
);

on_each_database!(
    async fn many_matches_come_in_the_order_of_the_source_some_at_a_time_and_gaps_after_them(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let shared: Vec<u32> = (0..450).collect();
        let (own, other): (Vec<u32>, Vec<u32>) = ((450..701).collect(), (1000..1203).collect());
        let mut frameworks = Vec::new();
        for (number, rest) in [(90_001, &own), (90_002, &other)] {
            let document = framework(number, &[shared.as_slice(), rest].concat());
            frameworks.push(clients.imported(document).await.framework);
        }
        let [source, target] = &frameworks[..] else { panic!("two frameworks") };
        let question = CrosswalkFrameworksRequest {
            parent: DISTRICT.to_owned(),
            source: source.clone(),
            target: target.clone(),
            ..CrosswalkFrameworksRequest::default()
        };
        let stream = clients.associations.crosswalk_frameworks(question).await.expect("a crosswalk");
        let parts: Vec<_> = stream.into_inner().map(|part| part.expect("a part")).collect().await;
        let sizes: Vec<[usize; 4]> = parts
            .iter()
            .map(|part| {
                let counts = usize::from(part.summary.is_some());
                [counts, part.matches.len(), part.source_gaps.len(), part.target_gaps.len()]
            })
            .collect();
        assert_eq!(
            sizes,
            [
                [1, 0, 0, 0],
                [0, 200, 0, 0],
                [0, 200, 0, 0],
                [0, 50, 0, 0],
                [0, 0, 200, 0],
                [0, 0, 51, 0],
                [0, 0, 0, 200],
                [0, 0, 0, 3],
            ]
        );
        let named = |framework: &str, numbers: &[u32]| -> Vec<String> {
            numbers.iter().map(|number| format!("{framework}/outcomes/{}", guid(*number))).collect()
        };
        let matched: Vec<String> =
            parts.iter().flat_map(|part| &part.matches).map(|found| found.source.clone()).collect();
        assert_eq!(matched, named(source, &shared));
        let gaps = |of: fn(&CrosswalkFrameworksResponse) -> &Vec<CrosswalkGap>| -> Vec<String> {
            parts.iter().flat_map(of).map(|gap| gap.outcome.clone()).collect()
        };
        assert_eq!(gaps(|part| &part.source_gaps), named(source, &own));
        assert_eq!(gaps(|part| &part.target_gaps), named(target, &other));
    }
);

fn guid(number: u32) -> String {
    format!("40000000-0000-4000-8000-{number:012}")
}

/// A package of items in the order of their numbers.
fn framework(number: u32, items: &[u32]) -> Vec<u8> {
    let item =
        |number: &u32| json!({"identifier": guid(*number), "fullStatement": format!("Statement {number}")});
    let document = json!({
        "CFDocument": {"identifier": guid(number), "title": "T"},
        "CFItems": items.iter().map(item).collect::<Vec<_>>(),
    });
    document.to_string().into_bytes()
}
