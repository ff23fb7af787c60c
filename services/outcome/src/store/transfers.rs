//! Rows of imports and their issues.

use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};
use trellis_kernel::{Failure, Page, PageRequest, Reason, Result, Timestamp, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::{transfer_issues, transfers};
use super::{decode, encode, micros};
use crate::domain::transfer::{Issue, State, TRANSFER, Transfer};

/// An import, with what tells a repetition of it from another.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The import.
    pub(crate) transfer: Transfer,
    /// A digest of what was asked.
    pub(crate) fingerprint: String,
    /// When it last said that it lives.
    pub(crate) heard: Timestamp,
}

/// Reads an import; none when there is none.
pub(crate) async fn find<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Kept>> {
    let select = scope.find::<transfers::Entity>().filter(transfers::Column::Id.eq(id));
    let row = select.one(scope.conn()).await.map_err(failure)?;
    row.map(|row| {
        let heard = instant(row.update_time)?;
        Ok(Kept { transfer: decode(&row.content)?, fingerprint: row.fingerprint, heard })
    })
    .transpose()
}

/// Reads an import; not found when there is none.
pub(crate) async fn get(reader: &Reader, id: Uuid) -> Result<Kept> {
    let missing = || {
        let name = trellis_kernel::Name::district(reader.district().clone());
        Failure::not_found(TRANSFER, name.child(crate::domain::transfer::TRANSFERS, id).to_string())
    };
    find(reader, id).await?.ok_or_else(missing)
}

/// Tells an import that runs to end.
pub(crate) async fn cancel(tx: &Tx, id: Uuid) -> Result<()> {
    tx.update_many::<transfers::Entity>()
        .col_expr(transfers::Column::Cancelled, true.into())
        .filter(transfers::Column::Id.eq(id))
        .filter(transfers::Column::Running.eq(true))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// Keeps how far an import has come that has not ended.
pub(crate) async fn come_further(tx: &Tx, transfer: &Transfer) -> Result<()> {
    tx.update_many::<transfers::Entity>()
        .col_expr(transfers::Column::Content, encode(transfer)?.into())
        .col_expr(transfers::Column::UpdateTime, micros(tx.machine_time()).into())
        .filter(transfers::Column::Id.eq(transfer.id))
        .filter(transfers::Column::Running.eq(true))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// Says that an import lives, if it has not ended. Answers whether it is told to end.
pub(crate) async fn beat(tx: &Tx, transfer: &Transfer) -> Result<bool> {
    tx.update_many::<transfers::Entity>()
        .col_expr(transfers::Column::UpdateTime, micros(tx.machine_time()).into())
        .filter(transfers::Column::Id.eq(transfer.id))
        .filter(transfers::Column::Running.eq(true))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    let select = tx.find::<transfers::Entity>().filter(transfers::Column::Id.eq(transfer.id));
    let row = select.one(tx.conn()).await.map_err(failure)?;
    Ok(row.is_some_and(|row| row.running && row.cancelled))
}

/// Writes an import that begins, or begins again after its server ended under it.
pub(crate) async fn begin(tx: &Tx, transfer: &Transfer, fingerprint: &str) -> Result<()> {
    let told_before = tx.delete_many::<transfer_issues::Entity>();
    let told_before = told_before.filter(transfer_issues::Column::Transfer.eq(transfer.id));
    told_before.exec(tx.conn()).await.map_err(failure)?;
    tx.put_many(vec![row(transfer, fingerprint, tx.machine_time())?]).await
}

/// Writes how an import ended, with its issues. Refused when it has ended already.
pub(crate) async fn end(tx: &Tx, transfer: &Transfer, fingerprint: &str, issues: &[Issue]) -> Result<()> {
    let done = tx
        .update_many::<transfers::Entity>()
        .set(row(transfer, fingerprint, tx.machine_time())?)
        .filter(transfers::Column::Id.eq(transfer.id))
        .filter(transfers::Column::Running.eq(true))
        .filter(transfers::Column::CreateTime.eq(micros(transfer.create_time)))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    if done.rows_affected == 0 {
        return Err(Failure::aborted(
            Reason::StateConflict,
            "The import was ended by a repetition of the request.",
        ));
    }
    let rows = issues.iter().zip(1..).map(|(issue, number)| {
        let district = tx.district().to_string();
        let model =
            transfer_issues::Model { district, transfer: transfer.id, number, content: encode(issue)? };
        Ok(model.into_active_model().reset_all())
    });
    tx.insert_many(rows.collect::<Result<Vec<_>>>()?).await
}

/// Lists the issues of an import, each with its number.
pub(crate) async fn issues(
    reader: &Reader,
    transfer: Uuid,
    request: &PageRequest,
) -> Result<Page<(i32, Issue)>> {
    use transfer_issues::{Column, Entity};
    let select = reader.find::<Entity>().filter(Column::Transfer.eq(transfer));
    let context = format!("ListFrameworkTransferIssues {transfer}");
    let rows =
        page(reader, select, Keyset::by(Column::Number), request, &context, |row| row.content.len() + 50)
            .await?;
    let items =
        rows.items.into_iter().map(|row| Ok((row.number, decode(&row.content)?))).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

fn row(transfer: &Transfer, fingerprint: &str, now: Timestamp) -> Result<transfers::ActiveModel> {
    let model = transfers::Model {
        district: transfer.district.to_string(),
        id: transfer.id,
        version: 1,
        fingerprint: fingerprint.to_owned(),
        running: transfer.state == State::Running,
        cancelled: false,
        content: encode(transfer)?,
        create_time: micros(transfer.create_time),
        update_time: micros(now),
    };
    Ok(model.into_active_model().reset_all())
}
