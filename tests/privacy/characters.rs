//! U+0000 in a text: one database keeps it and the other cannot, so it is refused at the door, alike.

use tonic::Code;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::{CreateEvidenceRequest, Evidence};
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{FrameworkTransferFormat, ImportFrameworkRequest};
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{
    CreateEntryRequest, Entry, EntryAudience, EntryFacet, ListOrganizationsRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use super::{Place, words};

/// Text, text in a list, in a message of a list, and in what only queries.
const NUL: &str = "bees\0and more";

on_each_database!(
    async fn a_text_with_a_nul_is_refused_by_its_field(suite: Suite) {
        let place = Place::of(suite).await;
        let mut evidence = EvidenceServiceClient::new(place.learner());
        let draft = Evidence {
            learner: place.school.learner(place.school.learner),
            title: "Bees".to_owned(),
            text: NUL.to_owned(),
            ..Evidence::default()
        };
        let request = CreateEvidenceRequest {
            parent: place.school.parent(),
            evidence: Some(draft),
            ..CreateEvidenceRequest::default()
        };
        let status =
            refused(evidence.create_evidence(request).await, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "evidence.text");

        let entry = Entry {
            facet: EntryFacet::Strength.into(),
            text: words(NUL),
            audience: EntryAudience::OnlyMe.into(),
            ..Entry::default()
        };
        let request = CreateEntryRequest {
            parent: place.school.learner(place.school.learner),
            entry: Some(entry),
            ..CreateEntryRequest::default()
        };
        let answer = LearnerServiceClient::new(place.learner()).create_entry(request).await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "entry.text[0].text");

        let request = ListOrganizationsRequest {
            parent: place.school.parent(),
            filter: format!("external_id = \"{NUL}\""),
            ..ListOrganizationsRequest::default()
        };
        let answer = RosterServiceClient::new(place.learner()).list_organizations(request).await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "filter");
    }
);

on_each_database!(
    async fn a_package_with_a_nul_is_refused_whole(suite: Suite) {
        let whole = include_str!("../journey/small.case.json");
        let package = whole.replacen("Compare two sets", "Compare\\u0000two sets", 1);
        assert_ne!(package, whole);
        let request = ImportFrameworkRequest {
            parent: "districts/grand-bend".to_owned(),
            format: FrameworkTransferFormat::CaseJson.into(),
            chunk: package.into_bytes().into(),
            ..ImportFrameworkRequest::default()
        };
        let mut client = FrameworkTransferServiceClient::new(suite.operator("grand-bend"));
        let answer = client.import_framework(tokio_stream::once(request)).await;
        refused(answer, Code::InvalidArgument, "DOCUMENT_MALFORMED");
    }
);
