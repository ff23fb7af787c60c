//! Resources as a provider answers with them one by one, outside of a package: each says where it belongs.

use serde_json::json;
use trellis_kernel::Uuid;

use super::{ASSOCIATIONS, Json, Known, Version, Writer, edits};
use crate::domain::association::Association;
use crate::domain::framework::Framework;
use crate::domain::outcome::Outcome;
use crate::domain::text::primary;

impl Writer<'_> {
    /// A framework (`CFDocument`), with the entry that it came as.
    pub(crate) fn document_alone(self, framework: &Framework, source: Option<&str>) -> Json {
        let package = self.link("CFPackages", framework);
        self.write_document(framework, source, Some(("CFPackageURI", package)))
    }

    /// An outcome (`CFItem`), with the entry that it came as.
    pub(crate) fn item_alone(self, outcome: &Outcome, source: Option<&str>, of: &Framework) -> Json {
        let document = self.link("CFDocuments", of);
        self.write_item(outcome, source, &of.content.language, Some(("CFDocumentURI", document)))
    }

    /// An association (`CFAssociation`), with the entry that it came as. `known` holds those of its ends
    /// that are outcomes of its framework.
    pub(crate) fn association_alone(
        self,
        association: &Association,
        source: Option<&str>,
        known: &Known,
        of: &Framework,
    ) -> Json {
        let document = self.link("CFDocuments", of);
        self.write_association(association, source, known, Some(("CFDocumentURI", document)))
    }

    /// An outcome and its associations (`CFAssociationSet`).
    pub(crate) fn associations_of(item: Json, associations: Vec<Json>) -> Json {
        Json::Object(vec![("CFItem".to_owned(), item), (ASSOCIATIONS.to_owned(), Json::Array(associations))])
    }

    /// The identity under which the licence of a framework is served that was written here.
    pub(crate) fn license_id(framework: &Framework) -> Uuid {
        edits::license_id(framework)
    }

    /// A reference to what is served of a framework (`LinkURI`).
    fn link(self, collection: &str, to: &Framework) -> Json {
        let id = to.place.id;
        let title = primary(&to.content.title, &to.content.language);
        let uri = self.provider.resource(Version::V1p1, collection, id);
        Json::Object(vec![
            ("title".to_owned(), Json::text(title)),
            ("identifier".to_owned(), Json::text(id.to_string())),
            ("uri".to_owned(), Json::Plain(json!(uri))),
        ])
    }
}
