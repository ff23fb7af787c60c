//! Where outcomes stand in the tree: what their `CHILD_OF` associations say, kept beside each outcome.

use trellis_kernel::{Failure, Reason, Result, Uuid};
use trellis_store::Tx;

use super::{ASSOCIATION_ENTRIES, told};
use crate::domain::association::{ASSOCIATION, Association, AssociationContent, AssociationType, Held, Node};
use crate::domain::framework::FrameworkRef;
use crate::domain::graph::{self, WayUp};
use crate::domain::outcome::{OUTCOME, Outcome, outcome_name};
use crate::store;

/// What an association says that places an outcome.
pub(super) fn placement(child: Uuid, parent: Option<Uuid>, order: i32) -> AssociationContent {
    let node = |held| Node { held: Some(held), ..Node::default() };
    AssociationContent {
        kind: AssociationType::ChildOf,
        extension: String::new(),
        origin: node(Held::Outcome(child)),
        destination: node(parent.map_or(Held::Framework, Held::Outcome)),
        sequence: Some(order),
        grouping: String::new(),
        notes: String::new(),
        case: None,
    }
}

/// A new association by which an outcome stands where it says.
pub(super) fn placing(tx: &Tx, outcome: &Outcome) -> Association {
    Association {
        framework: outcome.framework.clone(),
        id: tx.new_id(),
        content: placement(outcome.id, outcome.parent, outcome.list_order),
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    }
}

/// The associations by which an outcome stands in the tree, each with what it says.
async fn ways(tx: &Tx, of: &FrameworkRef, child: Uuid) -> Result<Vec<(WayUp, Association)>> {
    let leaving = store::associations::leaving(tx, of, AssociationType::ChildOf, child).await?;
    let ways = leaving.into_iter().filter_map(|association| {
        let parent = match association.content.destination.held.as_ref()? {
            Held::Outcome(parent) => Some(*parent),
            Held::Framework => None,
            Held::Other(_) => return None,
        };
        let sequence = association.content.sequence;
        Some((WayUp { parent, sequence, association: association.id }, association))
    });
    Ok(ways.collect())
}

/// Places an outcome in the tree again, after its ways up have changed; without any it stands at the top.
pub(super) async fn again(tx: &mut Tx, of: &FrameworkRef, child: Uuid) -> Result<()> {
    let Some(outcome) = store::outcomes::find(tx, of, child).await? else { return Ok(()) };
    let ways: Vec<WayUp> = ways(tx, of, child).await?.into_iter().map(|(way, _)| way).collect();
    let way = graph::first_way(&ways);
    let parent = way.and_then(|way| way.parent);
    let order = way.and_then(|way| way.sequence).unwrap_or(outcome.list_order);
    put(tx, outcome, parent, order).await
}

/// Has an outcome stand below another, or at the top, with this number among its siblings, by the first of
/// its ways up or, where it has none, a new one at `position`. Answers with how many associations there are
/// more, or fewer.
pub(super) async fn stand(
    tx: &mut Tx,
    outcome: Outcome,
    (parent, order): (Option<Uuid>, i32),
    position: i32,
) -> Result<i32> {
    let of = outcome.framework.clone();
    let ways = ways(tx, &of, outcome.id).await?;
    let first = graph::first_way(&ways.iter().map(|(way, _)| *way).collect::<Vec<_>>());
    let mut added = 0;
    let Some(first) = first else {
        let association = Association {
            framework: of,
            id: tx.new_id(),
            content: placement(outcome.id, parent, order),
            create_time: tx.now(),
            update_time: tx.now(),
            version: 1,
        };
        tx.tell(told("association.created", &association.name(), ASSOCIATION));
        store::associations::insert(tx, &[(association, position)]).await?;
        put(tx, outcome, parent, order).await?;
        return Ok(1);
    };
    for (way, association) in ways {
        if way.association == first.association {
            lead(tx, association, parent, order).await?;
        } else if way.parent == parent {
            // It would say the same as the first.
            store::associations::delete(tx, of.id, &[association.id]).await?;
            store::case_entries::delete(tx, of.id, ASSOCIATION_ENTRIES, &[association.id]).await?;
            tx.tell(told("association.deleted", &association.name(), ASSOCIATION));
            added -= 1;
        } else if (way.sequence.unwrap_or(i32::MAX), way.association) < (order, first.association) {
            // The lowest number says where it stands: the others follow.
            lead(tx, association, way.parent, order.saturating_add(1)).await?;
        }
    }
    put(tx, outcome, parent, order).await?;
    Ok(added)
}

/// Has an association lead to another parent, under another number.
async fn lead(tx: &mut Tx, mut association: Association, parent: Option<Uuid>, order: i32) -> Result<()> {
    let held = Some(parent.map_or(Held::Framework, Held::Outcome));
    let mut content = association.content.clone();
    if content.destination.held != held {
        content.destination = Node { held, ..Node::default() };
    }
    content.sequence = Some(order);
    if content != association.content {
        association.content = content;
        association.version += 1;
        association.update_time = tx.now();
        store::associations::update(tx, &association).await?;
        tx.tell(told("association.updated", &association.name(), ASSOCIATION));
    }
    Ok(())
}

/// Keeps with an outcome where it stands.
async fn put(tx: &mut Tx, mut outcome: Outcome, parent: Option<Uuid>, order: i32) -> Result<()> {
    if (outcome.parent, outcome.list_order) != (parent, order) {
        outcome.parent = parent;
        outcome.list_order = order;
        outcome.version += 1;
        outcome.update_time = tx.now();
        store::outcomes::put(tx, std::slice::from_ref(&outcome)).await?;
        tx.tell(told("outcome.updated", &outcome.name(), OUTCOME));
    }
    Ok(())
}

/// Refuses an association that closes a circle where there must be none. `before` is what it said until
/// now, where it is not new.
pub(super) async fn refuse_circle(
    tx: &Tx,
    of: &FrameworkRef,
    content: &AssociationContent,
    before: Option<&AssociationContent>,
) -> Result<()> {
    let Some((origin, destination)) = content.own_ends() else { return Ok(()) };
    if !content.kind.is_acyclic() {
        return Ok(());
    }
    let mut edges = store::associations::edges(tx, of, content.kind).await?;
    let own = before.filter(|before| before.kind == content.kind).and_then(AssociationContent::own_ends);
    if let Some(place) = own.and_then(|own| edges.iter().position(|edge| *edge == own)) {
        edges.swap_remove(place);
    }
    let Some(path) = graph::closes(&edges, origin, destination) else { return Ok(()) };
    let told: Vec<String> = path.iter().take(20).map(|id| outcome_name(of, *id).to_string()).collect();
    Err(Failure::precondition(
        Reason::CycleDetected,
        "The association would close a circle; metadata names the path, from its origin back to its origin.",
    )
    .with("path", told.join(" → ")))
}
