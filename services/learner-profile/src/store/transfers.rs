//! Imports and what they found.

use sea_orm::{ColumnTrait, QueryFilter, Set};
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Document, Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::{roster_issue, roster_transfer};
use crate::domain::issue::{Issue, Severity};
use crate::domain::transfer::{KeptIssue, Transfer};

/// Writes a transfer and its issues.
pub(crate) async fn insert(tx: &Tx, transfer: &Transfer, issues: &[Issue]) -> Result<()> {
    tx.insert(roster_transfer::ActiveModel {
        district: sea_orm::NotSet,
        id: Set(transfer.id),
        dry_run: Set(transfer.dry_run),
        succeeded: Set(transfer.succeeded),
        files: Set(Document(transfer.files.clone())),
        error_count: Set(count(transfer.error_count)),
        warning_count: Set(count(transfer.warning_count)),
        actor: Set(transfer.actor.clone()),
        create_time: Set(transfer.create_time.as_microsecond()),
        update_time: Set(transfer.create_time.as_microsecond()),
        version: Set(1),
    })
    .await?;
    let rows = (0..).zip(issues).map(|(position, issue)| roster_issue::ActiveModel {
        district: sea_orm::NotSet,
        transfer_id: Set(transfer.id),
        position: Set(position),
        severity: Set(severity_key(issue.severity).to_owned()),
        file: Set(issue.file.to_owned()),
        line: Set(i64::from(issue.line)),
        field: Set(issue.column.to_owned()),
        reason: Set(issue.reason.to_owned()),
        text: Set(issue.text.clone()),
    });
    tx.insert_many(rows.collect()).await
}

/// A transfer.
pub(crate) async fn get(reader: &Reader, id: Uuid) -> Result<Option<Transfer>> {
    let select = reader.find::<roster_transfer::Entity>().filter(roster_transfer::Column::Id.eq(id));
    select.one(reader.conn()).await.map_err(failure)?.map(read).transpose()
}

/// A page of the issues of a transfer, in the order in which they were found.
pub(crate) async fn issues(
    reader: &Reader,
    transfer: Uuid,
    request: &PageRequest,
) -> Result<Page<KeptIssue>> {
    let select = reader.find::<roster_issue::Entity>().filter(roster_issue::Column::TransferId.eq(transfer));
    let keys = Keyset::by(roster_issue::Column::Position);
    let context = format!("ListRosterIssues {transfer}");
    let page =
        trellis_store::page(reader, select, keys, request, &context, |row| 100 + row.text.len()).await?;
    let items = page.items.into_iter().map(read_issue).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn read(row: roster_transfer::Model) -> Result<Transfer> {
    Ok(Transfer {
        id: row.id,
        dry_run: row.dry_run,
        succeeded: row.succeeded,
        files: row.files.0,
        error_count: u32::try_from(row.error_count).unwrap_or_default(),
        warning_count: u32::try_from(row.warning_count).unwrap_or_default(),
        actor: row.actor,
        create_time: instant(row.create_time)?,
    })
}

fn read_issue(row: roster_issue::Model) -> Result<KeptIssue> {
    let severity = [Severity::Note, Severity::Warning, Severity::Error]
        .into_iter()
        .find(|severity| severity_key(*severity) == row.severity)
        .ok_or_else(|| Failure::internal("a severity is kept that is none"))?;
    Ok(KeptIssue {
        severity,
        file: row.file,
        line: i32::try_from(row.line).unwrap_or(i32::MAX),
        column: row.field,
        reason: row.reason,
        text: row.text,
    })
}

const fn severity_key(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
