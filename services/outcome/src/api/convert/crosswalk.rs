//! Crosswalks, coverage and suggestions.

use trellis_contracts::outcome as proto;
use trellis_contracts::outcome::analyze_coverage_response::Item as CoverageItem;
use trellis_contracts::outcome::crosswalk_frameworks_response::Item;

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

/// The places that have no match.
fn gaps(matched: &[bool]) -> Vec<u32> {
    (0_u32..).zip(matched).filter(|(_, matched)| !**matched).map(|(place, _)| place).collect()
}

/// A crosswalk: its counts, its matches and its gaps, each as it is asked for.
pub(in crate::api) fn write_crosswalk(
    mut found: Crosswalk,
) -> impl Iterator<Item = proto::CrosswalkFrameworksResponse> + Send {
    let matches = std::mem::take(&mut found.matches);
    let (source_gaps, target_gaps) = (gaps(&found.source_matched), gaps(&found.target_matched));
    let summary = proto::CrosswalkSummary {
        source_outcomes: number(found.source_matched.len()),
        source_matched: number(found.source_matched.len() - source_gaps.len()),
        target_outcomes: number(found.target_matched.len()),
        target_matched: number(found.target_matched.len() - target_gaps.len()),
        matches: number(matches.len()),
        hubs: found.hubs().map(|hub| hub.name().to_string()).collect(),
    };
    let found = std::sync::Arc::new(found);
    let (of_source, of_target) = (found.clone(), found.clone());
    std::iter::once(Item::Summary(summary))
        .chain(matches.into_iter().map(move |own| Item::Match(write_match(&found, &own))))
        .chain(source_gaps.into_iter().map(move |place| Item::SourceGap(name(of_source.source(), place))))
        .chain(target_gaps.into_iter().map(move |place| Item::TargetGap(name(of_target.target(), place))))
        .map(|item| proto::CrosswalkFrameworksResponse { item: Some(item) })
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
