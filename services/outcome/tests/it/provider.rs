//! The CASE provider over plain HTTP.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jsonschema::Validator;
use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH, LINK, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tonic::Code;
use trellis_contracts::outcome::{
    AssociationType, Framework, FrameworkVisibility, License, SetFrameworkVisibilityRequest,
    UpdateFrameworkRequest,
};
use trellis_kernel::{District, Party};
use trellis_testkit::{Role, Suite, on_each_database, refused};

use crate::support::{Clients, DISTRICT, schema};

const ABSENT: &str = "0190a2f0-0000-7000-8000-000000000000";

/// A reader of the provider: with a token of the district or without.
struct Reader<'s> {
    suite: &'s Suite,
    token: Option<String>,
}

impl Reader<'_> {
    fn base(&self, version: &str) -> String {
        format!("{}/case/grand-bend/ims/case/{version}", self.suite.url())
    }

    fn ask(&self, path: &str) -> RequestBuilder {
        let request = reqwest::Client::new().get(format!("{}/{path}", self.base("v1p1")));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(path).send().await.expect("an answer")
    }

    /// What is found, held to its schema.
    async fn found(&self, path: &str, schema: &Validator) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        valid(schema, answer.json().await.expect("JSON"))
    }

    /// What is refused: its status and its code, held to the schema of refusals.
    async fn refusal(&self, path: &str) -> (u16, String) {
        let answer = self.get(path).await;
        let status = answer.status().as_u16();
        let told = valid(&schema("imsx_statusinfo"), answer.json().await.expect("JSON"));
        assert_eq!(told["imsx_codeMajor"], "failure");
        let code = &told["imsx_codeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"];
        (status, code.as_str().expect("a code").to_owned())
    }
}

fn valid(schema: &Validator, told: Value) -> Value {
    let errors: Vec<String> = schema.iter_errors(&told).take(5).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?} in {told}");
    told
}

/// A reader with the token of a district's IT.
fn of<'s>(suite: &'s Suite, district: &str) -> Reader<'s> {
    let district = District::parse(district).expect("a district");
    let scopes = Role::Operator.scopes();
    let token = suite.minter().mint(&district, &Party::Operator, &scopes, SignedDuration::from_mins(10));
    Reader { suite, token: Some(token.expect("a token")) }
}

fn member(suite: &Suite) -> Reader<'_> {
    of(suite, "grand-bend")
}

fn anybody(suite: &Suite) -> Reader<'_> {
    Reader { suite, token: None }
}

fn id(number: u32) -> String {
    format!("10000000-0000-4000-8000-{number:012}")
}

/// A package with an entry of every sort that CASE has, each linked from another.
fn everything() -> Value {
    let link = |number: u32| json!({"title": "L", "identifier": id(number), "uri": format!("https://a.example/{number}")});
    let at = "2020-01-01T00:00:00Z";
    let entry = |number: u32, title: &str, code: &str| {
        json!({"identifier": id(number), "uri": format!("https://a.example/{number}"), "title": title,
            "hierarchyCode": code, "description": "D", "licenseText": "T", "lastChangeDateTime": at})
    };
    let item = |number: u32| {
        json!({"identifier": id(number), "uri": format!("https://a.example/{number}"), "fullStatement": "S <b>א</b> 😀",
            "CFItemTypeURI": link(50), "conceptKeywordsURI": link(30), "licenseURI": link(40),
            "subjectURI": [link(20)], "lastChangeDateTime": at})
    };
    let edge = |number: u32, from: u32, to: u32| {
        json!({"identifier": id(number), "uri": format!("https://a.example/{number}"), "associationType": "isChildOf",
            "originNodeURI": link(from), "destinationNodeURI": link(to),
            "CFAssociationGroupingURI": link(60), "lastChangeDateTime": at})
    };
    json!({
        "CFDocument": {"identifier": id(1), "uri": "https://a.example/1", "creator": "C", "title": "Everything",
            "lastChangeDateTime": at, "licenseURI": link(40), "subjectURI": [link(20)]},
        "CFItems": [item(2), item(3)],
        "CFAssociations": [edge(10, 2, 1), edge(11, 3, 2)],
        "CFDefinitions": {
            "CFSubjects": [entry(20, "Science", "1"), entry(21, "Biology", "1.1"), entry(22, "Art", "12")],
            "CFConcepts": [entry(30, "Life", "1")], "CFLicenses": [entry(40, "CC BY", "")],
            "CFItemTypes": [entry(50, "Skill", "1")], "CFAssociationGroupings": [entry(60, "G", "")],
        },
        "CFRubrics": [{"identifier": id(70), "uri": "https://a.example/70", "title": "R", "lastChangeDateTime": at,
            "CFRubricCriteria": [{"identifier": id(71), "uri": "u", "CFItemURI": link(2), "lastChangeDateTime": at}]}],
    })
}

