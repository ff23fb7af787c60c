//! Solves, and how fair plans are.

use std::time::Duration;

use prost_types::Duration as Span;
use trellis_contracts::common::JobState as ProtoState;
use trellis_contracts::scheduling as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::{District, Failure, JobState, Result};
use trellis_timetable::MIN_CELL;

use super::count;
use crate::domain::names;
use crate::domain::plan::Made;
use crate::domain::solve::{Best, Phase, Reached, Solve};
use crate::domain::solving::fairness::{Fairness, Figures, GroupFairness, Price};

/// Reads a span of time that may be absent.
pub(crate) fn limit(span: Option<Span>) -> Result<Option<Duration>> {
    let read = |span: Span| {
        Duration::try_from(span).map_err(|_| Failure::field("time_limit", "must not be negative"))
    };
    span.map(read).transpose()
}

/// A solve as clients see it.
pub(crate) fn message(district: &District, solve: &Solve) -> proto::Solve {
    let Solve { id, timetable, asked, state, reason, phase, begun, ended, reached, best, plan } = solve;
    let Reached { moves, elapsed, effort } = reached;
    let seconds = elapsed.as_secs_f64();
    proto::Solve {
        name: names::solve(district, *timetable, *id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(*begun)),
        end_time: ended.map(timestamp),
        seed: asked.seed,
        time_limit: Some(span(asked.limit)),
        enough_cost: i64::try_from(asked.enough).unwrap_or(i64::MAX),
        state: self::state(*state).into(),
        phase: self::phase(*phase).into(),
        best: best.map(self::best),
        move_count: i64::try_from(*moves).unwrap_or(i64::MAX),
        moves_per_second: if seconds > 0.0 { precise(*moves) / seconds } else { 0.0 },
        search_duration: Some(span(*elapsed)),
        effort: effort.clone(),
        reason: reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
        plan: plan.map(|plan| names::plan(district, *timetable, plan).to_string()).unwrap_or_default(),
    }
}

fn span(duration: Duration) -> Span {
    // An hour or so, which any span holds.
    Span::try_from(duration).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact to the last of a million million")]
const fn precise(moves: u64) -> f64 {
    moves as f64
}

const fn state(state: JobState) -> ProtoState {
    match state {
        JobState::Running => ProtoState::Running,
        JobState::Succeeded => ProtoState::Succeeded,
        JobState::Failed => ProtoState::Failed,
        JobState::Cancelled => ProtoState::Cancelled,
    }
}

const fn phase(phase: Phase) -> proto::SolvePhase {
    match phase {
        Phase::Waiting => proto::SolvePhase::Waiting,
        Phase::Requirements => proto::SolvePhase::Requirements,
        Phase::Improving => proto::SolvePhase::Improving,
        Phase::Writing => proto::SolvePhase::Writing,
        Phase::Ended => proto::SolvePhase::Ended,
    }
}

fn best(best: Best) -> proto::SolveBest {
    let Best { counts, price } = best;
    proto::SolveBest {
        unmet_requirement_count: count(counts.unmet),
        placement_count: count(counts.placements),
        first_choice_count: count(counts.first_choices),
        cost: price.sum(),
        disappointment: price.disappointment,
        inequality: price.inequality,
    }
}

/// How fair a plan is, as clients see it.
pub(crate) fn fairness(made: Made) -> proto::PlanFairness {
    let Made { solve: _, price, fairness } = made;
    let Fairness { plan, first_come, random_order, groups } = fairness;
    let Price { disappointment, inequality } = price;
    proto::PlanFairness {
        plan: Some(figures(plan)),
        first_come: Some(figures(first_come)),
        random_order: Some(figures(random_order)),
        disappointment,
        inequality,
        by_grade: groups.into_iter().map(group).collect(),
    }
}

fn group(group: GroupFairness) -> proto::GradeFairness {
    let figures = group.figures.map(|figures| proto::GradeFigures {
        learner_count: count(figures.learners),
        first_choice_count: count(figures.first_choice),
        mean_regret: count(figures.regret),
        first_come_mean_regret: count(figures.first_come),
        random_order_mean_regret: count(figures.random_order),
    });
    proto::GradeFairness { grades: group.grades, figures }
}

fn figures(figures: Figures) -> proto::FairnessFigures {
    let Figures { learners, first_choice, top_three, least, tenth, mean } = figures;
    let told = |figure: u32| (learners >= MIN_CELL).then(|| count(figure));
    proto::FairnessFigures {
        learner_count: count(learners),
        first_choice_count: count(first_choice),
        top_three_count: count(top_three),
        least_satisfaction: told(least),
        tenth_percentile_satisfaction: told(tenth),
        mean_satisfaction: count(mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_few_do_not_tell_of_one() {
        let of = |learners| figures(Figures { learners, least: 100, tenth: 200, ..Figures::default() });
        assert_eq!(of(9).least_satisfaction, None);
        assert_eq!(of(9).tenth_percentile_satisfaction, None);
        assert_eq!(of(10).least_satisfaction, Some(100));
        assert_eq!(of(10).tenth_percentile_satisfaction, Some(200));
    }

    #[test]
    fn a_limit_is_not_negative() {
        assert_eq!(limit(None).ok(), Some(None));
        let half = Span { seconds: 1, nanos: 500_000_000 };
        assert_eq!(limit(Some(half)).ok(), Some(Some(Duration::from_millis(1500))));
        assert!(limit(Some(Span { seconds: -1, nanos: 0 })).is_err());
    }
}
