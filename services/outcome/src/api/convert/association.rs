//! Associations.

use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{Etag, Failure, Name, Result};

use super::case_identity;
use crate::domain::association::{Association, AssociationContent, AssociationType, Held, Node};
use crate::domain::framework::{FRAMEWORKS, FrameworkRef};
use crate::domain::outcome::{OUTCOMES, outcome_name};

/// An association as the contract has it.
pub(in crate::api) fn write(association: Association) -> proto::Association {
    let name = association.name().to_string();
    let Association { framework, id, content, create_time, update_time, version } = association;
    let AssociationContent { kind, extension, origin, destination, sequence, grouping, notes, case } =
        content;
    proto::Association {
        name,
        uid: id.to_string(),
        r#type: write_type(kind).into(),
        extension_type: extension,
        origin: Some(write_node(&framework, origin)),
        destination: Some(write_node(&framework, destination)),
        sequence_number: sequence,
        grouping,
        notes,
        case_identity: case.map(case_identity),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
    }
}

fn write_node(framework: &FrameworkRef, node: Node) -> proto::AssociationNode {
    let Node { held, uri, identifier, title, target_type } = node;
    let resource = match held {
        None => String::new(),
        Some(Held::Outcome(id)) => outcome_name(framework, id).to_string(),
        Some(Held::Framework) => framework.name().to_string(),
        Some(Held::Other(name)) => name,
    };
    proto::AssociationNode { resource, uri, identifier, title, target_type }
}

/// What a request says of an association of a framework; what only the server says is ignored.
pub(in crate::api) fn read(of: &FrameworkRef, association: proto::Association) -> Result<AssociationContent> {
    let proto::Association {
        name: _,
        uid: _,
        r#type,
        extension_type,
        origin,
        destination,
        sequence_number,
        grouping,
        notes,
        case_identity: _,
        create_time: _,
        update_time: _,
        etag: _,
    } = association;
    let kind = read_type(r#type).ok_or_else(|| Failure::field("association.type", "value is required"))?;
    Ok(AssociationContent {
        kind,
        extension: extension_type,
        origin: read_node(of, origin.unwrap_or_default(), "association.origin.resource")?,
        destination: read_node(of, destination.unwrap_or_default(), "association.destination.resource")?,
        sequence: sequence_number,
        grouping,
        notes,
        case: None,
    })
}

fn read_node(of: &FrameworkRef, node: proto::AssociationNode, field: &str) -> Result<Node> {
    let proto::AssociationNode { resource, uri, identifier, title, target_type } = node;
    let held = if resource.is_empty() { None } else { Some(read_held(of, &resource, field)?) };
    Ok(Node { held, uri, identifier, title, target_type })
}

fn read_held(of: &FrameworkRef, resource: &str, field: &str) -> Result<Held> {
    let outcome = Name::of(field, resource, &[FRAMEWORKS, OUTCOMES]);
    let name = outcome
        .or_else(|_| Name::of(field, resource, &[FRAMEWORKS]))
        .map_err(|_| Failure::field(field, "must be the name of an outcome or of a framework"))?;
    let framework = FrameworkRef::of(&name)?;
    if name.district != of.district && !name.district.is_commons() {
        return Err(Failure::field(field, "must be in this district or in the commons"));
    }
    if !framework.same_framework(of) {
        return Ok(Held::Other(name.to_string()));
    }
    if name.is_pinned() {
        return Err(Failure::field(
            field,
            "must not be pinned in its own framework: a draft leads to itself",
        ));
    }
    Ok(name.id_in(OUTCOMES).map_or(Held::Framework, Held::Outcome))
}

const fn write_type(kind: AssociationType) -> proto::AssociationType {
    match kind {
        AssociationType::ChildOf => proto::AssociationType::ChildOf,
        AssociationType::PartOf => proto::AssociationType::PartOf,
        AssociationType::PeerOf => proto::AssociationType::PeerOf,
        AssociationType::RelatedTo => proto::AssociationType::RelatedTo,
        AssociationType::ExactMatchOf => proto::AssociationType::ExactMatchOf,
        AssociationType::Precedes => proto::AssociationType::Precedes,
        AssociationType::ReplacedBy => proto::AssociationType::ReplacedBy,
        AssociationType::Exemplar => proto::AssociationType::Exemplar,
        AssociationType::HasSkillLevel => proto::AssociationType::HasSkillLevel,
        AssociationType::TranslationOf => proto::AssociationType::TranslationOf,
        AssociationType::Extension => proto::AssociationType::Extension,
    }
}

/// A type from the wire; none when it is not stated.
pub(in crate::api) fn read_type(number: i32) -> Option<AssociationType> {
    Some(match proto::AssociationType::try_from(number).unwrap_or_default() {
        proto::AssociationType::Unspecified => return None,
        proto::AssociationType::ChildOf => AssociationType::ChildOf,
        proto::AssociationType::PartOf => AssociationType::PartOf,
        proto::AssociationType::PeerOf => AssociationType::PeerOf,
        proto::AssociationType::RelatedTo => AssociationType::RelatedTo,
        proto::AssociationType::ExactMatchOf => AssociationType::ExactMatchOf,
        proto::AssociationType::Precedes => AssociationType::Precedes,
        proto::AssociationType::ReplacedBy => AssociationType::ReplacedBy,
        proto::AssociationType::Exemplar => AssociationType::Exemplar,
        proto::AssociationType::HasSkillLevel => AssociationType::HasSkillLevel,
        proto::AssociationType::TranslationOf => AssociationType::TranslationOf,
        proto::AssociationType::Extension => AssociationType::Extension,
    })
}
