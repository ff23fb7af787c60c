//! Frameworks.

use trellis_contracts::{outcome as proto, values};
use trellis_kernel::Name;

use super::{case_identity, external_ids, read_external_ids, read_texts, texts};
use crate::domain::framework::{
    AdoptionStatus, Framework, FrameworkContent, FrameworkKind, License, Visibility,
};
use crate::domain::succession::{Currency, Deprecation};

/// A framework as the contract has it, and whether it is current.
pub(in crate::api) fn write(framework: Framework, currency: Currency) -> proto::Framework {
    let etag = framework.etag().to_string();
    let Framework {
        place,
        content,
        revision,
        revision_time,
        unpublished,
        release_note,
        holdings,
        create_time,
        update_time,
        version: _,
    } = framework;
    let Currency { deprecation, superseded_by, visibility } = currency;
    let FrameworkContent {
        kind,
        title,
        description,
        creator,
        publisher,
        version_label,
        language,
        subjects,
        education_levels,
        license,
        official_source_uri,
        adoption_status,
        external_ids: ids,
        case,
    } = content;
    proto::Framework {
        name: place.name().to_string(),
        uid: place.id.to_string(),
        kind: write_kind(kind).into(),
        title: texts(title),
        description: texts(description),
        creator,
        publisher,
        version_label,
        language,
        subjects,
        education_levels,
        license: license.map(|License { title, text, uri }| proto::License { title, text, uri }),
        official_source_uri,
        adoption_status: write_status(adoption_status).into(),
        external_ids: external_ids(ids),
        case_identity: case.map(case_identity),
        revision: i32::try_from(revision).unwrap_or(i32::MAX),
        revision_create_time: revision_time.map(values::timestamp),
        unpublished_changes: unpublished,
        outcome_count: holdings.outcomes,
        association_count: holdings.associations,
        progression_count: holdings.progressions,
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag,
        deprecation: deprecation.map(write_deprecation),
        superseded_by: superseded_by.iter().map(Name::to_string).collect(),
        release_note: texts(release_note),
        visibility: write_visibility(visibility).into(),
    }
}

pub(super) fn write_deprecation(deprecation: Deprecation) -> proto::FrameworkDeprecation {
    let Deprecation { replacing, reason, time } = deprecation;
    proto::FrameworkDeprecation {
        deprecate_time: Some(values::timestamp(time)),
        replacing_framework: replacing.map(|replacing| replacing.name().to_string()).unwrap_or_default(),
        reason: texts(reason),
    }
}

/// What a request says of a framework; what only the server says is ignored.
pub(in crate::api) fn read(framework: proto::Framework) -> FrameworkContent {
    let proto::Framework {
        name: _,
        uid: _,
        kind,
        title,
        description,
        creator,
        publisher,
        version_label,
        language,
        subjects,
        education_levels,
        license,
        official_source_uri,
        adoption_status,
        external_ids,
        case_identity: _,
        revision: _,
        revision_create_time: _,
        unpublished_changes: _,
        outcome_count: _,
        association_count: _,
        progression_count: _,
        create_time: _,
        update_time: _,
        etag: _,
        deprecation: _,
        superseded_by: _,
        release_note: _,
        visibility: _,
    } = framework;
    FrameworkContent {
        kind: read_kind(kind),
        title: read_texts(title),
        description: read_texts(description),
        creator,
        publisher,
        version_label,
        language,
        subjects,
        education_levels,
        license: license.map(|proto::License { title, text, uri }| License { title, text, uri }),
        official_source_uri,
        adoption_status: read_status(adoption_status),
        external_ids: read_external_ids(external_ids),
        case: None,
    }
}

