//! Packages that were not made to be read.

use std::fmt::Write as _;

use tonic::Code;
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::{
    GetOutcomeRequest, ImportFrameworkRequest, ListDescendantsRequest, ListFrameworksRequest,
};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, beginning, fixture, metadata};

const FRAMEWORK: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c01";
/// How many associations the checks send to nowhere; all of a million with `TRELLIS_HOSTILE_LINKS=1000000`.
const LINKS: usize = 200_000;

fn package(framework: &str, items: &str, associations: &str) -> Vec<u8> {
    let head = format!(r#"{{"CFDocument":{{"identifier":"{framework}","title":"T"}}"#);
    format!(r#"{head},"CFItems":[{items}],"CFAssociations":[{associations}]}}"#).into_bytes()
}

fn id(number: usize) -> String {
    format!("22222222-2222-4222-8222-{number:012x}")
}

fn item(number: usize, statement: &str) -> String {
    format!(r#"{{"identifier":"{}","fullStatement":{}}}"#, id(number), serde_json::json!(statement))
}

fn child(number: usize, of: usize) -> String {
    let node = |number| format!(r#"{{"identifier":"{}"}}"#, id(number));
    format!(
        r#"{{"identifier":"33333333-3333-4333-8333-{number:012x}","associationType":"isChildOf","originNodeURI":{},"destinationNodeURI":{}}}"#,
        node(number),
        node(of)
    )
}

on_each_database!(
    async fn a_circle_of_ten_thousand_is_opened_at_one_place(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let count = 10_000;
        let items: Vec<String> = (0..count).map(|number| item(number, "S")).collect();
        let links: Vec<String> = (0..count).map(|number| child(number, (number + 1) % count)).collect();
        let done = clients.imported(package(FRAMEWORK, &items.join(","), &links.join(","))).await;
        let counts = done.associations.expect("counts");
        assert_eq!((counts.created, counts.refused), (9_999, 1));
        let issues = clients.issues(&done.name).await;
        assert_eq!(issues.iter().filter(|issue| issue.code == "CYCLE_DETECTED").count(), 1);
    }
);

on_each_database!(
    async fn associations_to_nowhere_are_taken_or_refused_with_the_reason(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let count = std::env::var("TRELLIS_HOSTILE_LINKS").ok();
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(LINKS);
        let mut links = String::new();
        for number in 0..count {
            let comma = if number == 0 { "" } else { "," };
            write!(
                links,
                r#"{comma}{{"associationType":"isPeerOf","originNodeURI":{{"identifier":"a{number}"}},"destinationNodeURI":{{"identifier":"b{number}"}}}}"#
            )
            .expect("writing to a text");
        }
        let answer = clients.import(beginning(), package(FRAMEWORK, &item(1, "S"), &links)).await;
        // Not one of them has an identifier, and each is told of: more than an import keeps.
        let status = refused(answer, Code::InvalidArgument, "DOCUMENT_MALFORMED");
        let transfer = metadata(&status)["transfer"].clone();
        let issues = clients.issues(&transfer).await;
        let code = issues[0].code.as_str();
        assert!(["TOO_MANY_ISSUES", "TOO_MANY_ENTRIES"].contains(&code), "{code}");
    }
);

on_each_database!(
    async fn one_guid_in_two_frameworks_and_in_two_districts_is_three_outcomes(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let other = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c02";
        let first = clients.imported(package(FRAMEWORK, &item(1, "The first"), "")).await;
        let second = clients.imported(package(other, &item(1, "The second"), "")).await;
        let issues = clients.issues(&second.name).await;
        assert!(issues.iter().any(|issue| issue.code == "IDENTIFIER_ELSEWHERE"), "{issues:?}");
        let said = async |clients: &mut Clients, framework: &str| {
            let name = format!("{framework}/outcomes/{}", id(1));
            let outcome = clients.outcomes.get_outcome(GetOutcomeRequest { name }).await;
            outcome.expect("it is there").into_inner().statement[0].text.clone()
        };
        assert_eq!(said(&mut clients, &first.framework).await, "The first");
        assert_eq!(said(&mut clients, &second.framework).await, "The second");

        let mut elsewhere = Clients::of(&suite.operator("river-bend"));
        let begin = ImportFrameworkRequest { parent: "districts/river-bend".to_owned(), ..beginning() };
        let third = elsewhere.import(begin, package(FRAMEWORK, &item(1, "The third"), "")).await;
        let third = third.expect("ids are a district's own").into_inner();
        let issues = elsewhere.issues(&third.name).await;
        assert!(issues.iter().all(|issue| issue.code != "IDENTIFIER_ELSEWHERE"), "it says nothing of others");
        assert_eq!(said(&mut clients, &first.framework).await, "The first");
    }
);

on_each_database!(
    async fn statements_are_kept_letter_for_letter(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let statements = [
            "<script>alert('x')</script><b>bold</b> &amp; &lt;",
            "שלום עולם \u{202e}olleh\u{202c} مرحبا",
            "𝒜 🦊 \u{1F468}\u{200D}\u{1F469} é e\u{301}",
            "quotes \" \\ / and \u{7f} tabs\tand\nlines",
        ];
        let items: Vec<String> =
            statements.iter().enumerate().map(|(number, text)| item(number, text)).collect();
        let document = package(FRAMEWORK, &items.join(","), "");
        let done = clients.imported(document.clone()).await;
        for (number, text) in statements.iter().enumerate() {
            let name = format!("{}/outcomes/{}", done.framework, id(number));
            let outcome = clients.outcomes.get_outcome(GetOutcomeRequest { name }).await.expect("kept");
            assert_eq!(outcome.into_inner().statement[0].text, *text);
        }
        assert!(!clients.imported(document).await.changed);
    }
);

on_each_database!(
    async fn what_no_json_reader_agrees_on_is_refused_or_told(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let good = String::from_utf8(package(FRAMEWORK, &item(1, "S"), "")).expect("UTF-8");
        let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&b"\xff\xfe"[..], &utf16].concat();
        let mut latin = good.clone().into_bytes();
        latin.insert(latin.len() - 30, 0xe9);
        for (what, document) in [("UTF-16", utf16), ("UTF-16 with a mark", marked), ("Latin 1", latin)] {
            let answer = clients.import(beginning(), document).await;
            let status = refused(answer, Code::InvalidArgument, "DOCUMENT_MALFORMED");
            let issues = clients.issues(&metadata(&status)["transfer"]).await;
            assert_eq!(issues[0].code, "ENCODING_WRONG", "{what}");
        }
        let marked = [&b"\xef\xbb\xbf"[..], good.as_bytes()].concat();
        assert_eq!(clients.imported(marked).await.state(), JobState::Succeeded, "UTF-8 with a mark");

        let odd = [
            format!(r#"{{"identifier":"{}","fullStatement":"one","fullStatement":"two"}}"#, id(2)),
            format!(r#"{{"identifier":"{}","fullStatement":"S","x":1e999}}"#, id(3)),
            format!(r#"{{"identifier":"{}","fullStatement":"S","x":{}}}"#, id(4), "9".repeat(400)),
            format!(r#"{{"identifier":"{}","fullStatement":"S","x":123456789012345678901234567890}}"#, id(5)),
            format!(r#"{{"identifier":"{}","fullStatement":"\ud800"}}"#, id(6)),
        ];
        let done = clients.imported(package(FRAMEWORK, &odd.join(","), "")).await;
        let issues = clients.issues(&done.name).await;
        let told: Vec<(&str, &str)> = issues
            .iter()
            .filter(|issue| issue.code != "ITEM_WITHOUT_PARENT")
            .map(|issue| (issue.code.as_str(), issue.pointer.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("KEY_REPEATED", "/CFItems/0"),
                ("JSON_MALFORMED", "/CFItems/1"),
                ("JSON_MALFORMED", "/CFItems/2"),
                ("JSON_MALFORMED", "/CFItems/4"),
            ]
        );
    }
);

on_each_database!(
    async fn sections_that_share_a_name_keep_apart(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let own = item(1, "S");
        let document = format!(
            r#"{{"CFDocument":{{"identifier":"{FRAMEWORK}","title":"T"}},"CFItems":[{own}],
"CFDefinitions":{{"CFItems":[{own}],"CFItemTypes":[{{"identifier":"{}","title":"Standard"}}],"own":[{own}]}},
"CFItemTypes":[{own}],"own":[{own}],"CFDefinitions/own":{own}}}"#,
            id(7)
        );
        let done = clients.imported(document.clone().into_bytes()).await;
        assert_eq!(done.definitions.expect("counts").created, 3);
        assert!(!clients.imported(document.into_bytes()).await.changed);
        let tree = ListDescendantsRequest { parent: done.framework, max_depth: 0 };
        let mut tree = clients.outcomes.list_descendants(tree).await.expect("a tree").into_inner();
        assert!(tree.message().await.expect("a node").is_some());
        assert!(tree.message().await.expect("the end").is_none());
    }
);

on_each_database!(
    async fn a_document_cut_anywhere_leaves_nothing_behind(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let whole = fixture("mockIT.json");
        for part in 1..8 {
            let cut = whole[..whole.len() * part / 8].to_vec();
            let answer = clients.import(beginning(), cut).await;
            refused(answer, Code::InvalidArgument, "DOCUMENT_MALFORMED");
        }
        let list = ListFrameworksRequest { parent: DISTRICT.to_owned(), ..ListFrameworksRequest::default() };
        let list = clients.frameworks.list_frameworks(list).await.expect("a list").into_inner();
        assert!(list.frameworks.is_empty());
    }
);