/// A district with a framework that came by CASE and one that was written here, both published.
async fn furnished(clients: &mut Clients) -> (Framework, Framework) {
    let came = clients.imported(everything().to_string().into_bytes()).await.framework;
    let came = clients.publish(&came).await;
    let portrait = clients.portrait().await;
    let licensed = Framework {
        name: portrait.name.clone(),
        license: Some(License {
            title: "CC BY 4.0".to_owned(),
            text: "Share.".to_owned(),
            uri: String::new(),
        }),
        ..Framework::default()
    };
    let licensed =
        UpdateFrameworkRequest { framework: Some(licensed), update_mask: None, request_id: String::new() };
    clients.frameworks.update_framework(licensed).await.expect("a licence");
    let top = clients.outcome(&portrait.name, "Thinks with others", "").await;
    let below = clients.outcome(&portrait.name, "Listens", &top.name).await;
    clients.associate(&portrait.name, AssociationType::RelatedTo, &below.name, &top.name).await;
    let written = clients.publish(&portrait.name).await;
    (came, written)
}

/// Where a member finds a framework, and one of each sort of what it holds.
async fn everything_of(member: &Reader<'_>, framework: &Framework) -> Vec<String> {
    let package = member.found(&format!("CFPackages/{}", framework.uid), &schema("cfpackage")).await;
    let id = |entry: &Value| entry["identifier"].as_str().expect("an identifier").to_owned();
    let item = id(&package["CFItems"][0]);
    let paths = vec![
        format!("CFDocuments/{}", framework.uid),
        format!("CFPackages/{}", framework.uid),
        format!("CFItems/{item}"),
        format!("CFItemAssociations/{item}"),
        format!("CFAssociations/{}", id(&package["CFAssociations"][0])),
        format!("CFLicenses/{}", id(&package["CFDefinitions"]["CFLicenses"][0])),
    ];
    for path in &paths {
        assert_eq!(member.get(path).await.status(), StatusCode::OK, "{path}");
    }
    paths
}

/// The draft's name of a revision.
fn draft(framework: &Framework) -> &str {
    framework.name.split_once('@').map_or(framework.name.as_str(), |(draft, _)| draft)
}

async fn set(clients: &mut Clients, name: &str, visibility: FrameworkVisibility) -> Framework {
    let request = SetFrameworkVisibilityRequest {
        name: name.to_owned(),
        visibility: visibility.into(),
        ..SetFrameworkVisibilityRequest::default()
    };
    clients.frameworks.set_framework_visibility(request).await.expect("set").into_inner()
}

/// The schemas by the collections whose answers they are of.
fn schemas() -> BTreeMap<&'static str, Validator> {
    let names = [
        ("CFDocuments", "cfdocumentset"),
        ("CFDocuments/one", "cfdocument"),
        ("CFPackages", "cfpackage"),
        ("CFItems", "cfitem"),
        ("CFItemAssociations", "cfassociationset"),
        ("CFAssociations", "cfassociation"),
        ("CFAssociationGroupings", "cfassociationgrouping"),
        ("CFConcepts", "cfconceptset"),
        ("CFSubjects", "cfsubjectset"),
        ("CFItemTypes", "cfitemtypeset"),
        ("CFLicenses", "cflicense"),
        ("CFRubrics", "cfrubric"),
    ];
    names.into_iter().map(|(collection, name)| (collection, schema(name))).collect()
}

