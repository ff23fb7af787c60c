//! Writing associations.

use trellis_kernel::{Failure, Name, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Store, Tx, Write};

use super::{dangling, told, touch};
use crate::domain::association::{ASSOCIATION, Association, AssociationContent, AssociationType, Held};
use crate::domain::framework::{FRAMEWORK, FrameworkRef, Holdings};
use crate::domain::graph::{self, WayUp};
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::store;

/// Lists the associations of a framework.
pub(crate) async fn list(
    store: &Store,
    framework: &FrameworkRef,
    kind: Option<AssociationType>,
    outcome: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<Association>> {
    let reader = store.read(&framework.district);
    let page = store::associations::list(&reader, framework, kind, outcome, page).await?;
    if page.items.is_empty() {
        store::frameworks::get(&reader, framework).await?;
    }
    Ok(page)
}

/// Creates an association in a draft.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    content: AssociationContent,
) -> Result<Association> {
    content.check()?;
    // Looked up before the transaction: it may be in another district, the commons.
    elsewhere(store, &content).await?;
    let mut tx = match store.write::<Association>(change).await? {
        Write::Replay(association) => return Ok(association),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    for (field, node) in [("origin", &content.origin), ("destination", &content.destination)] {
        if let Some(Held::Outcome(id)) = node.held
            && store::outcomes::find(&tx, of, id).await?.is_none()
        {
            let field = format!("association.{field}.resource");
            return Err(dangling(&field, OUTCOME, &outcome_name(of, id)));
        }
    }
    refuse_circle(&tx, of, &content).await?;
    let association = Association {
        framework: of.clone(),
        id: tx.new_id(),
        content,
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    store::associations::insert(&tx, &[(association.clone(), framework.holdings.associations)]).await?;
    tx.tell(told("association.created", &association.name(), ASSOCIATION));
    if let (AssociationType::ChildOf, Some(Held::Outcome(child))) =
        (association.content.kind, &association.content.origin.held)
    {
        place(&mut tx, of, *child).await?;
    }
    touch(&mut tx, &mut framework, Holdings { associations: 1, ..Holdings::default() });
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(association).await
}

/// Refuses an end that is said to be held in another framework and is not.
async fn elsewhere(store: &Store, content: &AssociationContent) -> Result<()> {
    for (field, node) in [("origin", &content.origin), ("destination", &content.destination)] {
        let Some(Held::Other(text)) = &node.held else { continue };
        let field = format!("association.{field}.resource");
        let name = Name::parse(text)?;
        let framework = FrameworkRef::of(&name)?;
        let reader = store.read(&name.district);
        let (kind, there) = match name.id_in("outcomes") {
            Some(id) => (OUTCOME, store::outcomes::find(&reader, &framework, id).await?.is_some()),
            None => (FRAMEWORK, store::frameworks::find(&reader, &framework).await?.is_some()),
        };
        if !there {
            return Err(dangling(&field, kind, &name));
        }
    }
    Ok(())
}

/// Refuses an association that closes a circle where there must be none.
async fn refuse_circle(tx: &Tx, of: &FrameworkRef, content: &AssociationContent) -> Result<()> {
    let (Some(Held::Outcome(origin)), Some(Held::Outcome(destination))) =
        (&content.origin.held, &content.destination.held)
    else {
        return Ok(());
    };
    if !content.kind.is_acyclic() {
        return Ok(());
    }
    let edges = store::associations::edges(tx, of, content.kind).await?;
    let Some(path) = graph::closes(&edges, *origin, *destination) else { return Ok(()) };
    let told: Vec<String> = path.iter().take(20).map(|id| outcome_name(of, *id).to_string()).collect();
    Err(Failure::precondition(
        Reason::CycleDetected,
        "The association would close a circle; metadata names the path, from its origin back to its origin.",
    )
    .with("path", told.join(" → ")))
}

/// Places an outcome in the tree again: it has one more way up.
async fn place(tx: &mut Tx, of: &FrameworkRef, child: Uuid) -> Result<()> {
    let ways: Vec<WayUp> = store::associations::leaving(tx, of, AssociationType::ChildOf, child)
        .await?
        .into_iter()
        .filter_map(|association| {
            let parent = match association.content.destination.held? {
                Held::Outcome(parent) => Some(parent),
                Held::Framework => None,
                Held::Other(_) => return None,
            };
            Some(WayUp { parent, sequence: association.content.sequence, association: association.id })
        })
        .collect();
    let Some(way) = graph::first_way(&ways) else { return Ok(()) };
    let mut outcome = store::outcomes::get(tx, of, child).await?;
    let order = way.sequence.unwrap_or(outcome.list_order);
    if (outcome.parent, outcome.list_order) != (way.parent, order) {
        outcome.parent = way.parent;
        outcome.list_order = order;
        outcome.version += 1;
        outcome.update_time = tx.now();
        store::outcomes::put(tx, std::slice::from_ref(&outcome)).await?;
        tx.tell(told("outcome.updated", &outcome.name(), OUTCOME));
    }
    Ok(())
}
