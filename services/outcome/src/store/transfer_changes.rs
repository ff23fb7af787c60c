//! Rows of what imports changed, or would change.

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, page};

use super::entities::transfer_changes::{Column, Entity, Model};
use super::{decode, encode};
use crate::domain::transfer::{Action, Difference};

/// Writes what an import changes; the first of these has this number.
pub(crate) async fn insert(
    tx: &Tx,
    framework: Uuid,
    transfer: Uuid,
    first: i32,
    differences: &[Difference],
) -> Result<()> {
    let rows = differences.iter().zip(first..).map(|(difference, number)| {
        let Difference { action, section, entry, fields } = difference;
        let model = Model {
            district: tx.district().to_string(),
            framework,
            transfer,
            number,
            action: action.as_str().to_owned(),
            section: section.clone(),
            entry: *entry,
            fields: if fields.is_empty() { String::new() } else { encode(fields)? },
        };
        Ok(model.into_active_model().reset_all())
    });
    tx.insert_many(rows.collect::<Result<Vec<_>>>()?).await
}

/// Forgets what imports of a framework changed or would have changed.
pub(crate) async fn delete(tx: &Tx, framework: Uuid) -> Result<()> {
    let all = tx.delete_many::<Entity>().filter(Column::Framework.eq(framework));
    all.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
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
    let weigh = |row: &Model| row.fields.len() + row.section.len() + 300;
    let rows = page(reader, select, Keyset::by(Column::Number), request, &context, weigh).await?;
    let items = rows.items.into_iter().map(read).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

fn read(row: Model) -> Result<(i32, Difference)> {
    let action = Action::parse(&row.action).ok_or_else(|| Failure::internal("a row holds no action"))?;
    let fields = if row.fields.is_empty() { Vec::new() } else { decode(&row.fields)? };
    Ok((row.number, Difference { action, section: row.section, entry: row.entry, fields }))
}
