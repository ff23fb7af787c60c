//! Which outcome replaces which: told when a revision is published that says so.

use std::collections::{BTreeSet, HashSet};

use trellis_contracts::outcome as proto;
use trellis_kernel::{Result, Uuid};
use trellis_store::{Told, Tx};

use super::{carrying, told};
use crate::domain::association::AssociationType;
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::OUTCOME;
use crate::domain::succession::{self, OutcomeId, Succession};
use crate::store;

/// Takes over what a new revision says of replacements, and tells of those that are new.
pub(super) async fn renew(tx: &mut Tx, revision: &FrameworkRef) -> Result<()> {
    let id = revision.id;
    let associations = store::associations::of_type(tx, revision, AssociationType::ReplacedBy).await?;
    let now: Vec<Succession> = associations.iter().filter_map(Succession::told_by).collect();
    let before = store::successions::told_by(tx, id).await?;
    if now.is_empty() && before.is_empty() {
        return Ok(());
    }
    let kept: HashSet<Uuid> = now.iter().map(|told| told.association).collect();
    let silent = before.iter().filter(|told| !kept.contains(&told.association));
    let silent: Vec<Uuid> = silent.map(|told| told.origin.id).collect();
    let held = store::outcomes::held(tx, revision, &silent).await?;
    let renewal = succession::renew(&before, &now, id, |id| held.contains(&id));
    store::successions::delete(tx, id, &renewal.withdrawn).await?;
    store::successions::put(tx, id, &renewal.told).await?;
    let origins: BTreeSet<&OutcomeId> = renewal.told.iter().map(|told| &told.origin).collect();
    for origin in origins {
        tx.tell(superseded(origin, &now, revision));
    }
    Ok(())
}

/// That an outcome is replaced, and by all of what.
fn superseded(origin: &OutcomeId, now: &[Succession], revision: &FrameworkRef) -> Told {
    let by = now.iter().filter(|told| told.origin == *origin);
    let event = proto::OutcomeSuperseded {
        outcome: origin.name().to_string(),
        replaced_by: by.map(|told| told.destination.name().to_string()).collect(),
        framework: revision.name().to_string(),
    };
    carrying(told("outcome.superseded", &origin.name(), OUTCOME), "OutcomeSuperseded", &event)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use trellis_kernel::{District, Uuid};

    use super::*;

    #[test]
    fn what_is_told_names_all_that_replaces_an_outcome() {
        let revision = FrameworkRef {
            district: District::parse("grand-bend").expect("a district"),
            id: Uuid::from_u128(1),
            pin: Some(2),
        };
        let outcome = |id| OutcomeId::of(&revision, Uuid::from_u128(id));
        let succession = |association, origin, destination| Succession {
            association: Uuid::from_u128(association),
            origin: outcome(origin),
            destination: outcome(destination),
        };
        let now = [succession(10, 20, 21), succession(11, 22, 21), succession(12, 20, 23)];
        let told = superseded(&outcome(20), &now, &revision);
        let payload = told.payload.expect("a payload");
        assert_eq!(payload.type_url, "type.googleapis.com/trellis.outcome.v1.OutcomeSuperseded");
        let event = proto::OutcomeSuperseded::decode(payload.value.as_slice()).expect("an event");
        let name = |id| outcome(id).name().to_string();
        assert_eq!((told.kind, told.resource, &event.outcome), ("outcome.superseded", name(20), &name(20)));
        assert_eq!(event.replaced_by, [name(21), name(23)]);
        assert_eq!(event.framework, revision.name().to_string());
    }
}
