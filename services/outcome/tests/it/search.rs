//! Searching a real framework.

use tonic::Code;
use trellis_contracts::outcome::SearchOutcomesRequest;
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, fixture};

on_each_database!(
    async fn the_math_specification_is_found_by_code_by_words_and_with_a_typo(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = clients.imported(fixture("mockMATH.json")).await.framework;
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
