//! Lists by the page, without an offset: a page begins after the last row of the one before, so rows
//! that come and go meanwhile make none appear twice and none be missed.

use sea_orm::sea_query::Order;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Select, Value,
};
use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Page, PageRequest, Reason, Result, Uuid};

use crate::{Scope, Scoped, failure};

/// The most that the rows of a page weigh, in bytes, as the caller weighs them: clients refuse
/// messages of more than 4 MiB.
pub const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// The columns that order a list. The last must be unique within the district, and none may be null.
#[derive(Clone, Debug)]
pub struct Keyset<E: EntityTrait> {
    keys: Vec<(E::Column, Order)>,
}

impl<E: EntityTrait> Keyset<E> {
    /// Orders by a column, upwards.
    pub fn by(column: E::Column) -> Self {
        Self { keys: vec![(column, Order::Asc)] }
    }

    /// Orders by a column, downwards.
    pub fn by_desc(column: E::Column) -> Self {
        Self { keys: vec![(column, Order::Desc)] }
    }

    /// Then by a column, upwards.
    #[must_use]
    pub fn then(mut self, column: E::Column) -> Self {
        self.keys.push((column, Order::Asc));
        self
    }

    /// Then by a column, downwards.
    #[must_use]
    pub fn then_desc(mut self, column: E::Column) -> Self {
        self.keys.push((column, Order::Desc));
        self
    }

    /// The rows after the one whose keys are given: (a > x) or (a = x and b > y) or …
    ///
    /// And a >= x, which says nothing new, but so that `PostgreSQL` can search an index by it: else a
    /// page reads all that come before.
    fn after(&self, place: &[Value]) -> Condition {
        let mut any = Condition::any();
        let from = self.keys.first().zip(place.first()).map(|((column, order), value)| match order {
            Order::Desc => column.lte(value.clone()),
            _ => column.gte(value.clone()),
        });
        for (depth, (column, order)) in self.keys.iter().enumerate() {
            let mut all = Condition::all();
            for ((equal, _), value) in self.keys.iter().zip(place).take(depth) {
                all = all.add(equal.eq(value.clone()));
            }
            let value = place[depth].clone();
            all = all.add(if matches!(order, Order::Desc) { column.lt(value) } else { column.gt(value) });
            any = any.add(all);
        }
        Condition::all().add_option(from).add(any)
    }

    fn place(&self, row: &E::Model) -> Result<Vec<Key>> {
        self.keys.iter().map(|(column, _)| Key::of(row.get(*column))).collect()
    }

    fn read(&self, content: &[u8]) -> Option<Vec<Value>> {
        let place: Vec<Key> = serde_json::from_slice(content).ok()?;
        (place.len() == self.keys.len()).then(|| place.into_iter().map(Key::value).collect())
    }
}

/// The value of a key column, as a token holds it.
#[derive(Serialize, Deserialize)]
enum Key {
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "l")]
    Long(i64),
    #[serde(rename = "i")]
    Int(i32),
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "u")]
    Id(Uuid),
}

impl Key {
    fn of(value: Value) -> Result<Self> {
        match value {
            Value::String(Some(text)) => Ok(Self::Text(text)),
            Value::BigInt(Some(number)) => Ok(Self::Long(number)),
            Value::Int(Some(number)) => Ok(Self::Int(number)),
            Value::Bool(Some(flag)) => Ok(Self::Bool(flag)),
            Value::Uuid(Some(id)) => Ok(Self::Id(id)),
            _ => Err(Failure::internal(
                "a list is ordered by a column that is null or of a type that has no order",
            )),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Long(number) => number.into(),
            Self::Int(number) => number.into(),
            Self::Bool(flag) => flag.into(),
            Self::Id(id) => id.into(),
        }
    }
}

/// Reads the page of `select` that `request` asks for, ordered by `keys`.
///
/// `context` says which list this is: the method and everything that shapes it (filter, order,
/// parent). A token opens only for the same district and context; any other is refused with
/// `INVALID_PAGE_TOKEN`. `weigh` gives a row's weight in bytes; a page ends before it grows heavier
/// than [`PAGE_BYTES`], but holds at least one row.
pub async fn page<E, S>(
    scope: &S,
    select: Select<E>,
    keys: Keyset<E>,
    request: &PageRequest,
    context: &str,
    weigh: fn(&E::Model) -> usize,
) -> Result<Page<E::Model>>
where
    E: Scoped,
    E::Model: Send + Sync,
    S: Scope,
{
    let sealer = scope.sealer();
    let bound = ["page", scope.district().as_str(), context];
    let mut select = select;
    if !request.token.is_empty() {
        let place = sealer.open(&bound, &request.token).and_then(|content| keys.read(&content));
        select = select.filter(keys.after(&place.ok_or_else(foreign_token)?));
    }
    for (column, order) in &keys.keys {
        select = select.order_by(*column, order.clone());
    }
    let size = usize::from(request.size.get());
    let mut rows = select.limit(size as u64 + 1).all(scope.conn()).await.map_err(failure)?;
    let kept = fitting(&rows, size, weigh);
    let more = rows.len() > kept;
    rows.truncate(kept);
    let next = match rows.last() {
        Some(last) if more => {
            let place = serde_json::to_vec(&keys.place(last)?).map_err(Failure::internal)?;
            sealer.seal(&bound, &place)
        }
        _ => String::new(),
    };
    Ok(Page { items: rows, next })
}

/// How many of the rows make the page.
fn fitting<M>(rows: &[M], size: usize, weigh: fn(&M) -> usize) -> usize {
    let mut weight = 0_usize;
    let light = rows.iter().take(size).take_while(|row| {
        weight = weight.saturating_add(weigh(row));
        weight <= PAGE_BYTES
    });
    light.count().max(rows.len().min(1))
}

fn foreign_token() -> Failure {
    Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this list gave.").violation(
        "page_token",
        "must be the next_page_token of the same list with the same filter and order",
    )
}
