//! Frameworks made from templates.

use std::collections::HashMap;

use tokio_stream::StreamExt as _;
use tonic::Code;
use trellis_contracts::outcome::{
    CreateFrameworkFromTemplateRequest, Framework, FrameworkKind, FrameworkTemplate,
    GetFrameworkTemplateRequest, ListDescendantsRequest, ListFrameworkTemplatesRequest,
    ListFrameworksRequest, ListProgressionsRequest, Outcome, OutcomeKind, Progression,
};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, english};

async fn templates(clients: &mut Clients) -> HashMap<String, FrameworkTemplate> {
    let request = ListFrameworkTemplatesRequest {
        parent: DISTRICT.to_owned(),
        ..ListFrameworkTemplatesRequest::default()
    };
    let page = clients.authoring.list_framework_templates(request).await.expect("a list").into_inner();
    assert_eq!(page.next_page_token, "");
    page.framework_templates.into_iter().map(|template| (template.code.clone(), template)).collect()
}

fn from(template: &FrameworkTemplate) -> CreateFrameworkFromTemplateRequest {
    CreateFrameworkFromTemplateRequest {
        parent: DISTRICT.to_owned(),
        template: template.name.clone(),
        ..CreateFrameworkFromTemplateRequest::default()
    }
}

async fn tree(clients: &mut Clients, framework: &Framework) -> Vec<(i32, Outcome)> {
    let request = ListDescendantsRequest { parent: framework.name.clone(), max_depth: 0 };
    let tree = clients.outcomes.list_descendants(request).await.expect("a tree").into_inner();
    tree.map(|node| node.expect("a node"))
        .map(|node| (node.depth, node.outcome.expect("an outcome")))
        .collect()
        .await
}

async fn progressions(clients: &mut Clients, framework: &Framework) -> Vec<Progression> {
    let request =
        ListProgressionsRequest { parent: framework.name.clone(), ..ListProgressionsRequest::default() };
    clients.progressions.list_progressions(request).await.expect("a list").into_inner().progressions
}

on_each_database!(
    async fn a_framework_made_from_my_ways_holds_it_all_and_says_where_it_is_from(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let template = templates(&mut clients).await.remove("myways").expect("MyWays");
        assert!(template.outcomes.is_empty(), "a list holds the heads alone");
        let request = GetFrameworkTemplateRequest { name: template.name.clone() };
        let whole = clients.authoring.get_framework_template(request).await.expect("a template").into_inner();
        assert_eq!((whole.parts.len(), whole.outcomes.len()), (4, 24));

        let title = english("Portrait of a Grand Bend graduate");
        let request = CreateFrameworkFromTemplateRequest { title: title.clone(), ..from(&template) };
        let made =
            clients.authoring.create_framework_from_template(request).await.expect("made").into_inner();
        assert_eq!((made.kind(), &made.title), (FrameworkKind::PortraitOfAGraduate, &title));
        let license = made.license.clone().expect("a licence");
        assert_eq!(license.title, "CC BY 4.0");
        assert!(license.text.contains("Next Generation Learning Challenges"));
        assert!(made.official_source_uri.starts_with("https://myways.nextgenlearning.org"));
        assert_eq!((made.outcome_count, made.association_count), (24, 24));
        assert_eq!((made.revision, made.unpublished_changes), (0, true));
        assert_eq!(clients.framework(&made.name).await, made);

        let tree = tree(&mut clients, &made).await;
        let read: Vec<(i32, &str)> =
            tree.iter().map(|(depth, outcome)| (*depth, outcome.code.as_str())).collect();
        let deep = |code: &str| if code.is_empty() { 1 } else { 2 };
        let want = whole.outcomes.iter().map(|outcome| (deep(&outcome.parent_code), outcome.code.as_str()));
        assert_eq!(read, want.collect::<Vec<_>>(), "in the order of the template");
        let kinds: Vec<OutcomeKind> = tree.iter().map(|(_, outcome)| outcome.kind()).collect();
        for kind in [OutcomeKind::Knowledge, OutcomeKind::Skill, OutcomeKind::Mindset] {
            assert!(kinds.contains(&kind), "{kind:?}");
        }
        let progressions = progressions(&mut clients, &made).await;
        assert_eq!(progressions.len(), whole.progressions.len());
        let own = &progressions[0].levels[0].description;
        assert!(own.iter().any(|text| text.text.starts_with("I can")) && own.len() == 2, "in two languages");
        let published = clients.publish(&made.name).await;
        assert_eq!((published.revision, published.outcome_count), (1, 24));
    }
);

