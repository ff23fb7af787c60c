//! What stands above and below, and what is learned before.

use trellis_contracts::outcome as proto;
use trellis_contracts::outcome::list_prerequisites_response::Item;
use trellis_kernel::Result;

use crate::app::descendants::Descendant;
use crate::app::graph::{Ancestors, Learned, Node};
use crate::domain::outcome::outcome_name;

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// An outcome of a tree as the contract has it.
pub(in crate::api) fn write_descendant(descendant: Descendant) -> proto::ListDescendantsResponse {
    let Descendant { outcome, depth, parent } = descendant;
    proto::ListDescendantsResponse { outcome: Some(outcome), depth, parent: parent.to_string() }
}

/// What stands above an outcome, each as it is asked for.
pub(in crate::api) fn write_ancestors(
    found: Ancestors,
) -> impl Iterator<Item = Result<proto::ListAncestorsResponse>> + Send {
    let Ancestors { snapshot, above, in_tree } = found;
    above.into_iter().map(move |above| -> Result<_> {
        let name = |place: &u32| outcome_name(snapshot.framework(), snapshot.id(*place)).to_string();
        Ok(proto::ListAncestorsResponse {
            outcome: Some(snapshot.message(above.place)?),
            depth: number(above.depth),
            below: above.below.iter().map(name).collect(),
            in_tree: in_tree.contains(&above.place),
        })
    })
}

/// The circles, and then what is learned before an outcome, each as it is asked for.
pub(in crate::api) fn write_prerequisites(
    mut found: Learned,
) -> impl Iterator<Item = Result<proto::ListPrerequisitesResponse>> + Send {
    let prerequisites = std::mem::take(&mut found.found);
    let circles: Vec<Item> = prerequisites
        .circles
        .iter()
        .map(|circle| circle.iter().map(|node| found.name(*node)).collect())
        .map(|path| Item::Cycle(proto::PrerequisiteCycle { path }))
        .collect();
    let needed = prerequisites.needed.into_iter().map(move |needed| -> Result<Item> {
        let (outcome, label) = match &found.nodes[needed.node as usize] {
            Node::Held(framework, place) => (Some(found.web.snapshots()[*framework].message(*place)?), None),
            Node::Elsewhere(label) => (None, Some(label.clone())),
        };
        let label = label.unwrap_or_default();
        Ok(Item::Prerequisite(proto::Prerequisite {
            outcome,
            uri: label.name,
            title: label.title,
            layer: number(needed.layer),
            distance: number(needed.distance),
            needs: needed.needs.iter().map(|node| found.name(*node)).collect(),
        }))
    });
    let items = circles.into_iter().map(Ok).chain(needed);
    items.map(|item| item.map(|item| proto::ListPrerequisitesResponse { item: Some(item) }))
}
