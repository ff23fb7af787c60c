//! Searches.

use std::collections::BTreeSet;

use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Name, Result};

use super::outcome::{read_kind, write_kind};
use crate::app::search::{Asked, Matches, Where};
use crate::domain::framework::{FRAMEWORKS, FrameworkRef};
use crate::domain::outcome::OutcomeKind;
use crate::domain::traits::{Counts, Filters, Trait};

/// How many values of a trait are told.
const VALUES: usize = 100;

/// What a request asks for.
pub(in crate::api) fn read(request: proto::SearchOutcomesRequest) -> Result<Asked> {
    let kinds = request.kinds().map(|kind| read_kind(kind.into()).as_str().to_owned()).collect();
    let proto::SearchOutcomesRequest {
        parent,
        query,
        page_size: _,
        page_token: _,
        kinds: _,
        types,
        languages,
        education_levels,
        subjects,
        frameworks,
        include_commons,
        count_facets,
    } = request;
    let (district, framework) = if let Ok(name) = Name::of("parent", &parent, &[FRAMEWORKS]) {
        (name.district.clone(), Some(FrameworkRef::of(&name)?))
    } else {
        (Name::of("parent", &parent, &[])?.district, None)
    };
    let place = Where { district, framework, commons: include_commons };
    if place.framework.is_some() && include_commons {
        return Err(Failure::field("include_commons", "must be false when the parent is a framework"));
    }
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (index, framework) in frameworks.iter().enumerate() {
        named.insert(
            FrameworkRef::parse_draft(&format!("frameworks[{index}]"), framework)?.name().to_string(),
        );
    }
    let lower = |languages: Vec<String>| languages.into_iter().map(|tag| tag.to_lowercase()).collect();
    let all: [(Trait, BTreeSet<String>); 6] = [
        (Trait::Kind, kinds),
        (Trait::Type, types.into_iter().collect()),
        (Trait::Language, lower(languages)),
        (Trait::EducationLevel, education_levels.into_iter().collect()),
        (Trait::Subject, subjects.into_iter().collect()),
        (Trait::Framework, named),
    ];
    let filters = Filters(all.into_iter().filter(|(_, values)| !values.is_empty()).collect());
    Ok(Asked { place, query, filters, tally: count_facets })
}

/// A page of what was found as the contract has it.
pub(in crate::api) fn write(found: Matches) -> proto::SearchOutcomesResponse {
    let Matches { items, next, counted } = found;
    let matched = |(outcome, score)| proto::OutcomeMatch { outcome: Some(outcome), score };
    let (total, counts) = counted.unwrap_or_default();
    proto::SearchOutcomesResponse {
        matches: items.into_iter().map(matched).collect(),
        next_page_token: next,
        total_size: i32::try_from(total).unwrap_or(i32::MAX),
        facets: facets(&counts),
    }
}

fn facets(counts: &Counts) -> Vec<proto::SearchFacet> {
    let told = |own: Trait| {
        let values = counts.most(own, VALUES).into_iter().map(|(value, count)| proto::SearchFacetValue {
            value: spelt(own, value),
            count: i32::try_from(count).unwrap_or(i32::MAX),
        });
        proto::SearchFacet { field: own.as_str().to_owned(), values: values.collect() }
    };
    Trait::ALL.into_iter().map(told).filter(|facet| !facet.values.is_empty()).collect()
}

/// A value as the contract spells it.
fn spelt(own: Trait, value: &str) -> String {
    if own != Trait::Kind {
        return value.to_owned();
    }
    let all = [OutcomeKind::Unspecified, OutcomeKind::Knowledge, OutcomeKind::Skill, OutcomeKind::Mindset];
    let kind = all.into_iter().find(|kind| kind.as_str() == value).unwrap_or_default();
    write_kind(kind).as_str_name().to_owned()
}
