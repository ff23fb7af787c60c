//! Whether what somebody reads is current: what has taken its place since.
//!
//! A revision never changes, so whoever keeps one may keep it for ever; this is asked anew each time, by
//! the frameworks' and outcomes' identities, whatever the revision.

use std::collections::{BTreeMap, HashMap, HashSet};

use trellis_kernel::{District, Name, Result, Uuid};
use trellis_store::Store;

use crate::domain::framework::{FrameworkRef, Visibility};
use crate::domain::succession::{self, Currency, Deprecation, FOLLOWED, OutcomeId};
use crate::store;

/// A framework, whatever the revision.
type FrameworkId = (District, Uuid);

/// What can be said of these frameworks beside what they hold, in their order.
pub(crate) async fn of_frameworks(store: &Store, places: &[FrameworkRef]) -> Result<Vec<Currency>> {
    let all = places.iter().map(|place| (place.district.clone(), place.id));
    let deprecations = deprecations(store, all.collect()).await?;
    let replaced: HashMap<FrameworkId, Vec<FrameworkId>> = deprecations
        .iter()
        .filter_map(|(id, deprecation)| {
            let replacing = deprecation.replacing.as_ref()?;
            Some((id.clone(), vec![(replacing.district.clone(), replacing.id)]))
        })
        .collect();
    let latest = latest(store, places).await?;
    let public = public(store, places).await?;
    let currency = places.iter().map(|place| {
        let id = (place.district.clone(), place.id);
        let newest = latest.get(&id).filter(|newest| place.pin.is_some_and(|pin| pin < **newest));
        let newer = newest.map(|newest| place.at(*newest).name());
        let instead = succession::ends(&id, &replaced)
            .into_iter()
            .map(|(district, id)| FrameworkRef::draft(district, id).name());
        Currency {
            deprecation: deprecations.get(&id).cloned(),
            superseded_by: newer.into_iter().chain(instead).collect(),
            visibility: if public.contains(&id) { Visibility::Public } else { Visibility::District },
        }
    });
    Ok(currency.collect())
}

/// What can be said of one framework beside what it holds.
pub(crate) async fn of_framework(store: &Store, place: &FrameworkRef) -> Result<Currency> {
    let found = of_frameworks(store, std::slice::from_ref(place)).await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// The deprecations of these frameworks, and of those that replace them, and so on.
async fn deprecations(
    store: &Store,
    start: HashSet<FrameworkId>,
) -> Result<HashMap<FrameworkId, Deprecation>> {
    let mut known = HashMap::new();
    let mut asked: HashSet<FrameworkId> = HashSet::new();
    let mut open = start;
    while !open.is_empty() && asked.len() < FOLLOWED {
        asked.extend(open.iter().cloned());
        let mut next = HashSet::new();
        for (district, ids) in by_district(open) {
            for (id, deprecation) in store::deprecations::some(&store.read(&district), &ids).await? {
                next.extend(deprecation.replacing.as_ref().map(|to| (to.district.clone(), to.id)));
                known.insert((district.clone(), id), deprecation);
            }
        }
        open = next.difference(&asked).cloned().collect();
    }
    Ok(known)
}

/// The numbers last published of those frameworks that are pinned.
async fn latest(store: &Store, places: &[FrameworkRef]) -> Result<HashMap<FrameworkId, u32>> {
    let pinned = places.iter().filter(|place| place.pin.is_some());
    let pinned = pinned.map(|place| (place.district.clone(), place.id)).collect();
    let mut all = HashMap::new();
    for (district, ids) in by_district(pinned) {
        let latest = store::frameworks::latest(&store.read(&district), ids).await?;
        all.extend(latest.into_iter().map(|(id, number)| ((district.clone(), id), number)));
    }
    Ok(all)
}

/// Those of these frameworks that everybody may read.
async fn public(store: &Store, places: &[FrameworkRef]) -> Result<HashSet<FrameworkId>> {
    let all = places.iter().map(|place| (place.district.clone(), place.id)).collect();
    let mut public = HashSet::new();
    for (district, ids) in by_district(all) {
        let found = store::public_frameworks::some(&store.read(&district), &ids).await?;
        public.extend(found.into_iter().map(|id| (district.clone(), id)));
    }
    Ok(public)
}

/// What replaces each of these outcomes in the end, by what is published; those that nothing replaces
/// are left out.
pub(crate) async fn of_outcomes(
    store: &Store,
    outcomes: HashSet<OutcomeId>,
) -> Result<HashMap<OutcomeId, Vec<Name>>> {
    let mut replaced: HashMap<OutcomeId, Vec<OutcomeId>> = HashMap::new();
    let mut asked: HashSet<OutcomeId> = HashSet::new();
    let mut open = outcomes.clone();
    let room = outcomes.len() + FOLLOWED;
    while !open.is_empty() && asked.len() < room {
        let ids = open.iter().map(|outcome| (outcome.district.clone(), outcome.id)).collect();
        let mut next = HashSet::new();
        for (district, ids) in by_district(ids) {
            for told in store::successions::replacing(&store.read(&district), &ids).await? {
                // One identity may be in two frameworks: an imported GUID, taken over.
                if open.contains(&told.origin) {
                    next.insert(told.destination.clone());
                    replaced.entry(told.origin).or_default().push(told.destination);
                }
            }
        }
        asked.extend(open);
        open = next.difference(&asked).cloned().collect();
    }
    let ends = outcomes.into_iter().filter_map(|outcome| {
        let ends = succession::ends(&outcome, &replaced);
        (!ends.is_empty()).then(|| (outcome, ends.iter().map(OutcomeId::name).collect()))
    });
    Ok(ends.collect())
}

fn by_district(all: HashSet<FrameworkId>) -> BTreeMap<District, Vec<Uuid>> {
    let mut grouped: BTreeMap<District, Vec<Uuid>> = BTreeMap::new();
    for (district, id) in all {
        grouped.entry(district).or_default().push(id);
    }
    grouped
}
