//! Finding outcomes: in what a district has published by the index, in one framework as it is read.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use trellis_contracts::outcome as proto;
use trellis_kernel::{District, Failure, PageRequest, Reason, Result, Uuid};
use trellis_store::Store;

use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::Outcome;
use crate::domain::search::{self, Found, Searched};
use crate::domain::text::Text;
use crate::domain::traits::{Counts, Filters, Trait};
use crate::search::{Search, SearchIndex};
use crate::snapshot::Snapshots;
use crate::store;

/// The most outcomes of a framework that a search looks at.
const SEARCHED: usize = 20_000;
/// How far into the list of what the index finds the pages go.
const FAR: usize = 10_000;

/// Where a search looks.
#[derive(Clone, Debug)]
pub(crate) struct Where {
    /// The district.
    pub(crate) district: District,
    /// The framework, pinned or not; none for all that the district has published.
    pub(crate) framework: Option<FrameworkRef>,
    /// Whether to look in what the commons have published, too.
    pub(crate) commons: bool,
}

/// What is searched for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Where.
    pub(crate) place: Where,
    /// Codes and words.
    pub(crate) query: String,
    /// What it is narrowed to.
    pub(crate) filters: Filters,
    /// Whether all that is found is counted.
    pub(crate) tally: bool,
}

impl Asked {
    /// What a page token holds for: the same search.
    fn bound(&self) -> String {
        let Self { place, query, filters, tally: _ } = self;
        let framework = place.framework.as_ref().map(|framework| framework.name().to_string());
        format!("{framework:?} {} {query:?} {filters:?}", place.commons)
    }
}

/// A page of what was found.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    /// The outcomes, best first, each with its score.
    pub(crate) items: Vec<(proto::Outcome, i32)>,
    /// The token that continues the list; empty at its end.
    pub(crate) next: String,
    /// How many there are in all, and what they are, where that was asked for.
    pub(crate) counted: Option<(usize, Counts)>,
}

/// Finds outcomes by code and words, best first.
pub(crate) async fn search(
    store: &Store,
    snapshots: &Snapshots,
    index: &SearchIndex,
    asked: &Asked,
    page: &PageRequest,
) -> Result<Matches> {
    let Some(framework) = &asked.place.framework else {
        return in_index(store, index, asked, asked.filters.clone(), page).await;
    };
    let last = store::frameworks::find(&store.read(&framework.district), &draft(framework)).await?;
    if framework.pin.is_some() && framework.pin == last.map(|last| last.revision) {
        let mut filters = asked.filters.clone();
        let own = BTreeSet::from([draft(framework).name().to_string()]);
        filters
            .0
            .entry(Trait::Framework)
            .and_modify(|named| named.retain(|name| own.contains(name)))
            .or_insert(own);
        return in_index(store, index, asked, filters, page).await;
    }
    in_framework(store, snapshots, framework, asked, page).await
}

fn draft(framework: &FrameworkRef) -> FrameworkRef {
    FrameworkRef { pin: None, ..framework.clone() }
}

/// Finds in what a district has published.
async fn in_index(
    store: &Store,
    index: &SearchIndex,
    asked: &Asked,
    filters: Filters,
    page: &PageRequest,
) -> Result<Matches> {
    let district = &asked.place.district;
    let what = asked.bound();
    let bound = ["search", district.as_str(), what.as_str()];
    let from = match page.token.as_str() {
        "" => 0,
        token => {
            let opened = store.sealer().open(&bound, token);
            let from = opened.and_then(|from| serde_json::from_slice::<usize>(&from).ok());
            from.ok_or_else(foreign_token)?
        }
    };
    let mut districts = vec![district.clone()];
    if asked.place.commons && !district.is_commons() {
        districts.push(District::parse(District::COMMONS)?);
    }
    let search = Search {
        districts,
        text: asked.query.clone(),
        filters,
        from,
        count: usize::from(page.size.get()),
        tally: asked.tally,
    };
    let answer = index.search(search).await?;
    let mut items = answer.hits;
    let fits = fitting(items.iter().map(|(outcome, _)| prost::Message::encoded_len(outcome)));
    let more = answer.more || fits < items.len();
    items.truncate(fits);
    let place = from + items.len();
    let next = if more && place < FAR {
        store.sealer().seal(&bound, &serde_json::to_vec(&place).map_err(Failure::internal)?)
    } else {
        String::new()
    };
    Ok(Matches { items, next, counted: answer.counted })
}