on_each_database!(
    async fn a_part_in_one_language_is_taken_alone(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let template = templates(&mut clients).await.remove("portrait").expect("the empty portrait");
        let parts = vec!["mindsets".to_owned(), "skills".to_owned()];
        let request =
            CreateFrameworkFromTemplateRequest { language: "es".to_owned(), parts, ..from(&template) };
        let made =
            clients.authoring.create_framework_from_template(request).await.expect("made").into_inner();
        assert_eq!((made.language.as_str(), made.title[0].text.as_str()), ("es", "Perfil del egresado"));
        let tree = tree(&mut clients, &made).await;
        let codes: Vec<&str> = tree.iter().map(|(_, outcome)| outcome.code.as_str()).collect();
        assert_eq!(codes, ["S", "S.1", "M", "M.1"]);
        assert!(tree.iter().all(|(_, outcome)| outcome.statement.iter().all(|text| text.language == "es")));
    }
);

on_each_database!(
    async fn the_same_request_again_makes_nothing_more(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let template = templates(&mut clients).await.remove("lifecomp").expect("LifeComp");
        let request_id = "0195c000-0000-7000-8000-00000000f001".to_owned();
        let request = CreateFrameworkFromTemplateRequest { request_id, ..from(&template) };
        let made = clients.authoring.create_framework_from_template(request.clone()).await.expect("made");
        let again = clients.authoring.create_framework_from_template(request.clone()).await.expect("again");
        assert_eq!(made.into_inner(), again.into_inner());
        let other = CreateFrameworkFromTemplateRequest { language: "en".to_owned(), ..request };
        let other = clients.authoring.create_framework_from_template(other).await;
        refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        let list = ListFrameworksRequest { parent: DISTRICT.to_owned(), ..ListFrameworksRequest::default() };
        let list = clients.frameworks.list_frameworks(list).await.expect("a list").into_inner();
        assert_eq!(list.frameworks.len(), 1);
    }
);

on_each_database!(
    async fn what_no_template_has_is_refused_and_pages_go_on(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let template = templates(&mut clients).await.remove("myways").expect("MyWays");
        let unknown = format!("{DISTRICT}/frameworkTemplates/{}", uuid(7));
        let missing = GetFrameworkTemplateRequest { name: unknown.clone() };
        refused(
            clients.authoring.get_framework_template(missing).await,
            Code::NotFound,
            "RESOURCE_NOT_FOUND",
        );
        let missing = CreateFrameworkFromTemplateRequest { template: unknown, ..from(&template) };
        let missing = clients.authoring.create_framework_from_template(missing).await;
        refused(missing, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
        let parts = CreateFrameworkFromTemplateRequest { parts: vec!["none".to_owned()], ..from(&template) };
        let parts = clients.authoring.create_framework_from_template(parts).await;
        refused(parts, Code::InvalidArgument, "FIELD_VIOLATION");

        let (mut codes, mut page_token) = (Vec::new(), String::new());
        loop {
            let request =
                ListFrameworkTemplatesRequest { parent: DISTRICT.to_owned(), page_size: 1, page_token };
            let page =
                clients.authoring.list_framework_templates(request).await.expect("a page").into_inner();
            codes.extend(page.framework_templates.into_iter().map(|template| template.code));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(codes, ["lifecomp", "myways", "portrait"]);
        let foreign = ListFrameworkTemplatesRequest {
            parent: DISTRICT.to_owned(),
            page_token: "AAAA".to_owned(),
            ..ListFrameworkTemplatesRequest::default()
        };
        let foreign = clients.authoring.list_framework_templates(foreign).await;
        refused(foreign, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);

fn uuid(number: u128) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}
