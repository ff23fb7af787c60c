//! What every table of resources has in common.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trellis_kernel::{Failure, Reason, Result, Uuid};
use trellis_store::{Scope, Scoped, Tx, failure};

type Column<R> = <<R as Row>::Entity as EntityTrait>::Column;
type Model<R> = <<R as Row>::Entity as EntityTrait>::Model;

/// A resource that is one row of a table whose key is (`district`, `id`).
pub(crate) trait Row: Sized + Send + Sync {
    /// Its table.
    type Entity: Scoped;
    /// Its row, ready to be written.
    type Active: ActiveModelTrait<Entity = Self::Entity> + Send;

    /// The column of its id.
    const ID: Column<Self>;

    /// Its id.
    fn id(&self) -> Uuid;
    /// Its row, but for the district.
    fn pack(&self) -> Result<Self::Active>;
    /// The resource of a row.
    fn unpack(row: Model<Self>) -> Result<Self>;
}

/// A resource that changes, and counts its changes.
pub(crate) trait Versioned: Row {
    /// The column of its version.
    const VERSION: Column<Self>;
}

/// The resource of an id.
pub(crate) async fn find<R: Row, S: Scope>(scope: &S, id: Uuid) -> Result<Option<R>> {
    let row = scope.find::<R::Entity>().filter(R::ID.eq(id)).one(scope.conn()).await.map_err(failure)?;
    row.map(R::unpack).transpose()
}

/// The resources of these ids, in any order; one that is not there is left out.
pub(crate) async fn find_many<R: Row, S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<R>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = scope.find::<R::Entity>().filter(R::ID.is_in(ids.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(R::unpack).collect()
}

/// The next resources in the order of their ids, after the one given: for a snapshot.
pub(crate) async fn after<R: Row, S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<R>> {
    let mut select = scope.find::<R::Entity>();
    if let Some(after) = after {
        select = select.filter(R::ID.gt(after));
    }
    let rows = select.order_by_asc(R::ID).limit(limit).all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(R::unpack).collect()
}

/// Keeps a new resource.
pub(crate) async fn insert<R: Row>(tx: &Tx, resource: &R) -> Result<()> {
    tx.insert(resource.pack()?).await
}

/// Keeps a changed resource in the place of the version that it was read as. Another change that came
/// between is an `ABORTED`.
pub(crate) async fn replace<R: Versioned>(tx: &Tx, resource: &R, read_as: i64) -> Result<()> {
    let done = tx
        .update_many::<R::Entity>()
        .set(resource.pack()?)
        .filter(R::ID.eq(resource.id()))
        .filter(R::VERSION.eq(read_as))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    Err(Failure::aborted(
        Reason::EtagMismatch,
        "The resource changed while this change was made: read it again, then repeat the change.",
    ))
}

/// A value as a column of JSON keeps it.
pub(super) fn pack_json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(Failure::internal)
}

/// A value from a column of JSON.
pub(super) fn unpack_json<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(Failure::internal)
}

/// A number that the domain counts without a sign, as a column keeps it.
pub(super) fn pack_count(count: u32) -> Result<i32> {
    i32::try_from(count).map_err(Failure::internal)
}

/// A number from a column that is never negative.
pub(super) fn unpack_count(count: i32) -> Result<u32> {
    u32::try_from(count).map_err(Failure::internal)
}

/// What a value weighs, in bytes, near enough for the size of a page.
pub(super) fn weight(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => text.len() + 8,
        serde_json::Value::Array(values) => values.iter().map(weight).sum::<usize>() + 8,
        serde_json::Value::Object(fields) => {
            fields.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() + 8
        }
        _ => 8,
    }
}
