//! Where a district's resources are served as CASE.

use trellis_kernel::{District, Name, Uuid};

use super::shape::Version;
use crate::domain::framework::FRAMEWORKS;
use crate::domain::outcome::OUTCOMES;

/// A district as a provider of CASE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Provider {
    public_url: String,
    district: District,
}

impl Provider {
    /// The provider of a district under the address by which vendors reach the suite.
    pub(crate) fn new(public_url: &str, district: District) -> Self {
        Self { public_url: public_url.to_owned(), district }
    }

    /// Where its endpoints are.
    pub(crate) fn base(&self, version: Version) -> String {
        format!("{}/case/{}/ims/case/{}", self.public_url, self.district, version.path())
    }

    /// Where a resource is served, by its collection.
    pub(crate) fn resource(&self, version: Version, collection: &str, id: Uuid) -> String {
        format!("{}/{collection}/{id}", self.base(version))
    }

    /// The title, identifier and URI of an outcome or framework that another framework here holds, by its
    /// name.
    pub(super) fn elsewhere(&self, name: &str) -> (String, String, String) {
        let Ok(name) = Name::parse(name) else { return Default::default() };
        let (collection, id) = match (name.id_in(OUTCOMES), name.id_in(FRAMEWORKS)) {
            (Some(id), _) => ("CFItems", id),
            (None, Some(id)) => ("CFDocuments", id),
            (None, None) => return Default::default(),
        };
        let there = Self { district: name.district.clone(), ..self.clone() };
        (String::new(), id.to_string(), there.resource(Version::V1p1, collection, id))
    }
}
