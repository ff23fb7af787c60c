//! Growth rules.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{Page, PageRequest, Result, Uuid};
use trellis_store::{Document, Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::growth_rule::{ActiveModel, Column, Entity, Model};
use super::entry_columns::broken;
use crate::domain::growth_rule::{GrowthRule, Method, MethodKind};

/// Writes a new rule.
pub(crate) async fn insert(tx: &Tx, rule: &GrowthRule) -> Result<()> {
    tx.insert(ActiveModel {
        id: Set(rule.id),
        title: Set(Document(rule.title.clone())),
        method: Set(rule.method.kind().key().to_owned()),
        last_count: Set(rule.method.last_count()),
        next_weight: Set(rule.method.next_weight()),
        create_time: Set(rule.create_time.as_microsecond()),
        version: Set(rule.version),
        ..Default::default()
    })
    .await
}

/// A rule.
pub(crate) async fn get<S: Scope>(scope: &S, id: Uuid) -> Result<Option<GrowthRule>> {
    let row = scope.find::<Entity>().filter(Column::Id.eq(id)).one(scope.conn()).await.map_err(failure)?;
    row.map(read).transpose()
}

/// Every rule of the district, in the order they were made.
pub(crate) async fn all(tx: &Tx) -> Result<Vec<GrowthRule>> {
    let select = tx.find::<Entity>().order_by_asc(Column::CreateTime).order_by_asc(Column::Id);
    let rows = select.all(tx.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// A page of the rules of the district, in the order they were made.
pub(crate) async fn list(reader: &Reader, request: &PageRequest, context: &str) -> Result<Page<GrowthRule>> {
    let order = Keyset::by(Column::CreateTime).then(Column::Id);
    let page = trellis_store::page(reader, reader.find::<Entity>(), order, request, context, weigh).await?;
    let next = page.next;
    Ok(Page { items: page.items.into_iter().map(read).collect::<Result<_>>()?, next })
}

/// Rules by id.
pub(crate) async fn by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<GrowthRule>> {
    let select = reader.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

/// The rules of the district after an id.
pub(crate) async fn after(reader: &Reader, id: Option<Uuid>, limit: u64) -> Result<Vec<GrowthRule>> {
    let select = reader.find::<Entity>().filter(Column::Id.gt(id.unwrap_or_default()));
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(read).collect()
}

fn weigh(row: &Model) -> usize {
    512 + row.title.0.bytes()
}

fn read(row: Model) -> Result<GrowthRule> {
    let Model { district: _, id, title, method, last_count, next_weight, create_time, version } = row;
    let kind = MethodKind::from_key(&method).ok_or_else(broken)?;
    Ok(GrowthRule {
        id,
        title: title.0,
        method: Method::parse(kind, last_count, next_weight).map_err(|_| broken())?,
        create_time: instant(create_time)?,
        version,
    })
}
