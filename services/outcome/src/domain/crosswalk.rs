//! How two frameworks match: the strongest way between each pair of outcomes that associations join.

use std::collections::{BTreeMap, HashMap};

use trellis_kernel::Uuid;

use super::association::AssociationType;

/// Of how many links a way may be made at most.
pub(crate) const MAX_LINKS: usize = 4;
/// A way that loses nothing. Hundredths of each of [`MAX_LINKS`] links divide it, so that products are
/// exact and the same from either end.
const WHOLE: u64 = 100 * 100 * 100 * 100;
/// What a thousandth of the strength is.
const THOUSANDTH: u64 = WHOLE / 1000;

/// How strongly an association of this type joins its ends, in hundredths; none where it says nothing
/// about what they have in common.
pub(crate) const fn hundredths(kind: AssociationType) -> Option<u64> {
    Some(match kind {
        AssociationType::ExactMatchOf => 100,
        AssociationType::TranslationOf => 95,
        AssociationType::ReplacedBy => 90,
        AssociationType::PeerOf => 80,
        AssociationType::PartOf => 60,
        AssociationType::RelatedTo => 50,
        AssociationType::ChildOf
        | AssociationType::Precedes
        | AssociationType::Exemplar
        | AssociationType::HasSkillLevel
        | AssociationType::Extension => return None,
    })
}

/// An association between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its identity: of two that say the same the lower is told.
    pub(crate) association: Uuid,
    /// The node where it starts.
    pub(crate) origin: u32,
    /// The node where it leads.
    pub(crate) destination: u32,
    /// Its type.
    pub(crate) kind: AssociationType,
}

/// Whose matches are looked for among nodes. A node may be of both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sides<'a> {
    /// The nodes from which ways lead.
    pub(crate) sources: &'a [u32],
    /// The nodes to which they lead.
    pub(crate) targets: &'a [u32],
}

/// What counts as a match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of how many links a way may be made, up to [`MAX_LINKS`].
    pub(crate) links: usize,
    /// How strong it must be, in thousandths.
    pub(crate) strength: u32,
    /// How many matches there may be.
    pub(crate) matches: usize,
}

/// A step of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The place of the association in the list of links.
    pub(crate) link: usize,
    /// Whether the way goes from its destination to its origin.
    pub(crate) reversed: bool,
    /// The node that it comes to.
    pub(crate) to: u32,
}

/// Two nodes that match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The node of the source.
    pub(crate) source: u32,
    /// The node of the target.
    pub(crate) target: u32,
    /// How strong, from 1 to 1000.
    pub(crate) strength: u32,
    /// The way; empty where both are one.
    pub(crate) steps: Vec<Step>,
}

/// A link as it leaves a node.
#[derive(Clone, Copy)]
struct Leaving {
    to: u32,
    hundredths: u64,
    link: usize,
    reversed: bool,
}

/// Where a way has come to after some links.
#[derive(Clone, Copy)]
struct Reached {
    product: u64,
    from: u32,
    step: Step,
}

/// The strongest way between each pair, in the order of the sources, the strongest first; none when
/// there are more matches than there may be.
///
/// Of two equally strong ways the shorter is taken, then the one by the lower nodes, then by the lower
/// associations: neither the order of the links nor that of the sides matters. Ways lead through nodes
/// of neither side.
pub(crate) fn crosswalk(links: &[Link], sides: Sides<'_>, bounds: Bounds) -> Option<Vec<Match>> {
    let graph = Graph::new(links, sides);
    let mut found = Vec::new();
    for source in sides.sources {
        let own = graph.matches(*source, bounds);
        if found.len() + own.len() > bounds.matches {
            return None;
        }
        found.extend(own);
    }
    Some(found)
}

/// What a node is to a crosswalk.
#[derive(Clone, Copy, Default)]
struct Side {
    source: bool,
    target: bool,
}

struct Graph {
    leaving: HashMap<u32, Vec<Leaving>>,
    sides: HashMap<u32, Side>,
}

impl Graph {
    fn new(links: &[Link], sides: Sides<'_>) -> Self {
        let mut leaving: HashMap<u32, Vec<Leaving>> = HashMap::new();
        for (index, link) in links.iter().enumerate() {
            let Some(hundredths) = hundredths(link.kind) else { continue };
            let (origin, destination) = (link.origin, link.destination);
            let leave = |to, reversed| Leaving { to, hundredths, link: index, reversed };
            leaving.entry(origin).or_default().push(leave(destination, false));
            leaving.entry(destination).or_default().push(leave(origin, true));
        }
        for out in leaving.values_mut() {
            out.sort_by_key(|way| (way.to, u64::MAX - way.hundredths, links[way.link].association));
            // Of several links between two nodes the strongest says all.
            out.dedup_by_key(|way| way.to);
        }
        let mut known: HashMap<u32, Side> = HashMap::new();
        for node in sides.sources {
            known.entry(*node).or_default().source = true;
        }
        for node in sides.targets {
            known.entry(*node).or_default().target = true;
        }
        Self { leaving, sides: known }
    }

