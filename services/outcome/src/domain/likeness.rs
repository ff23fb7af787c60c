//! Pairs of outcomes whose texts are alike, by a score that anybody can work out again.
//!
//! Whole numbers only: the same texts give the same score everywhere.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What of an outcome is compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    /// Its code.
    pub(crate) code: String,
    /// Its texts.
    pub(crate) text: String,
}

/// What counts as a suggestion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// How alike a pair must be, from 1 to 1000.
    pub(crate) score: u32,
    /// How many pairs at most for one outcome.
    pub(crate) each: usize,
}

/// Two outcomes that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The place of the one among the sources.
    pub(crate) source: usize,
    /// The place of the other among the targets.
    pub(crate) target: usize,
    /// How alike, from 1 to 1000.
    pub(crate) score: u32,
    /// Whether their codes are the same, whatever the case.
    pub(crate) same_code: bool,
    /// The words that both hold and how much each weighs, the weightiest first.
    pub(crate) words: Vec<(String, u32)>,
    /// The weight of all words of both.
    pub(crate) total: u32,
}

/// The words of one side, as numbers in rising order.
type Words = Vec<u32>;

/// Finds the pairs that are alike, in the order of the sources, the most alike first. `joined` are pairs
/// that are left out.
pub(crate) fn pairs(
    sources: &[Compared],
    targets: &[Compared],
    joined: &HashSet<(usize, usize)>,
    wanted: Wanted,
) -> Vec<Pair> {
    let mut known = Vocabulary::default();
    let source_words: Vec<Words> = sources.iter().map(|own| known.read(&own.text)).collect();
    let target_words: Vec<Words> = targets.iter().map(|own| known.read(&own.text)).collect();
    let weights = known.weights(sources.len() + targets.len());
    let held = Held::new(targets, &target_words, weights.len());
    let weigh = |words: &Words| words.iter().map(|word| weights[*word as usize]).sum::<u32>();
    let target_totals: Vec<u32> = target_words.iter().map(weigh).collect();
    let mut found = Vec::new();
    for (source, words) in source_words.iter().enumerate() {
        let code = plain(&sources[source].code);
        let total = weigh(words);
        let mut own: Vec<(u32, usize, bool)> = held
            .candidates(needed(words, &weights, &held, total, wanted.score), &code)
            .into_iter()
            .filter(|target| !joined.contains(&(source, *target)))
            .filter_map(|target| {
                let shared = shared(words, &target_words[target]).map(|word| weights[word as usize]).sum();
                let same_code = !code.is_empty() && code == held.codes[target];
                let score = score(shared, total + target_totals[target], same_code);
                (score >= wanted.score.max(1)).then_some((score, target, same_code))
            })
            .collect();
        own.sort_by_key(|(score, target, _)| (Reverse(*score), *target));
        own.truncate(wanted.each);
        found.extend(own.into_iter().map(|(score, target, same_code)| {
            let mut words: Vec<(String, u32)> = shared(words, &target_words[target])
                .map(|word| (known.words[word as usize].clone(), weights[word as usize]))
                .collect();
            words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            Pair { source, target, score, same_code, words, total: total + target_totals[target] }
        }));
    }
    found
}

/// 1000 × twice the weight that is shared, over the weight of both; halfway to 1000 where the codes are
/// the same.
fn score(shared: u32, total: u32, same_code: bool) -> u32 {
    let alike = (shared * 2000).checked_div(total).unwrap_or(0);
    if same_code { alike + (1000 - alike) / 2 } else { alike }
}

fn plain(code: &str) -> String {
    code.trim().to_lowercase()
}

/// The words that two have in common.
fn shared<'a>(left: &'a [u32], right: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let (few, many) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    few.iter().copied().filter(|word| many.binary_search(word).is_ok())
}

/// The words that are held by anybody, each a number.
#[derive(Default)]
struct Vocabulary {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
    /// How many outcomes hold each.
    holding: Vec<usize>,
}

impl Vocabulary {
    fn read(&mut self, text: &str) -> Words {
        let mut own: BTreeSet<u32> = BTreeSet::new();
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let word = word.to_lowercase();
            let number = *self.numbers.entry(word).or_insert_with_key(|word| {
                self.words.push(word.clone());
                self.holding.push(0);
                u32::try_from(self.words.len() - 1).unwrap_or(u32::MAX)
            });
            if own.insert(number) {
                self.holding[number as usize] += 1;
            }
        }
        own.into_iter().collect()
    }

    /// How much each word weighs: the more the fewer hold it.
    fn weights(&self, outcomes: usize) -> Vec<u32> {
        self.holding.iter().map(|holding| 1 + (outcomes / (*holding).max(1)).max(1).ilog2()).collect()
    }
}