/// How many of these fit into a page, one at least.
fn fitting(weights: impl Iterator<Item = usize>) -> usize {
    let mut weight = 0_usize;
    let light = weights.enumerate().take_while(|(index, own)| {
        weight += own;
        *index == 0 || weight <= trellis_store::PAGE_BYTES
    });
    light.count()
}

/// The last of a page of a search in a framework.
#[derive(Serialize, Deserialize)]
struct Last {
    score: i32,
    id: Uuid,
}

/// Finds in a draft or in a revision, by all that it holds.
async fn in_framework(
    store: &Store,
    snapshots: &Snapshots,
    framework: &FrameworkRef,
    asked: &Asked,
    page: &PageRequest,
) -> Result<Matches> {
    let reader = store.read(&framework.district);
    let subjects = store::frameworks::get(&reader, framework).await?.content.subjects;
    let mut outcomes = store::outcomes::searched(&reader, framework, SEARCHED as u64 + 1).await?;
    if outcomes.len() > SEARCHED {
        return Err(Failure::exhausted(
            Reason::LimitExceeded,
            "There is more in this framework than one search looks at: publish it and search its district.",
        )
        .with("limit", SEARCHED));
    }
    outcomes.retain(|outcome| asked.filters.admit(outcome, &subjects));
    let ranked = search::rank(&asked.query, &outcomes.iter().map(searched).collect::<Vec<_>>());
    let what = asked.bound();
    let bound = ["search", framework.district.as_str(), what.as_str()];
    let begin = match page.token.as_str() {
        "" => 0,
        token => {
            let opened = store.sealer().open(&bound, token);
            let last = opened.and_then(|last| serde_json::from_slice::<Last>(&last).ok());
            after(&ranked, &last.ok_or_else(foreign_token)?)
        }
    };
    let mut known: HashMap<Uuid, Outcome> =
        outcomes.into_iter().map(|outcome| (outcome.id, outcome)).collect();
    let counted = asked.tally.then(|| {
        let mut counts = Counts::default();
        for outcome in ranked.iter().filter_map(|found| known.get(&found.id)) {
            counts.count(outcome, &subjects);
        }
        (ranked.len(), counts)
    });
    let rest = &ranked[begin.min(ranked.len())..];
    let mut items: Vec<(proto::Outcome, i32)> = rest
        .iter()
        .take(usize::from(page.size.get()))
        .filter_map(|found| Some((snapshots.write(known.remove(&found.id)?), found.score)))
        .collect();
    items.truncate(fitting(items.iter().map(|(outcome, _)| prost::Message::encoded_len(outcome))));
    let next = match rest.get(items.len().wrapping_sub(1)) {
        Some(last) if items.len() < rest.len() => {
            let last = Last { score: last.score, id: last.id };
            store.sealer().seal(&bound, &serde_json::to_vec(&last).map_err(Failure::internal)?)
        }
        _ => String::new(),
    };
    Ok(Matches { items, next, counted })
}

/// Where the list goes on after the last that was told.
fn after(ranked: &[Found], last: &Last) -> usize {
    let found = ranked.iter().position(|found| found.id == last.id);
    // What was last may be gone or rank elsewhere now: then go on below its score.
    let below = || ranked.iter().position(|found| found.score < last.score).unwrap_or(ranked.len());
    found.map_or_else(below, |place| place + 1)
}

fn searched(outcome: &Outcome) -> Searched {
    let content = &outcome.content;
    let joined = |texts: &[Text]| texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>().join("\n");
    Searched {
        framework: outcome.framework.id,
        id: outcome.id,
        code: content.code.clone(),
        label: format!(
            "{}\n{}\n{}",
            joined(&content.abbreviated),
            content.item_type,
            content.concept_keywords.join("\n")
        ),
        statement: joined(&content.statement),
        notes: joined(&content.notes),
    }
}

fn foreign_token() -> Failure {
    Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this search gave.")
        .violation("page_token", "must be the next_page_token of the same search")
}
