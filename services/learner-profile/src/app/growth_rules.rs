//! Growth rules: made once, never changed.

use trellis_kernel::{Failure, Name, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Store, Write};

use crate::domain::entry_words::Words;
use crate::domain::growth_rule::{GrowthRule, Method};
use crate::events::growth as told;
use crate::store::growth_rules as kept;

/// Makes a rule; it makes levels of the ratings that arrive from now on, with those before them.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    title: Words,
    method: Method,
) -> Result<GrowthRule> {
    let district = change.district.clone();
    let id = match store.write::<Uuid>(change).await? {
        Write::Replay(id) => id,
        Write::Begin(mut tx) => {
            let rule = GrowthRule { id: tx.new_id(), title, method, create_time: tx.now(), version: 1 };
            kept::insert(&tx, &rule).await?;
            tx.tell(told::rule_created(&district, &rule));
            tx.commit(rule.id).await?
        }
    };
    get(store, &told::rule_name(&district, id)).await
}

/// Reads a rule, or a revision of it.
pub(crate) async fn get(store: &Store, name: &Name) -> Result<GrowthRule> {
    let missing = || Failure::not_found(told::RULE, name.to_string());
    let revision = name.segments.last().and_then(|segment| segment.revision);
    if revision.is_some_and(|revision| revision != GrowthRule::REVISION) {
        return Err(missing());
    }
    let id = name.id().ok_or_else(missing)?;
    kept::get(&store.read(&name.district), id).await?.ok_or_else(missing)
}

/// Lists the rules of a district.
pub(crate) async fn list(store: &Store, parent: &Name, request: &PageRequest) -> Result<Page<GrowthRule>> {
    kept::list(&store.read(&parent.district), request, "ListGrowthRules").await
}
