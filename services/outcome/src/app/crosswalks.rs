//! How frameworks match, how much one covers of another, and what may be missing between them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Reason, Result};
use trellis_store::Store;

use super::web::{self, Key, Web};
use crate::domain::coverage::{self, Analysis};
use crate::domain::crosswalk::{self, Bounds, Link, Match, Sides};
use crate::domain::framework::FrameworkRef;
use crate::domain::likeness::{self, Compared, Pair, Wanted};
use crate::snapshot::{Snapshot, Snapshots};

/// How many pairs one crosswalk tells.
const MATCHES: usize = 200_000;

/// What is crosswalked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The framework from which matches lead.
    pub(crate) source: FrameworkRef,
    /// The framework to which they lead.
    pub(crate) target: FrameworkRef,
    /// The frameworks through which they may lead; none for those that associations name.
    pub(crate) hubs: Vec<FrameworkRef>,
    /// Of how many links a way may be made.
    pub(crate) links: usize,
    /// How strong a match must be, in thousandths.
    pub(crate) strength: u32,
}

/// What a crosswalk found. A match's nodes are places: those of the source first, then what of the
/// target is not in the source, then everything else.
pub(crate) struct Crosswalk {
    web: Web,
    nodes: Vec<Key>,
    labels: HashMap<Key, web::Label>,
    /// The association of each link: its framework and its place there.
    associations: Vec<(usize, usize)>,
    /// The matches, in the reading order of the source.
    pub(crate) matches: Vec<Match>,
    /// Whether each place of the source has a match.
    pub(crate) source_matched: Vec<bool>,
    /// Whether each place of the target has a match.
    pub(crate) target_matched: Vec<bool>,
}

impl Crosswalk {
    /// The source.
    pub(crate) fn source(&self) -> &Snapshot {
        &self.web.snapshots()[0]
    }

    /// The target.
    pub(crate) fn target(&self) -> &Snapshot {
        &self.web.snapshots()[1]
    }

    /// The frameworks through which ways were looked for.
    pub(crate) fn hubs(&self) -> impl Iterator<Item = &FrameworkRef> {
        self.web.snapshots()[2..].iter().map(|snapshot| snapshot.framework())
    }

    /// The framework and the association of a link, by its place there.
    pub(crate) fn association(&self, link: usize) -> (&Snapshot, usize) {
        let (framework, place) = self.associations[link];
        (&self.web.snapshots()[framework], place)
    }

    /// What a node is called on a way: the name of an outcome, or a URI. What the target holds is called
    /// by its name there.
    pub(crate) fn name(&self, node: u32) -> String {
        let key = &self.nodes[node as usize];
        match self.place(1, node).map(|place| (1, place)).or_else(|| self.web.find(key)) {
            Some(found) => self.web.name(found),
            None => self.labels.get(key).map(|label| label.name.clone()).unwrap_or_default(),
        }
    }

    /// The name of a node in the source.
    pub(crate) fn source_name(&self, node: u32) -> String {
        self.place(0, node).map(|place| self.web.name((0, place))).unwrap_or_default()
    }

    fn place(&self, framework: usize, node: u32) -> Option<u32> {
        match &self.nodes[node as usize] {
            Key::Outcome(id) => self.web.snapshots()[framework].tree().place(*id),
            Key::Elsewhere(_) => None,
        }
    }
}

/// Finds how two frameworks match.
pub(crate) async fn crosswalk(
    store: &Store,
    snapshots: &Snapshots,
    question: &Question,
) -> Result<Crosswalk> {
    let web = frameworks(store, snapshots, question).await?;
    let bounds = Bounds { links: question.links, strength: question.strength, matches: MATCHES };
    let found = tokio::task::spawn_blocking(move || matched(web, bounds)).await.map_err(Failure::internal)?;
    found.ok_or_else(|| {
        Failure::exhausted(
            Reason::LimitExceeded,
            "There are more matches than one call tells: ask for fewer links or stronger matches.",
        )
        .with("limit", MATCHES)
    })
}

/// The two frameworks, and then the hubs.
async fn frameworks(store: &Store, snapshots: &Snapshots, question: &Question) -> Result<Web> {
    let Question { source, target, hubs, .. } = question;
    if source.same_framework(target) {
        return Err(Failure::field("target", "must be another framework than the source"));
    }
    let mut web = Web::default();
    web.add(snapshots, source).await?;
    web.add(snapshots, target).await?;
    if question.links < 2 {
        return Ok(web);
    }
    for hub in hubs {
        web.add(snapshots, hub).await?;
    }
    if hubs.is_empty() {
        let mut named: Vec<FrameworkRef> = Vec::new();
        for snapshot in web.snapshots() {
            let telling = snapshot.links().iter().filter(|link| crosswalk::hundredths(link.kind).is_some());
            let ends = telling.flat_map(|link| [&link.origin, &link.destination]);
            let district = &snapshot.framework().district;
            let known: HashSet<FrameworkRef> =
                ends.filter_map(|end| web::framework_of(end, district)).map(unpinned).collect();
            named.extend(known);
        }
        named.sort_by_key(|framework| framework.name().to_string());
        named.dedup();
        named.retain(|framework| !web.holds(framework));
        for framework in named.iter().take(web::FRAMEWORKS - 2) {
            if let Some(current) = web::current(store, framework).await? {
                web.add(snapshots, &current).await?;
            }
        }
    }
    Ok(web)
}

