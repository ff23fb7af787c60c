//! Imports as the contract has them.

use trellis_contracts::{common, profile, values};
use trellis_kernel::{District, Etag};

use super::roster::in_collection;
use crate::domain::issue::Severity;
use crate::domain::transfer::{FileResult, KeptIssue, Transfer};

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) fn transfer(district: &District, transfer: Transfer) -> profile::RosterTransfer {
    let Transfer { id, dry_run, succeeded, files, error_count, warning_count, actor, create_time } = transfer;
    let state = if succeeded { common::JobState::Succeeded } else { common::JobState::Failed };
    profile::RosterTransfer {
        name: in_collection(district, "rosterTransfers", id),
        uid: id.to_string(),
        format: profile::RosterFormat::OnerosterCsv.into(),
        dry_run,
        state: state.into(),
        files: files.into_iter().map(file).collect(),
        error_count: count(error_count),
        warning_count: count(warning_count),
        actor,
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(create_time)),
        // A transfer is written once, when it has ended.
        etag: Etag::new(1).to_string(),
    }
}

fn file(result: FileResult) -> profile::RosterFileResult {
    let FileResult { file, rows, created, updated, unchanged, retired } = result;
    profile::RosterFileResult {
        file,
        rows: count(rows),
        created: count(created),
        updated: count(updated),
        unchanged: count(unchanged),
        retired: count(retired),
    }
}

pub(crate) fn issue(issue: KeptIssue) -> profile::RosterIssue {
    let KeptIssue { severity, file, line, column, reason, text } = issue;
    let severity = match severity {
        Severity::Note => common::IssueSeverity::Note,
        Severity::Warning => common::IssueSeverity::Warning,
        Severity::Error => common::IssueSeverity::Error,
    };
    profile::RosterIssue { severity: severity.into(), file, line, column, reason, text }
}
