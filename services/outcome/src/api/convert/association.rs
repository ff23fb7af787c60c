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

/// What a request says of an association: perhaps only a part of it.
pub(in crate::api) struct Said {
    kind: Option<AssociationType>,
    extension: String,
    origin: Option<Node>,
    destination: Option<Node>,
    sequence: Option<i32>,
    grouping: String,
    notes: String,
}

impl Said {
    /// All of an association.
    pub(in crate::api) fn whole(self) -> Result<AssociationContent> {
        let Self { kind, extension, origin, destination, sequence, grouping, notes } = self;
        Ok(AssociationContent {
            kind: kind.ok_or_else(untyped)?,
            extension,
            origin: origin.unwrap_or_default(),
            destination: destination.unwrap_or_default(),
            sequence,
            grouping,
            notes,
            case: None,
        })
    }

    /// The ends that it names, when the paths name them, too.
    pub(in crate::api) fn ends(&self, paths: &[&str]) -> [Node; 2] {
        [("origin", &self.origin), ("destination", &self.destination)].map(|(path, node)| {
            if paths.contains(&path) { node.clone().unwrap_or_default() } else { Node::default() }
        })
    }

    /// The fields that can be changed, each with whether it is populated.
    pub(in crate::api) fn fields(&self) -> [(&'static str, bool); 7] {
        [
            ("type", self.kind.is_some()),
            ("extension_type", !self.extension.is_empty()),
            ("origin", self.origin.is_some()),
            ("destination", self.destination.is_some()),
            ("sequence_number", self.sequence.is_some()),
            ("grouping", !self.grouping.is_empty()),
            ("notes", !self.notes.is_empty()),
        ]
    }

    /// Takes the fields that are named from here, and all others from `own`.
    pub(in crate::api) fn over(self, own: AssociationContent, paths: &[&str]) -> Result<AssociationContent> {
        let takes = |path: &str| paths.contains(&path);
        Ok(AssociationContent {
            kind: if takes("type") { self.kind.ok_or_else(untyped)? } else { own.kind },
            extension: if takes("extension_type") { self.extension } else { own.extension },
            origin: if takes("origin") { self.origin.unwrap_or_default() } else { own.origin },
            destination: if takes("destination") {
                self.destination.unwrap_or_default()
            } else {
                own.destination
            },
            sequence: if takes("sequence_number") { self.sequence } else { own.sequence },
            grouping: if takes("grouping") { self.grouping } else { own.grouping },
            notes: if takes("notes") { self.notes } else { own.notes },
            case: own.case,
        })
    }
}

fn untyped() -> Failure {
    Failure::field("association.type", "value is required")
}

/// What a request says of an association of a framework; what only the server says is ignored.
pub(in crate::api) fn read(of: &FrameworkRef, association: proto::Association) -> Result<Said> {
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
    let node =
        |node: Option<proto::AssociationNode>, field| node.map(|node| read_node(of, node, field)).transpose();
    Ok(Said {
        kind: read_type(r#type),
        extension: extension_type,
        origin: node(origin, "association.origin.resource")?,
        destination: node(destination, "association.destination.resource")?,
        sequence: sequence_number,
        grouping,
        notes,
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

pub(super) const fn write_type(kind: AssociationType) -> proto::AssociationType {
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