    fn side(&self, node: u32) -> Side {
        self.sides.get(&node).copied().unwrap_or_default()
    }

    /// The matches of one source.
    fn matches(&self, source: u32, bounds: Bounds) -> Vec<Match> {
        // What was reached with each number of links; of a node only what is stronger than with fewer.
        let mut layers: Vec<BTreeMap<u32, Reached>> = Vec::with_capacity(bounds.links);
        let mut strongest: HashMap<u32, (u64, usize)> = HashMap::from([(source, (WHOLE, 0))]);
        for links in 1..=bounds.links.min(MAX_LINKS) {
            let mut layer: BTreeMap<u32, Reached> = BTreeMap::new();
            match layers.last() {
                None => self.follow(source, WHOLE, &strongest, &mut layer),
                Some(before) => {
                    for (node, reached) in before {
                        let side = self.side(*node);
                        if !side.source && !side.target {
                            self.follow(*node, reached.product, &strongest, &mut layer);
                        }
                    }
                }
            }
            for (node, reached) in &layer {
                strongest.insert(*node, (reached.product, links));
            }
            if layer.is_empty() {
                break;
            }
            layers.push(layer);
        }
        let mut found: Vec<Match> = strongest
            .iter()
            .filter(|(node, _)| self.side(**node).target)
            .map(|(target, (product, links))| Match {
                source,
                target: *target,
                strength: u32::try_from(product / THOUSANDTH).unwrap_or(1000).max(1),
                steps: way(&layers, *target, *links),
            })
            .filter(|found| found.strength >= bounds.strength)
            .collect();
        found.sort_by_key(|found| (std::cmp::Reverse(found.strength), found.target));
        found
    }

    /// Goes one link on from a node. The nodes of a layer are followed from the lowest, so of equally
    /// strong ways the first stays.
    fn follow(
        &self,
        node: u32,
        product: u64,
        strongest: &HashMap<u32, (u64, usize)>,
        layer: &mut BTreeMap<u32, Reached>,
    ) {
        for way in self.leaving.get(&node).into_iter().flatten() {
            let product = product / 100 * way.hundredths;
            let known = strongest.get(&way.to).map_or(0, |(product, _)| *product);
            let here = layer.get(&way.to).map_or(0, |reached| reached.product);
            if product > known.max(here) {
                let step = Step { link: way.link, reversed: way.reversed, to: way.to };
                layer.insert(way.to, Reached { product, from: node, step });
            }
        }
    }
}

