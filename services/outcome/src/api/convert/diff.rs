//! Differences between revisions.

use trellis_contracts::outcome as proto;
use trellis_contracts::outcome::DifferenceKind;
use trellis_contracts::outcome::diff_framework_revisions_response::Part;

use super::{association, framework, outcome, progression, rubric};
use crate::app::diff::{self, Summary};
use crate::domain::diff::{DiffCounts, Difference, Path, moved};
use crate::domain::succession::{Currency, OutcomeId};

/// A difference as the contract has it.
pub(in crate::api) fn write(part: diff::Part) -> proto::DiffFrameworkRevisionsResponse {
    let part = match part {
        diff::Part::Framework { before, after, paths } => Part::Framework(proto::FrameworkDifference {
            before: Some(framework::write(*before, Currency::default())),
            after: Some(framework::write(*after, Currency::default())),
            changed_paths: named(paths),
        }),
        diff::Part::Outcome(difference, replaced_by) => Part::Outcome(outcome(difference, &replaced_by)),
        diff::Part::Association(difference) => Part::Association(association(difference)),
        diff::Part::Progression(difference) => Part::Progression(progression(difference)),
        diff::Part::Rubric(difference) => Part::Rubric(rubric(difference)),
        diff::Part::Summary(Summary { outcomes, associations, progressions, rubrics }) => {
            Part::Summary(proto::FrameworkDiffSummary {
                outcomes: Some(counts(outcomes)),
                associations: Some(counts(associations)),
                progressions: Some(counts(progressions)),
                rubrics: Some(counts(rubrics)),
            })
        }
    };
    proto::DiffFrameworkRevisionsResponse { part: Some(part) }
}

/// What became of a resource, how it was, how it is, and where the two differ.
fn sides<T>(difference: Difference<T>) -> (DifferenceKind, Option<T>, Option<T>, Vec<Path>) {
    match difference {
        Difference::Added(after) => (DifferenceKind::Added, None, Some(after), Vec::new()),
        Difference::Removed(before) => (DifferenceKind::Removed, Some(before), None, Vec::new()),
        Difference::Changed { before, after, paths } => {
            (DifferenceKind::Changed, Some(*before), Some(*after), paths)
        }
    }
}

fn outcome(
    difference: Difference<crate::domain::outcome::Outcome>,
    replaced_by: &[OutcomeId],
) -> proto::OutcomeDifference {
    let (kind, before, after, paths) = sides(difference);
    proto::OutcomeDifference {
        kind: kind.into(),
        before: before.map(outcome::write),
        after: after.map(outcome::write),
        moved: moved(&paths),
        changed_paths: named(paths),
        replaced_by: replaced_by.iter().map(|by| by.name().to_string()).collect(),
    }
}

fn association(
    difference: Difference<crate::domain::association::Association>,
) -> proto::AssociationDifference {
    let (kind, before, after, paths) = sides(difference);
    proto::AssociationDifference {
        kind: kind.into(),
        before: before.map(association::write),
        after: after.map(association::write),
        changed_paths: named(paths),
    }
}

fn progression(
    difference: Difference<crate::domain::progression::Progression>,
) -> proto::ProgressionDifference {
    let (kind, before, after, paths) = sides(difference);
    proto::ProgressionDifference {
        kind: kind.into(),
        before: before.map(progression::write),
        after: after.map(progression::write),
        changed_paths: named(paths),
    }
}

fn rubric(difference: Difference<crate::domain::rubric::Rubric>) -> proto::RubricDifference {
    let (kind, before, after, paths) = sides(difference);
    proto::RubricDifference {
        kind: kind.into(),
        before: before.map(rubric::write),
        after: after.map(rubric::write),
        changed_paths: named(paths),
    }
}

fn named(paths: Vec<Path>) -> Vec<String> {
    paths.into_iter().map(str::to_owned).collect()
}

const fn counts(counts: DiffCounts) -> proto::FrameworkDiffCounts {
    let DiffCounts { added, removed, changed, moved } = counts;
    proto::FrameworkDiffCounts { added, removed, changed, moved }
}