on_each_database!(
    async fn a_client_of_another_make_finds_everything_and_no_dead_link(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        furnished(&mut clients).await;
        let reader = member(&suite);
        let walk = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/walk.py");
        let mut walker = tokio::process::Command::new("python3");
        walker.args([walk, &reader.base("v1p1"), reader.token.as_deref().expect("a token")]);
        let walked = walker.output().await.expect("python3 is on the machine");
        assert!(walked.status.success(), "{}", String::from_utf8_lossy(&walked.stderr));
        let lines = String::from_utf8(walked.stdout).expect("UTF-8");
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let (end, answers) = lines.split_last().expect("a last line");
        assert_eq!(end["dead"], json!([]));
        assert_eq!(end["paths"].as_array().map(Vec::len), Some(12), "every endpoint is described");
        let schemas = schemas();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for answer in answers {
            let mut collection = answer["collection"].as_str().expect("a collection");
            if collection == "CFDocuments" && answer["body"].get("CFDocuments").is_none() {
                collection = "CFDocuments/one";
            }
            *seen.entry(collection).or_default() += 1;
            valid(&schemas[collection], answer["body"].clone());
        }
        assert_eq!(seen.len(), schemas.len(), "{seen:?}");
        assert_eq!((seen["CFItems"], seen["CFAssociations"], seen["CFPackages"]), (4, 5, 2));
    }
);

on_each_database!(
    async fn what_is_not_open_is_for_the_district_alone(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (came, written) = furnished(&mut clients).await;
        let (member, anybody) = (member(&suite), anybody(&suite));
        let stranger = of(&suite, "other-district");
        let broken = Reader { suite: &suite, token: Some("broken".to_owned()) };
        let path = format!("CFDocuments/{}", came.uid);
        for reader in [&anybody, &broken] {
            assert_eq!(reader.refusal(&path).await, (401, "unauthorised_request".to_owned()));
            assert_eq!(reader.get(&path).await.headers()[WWW_AUTHENTICATE], "Bearer");
        }
        for path in [&path, &format!("CFDocuments/{ABSENT}")] {
            assert_eq!(stranger.refusal(path).await, (403, "forbidden".to_owned()));
        }
        member.found(&path, &schema("cfdocument")).await;
        let closed = everything_of(&member, &written).await;
        let absent: Vec<String> = closed
            .iter()
            .map(|path| path.split_once('/').expect("a path").0)
            .map(|own| format!("{own}/{ABSENT}"))
            .collect();

        let opened = set(&mut clients, draft(&came), FrameworkVisibility::Public).await;
        assert_eq!(opened.visibility(), FrameworkVisibility::Public);
        assert_eq!(
            clients.framework(&came.name).await.visibility(),
            FrameworkVisibility::Public,
            "revisions too"
        );
        let again = set(&mut clients, draft(&came), FrameworkVisibility::Public).await;
        assert_eq!(again.etag, opened.etag, "nothing has changed");
        for reader in [&anybody, &stranger] {
            reader.found(&path, &schema("cfdocument")).await;
            reader.found(&format!("CFItems/{}", id(2)), &schema("cfitem")).await;
            let list = reader.found("CFDocuments", &schema("cfdocumentset")).await;
            assert_eq!(list["CFDocuments"].as_array().map(Vec::len), Some(1));
            // What is there and closed is answered like what is not there.
            for path in closed.iter().chain(&absent) {
                assert_eq!(reader.refusal(path).await, (404, "unknownobject".to_owned()), "{path}");
            }
        }
        assert_eq!(broken.refusal(&path).await.0, 401, "a token that proves nobody is never overlooked");
        set(&mut clients, draft(&came), FrameworkVisibility::District).await;
        assert_eq!(anybody.refusal(&path).await.0, 401);
    }
);

