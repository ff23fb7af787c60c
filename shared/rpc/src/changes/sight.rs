//! What of the feed a caller may see.

use std::collections::{HashMap, HashSet};

use trellis_contracts::common::{ChangeKind, DataClass};
use trellis_contracts::guard::Method;
use trellis_contracts::{METHODS, values};
use trellis_kernel::{Actor, District, Failure, Name, Result, Uuid};
use trellis_store::feed::{Feed, FeedPart, FeedRow, Place};
use trellis_store::latest;

use super::{Change, ChangeFeed, Resources, Row};

/// One caller's view of one district.
pub(super) struct Sight<'a, R> {
    feed: &'a ChangeFeed<R>,
    actor: &'a Actor,
    district: &'a District,
    /// The method by which they see, for the trail.
    by: &'a str,
}

impl<R: Resources> ChangeFeed<R> {
    /// What the caller sees by a method of the package's change service.
    pub(super) const fn sight<'a>(
        &'a self,
        actor: &'a Actor,
        district: &'a District,
        by: &'a str,
    ) -> Sight<'a, R> {
        Sight { feed: self, actor, district, by }
    }
}

/// The path of the named method of the change service that stands beside the one of `method`.
fn path(method: &'static Method, name: &str) -> &'static str {
    let package = method.service.rsplit_once('.').map_or("", |(package, _)| package);
    let beside = |other: &&Method| {
        other.name == name && other.service.strip_prefix(package).is_some_and(|rest| rest == ".ChangeService")
    };
    METHODS.iter().copied().find(beside).map_or(method.path, |found| found.path)
}

impl<R: Resources> Sight<'_, R> {
    /// The types that the caller could get at all: their token carries the scope.
    pub(super) fn types(&self) -> impl Iterator<Item = (&'static str, &'static Method)> {
        let types = self.feed.resources.types().iter().copied();
        types.filter(|(_, method)| self.actor.scopes.allow(method.scope))
    }

    /// The rows of the feed as changes, in their order and each with its place; without those that the caller may not see.
    pub(super) async fn changes(
        &self,
        tokens: &Feed,
        part: &FeedPart,
    ) -> Result<Vec<(Place, Change<R::Body>)>> {
        let mut told = Vec::with_capacity(part.rows.len());
        for (resource_type, method) in self.types() {
            self.changes_of(tokens, part, resource_type, method, &mut told).await?;
        }
        told.sort_by_key(|(place, _)| place.position);
        Ok(told)
    }

    async fn changes_of(
        &self,
        tokens: &Feed,
        part: &FeedPart,
        resource_type: &'static str,
        method: &'static Method,
        told: &mut Vec<(Place, Change<R::Body>)>,
    ) -> Result<()> {
        let resources = &self.feed.resources;
        // Only the last row of a resource is told: each would say the same, how it is now.
        let mut seen = HashSet::new();
        let newest_first = part.rows.iter().rev().filter(|row| row.resource_type == resource_type);
        let mut last: Vec<&FeedRow> = newest_first.filter(|row| seen.insert(row.resource.as_str())).collect();
        if last.is_empty() {
            return Ok(());
        }
        last.reverse();
        let names = last.iter().map(|row| Name::parse(&row.resource)).collect::<Result<Vec<_>>>()?;
        let current = latest(resources.current(self.actor, self.district, resource_type, &names)).await?;
        let mut current: HashMap<String, Row<R::Body>> =
            current.into_iter().map(|row| (row.name.to_string(), row)).collect();
        let mut candidates = Vec::with_capacity(last.len());
        for row in last {
            match current.remove(&row.resource) {
                Some(Row { body: None, .. }) => {}
                Some(Row { subjects, body, .. }) => candidates.push((row, subjects, body)),
                // Gone since: what took it away has a row of its own, further on.
                None if !row.deleted => {}
                None => candidates.push((row, row.subjects.clone(), None)),
            }
        }
        let about: Vec<&[Uuid]> = candidates.iter().map(|(_, subjects, _)| &subjects[..]).collect();
        let visible = self.visible(method, &about).await?;
        for ((row, _, body), visible) in candidates.into_iter().zip(visible) {
            if !visible || (body.is_none() && !latest(resources.tombstone(self.actor, row)).await?) {
                continue;
            }
            let kind = if body.is_some() { ChangeKind::Upserted } else { ChangeKind::Deleted };
            let place = Place { position: row.position, ..part.place };
            let change = Change {
                kind,
                resource: row.resource.clone(),
                resource_type: resource_type.to_owned(),
                change_time: Some(values::timestamp(row.time)),
                resume_token: tokens.token(place),
                body,
            };
            told.push((place, change));
        }
        Ok(())
    }

    /// The rows of a snapshot as changes; without those that the caller may not see.
    pub(super) async fn rows(
        &self,
        resource_type: &'static str,
        method: &'static Method,
        mut rows: Vec<Row<R::Body>>,
    ) -> Result<Vec<Change<R::Body>>> {
        rows.retain(|row| row.body.is_some());
        let about: Vec<&[Uuid]> = rows.iter().map(|row| &row.subjects[..]).collect();
        let visible = self.visible(method, &about).await?;
        let seen = rows.into_iter().zip(visible).filter(|(_, visible)| *visible).map(|(row, _)| row);
        let changes = seen.map(|row| Change {
            kind: ChangeKind::Upserted,
            resource: row.name.to_string(),
            resource_type: resource_type.to_owned(),
            change_time: Some(values::timestamp(row.update_time)),
            resume_token: String::new(),
            body: row.body,
        });
        Ok(changes.collect())
    }

    /// For each resource, whether the method that gets it would answer the caller. Those whom the others are
    /// about are then on the trail.
    async fn visible(&self, method: &'static Method, about: &[&[Uuid]]) -> Result<Vec<bool>> {
        if method.commons && self.district.is_commons() {
            return Ok(vec![true; about.len()]);
        }
        let class = DataClass::try_from(method.data_class).map_err(Failure::internal)?;
        let by = path(method, self.by);
        self.feed.guard.show(self.actor, by, self.district, class, method.relations, about).await
    }
}
