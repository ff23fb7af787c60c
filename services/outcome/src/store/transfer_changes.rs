//! Rows of what imports changed, or would change. What was done alike to several entries, one after the
//! other, is one row: a first import does one thing to all of them.

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select};
use trellis_kernel::{Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{PAGE_BYTES, Reader, Scope, Tx, failure};

use super::entities::transfer_changes::{Column, Entity, Model};
use super::{decode, encode};
use crate::domain::transfer::{Action, Difference};

/// Of how many entries one row tells at most.
const RUN: usize = 200;
/// The same, as a number of a change.
const RUN_NUMBERS: i32 = 200;
/// How many rows are read at a time.
const ROWS: u64 = 50;

/// Writes what an import changes; the first of these has this number.
pub(crate) async fn insert(
    tx: &Tx,
    framework: Uuid,
    transfer: Uuid,
    first: i32,
    differences: &[Difference],
) -> Result<()> {
    let mut number = first;
    let alike = differences.chunk_by(|one, other| one.fields.is_empty() && is_more(one, other));
    let rows = alike.flat_map(|alike| alike.chunks(RUN)).map(|run| {
        let [Difference { action, section, entry, fields }, more @ ..] = run else {
            return Err(Failure::internal("a run of changes holds none"));
        };
        let more: Vec<Uuid> = more.iter().map(|difference| difference.entry).collect();
        let model = Model {
            district: tx.district().to_string(),
            framework,
            transfer,
            number,
            action: action.as_str().to_owned(),
            section: section.clone(),
            entry: *entry,
            fields: if fields.is_empty() { String::new() } else { encode(fields)? },
            more: if more.is_empty() { String::new() } else { encode(&more)? },
        };
        number += i32::try_from(run.len()).map_err(Failure::internal)?;
        Ok(model.into_active_model().reset_all())
    });
    tx.insert_many(rows.collect::<Result<Vec<_>>>()?).await
}

/// Whether a change may stand in the row of the one before it.
fn is_more(before: &Difference, own: &Difference) -> bool {
    own.fields.is_empty() && own.action == before.action && own.section == before.section
}

/// Forgets what imports of a framework changed or would have changed.
pub(crate) async fn delete(tx: &Tx, framework: Uuid) -> Result<()> {
    let all = tx.delete_many::<Entity>().filter(Column::Framework.eq(framework));
    all.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

/// Whether it is still kept what an import of a framework changed, which was something.
pub(crate) async fn is_kept(reader: &Reader, framework: Uuid, transfer: Uuid) -> Result<bool> {
    let all = reader.find::<Entity>().filter(Column::Framework.eq(framework));
    let own = all.filter(Column::Transfer.eq(transfer));
    Ok(own.one(reader.conn()).await.map_err(failure)?.is_some())
}

/// Lists what an import of a framework changed, each with its number; only of one kind, if one is given.
pub(crate) async fn list(
    reader: &Reader,
    framework: Uuid,
    transfer: Uuid,
    action: Option<Action>,
    request: &PageRequest,
) -> Result<Page<(i32, Difference)>> {
    let mut select =
        reader.find::<Entity>().filter(Column::Framework.eq(framework)).filter(Column::Transfer.eq(transfer));
    if let Some(action) = action {
        select = select.filter(Column::Action.eq(action.as_str()));
    }
    let context = format!("ListFrameworkTransferChanges {transfer} {action:?}");
    let bound = ["changes", reader.district().as_str(), &context];
    let last = match request.token.as_str() {
        "" => 0,
        token => {
            let opened = reader.sealer().open(&bound, token);
            let last = opened.and_then(|last| last.try_into().ok()).map(i32::from_be_bytes);
            last.ok_or_else(foreign_token)?
        }
    };
    let size = usize::from(request.size.get());
    let mut items = after(reader, &select, last, size).await?;
    let more = items.len() > kept(&items, size);
    items.truncate(kept(&items, size));
    let next = items.last().filter(|_| more).map(|(number, _)| number.to_be_bytes());
    Ok(Page { items, next: next.map(|last| reader.sealer().seal(&bound, &last)).unwrap_or_default() })
}

/// The changes behind the one of a number: more than a page holds, where there are more.
async fn after(
    reader: &Reader,
    select: &Select<Entity>,
    last: i32,
    size: usize,
) -> Result<Vec<(i32, Difference)>> {
    let mut found = Vec::new();
    // The row that tells of the next may begin with one that was told.
    let mut from = last.saturating_sub(RUN_NUMBERS);
    loop {
        let rows = select.clone().filter(Column::Number.gt(from)).order_by_asc(Column::Number).limit(ROWS);
        let rows = rows.all(reader.conn()).await.map_err(failure)?;
        let more = rows.len() as u64 == ROWS;
        from = rows.last().map_or(from, |row| row.number);
        for row in &rows {
            found.extend(read(row)?.into_iter().filter(|(number, _)| *number > last));
        }
        if !more || kept(&found, size) < found.len() {
            return Ok(found);
        }
    }
}

/// How many of these changes make a page: as many as it holds and are not too heavy for it, though one.
fn kept(changes: &[(i32, Difference)], size: usize) -> usize {
    let mut weight = 0;
    let light = changes.iter().take(size).take_while(|(_, difference)| {
        let fields: usize = difference.fields.iter().map(|field| field.len() + 3).sum();
        weight += fields + difference.section.len() + 300;
        weight <= PAGE_BYTES
    });
    light.count().max(changes.len().min(1))
}

/// The changes that a row tells of, each with its number.
fn read(row: &Model) -> Result<Vec<(i32, Difference)>> {
    let action = Action::parse(&row.action).ok_or_else(|| Failure::internal("a row holds no action"))?;
    let fields = if row.fields.is_empty() { Vec::new() } else { decode(&row.fields)? };
    let more: Vec<Uuid> = if row.more.is_empty() { Vec::new() } else { decode(&row.more)? };
    let first = Difference { action, section: row.section.clone(), entry: row.entry, fields };
    let others = more.into_iter().map(|entry| Difference {
        action,
        section: row.section.clone(),
        entry,
        fields: Vec::new(),
    });
    Ok((row.number..).zip(std::iter::once(first).chain(others)).collect())
}

fn foreign_token() -> Failure {
    Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this list gave.")
        .violation("page_token", "must be the next_page_token of the same list with the same filter")
}