on_each_database!(
    async fn who_may_open_a_framework_and_how(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let portrait = clients.portrait().await;
        let request = SetFrameworkVisibilityRequest {
            name: portrait.name.clone(),
            visibility: FrameworkVisibility::Public.into(),
            ..SetFrameworkVisibilityRequest::default()
        };
        let mut stranger = Clients::of(&suite.operator("other-district"));
        let refusal = stranger.frameworks.set_framework_visibility(request.clone()).await;
        refused(refusal, Code::PermissionDenied, "ACCESS_DENIED");
        let pinned =
            SetFrameworkVisibilityRequest { name: format!("{}@1", portrait.name), ..request.clone() };
        let refusal = clients.frameworks.set_framework_visibility(pinned).await;
        refused(refusal, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let stale = SetFrameworkVisibilityRequest { etag: "\"99\"".to_owned(), ..request.clone() };
        assert!(clients.frameworks.set_framework_visibility(stale).await.is_err());
        let missing = SetFrameworkVisibilityRequest {
            name: format!("{DISTRICT}/frameworks/{ABSENT}"),
            ..request.clone()
        };
        let refusal = clients.frameworks.set_framework_visibility(missing).await;
        refused(refusal, Code::NotFound, "RESOURCE_NOT_FOUND");
        // A draft is open before it is published, and then nobody reads it.
        let opened = clients.frameworks.set_framework_visibility(request).await.expect("open").into_inner();
        assert!(opened.unpublished_changes);
        let path = format!("CFDocuments/{}", portrait.uid);
        assert_eq!(anybody(&suite).refusal(&path).await.0, 404);
        clients.publish(&portrait.name).await;
        anybody(&suite).found(&path, &schema("cfdocument")).await;
    }
);

on_each_database!(
    async fn the_newest_revision_is_what_is_served(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let portrait = clients.portrait().await;
        let first = clients.outcome(&portrait.name, "Listens", "").await;
        let reader = member(&suite);
        let (document, item) = (format!("CFDocuments/{}", portrait.uid), format!("CFItems/{}", first.uid));
        assert_eq!(reader.refusal(&document).await.0, 404, "a draft is not served");
        assert_eq!(reader.refusal(&item).await.0, 404);
        assert_eq!(reader.refusal("CFDocuments").await.0, 404, "a list of none");
        clients.publish(&portrait.name).await;
        let package = format!("CFPackages/{}", portrait.uid);
        let one = reader.get(&package).await.headers()[ETAG].clone();
        let second = clients.outcome(&portrait.name, "Asks", "").await;
        let later = format!("CFItems/{}", second.uid);
        assert_eq!(reader.refusal(&later).await.0, 404, "not published yet");
        reader.found(&item, &schema("cfitem")).await;
        clients.publish(&portrait.name).await;
        reader.found(&later, &schema("cfitem")).await;
        let answer = reader.get(&package).await;
        assert_ne!(answer.headers()[ETAG], one);
        let package: Value = answer.json().await.expect("JSON");
        assert_eq!(package["CFItems"].as_array().map(Vec::len), Some(2));
        // An outcome without associations has no set of them.
        assert_eq!(reader.refusal(&format!("CFItemAssociations/{ABSENT}")).await.1, "unknownobject");
    }
);

on_each_database!(
    async fn a_reader_who_has_it_is_told_so(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (came, _) = furnished(&mut clients).await;
        let reader = member(&suite);
        for path in [
            "CFDocuments".to_owned(),
            format!("CFDocuments/{}", came.uid),
            format!("CFPackages/{}", came.uid),
            format!("CFItems/{}", id(2)),
            "discovery/imscasev1p1_openapi3_v1p0.json".to_owned(),
        ] {
            let answer = reader.get(&path).await;
            assert_eq!(answer.headers()[CACHE_CONTROL], "private, no-cache");
            let etag = answer.headers()[ETAG].clone();
            let again = reader.ask(&path).header(IF_NONE_MATCH, &etag).send().await.expect("an answer");
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
            assert_eq!(again.headers()[ETAG], etag);
            assert!(again.bytes().await.expect("a body").is_empty());
            let other = reader.ask(&path).header(IF_NONE_MATCH, "\"other\"").send().await.expect("an answer");
            assert_eq!(other.status(), StatusCode::OK);
        }
        let head = reqwest::Client::new().head(format!("{}/CFDocuments", reader.base("v1p1")));
        let head =
            head.header(AUTHORIZATION, format!("Bearer {}", reader.token.as_deref().expect("a token")));
        let head = head.header(ACCEPT, "application/json").send().await.expect("an answer");
        assert_eq!((head.status(), head.headers()["x-total-count"].as_bytes()), (StatusCode::OK, &b"2"[..]));
    }
);

on_each_database!(
    async fn lists_are_paged_filtered_sorted_and_told_in_headers(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        furnished(&mut clients).await;
        let reader = member(&suite);
        let titles = async |query: &str| {
            let answer = reader.get(&format!("CFDocuments?{query}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{query}");
            let total = answer.headers()["x-total-count"].to_str().expect("text").to_owned();
            let list: Value = answer.json().await.expect("JSON");
            let list = list["CFDocuments"].as_array().expect("a list").clone();
            let titles = list.iter().map(|document| document["title"].as_str().unwrap_or("-").to_owned());
            (total, titles.collect::<Vec<_>>())
        };
        let told = |total: &str, titles: &[&str]| {
            (total.to_owned(), titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>())
        };
        let both = ["Everything", "Portrait of a graduate"];
        assert_eq!(titles("").await, told("2", &both));
        assert_eq!(
            titles("sort=title&orderBy=desc").await,
            told("2", &["Portrait of a graduate", "Everything"])
        );
        assert_eq!(titles("sort=nothing").await, told("2", &both));
        assert_eq!(titles("filter=title~%27PORTRAIT%27").await, told("1", &["Portrait of a graduate"]));
        assert_eq!(titles("limit=1&offset=1").await, told("2", &["Portrait of a graduate"]));
        assert_eq!(titles("fields=identifier").await, told("2", &["-", "-"]));
        let first = reader.get("CFDocuments?limit=1&sort=title").await;
        let links = first.headers()[LINK].to_str().expect("text");
        let next = format!("<{}/CFDocuments?sort=title&limit=1&offset=1>; rel=\"next\"", reader.base("v1p1"));
        assert!(links.starts_with(&next), "{links}");
        let beyond = reader.get("CFDocuments?offset=9").await;
        assert_eq!(beyond.status(), StatusCode::NOT_FOUND);
        assert_eq!(beyond.headers()["x-total-count"], "2");
        for query in [
            "limit=0",
            "limit=x",
            "offset=-1",
            "orderBy=up",
            "fields=",
            "filter=nothing%3D%271%27",
            "filter=x",
        ] {
            let refusal = reader.refusal(&format!("CFDocuments?{query}")).await;
            assert_eq!(refusal, (400, "invalid_selection_field".to_owned()), "{query}");
        }
    }
);

on_each_database!(
    async fn refusals_name_what_is_wrong(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        furnished(&mut clients).await;
        let reader = member(&suite);
        for collection in [
            "CFDocuments",
            "CFPackages",
            "CFItems",
            "CFItemAssociations",
            "CFAssociations",
            "CFRubrics",
            "CFConcepts",
            "CFSubjects",
            "CFItemTypes",
            "CFLicenses",
            "CFAssociationGroupings",
        ] {
            let of = |id: &str| format!("{collection}/{id}");
            assert_eq!(reader.refusal(&of(ABSENT)).await, (404, "unknownobject".to_owned()));
            assert_eq!(reader.refusal(&of("not-a-uuid")).await, (404, "invalid_uuid".to_owned()));
        }
        for path in ["CFItems", "CFNothings", &format!("CFNothings/{ABSENT}"), "discovery/other.json"] {
            assert_eq!(reader.refusal(path).await, (404, "unknownobject".to_owned()), "{path}");
        }
        let set = reader.found(&format!("CFSubjects/{}", id(20)), &schema("cfsubjectset")).await;
        let titles =
            set["CFSubjects"].as_array().expect("a list").iter().map(|subject| subject["title"].clone());
        assert_eq!(titles.collect::<Vec<_>>(), ["Science", "Biology"], "and nothing that only begins alike");
    }
);

on_each_database!(
    async fn old_clients_read_1p0(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (_, written) = furnished(&mut clients).await;
        let reader = member(&suite);
        let get = async |path: String| {
            let url = format!("{}/{path}", reader.base("v1p0"));
            let request = reqwest::Client::new().get(url);
            let request = request
                .header(AUTHORIZATION, format!("Bearer {}", reader.token.as_deref().expect("a token")));
            request.send().await.expect("an answer").json::<Value>().await.expect("JSON")
        };
        let document = get(format!("CFDocuments/{}", written.uid)).await;
        assert_eq!(document["title"], "Portrait of a graduate");
        assert!(document.get("caseVersion").is_none() && document.get("frameworkType").is_none());
        let described = get("discovery/imscasev1p0_openapi3_v1p0.json".to_owned()).await;
        assert_eq!(described["info"]["version"], "1.0");
        assert_eq!(described["servers"][0]["url"], reader.base("v1p0"));
    }
);
