//! Crosswalks, coverage and suggestions.

use std::ops::Range;

use trellis_contracts::outcome as proto;
use trellis_contracts::outcome::analyze_coverage_response::Item as CoverageItem;

use super::association::write_type;
use crate::app::crosswalks::{Crosswalk, Suggestions};
use crate::domain::association::association_name;
use crate::domain::coverage::{Analysis, Coverage};
use crate::domain::crosswalk::{Match, Step, hundredths};
use crate::domain::likeness::Pair;
use crate::domain::outcome::outcome_name;
use crate::snapshot::Snapshot;

fn number(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn name(snapshot: &Snapshot, place: u32) -> String {
    outcome_name(snapshot.framework(), snapshot.id(place)).to_string()
}

fn gap(snapshot: &Snapshot, place: u32) -> proto::CrosswalkGap {
    proto::CrosswalkGap { outcome: name(snapshot, place) }
}

/// The places that have no match.
fn gaps(matched: &[bool]) -> Vec<u32> {
    (0_u32..).zip(matched).filter(|(_, matched)| !**matched).map(|(place, _)| place).collect()
}

/// How many matches or gaps one message tells.
const SOME: usize = 200;

/// A crosswalk: its counts, its matches and its gaps, some of them at a time and when they are asked for.
pub(in crate::api) fn write_crosswalk(
    found: Crosswalk,
) -> impl Iterator<Item = proto::CrosswalkFrameworksResponse> + Send {
    type Part = proto::CrosswalkFrameworksResponse;
    let (source_gaps, target_gaps) = (gaps(&found.source_matched), gaps(&found.target_matched));
    let summary = proto::CrosswalkSummary {
        source_outcomes: number(found.source_matched.len()),
        source_matched: number(found.source_matched.len() - source_gaps.len()),
        target_outcomes: number(found.target_matched.len()),
        target_matched: number(found.target_matched.len() - target_gaps.len()),
        matches: number(found.matches.len()),
        hubs: found.hubs().map(|hub| hub.name().to_string()).collect(),
    };
    let found = std::sync::Arc::new(found);
    let (of_source, of_target) = (found.clone(), found.clone());
    let matches = some(found.matches.len()).map(move |range| {
        let matches = found.matches[range].iter().map(|own| write_match(&found, own)).collect();
        Part { matches, ..Part::default() }
    });
    let source_gaps = some(source_gaps.len()).map(move |range| {
        let gaps = source_gaps[range].iter().map(|place| gap(of_source.source(), *place)).collect();
        Part { source_gaps: gaps, ..Part::default() }
    });
    let target_gaps = some(target_gaps.len()).map(move |range| {
        let gaps = target_gaps[range].iter().map(|place| gap(of_target.target(), *place)).collect();
        Part { target_gaps: gaps, ..Part::default() }
    });
    let summary = Part { summary: Some(summary), ..Part::default() };
    std::iter::once(summary).chain(matches).chain(source_gaps).chain(target_gaps)
}

/// So many, some at a time.
fn some(count: usize) -> impl Iterator<Item = Range<usize>> + Send {
    (0..count).step_by(SOME).map(move |from| from..(from + SOME).min(count))
}

fn write_match(found: &Crosswalk, own: &Match) -> proto::CrosswalkMatch {
    let Match { source, target, strength, steps } = own;
    proto::CrosswalkMatch {
        source: found.source_name(*source),
        target: found.name(*target),
        strength: count(*strength),
        links: steps.iter().map(|step| write_step(found, *step)).collect(),
    }
}

fn write_step(found: &Crosswalk, step: Step) -> proto::CrosswalkLink {
    let Step { link, reversed, to } = step;
    let (snapshot, place) = found.association(link);
    let association = &snapshot.links()[place];
    let strength = hundredths(association.kind).unwrap_or_default() * 10;
    proto::CrosswalkLink {
        association: association_name(snapshot.framework(), association.id).to_string(),
        r#type: write_type(association.kind).into(),
        reversed,
        to: found.name(to),
        strength: i32::try_from(strength).unwrap_or(1000),
    }
}

fn write_count(coverage: Coverage) -> proto::Coverage {
    let Coverage { outcomes, covered } = coverage;
    proto::Coverage { outcomes: count(outcomes), covered: count(covered) }
}

/// How much of a crosswalk's source is covered: the whole, each level, each subtree.
pub(in crate::api) fn write_coverage(
    found: Crosswalk,
    analysis: Analysis,
) -> impl Iterator<Item = proto::AnalyzeCoverageResponse> + Send {
    let Analysis { total, levels, subtrees } = analysis;
    let levels = levels.into_iter().map(|(depth, coverage)| {
        let coverage = Some(write_count(coverage));
        CoverageItem::Level(proto::LevelCoverage { depth: count(depth), coverage })
    });
    let subtrees = subtrees.into_iter().map(move |subtree| {
        let source = found.source();
        let place = subtree.place as usize;
        CoverageItem::Subtree(proto::SubtreeCoverage {
            outcome: name(source, subtree.place),
            depth: count(source.tree().branches()[place].depth),
            covered: found.source_matched[place],
            coverage: Some(write_count(subtree.below)),
        })
    });
    std::iter::once(CoverageItem::Total(write_count(total)))
        .chain(levels)
        .chain(subtrees)
        .map(|item| proto::AnalyzeCoverageResponse { item: Some(item) })
}

/// Pairs that may belong together, each as it is asked for.
pub(in crate::api) fn write_suggestions(
    found: Suggestions,
) -> impl Iterator<Item = proto::SuggestAssociationsResponse> + Send {
    let Suggestions { source, target, pairs } = found;
    let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    pairs.into_iter().map(move |pair| {
        let Pair { source: one, target: other, score, same_code, words, total } = pair;
        let shared = |(word, weight)| proto::SharedWord { word, weight: count(weight) };
        proto::SuggestAssociationsResponse {
            source: name(&source, place(one)),
            target: name(&target, place(other)),
            score: count(score),
            same_code,
            words: words.into_iter().map(shared).collect(),
            total_weight: count(total),
        }
    })
}
