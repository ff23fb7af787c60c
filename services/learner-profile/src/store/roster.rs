//! Records of the roster, one by one and in the order of their ids.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, failure};

use super::entities::{person_role, relationship};
use super::records::{Kept, Stored};
use crate::domain::roster::{Person, Relationship, Role};

/// Records by id; those that there are not are left out.
pub(crate) async fn by_ids<T: Kept, S: Scope>(scope: &S, ids: &[Uuid]) -> Result<HashMap<Uuid, Stored<T>>> {
    let select = scope.find::<T::Entity>().filter(T::id_column().is_in(ids.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| T::read(row).map(|stored| (stored.record.id(), stored))).collect()
}

/// One record.
pub(crate) async fn one<T: Kept>(reader: &Reader, id: Uuid) -> Result<Option<Stored<T>>> {
    Ok(by_ids(reader, &[id]).await?.remove(&id))
}

/// The records after an id (all, without one), in the order of their ids.
pub(crate) async fn after<T: Kept>(reader: &Reader, id: Option<Uuid>, limit: u64) -> Result<Vec<Stored<T>>> {
    let mut select = reader.find::<T::Entity>();
    if let Some(id) = id {
        select = select.filter(T::id_column().gt(id));
    }
    let rows = select.order_by_asc(T::id_column()).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(T::read).collect()
}

/// A person with what they are.
#[derive(Clone, Debug)]
pub(crate) struct PersonWithRoles {
    pub person: Stored<Person>,
    /// The roles that the roster holds, in the order of their ids.
    pub roles: Vec<Role>,
}

/// People with what they are, in the order in which they come.
pub(crate) async fn with_roles(reader: &Reader, people: Vec<Stored<Person>>) -> Result<Vec<PersonWithRoles>> {
    let rows = reader
        .find::<person_role::Entity>()
        .filter(person_role::Column::PersonId.is_in(people.iter().map(|stored| stored.record.id)))
        .filter(person_role::Column::Active.eq(true))
        .order_by_asc(person_role::Column::Id)
        .all(reader.conn())
        .await
        .map_err(failure)?;
    let mut roles: HashMap<Uuid, Vec<Role>> = HashMap::new();
    for row in rows {
        let role = Role::read(row)?.record;
        roles.entry(role.person).or_default().push(role);
    }
    let with = |person: Stored<Person>| {
        let roles = roles.remove(&person.record.id).unwrap_or_default();
        PersonWithRoles { person, roles }
    };
    Ok(people.into_iter().map(with).collect())
}

/// A page of a person's relationships, whichever side the person is on. With `only`, those alone in which
/// that one is the other person.
pub(crate) async fn relationships(
    reader: &Reader,
    person: Uuid,
    only: Option<Uuid>,
    request: &PageRequest,
) -> Result<Page<Stored<Relationship>>> {
    let mut select = reader
        .find::<relationship::Entity>()
        .filter(relationship::Column::LearnerId.eq(person).or(relationship::Column::OtherId.eq(person)));
    if let Some(other) = only {
        select = select.filter(relationship::Column::OtherId.eq(other));
    }
    let context = format!("ListRelationships {person} {only:?}");
    let keys = Keyset::by(relationship::Column::Id);
    let page = trellis_store::page(reader, select, keys, request, &context, |_| 400).await?;
    let items = page.items.into_iter().map(Relationship::read).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}
