//! Searching a real framework.

use tonic::Code;
use trellis_contracts::outcome::{CreateOutcomeRequest, Outcome, OutcomeKind, SearchOutcomesRequest};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, english, fixture};

on_each_database!(
    async fn the_math_specification_is_found_by_code_by_words_and_with_a_typo(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = clients.imported(fixture("mockMATH.json")).await.framework;
        clients.publish(&framework).await;
        let search = async |clients: &mut Clients, parent: &str, query: &str| {
            let request = SearchOutcomesRequest {
                parent: parent.to_owned(),
                query: query.to_owned(),
                page_size: 5,
                ..SearchOutcomesRequest::default()
            };
            let found = clients.outcomes.search_outcomes(request).await.expect("an answer").into_inner();
            let matches = found.matches.into_iter();
            matches.map(|found| (found.outcome.expect("an outcome").code, found.score)).collect::<Vec<_>>()
        };
        let code = "M.G3.C1NF.TF.3.NF.A.2";
        assert_eq!(search(&mut clients, &framework, code).await[0], (code.to_owned(), 1000));
        assert_eq!(search(&mut clients, DISTRICT, "3.nf.a.2").await[0].0, code);
        let by_words = search(&mut clients, &framework, "fraction number line diagram").await;
        assert!(by_words.iter().any(|(found, _)| found.starts_with("M.G3.C1NF.TF.3.NF.A.2")), "{by_words:?}");
        let mistyped = search(&mut clients, &framework, "fracton numbr line diagrm").await;
        assert!(mistyped.iter().any(|(found, _)| found.starts_with("M.G3.C1NF.TF.3.NF.A.2")), "{mistyped:?}");
        assert!(search(&mut clients, &framework, "photosynthesis").await.is_empty());
    }
);

