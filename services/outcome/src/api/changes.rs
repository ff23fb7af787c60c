//! `trellis.outcome.v1.ChangeService`: the feed of what changes among a district's frameworks.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use trellis_contracts::guard::{Call, Method, Outbound};
use trellis_contracts::outcome::outcome_change::Body;
use trellis_contracts::outcome::{
    ChangeServiceApi, ListChangesRequest, ListChangesResponse, OutcomeChange, WatchChangesRequest,
};
use trellis_contracts::trellis::outcome::v1 as methods;
use trellis_kernel::{Actor, District, Failure, Name, Result, Timestamp, Uuid};
use trellis_rpc::changes::{Change, ChangeFeed, Resources, Row};
use trellis_store::Store;

use super::convert::{association, proficiency_scale, progression, rubric};
use super::{adoptions, frameworks, outcomes};
use crate::domain::adoption::{ADOPTION, Adoption};
use crate::domain::association::{ASSOCIATION, Association};
use crate::domain::framework::{FRAMEWORK, Framework, FrameworkRef};
use crate::domain::outcome::{OUTCOME, Outcome};
use crate::domain::proficiency_scale::{SCALE, Scale};
use crate::domain::progression::{PROGRESSION, Progression};
use crate::domain::rubric::{RUBRIC, Rubric};
use crate::store;

/// What the feed tells of, in the order of a snapshot, each with the method that reads it.
static TYPES: LazyLock<[(&'static str, &'static Method); 7]> = LazyLock::new(|| {
    [
        (FRAMEWORK, &methods::FRAMEWORK_SERVICE_GET_FRAMEWORK),
        (OUTCOME, &methods::OUTCOME_SERVICE_GET_OUTCOME),
        (ASSOCIATION, &methods::ASSOCIATION_SERVICE_GET_ASSOCIATION),
        (PROGRESSION, &methods::PROGRESSION_SERVICE_GET_PROGRESSION),
        (SCALE, &methods::PROFICIENCY_SCALE_SERVICE_GET_PROFICIENCY_SCALE),
        (ADOPTION, &methods::ADOPTION_SERVICE_GET_ADOPTION),
        (RUBRIC, &methods::RUBRIC_SERVICE_GET_RUBRIC),
    ]
});

/// The resources that the feed tells of.
pub(crate) struct OutcomeResources {
    store: Store,
}

impl OutcomeResources {
    /// Those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

fn row(name: Name, update_time: Timestamp, body: Body) -> Row<Body> {
    Row { name, subjects: Vec::new(), update_time, body: Some(body) }
}

/// Rows of frameworks, each with whether it is current.
async fn framework_rows(store: &Store, own: Vec<Framework>) -> Result<Vec<Row<Body>>> {
    let places: Vec<(Name, Timestamp)> = own.iter().map(|own| (own.place.name(), own.update_time)).collect();
    let shown = frameworks::show(store, own).await?;
    let rows = places.into_iter().zip(shown);
    Ok(rows.map(|((name, time), shown)| row(name, time, Body::Framework(shown))).collect())
}

/// Rows of outcomes, each with what replaces it.
async fn outcome_rows(store: &Store, own: Vec<Outcome>) -> Result<Vec<Row<Body>>> {
    let places: Vec<(Name, Timestamp)> = own.iter().map(|own| (own.name(), own.update_time)).collect();
    let shown = outcomes::show(store, own).await?;
    let rows = places.into_iter().zip(shown);
    Ok(rows.map(|((name, time), shown)| row(name, time, Body::Outcome(shown))).collect())
}

/// Rows of adoptions, each with whether its framework is current.
async fn adoption_rows(store: &Store, own: Vec<Adoption>) -> Result<Vec<Row<Body>>> {
    let places: Vec<(Name, Timestamp)> = own.iter().map(|own| (own.name(), own.update_time)).collect();
    let shown = adoptions::show(store, own).await?;
    let rows = places.into_iter().zip(shown);
    Ok(rows.map(|((name, time), shown)| row(name, time, Body::Adoption(shown))).collect())
}

fn association_row(own: Association) -> Row<Body> {
    row(own.name(), own.update_time, Body::Association(association::write(own)))
}

fn progression_row(own: Progression) -> Row<Body> {
    row(own.name(), own.update_time, Body::Progression(progression::write(own)))
}

fn rubric_row(own: Rubric) -> Row<Body> {
    row(own.name(), own.update_time, Body::Rubric(rubric::write(own)))
}

fn scale_row(own: Scale) -> Row<Body> {
    row(own.place.name(), own.update_time, Body::ProficiencyScale(proficiency_scale::write(own)))
}

/// The identities that names have in each of their frameworks.
fn by_framework(names: &[Name]) -> Result<HashMap<FrameworkRef, Vec<Uuid>>> {
    let mut grouped: HashMap<FrameworkRef, Vec<Uuid>> = HashMap::new();
    for name in names {
        grouped.entry(FrameworkRef::of(name)?).or_default().extend(name.id());
    }
    Ok(grouped)
}

/// The framework and the identity that a name has.
fn place(name: &Name) -> Result<(Uuid, Uuid)> {
    let id = name.id().ok_or_else(|| Failure::internal("a row of the feed names a district"))?;
    Ok((FrameworkRef::of(name)?.id, id))
}

#[async_trait]
impl Resources for OutcomeResources {
    type Body = Body;
    type Message = OutcomeChange;