fn unpinned(framework: FrameworkRef) -> FrameworkRef {
    FrameworkRef { pin: None, ..framework }
}

fn matched(web: Web, bounds: Bounds) -> Option<Crosswalk> {
    let mut nodes: Vec<Key> = Vec::new();
    let mut numbers: HashMap<Key, u32> = HashMap::new();
    let mut number = |key: &Key| {
        *numbers.entry(key.clone()).or_insert_with(|| {
            nodes.push(key.clone());
            u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX)
        })
    };
    let [sources, targets] = [0, 1].map(|side| {
        let branches = web.snapshots()[side].tree().branches().iter();
        branches.map(|branch| number(&Key::Outcome(branch.id))).collect::<Vec<u32>>()
    });
    let mut joins = Vec::new();
    for (framework, snapshot) in web.snapshots().iter().enumerate() {
        for (place, link) in snapshot.links().iter().enumerate() {
            if crosswalk::hundredths(link.kind).is_some()
                && let (Some(origin), Some(destination)) =
                    (web::key(&link.origin), web::key(&link.destination))
            {
                joins.push((origin, destination, framework, place));
            }
        }
    }
    // What is of neither side is numbered by its identity, so that the order of reading does not matter.
    let mut others: Vec<&Key> =
        joins.iter().flat_map(|(origin, destination, ..)| [origin, destination]).collect();
    others.sort_unstable();
    others.dedup();
    for key in others {
        number(key);
    }
    let links: Vec<Link> = joins
        .iter()
        .map(|(origin, destination, framework, place)| {
            let link = &web.snapshots()[*framework].links()[*place];
            let (origin, destination) = (numbers[origin], numbers[destination]);
            Link { association: link.id, origin, destination, kind: link.kind }
        })
        .collect();
    let matches = crosswalk::crosswalk(&links, Sides { sources: &sources, targets: &targets }, bounds)?;
    let of_source: HashSet<u32> = matches.iter().map(|found| found.source).collect();
    let of_target: HashSet<u32> = matches.iter().map(|found| found.target).collect();
    let labels = web.labels();
    Some(Crosswalk {
        nodes,
        labels,
        associations: joins.iter().map(|(.., framework, place)| (*framework, *place)).collect(),
        matches,
        source_matched: sources.iter().map(|node| of_source.contains(node)).collect(),
        target_matched: targets.iter().map(|node| of_target.contains(node)).collect(),
        web,
    })
}

/// Counts how much of the source the target covers.
pub(crate) fn analyze(found: &Crosswalk) -> Analysis {
    coverage::analyze(found.source().tree(), &found.source_matched)
}

/// Pairs of outcomes that may belong together.
pub(crate) struct Suggestions {
    /// The framework from which links would lead.
    pub(crate) source: Arc<Snapshot>,
    /// The framework to which they would lead.
    pub(crate) target: Arc<Snapshot>,
    /// The pairs, by places.
    pub(crate) pairs: Vec<Pair>,
}

/// Finds pairs of outcomes whose texts are alike and that no association joins.
pub(crate) async fn suggest(
    snapshots: &Snapshots,
    source: &FrameworkRef,
    target: &FrameworkRef,
    wanted: Wanted,
) -> Result<Suggestions> {
    if source.same_framework(target) {
        return Err(Failure::field("target", "must be another framework than the source"));
    }
    let (source, target) = (snapshots.of(source).await?, snapshots.of(target).await?);
    let compare = move || {
        let (sources, targets) = (compared(&source)?, compared(&target)?);
        let pairs = likeness::pairs(&sources, &targets, &joined(&source, &target), wanted);
        Ok(Suggestions { source, target, pairs })
    };
    tokio::task::spawn_blocking(compare).await.map_err(Failure::internal)?
}

/// What of each outcome is compared, in reading order.
fn compared(snapshot: &Snapshot) -> Result<Vec<Compared>> {
    (0_u32..)
        .zip(snapshot.tree().branches())
        .map(|(place, _)| {
            let proto::Outcome { statement, abbreviated_statement, code, .. } = snapshot.message(place)?;
            let texts = statement.into_iter().chain(abbreviated_statement).map(|text| text.text);
            Ok(Compared { code, text: texts.collect::<Vec<_>>().join(" ") })
        })
        .collect()
}

/// The pairs of places that an association of either joins.
fn joined(source: &Snapshot, target: &Snapshot) -> HashSet<(usize, usize)> {
    let place = |snapshot: &Snapshot, key: &Key| match key {
        Key::Outcome(id) => snapshot.tree().place(*id).map(|place| place as usize),
        Key::Elsewhere(_) => None,
    };
    let mut joined = HashSet::new();
    for link in source.links().iter().chain(target.links()) {
        let (Some(origin), Some(destination)) = (web::key(&link.origin), web::key(&link.destination)) else {
            continue;
        };
        for (one, other) in [(&origin, &destination), (&destination, &origin)] {
            joined.extend(place(source, one).zip(place(target, other)));
        }
    }
    joined
}