on_each_database!(
    async fn the_pages_of_a_search_are_one_list(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = clients.imported(fixture("mockHSMATH.json")).await.framework;
        let request = |page_size: i32, page_token: String| SearchOutcomesRequest {
            parent: framework.clone(),
            query: "equation".to_owned(),
            page_size,
            page_token,
            ..SearchOutcomesRequest::default()
        };
        let whole =
            clients.outcomes.search_outcomes(request(1000, String::new())).await.expect("all").into_inner();
        assert!(whole.matches.len() > 5);
        let (mut pages, mut token) = (Vec::new(), String::new());
        loop {
            let page =
                clients.outcomes.search_outcomes(request(3, token)).await.expect("a page").into_inner();
            pages.extend(page.matches);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(pages, whole.matches);
        let tampered = clients.outcomes.search_outcomes(request(3, "tampered".to_owned())).await;
        refused(tampered, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);

/// A request for what a district has published.
fn published(query: &str) -> SearchOutcomesRequest {
    SearchOutcomesRequest {
        parent: DISTRICT.to_owned(),
        query: query.to_owned(),
        ..SearchOutcomesRequest::default()
    }
}

async fn statements(clients: &mut Clients, request: SearchOutcomesRequest) -> Vec<String> {
    let found = clients.outcomes.search_outcomes(request).await.expect("an answer").into_inner();
    let outcomes = found.matches.into_iter().map(|found| found.outcome.expect("an outcome"));
    outcomes.map(|outcome| outcome.statement[0].text.clone()).collect()
}

on_each_database!(
    async fn a_district_is_searched_in_what_it_last_published(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        clients.outcome(&draft, "I compare fractions.", "").await;
        assert!(
            statements(&mut clients, published("fractions")).await.is_empty(),
            "a draft is not published"
        );
        clients.publish(&draft).await;
        assert_eq!(statements(&mut clients, published("fractions")).await, ["I compare fractions."]);
        clients.outcome(&draft, "I add fractions.", "").await;
        assert_eq!(statements(&mut clients, published("fractions")).await.len(), 1);
        clients.publish(&draft).await;
        assert_eq!(statements(&mut clients, published("fractions")).await.len(), 2);
        let found = clients.outcomes.search_outcomes(published("add")).await.expect("an answer").into_inner();
        let name = &found.matches[0].outcome.as_ref().expect("an outcome").name;
        assert!(name.starts_with(&format!("{draft}@2/")), "{name}");

        let at = |revision: u32| SearchOutcomesRequest {
            parent: format!("{draft}@{revision}"),
            ..published("fractions")
        };
        assert_eq!(statements(&mut clients, at(1)).await.len(), 1);
        assert_eq!(statements(&mut clients, at(2)).await.len(), 2);
        refused(clients.outcomes.search_outcomes(at(3)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn no_district_finds_what_another_published_but_all_find_the_commons(suite: Suite) {
        let mut own = Clients::operator(&suite);
        let draft = own.portrait().await.name;
        own.outcome(&draft, "I compare fractions.", "").await;
        own.publish(&draft).await;
        assert_eq!(statements(&mut own, published("fractions")).await.len(), 1);

        let mut other = Clients::of(&suite.operator("other-district"));
        let theirs =
            SearchOutcomesRequest { parent: "districts/other-district".to_owned(), ..published("fractions") };
        assert!(statements(&mut other, theirs.clone()).await.is_empty());
        let named = SearchOutcomesRequest {
            frameworks: vec![draft.clone()],
            include_commons: true,
            ..theirs.clone()
        };
        assert!(statements(&mut other, named).await.is_empty(), "a filter opens no other district");
        refused(
            other.outcomes.search_outcomes(published("fractions")).await,
            Code::PermissionDenied,
            "ACCESS_DENIED",
        );
        let framework = SearchOutcomesRequest { parent: draft, include_commons: true, ..theirs };
        refused(own.outcomes.search_outcomes(framework).await, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn a_search_is_narrowed_and_counted_alike_by_the_index_and_in_a_draft(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        for (text, kind, kind_of, level) in [
            ("I compare fractions.", OutcomeKind::Skill, "Target", "03"),
            ("I add fractions.", OutcomeKind::Skill, "Standard", "04"),
            ("I know what fractions are.", OutcomeKind::Knowledge, "Target", "03"),
        ] {
            let outcome = Outcome {
                kind: kind.into(),
                statement: english(text),
                r#type: kind_of.to_owned(),
                education_levels: vec![level.to_owned()],
                concept_keywords: vec![format!("Partition {level}")],
                ..Outcome::default()
            };
            let request = CreateOutcomeRequest {
                parent: draft.clone(),
                outcome: Some(outcome),
                request_id: String::new(),
            };
            clients.outcomes.create_outcome(request).await.expect("an outcome");
        }
        clients.publish(&draft).await;
        for parent in [DISTRICT.to_owned(), draft.clone(), format!("{draft}@1")] {
            let all = SearchOutcomesRequest { parent, count_facets: true, ..published("fractions") };
            let found = clients.outcomes.search_outcomes(all.clone()).await.expect("an answer").into_inner();
            assert_eq!((found.total_size, found.matches.len()), (3, 3));
            let told: Vec<(&str, Vec<(&str, i32)>)> = found
                .facets
                .iter()
                .map(|facet| {
                    let values = facet.values.iter().map(|value| (value.value.as_str(), value.count));
                    (facet.field.as_str(), values.collect())
                })
                .collect();
            assert_eq!(
                told,
                [
                    ("kinds", vec![("OUTCOME_KIND_SKILL", 2), ("OUTCOME_KIND_KNOWLEDGE", 1)]),
                    ("types", vec![("Target", 2), ("Standard", 1)]),
                    ("languages", vec![("en", 3)]),
                    ("education_levels", vec![("03", 2), ("04", 1)]),
                    ("frameworks", vec![(draft.as_str(), 3)]),
                ]
            );
            let concepts = SearchOutcomesRequest { query: "partition 04".to_owned(), ..all.clone() };
            assert_eq!(statements(&mut clients, concepts).await[0], "I add fractions.");
            let skills = SearchOutcomesRequest { kinds: vec![OutcomeKind::Skill.into()], ..all.clone() };
            assert_eq!(statements(&mut clients, skills.clone()).await.len(), 2);
            let targets = SearchOutcomesRequest { types: vec!["Target".to_owned()], ..skills };
            assert_eq!(statements(&mut clients, targets).await, ["I compare fractions."]);
            let spanish = SearchOutcomesRequest { languages: vec!["es".to_owned()], ..all.clone() };
            assert!(statements(&mut clients, spanish).await.is_empty());
            let elsewhere = draft
                .replace(draft.rsplit('/').next().expect("an id"), "01900000-0000-7000-8000-0000000000aa");
            let other = SearchOutcomesRequest { frameworks: vec![elsewhere], ..all };
            assert!(statements(&mut clients, other).await.is_empty());
        }
    }
);

on_each_database!(
    async fn the_index_forgives_forms_beginnings_and_mistyped_words_and_pages_as_one_list(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = clients.imported(fixture("mockMATH.json")).await.framework;
        clients.publish(&framework).await;
        let codes = async |clients: &mut Clients, query: &str| {
            let request = SearchOutcomesRequest { page_size: 20, ..published(query) };
            let found = clients.outcomes.search_outcomes(request).await.expect("an answer").into_inner();
            let matches = found.matches.into_iter();
            matches.map(|found| (found.outcome.expect("an outcome").code, found.score)).collect::<Vec<_>>()
        };
        let code = "M.G3.C1NF.TF.3.NF.A.2";
        assert_eq!(codes(&mut clients, &code.to_lowercase()).await[0], (code.to_owned(), 1000));
        assert!(codes(&mut clients, "3.nf.a.2").await.contains(&(code.to_owned(), 950)));
        for query in [
            "fraction number line diagram",
            "fracton numbr line diagrm",
            "represent fractions number line diag",
        ] {
            let found = codes(&mut clients, query).await;
            assert!(found.iter().any(|(found, _)| found.starts_with(code)), "{query}: {found:?}");
            assert!(found.iter().all(|(_, score)| (1..=1000).contains(score)));
            assert!(found.is_sorted_by(|a, b| a.1 >= b.1));
        }
        assert!(codes(&mut clients, "photosynthesis").await.is_empty());

        let whole = SearchOutcomesRequest { page_size: 1000, ..published("represent fractions") };
        let whole = clients.outcomes.search_outcomes(whole).await.expect("all").into_inner();
        assert!(whole.matches.len() > 10);
        let (mut pages, mut token) = (Vec::new(), String::new());
        loop {
            let page =
                SearchOutcomesRequest { page_size: 7, page_token: token, ..published("represent fractions") };
            let page = clients.outcomes.search_outcomes(page).await.expect("a page").into_inner();
            pages.extend(page.matches);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(pages, whole.matches);
        let foreign =
            SearchOutcomesRequest { page_token: "tampered".to_owned(), ..published("represent fractions") };
        refused(clients.outcomes.search_outcomes(foreign).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);