/// The way to a node that was reached with so many links.
fn way(layers: &[BTreeMap<u32, Reached>], target: u32, links: usize) -> Vec<Step> {
    let mut steps = Vec::with_capacity(links);
    let mut node = target;
    for layer in layers[..links].iter().rev() {
        let Some(reached) = layer.get(&node) else { break };
        steps.push(reached.step);
        node = reached.from;
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link(number: u128, origin: u32, destination: u32, kind: AssociationType) -> Link {
        Link { association: Uuid::from_u128(number), origin, destination, kind }
    }

    fn told(links: &[Link], sources: &[u32], targets: &[u32], longest: usize) -> Vec<Match> {
        let bounds = Bounds { links: longest, strength: 0, matches: 10_000 };
        crosswalk(links, Sides { sources, targets }, bounds).expect("few matches")
    }

    #[test]
    fn the_direct_way_is_taken_where_it_is_as_strong() {
        use AssociationType::{ExactMatchOf, RelatedTo};
        let links = [
            link(1, 1, 20, RelatedTo),
            link(2, 20, 11, ExactMatchOf),
            link(3, 11, 1, RelatedTo),
            link(4, 2, 20, ExactMatchOf),
        ];
        let found = told(&links, &[1, 2], &[11, 12], 2);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].steps, [Step { link: 2, reversed: true, to: 11 }]);
        assert_eq!((found[1].source, found[1].strength, found[1].steps.len()), (2, 1000, 2));
        assert_eq!(told(&links, &[1, 2], &[11], 1).len(), 1);
    }

    #[test]
    fn a_stronger_way_through_a_hub_is_told_before_a_weak_direct_one() {
        use AssociationType::{PeerOf, RelatedTo, TranslationOf};
        let links = [link(1, 1, 11, RelatedTo), link(2, 1, 20, PeerOf), link(3, 11, 20, TranslationOf)];
        assert_eq!(told(&links, &[1], &[11], 4)[0].strength, 760);
        assert_eq!(told(&links, &[1], &[11], 1)[0].strength, 500);
    }

    #[test]
    fn what_both_hold_matches_itself_and_no_way_leads_through_a_side() {
        use AssociationType::{Precedes, RelatedTo};
        assert_eq!(
            told(&[], &[1, 2], &[2], 2),
            [Match { source: 2, target: 2, strength: 1000, steps: vec![] }]
        );
        let through = [link(1, 1, 2, RelatedTo), link(2, 2, 11, RelatedTo), link(3, 1, 11, Precedes)];
        assert!(told(&through, &[1, 2], &[11], 3).iter().all(|found| found.source == 2));
    }

    const KINDS: [AssociationType; 7] = [
        AssociationType::ExactMatchOf,
        AssociationType::TranslationOf,
        AssociationType::ReplacedBy,
        AssociationType::PeerOf,
        AssociationType::PartOf,
        AssociationType::RelatedTo,
        AssociationType::ChildOf,
    ];

    fn links() -> impl Strategy<Value = Vec<Link>> {
        let one = (0_u32..24, 0_u32..24, 0_usize..KINDS.len());
        prop::collection::vec(one, 0..60).prop_map(|all| {
            let numbered = all.into_iter().enumerate();
            numbered.map(|(number, (from, to, kind))| link(number as u128, from, to, KINDS[kind])).collect()
        })
    }

    proptest! {
        #[test]
        fn a_way_is_joined_and_never_stronger_than_its_weakest_link(links in links(), longest in 1_usize..=4) {
            let (sources, targets): (Vec<u32>, Vec<u32>) = ((0..8).collect(), (8..16).collect());
            for found in told(&links, &sources, &targets, longest) {
                let mut at = found.source;
                for step in &found.steps {
                    let link = links[step.link];
                    let ends = if step.reversed { (link.destination, link.origin) } else { (link.origin, link.destination) };
                    prop_assert_eq!(ends, (at, step.to));
                    let own = hundredths(link.kind).expect("it joins") * 10;
                    prop_assert!(u64::from(found.strength) <= own);
                    at = step.to;
                }
                prop_assert_eq!(at, found.target);
                prop_assert!((1..=longest).contains(&found.steps.len()));
            }
        }

        #[test]
        fn it_is_the_same_both_ways_and_in_any_order(links in links(), longest in 1_usize..=4) {
            let (sources, targets): (Vec<u32>, Vec<u32>) = ((0..8).collect(), (6..16).collect());
            let there = told(&links, &sources, &targets, longest);
            let mut back: Vec<(u32, u32, u32, usize)> = told(&links, &targets, &sources, longest)
                .iter()
                .map(|found| (found.target, found.source, found.strength, found.steps.len()))
                .collect();
            let mut forth: Vec<(u32, u32, u32, usize)> = there
                .iter()
                .map(|found| (found.source, found.target, found.strength, found.steps.len()))
                .collect();
            back.sort_unstable();
            forth.sort_unstable();
            prop_assert_eq!(forth, back);

            let turned: Vec<Link> = links.iter().rev().copied().collect();
            let named = |links: &[Link], found: Vec<Match>| -> Vec<(u32, u32, Vec<Uuid>)> {
                let ids = |found: &Match| found.steps.iter().map(|step| links[step.link].association).collect();
                found.iter().map(|found| (found.source, found.target, ids(found))).collect()
            };
            let again = told(&turned, &sources, &targets, longest);
            prop_assert_eq!(named(&links, there), named(&turned, again));
        }

        #[test]
        fn more_links_make_no_match_weaker(links in links()) {
            let (sources, targets): (Vec<u32>, Vec<u32>) = ((0..8).collect(), (8..16).collect());
            let strengths = |longest| -> HashMap<(u32, u32), u32> {
                let found = told(&links, &sources, &targets, longest);
                found.iter().map(|found| ((found.source, found.target), found.strength)).collect()
            };
            let (few, many) = (strengths(1), strengths(3));
            for (pair, strength) in few {
                prop_assert!(many[&pair] >= strength);
            }
        }
    }
}
