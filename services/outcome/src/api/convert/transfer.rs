//! Imports.

use trellis_contracts::common::{IssueSeverity, JobState};
use trellis_contracts::{outcome as proto, values};

use crate::domain::association::association_name;
use crate::domain::case::write::Version;
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::outcome_name;
use crate::domain::transfer::{
    Action, Counts, Difference, Issue, Phase, Severity, State, TRANSFERS, Tally, Transfer,
};
use trellis_kernel::Name;

/// An import as the contract has it.
pub(in crate::api) fn write(transfer: Transfer) -> proto::FrameworkTransfer {
    let name = transfer.name().to_string();
    let Transfer {
        district,
        id,
        dry_run,
        publish,
        state,
        phase,
        received,
        total,
        framework,
        revision,
        changed,
        tally,
        issues,
        changes,
        create_time,
        end_time,
        source,
        documents,
        documents_done,
        parts,
    } = transfer;
    let Tally { outcomes, associations, definitions, rubrics, destinations_elsewhere } = tally;
    let part = |id| Name::district(district.clone()).child(TRANSFERS, id).to_string();
    let parts = parts.into_iter().map(part).collect();
    let framework = framework.map(|id| FrameworkRef::draft(district, id).name().to_string());
    proto::FrameworkTransfer {
        name,
        uid: id.to_string(),
        format: proto::FrameworkTransferFormat::CaseJson.into(),
        dry_run,
        publish,
        state: write_state(state).into(),
        phase: write_phase(phase).into(),
        received_size: i64::try_from(received).unwrap_or(i64::MAX),
        total_size: i64::try_from(total).unwrap_or(i64::MAX),
        framework: framework.unwrap_or_default(),
        revision: number(revision),
        changed,
        outcomes: Some(counts(outcomes)),
        associations: Some(counts(associations)),
        definitions: Some(counts(definitions)),
        rubrics: Some(counts(rubrics)),
        destinations_elsewhere: number(destinations_elsewhere),
        issue_count: number(issues),
        change_count: number(changes),
        create_time: Some(values::timestamp(create_time)),
        end_time: end_time.map(values::timestamp),
        source_uri: source,
        document_count: number(documents),
        documents_done: number(documents_done),
        parts,
    }
}

/// An issue, with its number, as the contract has it.
pub(in crate::api) fn write_issue((own, issue): (i32, Issue)) -> proto::FrameworkTransferIssue {
    let Issue { severity, code, place, text, repair } = issue;
    proto::FrameworkTransferIssue {
        number: own,
        severity: write_severity(severity).into(),
        code,
        pointer: place.pointer,
        line: number(place.line),
        column: number(place.column),
        text,
        repair,
    }
}

/// A kind of change; none for all.
pub(in crate::api) fn read_action(action: i32) -> Option<Action> {
    match proto::FrameworkTransferAction::try_from(action).unwrap_or_default() {
        proto::FrameworkTransferAction::Unspecified => None,
        proto::FrameworkTransferAction::Added => Some(Action::Added),
        proto::FrameworkTransferAction::Changed => Some(Action::Changed),
        proto::FrameworkTransferAction::Moved => Some(Action::Moved),
        proto::FrameworkTransferAction::Removed => Some(Action::Removed),
    }
}

/// A change of a framework, with its number, as the contract has it.
pub(in crate::api) fn write_change(
    framework: Option<&FrameworkRef>,
    (own, difference): (i32, Difference),
) -> proto::FrameworkTransferChange {
    let Difference { action, section, entry, fields } = difference;
    let action = match action {
        Action::Added => proto::FrameworkTransferAction::Added,
        Action::Changed => proto::FrameworkTransferAction::Changed,
        Action::Moved => proto::FrameworkTransferAction::Moved,
        Action::Removed => proto::FrameworkTransferAction::Removed,
    };
    let resource = framework.and_then(|framework| match section.as_str() {
        "CFDocument" => Some(framework.name()),
        "CFItems" => Some(outcome_name(framework, entry)),
        "CFAssociations" => Some(association_name(framework, entry)),
        _ => None,
    });
    proto::FrameworkTransferChange {
        number: own,
        action: action.into(),
        section,
        uid: entry.to_string(),
        resource: resource.map(|name| name.to_string()).unwrap_or_default(),
        fields,
    }
}

/// How much an issue matters, as the contract has it.
pub(in crate::api) const fn write_severity(severity: Severity) -> IssueSeverity {
    match severity {
        Severity::Note => IssueSeverity::Note,
        Severity::Warning => IssueSeverity::Warning,
        Severity::Error => IssueSeverity::Error,
    }
}

/// Counts as the contract has them.
pub(in crate::api) fn counts(counts: Counts) -> proto::FrameworkTransferCounts {
    let Counts { read, created, updated, unchanged, repeated, refused, removed } = counts;
    proto::FrameworkTransferCounts {
        read: number(read),
        created: number(created),
        updated: number(updated),
        unchanged: number(unchanged),
        duplicates: number(repeated),
        refused: number(refused),
        removed: number(removed),
    }
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

const fn write_state(state: State) -> JobState {
    match state {
        State::Running => JobState::Running,
        State::Succeeded => JobState::Succeeded,
        State::Failed => JobState::Failed,
        State::Cancelled => JobState::Cancelled,
    }
}

const fn write_phase(phase: Phase) -> proto::FrameworkTransferPhase {
    match phase {
        Phase::Receiving => proto::FrameworkTransferPhase::Receiving,
        Phase::Reading => proto::FrameworkTransferPhase::Reading,
        Phase::Writing => proto::FrameworkTransferPhase::Writing,
        Phase::Ended => proto::FrameworkTransferPhase::Ended,
    }
}

/// A version of CASE from the wire; the contract has checked that it is one.
pub(in crate::api) fn read_version(number: i32) -> Version {
    match proto::CaseVersion::try_from(number).unwrap_or_default() {
        proto::CaseVersion::V10 => Version::V1p0,
        proto::CaseVersion::V11 | proto::CaseVersion::Unspecified => Version::V1p1,
    }
}
