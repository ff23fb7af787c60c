//! The associations of a package (`CFAssociations`).

use std::collections::HashMap;

use trellis_kernel::Uuid;

use super::document::note_legacy;
use super::fields::{Fields, LINE, LONG, LinkUri, guid, guid_at_end};
use super::issues::Issues;
use super::json::{Sections, small};
use super::{End, Ends, Link, Refusal, Scope, Source, Spot};
use crate::domain::association::{AssociationContent, AssociationType, Held, Node};
use crate::domain::transfer::{Severity, Tally};

/// Reads the associations.
pub(super) fn read(
    sections: &Sections<'_>,
    scope: &Scope,
    ends: &Ends<'_>,
    issues: &mut Issues<'_>,
    tally: &mut Tally,
) -> Result<Vec<Link>, Refusal> {
    let mut reader = Reader { scope, ends, tally, links: Vec::new(), places: HashMap::new(), legacy: 0 };
    let mut first = None;
    sections.each("CFAssociations", sections.get("CFAssociations"), |index, raw| {
        let spot = Spot { index, offset: sections.offset(raw) };
        first.get_or_insert(spot);
        reader.take(raw.get(), spot, issues);
    })?;
    note_legacy(reader.legacy, "CFAssociations", first, issues);
    Ok(reader.links)
}

struct Reader<'r> {
    scope: &'r Scope,
    ends: &'r Ends<'r>,
    tally: &'r mut Tally,
    links: Vec<Link>,
    places: HashMap<Uuid, usize>,
    legacy: u32,
}

impl Reader<'_> {
    fn take(&mut self, text: &str, spot: Spot, issues: &mut Issues<'_>) {
        self.tally.associations.read += 1;
        let Some(mut fields) = Fields::read(text, "CFAssociations", spot, issues) else {
            self.tally.associations.refused += 1;
            return;
        };
        let Some((id, content)) = content(&mut fields, self.scope, self.ends) else {
            self.tally.associations.refused += 1;
            return;
        };
        let end = |node: &Node| match node.held {
            Some(Held::Outcome(id)) => End::Outcome(id),
            Some(Held::Framework) => End::Framework,
            Some(Held::Other(_)) | None => End::Elsewhere,
        };
        let link = Link {
            id,
            kind: content.kind,
            origin: end(&content.origin),
            destination: end(&content.destination),
            sequence: content.sequence,
            source: Source::new(spot, text, fields.digest()),
            index: small(spot.index),
        };
        if fields.has("CFDocumentURI") {
            self.legacy += 1;
        }
        if link.destination == End::Elsewhere {
            self.tally.destinations_elsewhere += 1;
        }
        let known = self.places.get(&link.id).map(|place| self.links[*place].source.digest);
        match known {
            Some(digest) if digest == link.source.digest => {
                self.tally.associations.repeated += 1;
                fields.say(
                    "",
                    Severity::Note,
                    "ENTRY_REPEATED",
                    "The association stands in the package a second time, word for word.",
                    "It is taken once.",
                );
            }
            Some(_) => {
                self.tally.associations.refused += 1;
                fields.refuse(
                    "identifier",
                    "IDENTIFIER_REPEATED",
                    "Another association of the package has the same identifier and says something else.",
                );
            }
            None => {
                self.places.insert(link.id, self.links.len());
                self.links.push(link);
            }
        }
    }
}

/// What is written about an association that was read before.
pub(super) fn again(text: &str, scope: &Scope, ends: &Ends<'_>) -> Option<AssociationContent> {
    let mut issues = Issues::deaf();
    let mut fields = Fields::again(text, &mut issues)?;
    content(&mut fields, scope, ends).map(|(_, content)| content)
}

/// The identity of an association, and what is written about it.
fn content(
    fields: &mut Fields<'_, '_>,
    scope: &Scope,
    ends: &Ends<'_>,
) -> Option<(Uuid, AssociationContent)> {
    let (kind, extension) = kind(fields)?;
    let origin = node(fields, ends, "originNodeURI")?;
    let destination = node(fields, ends, "destinationNodeURI")?;
    let id = fields.identity(scope.framework, || {
        format!(
            "CFAssociation\n{}{extension}\n{}\n{}\n{}\n{}",
            kind.as_str(),
            origin.identifier,
            origin.uri,
            destination.identifier,
            destination.uri
        )
    });
    let grouping = fields.link("CFAssociationGroupingURI").unwrap_or_default();
    let content = AssociationContent {
        kind,
        extension,
        origin,
        destination,
        sequence: fields.number("sequenceNumber"),
        grouping: grouping.title.chars().take(1000).collect(),
        notes: fields.text("notes", LONG),
        case: Some(fields.case_identity()),
    };
    Some((id, content))
}

/// One end; none, with an issue, when the association does not say it.
fn node(fields: &mut Fields<'_, '_>, ends: &Ends<'_>, key: &str) -> Option<Node> {
    let link = fields.link(key).filter(|link| !link.identifier.is_empty() || !link.uri.is_empty());
    let Some(link) = link else {
        fields.refuse(key, "END_MISSING", "The association does not say what stands at this end.");
        return None;
    };
    let held = held(ends, &link);
    let LinkUri { title, identifier, uri, target_type } = link;
    Some(Node { held, uri, identifier, title, target_type })
}

/// What of this package an end is.
pub(super) fn held(ends: &Ends<'_>, link: &LinkUri) -> Option<Held> {
    let id = if link.identifier.is_empty() { guid_at_end(&link.uri) } else { guid(&link.identifier) };
    match id.map_or_else(|| ends.name(&link.identifier), |id| ends.guid(id)) {
        End::Outcome(id) => Some(Held::Outcome(id)),
        End::Framework => Some(Held::Framework),
        End::Elsewhere => None,
    }
}

/// The type; one that CASE does not know becomes an extension.
fn kind(fields: &mut Fields<'_, '_>) -> Option<(AssociationType, String)> {
    let written = fields.text("associationType", LINE);
    if written.trim().is_empty() {
        fields.refuse("associationType", "TYPE_MISSING", "The association has no type.");
        return None;
    }
    let known = AssociationType::from_case(&written).filter(|kind| *kind != AssociationType::Extension);
    if let Some(kind) = known {
        return Some((kind, String::new()));
    }
    let own = written.strip_prefix("ext:").unwrap_or(&written);
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let spelt: String = own.chars().map(|c| if legal(c) { c } else { '_' }).take(190).collect();
    // By CASE's schema a hyphen cannot be the first.
    let first = if spelt.is_empty() || spelt.starts_with('-') { "_" } else { "" };
    let extension = format!("ext:{first}{spelt}");
    if extension != written {
        fields.say(
            "associationType",
            Severity::Warning,
            "TYPE_UNKNOWN",
            "The type is none that CASE knows, nor an extension as CASE spells it.",
            "It is taken as an extension, ext:…; the entry's source keeps it.",
        );
    }
    Some((AssociationType::Extension, extension))
}
