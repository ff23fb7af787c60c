//! Frameworks going out as CASE packages.

use jsonschema::Validator;
use serde_json::Value;
use tonic::Code;
use trellis_contracts::outcome::{CaseVersion, ExportFrameworkRequest};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, fixture, schema};

/// What is exported of a framework.
pub(crate) async fn export(clients: &mut Clients, name: &str, version: CaseVersion) -> String {
    let request = ExportFrameworkRequest { name: name.to_owned(), case_version: version.into() };
    let mut stream = clients.transfers.export_framework(request).await.expect("an export").into_inner();
    let mut document = Vec::new();
    while let Some(part) = stream.message().await.expect("a part") {
        assert!(part.chunk.len() <= 1024 * 1024);
        document.extend_from_slice(&part.chunk);
    }
    String::from_utf8(document).expect("UTF-8")
}

pub(crate) fn require_valid(validator: &Validator, document: &str) -> Value {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let errors: Vec<String> =
        validator.iter_errors(&document).take(5).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    document
}

on_each_database!(
    async fn every_package_goes_out_valid_and_comes_in_again_as_the_same_bytes(suite: Suite) {
        let package = schema("cfpackage");
        let mut clients = Clients::operator(&suite);
        let mut others = Clients::of(&suite.operator("other-district"));
        for file in ["mockMATH.json", "mockELA.json", "mockHSMATH.json", "Utf8TestFramework.json"] {
            let name = clients.imported(fixture(file)).await.framework;
            let first = export(&mut clients, &name, CaseVersion::Unspecified).await;
            require_valid(&package, &first);
            // In another district nothing is known of it.
            let mut beginning = crate::support::beginning();
            "districts/other-district".clone_into(&mut beginning.parent);
            let taken =
                others.import(beginning, first.clone().into_bytes()).await.expect("taken").into_inner();
            let again = export(&mut others, &taken.framework, CaseVersion::V11).await;
            assert_eq!(again, first, "{file}");
        }
    }
);

on_each_database!(
    async fn what_was_written_here_goes_out_under_the_districts_provider(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let portrait = clients.portrait().await;
        let top = clients.outcome(&portrait.name, "Thinks with others", "").await;
        clients.outcome(&portrait.name, "Listens", &top.name).await;
        let draft = export(&mut clients, &portrait.name, CaseVersion::V11).await;
        let draft = require_valid(&schema("cfpackage"), &draft);
        let uri = draft["CFItems"][0]["uri"].as_str().expect("a URI");
        assert!(uri.contains("/case/grand-bend/ims/case/v1p1/CFItems/"), "{uri}");
        assert_eq!(draft["CFAssociations"].as_array().map(Vec::len), Some(2));
        let pinned = clients.publish(&portrait.name).await;
        clients.outcome(&portrait.name, "Asks", "").await;
        let revision = export(&mut clients, &pinned.name, CaseVersion::V10).await;
        let revision: Value = serde_json::from_str(&revision).expect("JSON");
        assert_eq!(revision["CFItems"].as_array().map(Vec::len), Some(2), "a revision does not change");
        assert_eq!(revision["CFDocument"].get("caseVersion"), None);
    }
);

on_each_database!(
    async fn an_export_says_the_same_refusals_as_a_read(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let portrait = clients.portrait().await;
        let ask = |name: &str| ExportFrameworkRequest { name: name.to_owned(), case_version: 0 };
        let missing = format!("{DISTRICT}/frameworks/0190a2f0-0000-7000-8000-000000000000");
        let refusal = clients.transfers.export_framework(ask(&missing)).await;
        refused(refusal, Code::NotFound, "RESOURCE_NOT_FOUND");
        let mut stranger = Clients::of(&suite.operator("other-district"));
        let refusal = stranger.transfers.export_framework(ask(&portrait.name)).await;
        refused(refusal, Code::PermissionDenied, "ACCESS_DENIED");
    }
);