    fn types(&self) -> &'static [(&'static str, &'static Method)] {
        &*TYPES
    }

    async fn current(
        &self,
        _actor: &Actor,
        district: &District,
        resource_type: &str,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        let reader = self.store.read(district);
        if resource_type == FRAMEWORK {
            let ids = names.iter().filter_map(Name::id).collect();
            let rows = store::frameworks::some(&reader, ids).await?;
            return framework_rows(&self.store, rows).await;
        }
        if resource_type == SCALE {
            let ids = names.iter().filter_map(Name::id).collect();
            let rows = store::proficiency_scales::some(&reader, ids).await?;
            return Ok(rows.into_iter().map(scale_row).collect());
        }
        if resource_type == ADOPTION {
            let ids: Vec<Uuid> = names.iter().filter_map(Name::id).collect();
            let rows = store::adoptions::some(&reader, &ids).await?;
            return adoption_rows(&self.store, rows).await;
        }
        let mut rows = Vec::with_capacity(names.len());
        for (framework, ids) in by_framework(names)? {
            match resource_type {
                OUTCOME => {
                    let found = store::outcomes::some(&reader, &framework, &ids).await?;
                    rows.extend(outcome_rows(&self.store, found).await?);
                }
                ASSOCIATION => {
                    let found = store::associations::some(&reader, &framework, &ids).await?;
                    rows.extend(found.into_iter().map(association_row));
                }
                RUBRIC => {
                    let found = store::rubrics::some(&reader, &framework, &ids).await?;
                    rows.extend(found.into_iter().map(rubric_row));
                }
                _ => {
                    let found = store::progressions::some(&reader, &framework, &ids).await?;
                    rows.extend(found.into_iter().map(progression_row));
                }
            }
        }
        Ok(rows)
    }

    async fn batch(
        &self,
        _actor: &Actor,
        district: &District,
        resource_type: &str,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        let reader = self.store.read(district);
        if resource_type == FRAMEWORK {
            let rows = store::frameworks::after(&reader, after.and_then(Name::id), limit).await?;
            return framework_rows(&self.store, rows).await;
        }
        if resource_type == SCALE {
            let rows = store::proficiency_scales::after(&reader, after.and_then(Name::id), limit).await?;
            return Ok(rows.into_iter().map(scale_row).collect());
        }
        if resource_type == ADOPTION {
            let rows = store::adoptions::after(&reader, after.and_then(Name::id), limit).await?;
            return adoption_rows(&self.store, rows).await;
        }
        let after = after.map(place).transpose()?;
        Ok(match resource_type {
            OUTCOME => {
                let rows = store::outcomes::after(&reader, after, limit).await?;
                outcome_rows(&self.store, rows).await?
            }
            ASSOCIATION => {
                let rows = store::associations::after(&reader, after, limit).await?;
                rows.into_iter().map(association_row).collect()
            }
            RUBRIC => {
                let rows = store::rubrics::after(&reader, after, limit).await?;
                rows.into_iter().map(rubric_row).collect()
            }
            _ => {
                let rows = store::progressions::after(&reader, after, limit).await?;
                rows.into_iter().map(progression_row).collect()
            }
        })
    }

    fn compose(&self, change: Change<Body>) -> OutcomeChange {
        let Change { kind, resource, resource_type, change_time, resume_token, body } = change;
        OutcomeChange { kind: kind.into(), resource, resource_type, change_time, resume_token, body }
    }
}

/// Serves the feed.
pub(crate) struct Changes {
    feed: ChangeFeed<OutcomeResources>,
}

impl Changes {
    /// Serves a feed.
    pub(crate) const fn new(feed: ChangeFeed<OutcomeResources>) -> Self {
        Self { feed }
    }
}

#[async_trait]
impl ChangeServiceApi for Changes {
    async fn list_changes(&self, call: Call<ListChangesRequest>) -> Result<ListChangesResponse> {
        let ListChangesRequest { parent, resume_token, page_size } = &call.message;
        let district = Name::of("parent", parent, &[])?.district;
        let listed = self.feed.list(call.actor(), &district, resume_token, *page_size).await?;
        Ok(ListChangesResponse {
            changes: listed.changes,
            resume_token: listed.resume_token,
            more: listed.more,
        })
    }

    async fn watch_changes(&self, call: Call<WatchChangesRequest>) -> Result<Outbound<OutcomeChange>> {
        let WatchChangesRequest { parent, snapshot, resume_token } = &call.message;
        let district = Name::of("parent", parent, &[])?.district;
        self.feed.watch(call.actor().clone(), district, *snapshot, resume_token)
    }
}
