//! What is told of applications and agreements.

use trellis_kernel::{District, Name, Uuid};
use trellis_store::Told;

/// The type of an application.
pub(crate) const APPLICATION: &str = "trellis.dev/Application";

/// The type of an agreement.
pub(crate) const AGREEMENT: &str = "trellis.dev/Agreement";

/// The name of an application.
pub(crate) fn application_name(district: &District, id: Uuid) -> Name {
    Name::district(district.clone()).child("applications", id)
}

/// The name of an agreement.
pub(crate) fn agreement_name(district: &District, id: Uuid) -> Name {
    Name::district(district.clone()).child("agreements", id)
}

/// An application was let in, or stopped.
pub(crate) fn application(kind: &'static str, district: &District, id: Uuid) -> Told {
    told(kind, &application_name(district, id), APPLICATION)
}

/// An agreement was made, or ended.
pub(crate) fn agreement(kind: &'static str, district: &District, id: Uuid) -> Told {
    told(kind, &agreement_name(district, id), AGREEMENT)
}

fn told(kind: &'static str, name: &Name, resource_type: &'static str) -> Told {
    Told {
        kind,
        resource: name.to_string(),
        resource_type,
        subjects: Vec::new(),
        deleted: false,
        payload: None,
    }
}