/// The fields of a framework that can be changed, each with whether it is populated.
pub(in crate::api) fn fields(content: &FrameworkContent) -> [(&'static str, bool); 13] {
    [
        ("kind", content.kind != FrameworkKind::Unspecified),
        ("title", !content.title.is_empty()),
        ("description", !content.description.is_empty()),
        ("creator", !content.creator.is_empty()),
        ("publisher", !content.publisher.is_empty()),
        ("version_label", !content.version_label.is_empty()),
        ("language", !content.language.is_empty()),
        ("subjects", !content.subjects.is_empty()),
        ("education_levels", !content.education_levels.is_empty()),
        ("license", content.license.is_some()),
        ("official_source_uri", !content.official_source_uri.is_empty()),
        ("adoption_status", content.adoption_status != AdoptionStatus::Unspecified),
        ("external_ids", !content.external_ids.is_empty()),
    ]
}

/// Takes the fields that are named from one, and all others from the other.
pub(in crate::api) fn merge(
    own: FrameworkContent,
    new: FrameworkContent,
    paths: &[&str],
) -> FrameworkContent {
    let takes = |path: &str| paths.contains(&path);
    FrameworkContent {
        kind: if takes("kind") { new.kind } else { own.kind },
        title: if takes("title") { new.title } else { own.title },
        description: if takes("description") { new.description } else { own.description },
        creator: if takes("creator") { new.creator } else { own.creator },
        publisher: if takes("publisher") { new.publisher } else { own.publisher },
        version_label: if takes("version_label") { new.version_label } else { own.version_label },
        language: if takes("language") { new.language } else { own.language },
        subjects: if takes("subjects") { new.subjects } else { own.subjects },
        education_levels: if takes("education_levels") { new.education_levels } else { own.education_levels },
        license: if takes("license") { new.license } else { own.license },
        official_source_uri: if takes("official_source_uri") {
            new.official_source_uri
        } else {
            own.official_source_uri
        },
        adoption_status: if takes("adoption_status") { new.adoption_status } else { own.adoption_status },
        external_ids: if takes("external_ids") { new.external_ids } else { own.external_ids },
        case: own.case,
    }
}

/// A kind as the contract has it.
pub(in crate::api) const fn write_kind(kind: FrameworkKind) -> proto::FrameworkKind {
    match kind {
        FrameworkKind::Unspecified => proto::FrameworkKind::Unspecified,
        FrameworkKind::PortraitOfAGraduate => proto::FrameworkKind::PortraitOfAGraduate,
        FrameworkKind::Standards => proto::FrameworkKind::Standards,
        FrameworkKind::Competencies => proto::FrameworkKind::Competencies,
        FrameworkKind::Progressions => proto::FrameworkKind::Progressions,
        FrameworkKind::EducatorCompetencies => proto::FrameworkKind::EducatorCompetencies,
        FrameworkKind::Other => proto::FrameworkKind::Other,
    }
}

/// A kind from the wire; the contract has checked that it is one.
pub(in crate::api) fn read_kind(number: i32) -> FrameworkKind {
    match proto::FrameworkKind::try_from(number).unwrap_or_default() {
        proto::FrameworkKind::Unspecified => FrameworkKind::Unspecified,
        proto::FrameworkKind::PortraitOfAGraduate => FrameworkKind::PortraitOfAGraduate,
        proto::FrameworkKind::Standards => FrameworkKind::Standards,
        proto::FrameworkKind::Competencies => FrameworkKind::Competencies,
        proto::FrameworkKind::Progressions => FrameworkKind::Progressions,
        proto::FrameworkKind::EducatorCompetencies => FrameworkKind::EducatorCompetencies,
        proto::FrameworkKind::Other => FrameworkKind::Other,
    }
}

const fn write_status(status: AdoptionStatus) -> proto::FrameworkAdoptionStatus {
    match status {
        AdoptionStatus::Unspecified => proto::FrameworkAdoptionStatus::Unspecified,
        AdoptionStatus::PrivateDraft => proto::FrameworkAdoptionStatus::PrivateDraft,
        AdoptionStatus::Draft => proto::FrameworkAdoptionStatus::Draft,
        AdoptionStatus::Adopted => proto::FrameworkAdoptionStatus::Adopted,
        AdoptionStatus::Deprecated => proto::FrameworkAdoptionStatus::Deprecated,
    }
}

fn read_status(number: i32) -> AdoptionStatus {
    match proto::FrameworkAdoptionStatus::try_from(number).unwrap_or_default() {
        proto::FrameworkAdoptionStatus::Unspecified => AdoptionStatus::Unspecified,
        proto::FrameworkAdoptionStatus::PrivateDraft => AdoptionStatus::PrivateDraft,
        proto::FrameworkAdoptionStatus::Draft => AdoptionStatus::Draft,
        proto::FrameworkAdoptionStatus::Adopted => AdoptionStatus::Adopted,
        proto::FrameworkAdoptionStatus::Deprecated => AdoptionStatus::Deprecated,
    }
}

const fn write_visibility(visibility: Visibility) -> proto::FrameworkVisibility {
    match visibility {
        Visibility::District => proto::FrameworkVisibility::District,
        Visibility::Public => proto::FrameworkVisibility::Public,
    }
}

/// Who may read a framework, from the wire; the contract has checked that it says so.
pub(in crate::api) fn read_visibility(number: i32) -> Visibility {
    match proto::FrameworkVisibility::try_from(number).unwrap_or_default() {
        proto::FrameworkVisibility::Public => Visibility::Public,
        proto::FrameworkVisibility::District | proto::FrameworkVisibility::Unspecified => {
            Visibility::District
        }
    }
}