/// Which targets hold each word and each code.
struct Held {
    by_word: Vec<Vec<usize>>,
    by_code: HashMap<String, Vec<usize>>,
    codes: Vec<String>,
}

impl Held {
    fn new(targets: &[Compared], words: &[Words], known: usize) -> Self {
        let mut by_word: Vec<Vec<usize>> = vec![Vec::new(); known];
        for (target, words) in words.iter().enumerate() {
            for word in words {
                by_word[*word as usize].push(target);
            }
        }
        let codes: Vec<String> = targets.iter().map(|own| plain(&own.code)).collect();
        let mut by_code: HashMap<String, Vec<usize>> = HashMap::new();
        for (target, code) in codes.iter().enumerate().filter(|(_, code)| !code.is_empty()) {
            by_code.entry(code.clone()).or_default().push(target);
        }
        Self { by_word, by_code, codes }
    }

    /// The targets that hold one of these words, or this code.
    fn candidates(&self, words: Vec<u32>, code: &str) -> Vec<usize> {
        let telling = words.into_iter().map(|word| &self.by_word[word as usize]);
        let mut found: Vec<usize> = telling.chain(self.by_code.get(code)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The words of which a pair must share one to be alike enough: all but the most common, as long as
/// those alone weigh too little.
fn needed(words: &[u32], weights: &[u32], held: &Held, total: u32, score: u32) -> Vec<u32> {
    let mut rarest = words.to_vec();
    rarest.sort_by_key(|word| (held.by_word[*word as usize].len(), *word));
    // A pair weighs at least what the source weighs and what is shared.
    let required = u64::from(total) * u64::from(score);
    let mut common = 0_u64;
    while let Some(word) = rarest.last() {
        common += u64::from(weights[*word as usize]);
        if common * u64::from(2000 - score.min(1000)) >= required {
            break;
        }
        rarest.pop();
    }
    rarest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(code: &str, text: &str) -> Compared {
        Compared { code: code.to_owned(), text: text.to_owned() }
    }

    const ANY: Wanted = Wanted { score: 1, each: 20 };

    #[test]
    fn the_score_can_be_worked_out_again() {
        let sources = [of("A.1", "Compare two fractions."), of("A.2", "Tell the time.")];
        let targets = [of("B.1", "Fractions: compare"), of("a.1", "Sing.")];
        let found = pairs(&sources, &targets, &HashSet::new(), ANY);
        // Four outcomes: a word of one weighs 3, of two 2. 3 + 2 × 2 on the left, 2 × 2 on the right.
        let words = vec![("compare".to_owned(), 2), ("fractions".to_owned(), 2)];
        assert_eq!(
            found,
            [
                Pair { source: 0, target: 0, score: 727, same_code: false, words, total: 11 },
                Pair { source: 0, target: 1, score: 500, same_code: true, words: vec![], total: 10 },
            ]
        );
        let joined = HashSet::from([(0, 0), (0, 1)]);
        assert!(pairs(&sources, &targets, &joined, ANY).is_empty());
        let few = pairs(&sources, &targets, &HashSet::new(), Wanted { score: 1, each: 1 });
        assert_eq!(few.len(), 1);
    }

    proptest! {
        #[test]
        fn a_higher_bound_only_leaves_out_what_is_below_it(
            left in prop::collection::vec("[a-f ]{0,20}", 1..6),
            right in prop::collection::vec("[a-f ]{0,20}", 1..6),
            score in 1_u32..=1000,
        ) {
            let sources: Vec<Compared> = left.iter().map(|text| of("", text)).collect();
            let targets: Vec<Compared> = right.iter().map(|text| of("", text)).collect();
            let mut all = pairs(&sources, &targets, &HashSet::new(), ANY);
            all.retain(|pair| pair.score >= score);
            prop_assert_eq!(pairs(&sources, &targets, &HashSet::new(), Wanted { score, each: 20 }), all);
        }

        #[test]
        fn the_scale_is_kept_and_what_is_the_same_is_whole(
            left in prop::collection::vec("[a-f ]{0,20}", 1..6), right in prop::collection::vec("[a-f ]{0,20}", 1..6)
        ) {
            let sources: Vec<Compared> = left.iter().map(|text| of("", text)).collect();
            let targets: Vec<Compared> = right.iter().map(|text| of("", text)).collect();
            for pair in pairs(&sources, &targets, &HashSet::new(), ANY) {
                prop_assert!((1..=1000).contains(&pair.score));
                let told: u32 = pair.words.iter().map(|(_, weight)| weight).sum();
                prop_assert_eq!(pair.score, told * 2000 / pair.total);
            }
            let same = pairs(&sources, &sources, &HashSet::new(), ANY);
            let whole = same.iter().filter(|pair| pair.source == pair.target);
            prop_assert!(whole.clone().all(|pair| pair.score == 1000));
        }
    }
}
