//! Finding outcomes by code and words, forgiving a mistyped letter or two.
//!
//! Whole numbers only, and no help from a database: the same content gives the same order everywhere.

use std::collections::HashMap;

use trellis_kernel::Uuid;

/// How many words of a query count.
const MAX_WORDS: usize = 16;
/// The score of an outcome whose code is the query.
pub(crate) const WHOLE_CODE: i32 = 1000;
/// The score of one whose code ends in the query, or begins with it, at a dot.
pub(crate) const PART_OF_CODE: i32 = 950;
/// The most that words alone can score.
const WORDS_ALONE: i64 = 900;

/// What of an outcome is searched.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    /// Its framework.
    pub(crate) framework: Uuid,
    /// Its identity.
    pub(crate) id: Uuid,
    /// Its code.
    pub(crate) code: String,
    /// What names it: the abbreviated statement, the type and the concepts.
    pub(crate) label: String,
    /// The statement.
    pub(crate) statement: String,
    /// The notes.
    pub(crate) notes: String,
}

/// An outcome that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// How well, from 1 to 1000.
    pub(crate) score: i32,
    /// Its framework.
    pub(crate) framework: Uuid,
    /// Its identity.
    pub(crate) id: Uuid,
}

/// How well a word answers to another, in hundredths.
fn likeness(asked: &str, held: &str) -> i64 {
    if asked == held {
        return 100;
    }
    let (asked_len, held_len) = (asked.chars().count(), held.chars().count());
    if asked_len >= 3 && held.starts_with(asked) {
        return 80;
    }
    let allowed = match asked_len {
        // A number or a short word with another letter is another one.
        0..=3 => return 0,
        4..=7 => 1,
        _ => 2,
    };
    if asked.bytes().any(|byte| byte.is_ascii_digit()) || asked_len.abs_diff(held_len) > allowed {
        return 0;
    }
    match distance(asked, held) {
        1 => 60,
        2 if allowed == 2 => 45,
        _ => 0,
    }
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let change = above[j] + usize::from(a != b);
            let mut best = change.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

/// The words of a text: letters and digits, in lower case.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A code or a query in the one spelling in which codes are compared.
pub(crate) fn plain(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The words of a query that count, each once.
pub(crate) fn asked_words(query: &str) -> Vec<String> {
    let mut asked: Vec<String> = Vec::new();
    for word in words(query).take(MAX_WORDS) {
        if !asked.contains(&word) {
            asked.push(word);
        }
    }
    asked
}

/// How well a code answers to the whole query.
fn code_score(asked: &str, code: &str) -> i32 {
    if asked.is_empty() || code.is_empty() {
        return 0;
    }
    let code = plain(code);
    if code == asked {
        return WHOLE_CODE;
    }
    let bounded = |rest: Option<&str>, inner: fn(&str) -> Option<char>| {
        rest.and_then(inner).is_some_and(|c| !c.is_alphanumeric())
    };
    let ends = bounded(code.strip_suffix(asked), |rest| rest.chars().next_back());
    let begins = bounded(code.strip_prefix(asked), |rest| rest.chars().next());
    if ends || begins { PART_OF_CODE } else { 0 }
}

/// Ranks the outcomes that answer to at least half of the query: best first, then by code, then by
/// identity.
pub(crate) fn rank(query: &str, outcomes: &[Searched]) -> Vec<Found> {
    let whole = plain(query);
    let asked = asked_words(query);
    let matches = Matches::of(&asked, outcomes);
    let weights = matches.weights(outcomes.len());
    let total: i64 = weights.iter().sum();
    let mut found: Vec<(Found, &str)> = outcomes
        .iter()
        .zip(&matches.by_outcome)
        .filter_map(|(outcome, likenesses)| {
            let by_words = word_score(likenesses, &weights, total);
            let score = code_score(&whole, &outcome.code).max(by_words);
            let found = Found { score, framework: outcome.framework, id: outcome.id };
            (score > 0).then_some((found, outcome.code.as_str()))
        })
        .collect();
    found.sort_by(|(a, a_code), (b, b_code)| {
        b.score
            .cmp(&a.score)
            .then_with(|| a_code.cmp(b_code))
            .then_with(|| (a.framework, a.id).cmp(&(b.framework, b.id)))
    });
    found.into_iter().map(|(found, _)| found).collect()
}

/// The score of an outcome by its words: how much of the query it answers to, then how well.
fn word_score(likenesses: &[i64], weights: &[i64], total: i64) -> i32 {
    let answered: i64 = likenesses.iter().zip(weights).filter(|(l, _)| **l > 0).map(|(_, w)| w).sum();
    if total == 0 || answered * 2 < total {
        return 0;
    }
    let quality: i64 = likenesses.iter().zip(weights).map(|(l, w)| l * w).sum();
    // Likeness is at most 300: an exact word of the code.
    let score = WORDS_ALONE * (answered * 700 + quality) / (total * 1000);
    i32::try_from(score.clamp(1, WORDS_ALONE)).unwrap_or(1)
}

/// How the words of a query answer to each outcome.
struct Matches {
    by_outcome: Vec<Vec<i64>>,
}

impl Matches {
    fn of(asked: &[String], outcomes: &[Searched]) -> Self {
        // Words come again and again: each is compared once.
        let mut known: HashMap<String, Vec<i64>> = HashMap::new();
        let by_outcome = outcomes
            .iter()
            .map(|outcome| {
                let mut best = vec![0_i64; asked.len()];
                let fields =
                    [(&outcome.code, 3), (&outcome.label, 2), (&outcome.statement, 2), (&outcome.notes, 1)];
                for (text, weight) in fields {
                    for word in words(text) {
                        let likenesses = known
                            .entry(word)
                            .or_insert_with_key(|word| asked.iter().map(|a| likeness(a, word)).collect());
                        for (best, likeness) in best.iter_mut().zip(likenesses.iter()) {
                            *best = (*best).max(likeness * weight);
                        }
                    }
                }
                best
            })
            .collect();
        Self { by_outcome }
    }

    /// A word that few outcomes hold says more than one that all do.
    fn weights(&self, outcomes: usize) -> Vec<i64> {
        let words = self.by_outcome.first().map_or(0, Vec::len);
        (0..words)
            .map(|word| {
                let holding = self.by_outcome.iter().filter(|likenesses| likenesses[word] > 0).count();
                1 + i64::from(((outcomes + 1) / (holding + 1)).max(1).ilog2())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcome(number: u128, code: &str, statement: &str) -> Searched {
        Searched {
            framework: Uuid::nil(),
            id: Uuid::from_u128(number),
            code: code.to_owned(),
            label: String::new(),
            statement: statement.to_owned(),
            notes: String::new(),
        }
    }

    fn found(query: &str, outcomes: &[Searched]) -> Vec<u128> {
        rank(query, outcomes).iter().map(|found| found.id.as_u128()).collect()
    }

    #[test]
    fn a_code_comes_first_whole_or_in_part() {
        let outcomes = [
            outcome(1, "M.G3.C1NF.TF.3.NF.A.2", "Understand a fraction on the number line."),
            outcome(2, "M.G3.C1NF.TF.3.NF.A.20", "Something else."),
            outcome(3, "M.G3", "See 3 NF A 2."),
        ];
        assert_eq!(found("m.g3.c1nf.tf.3.nf.a.2", &outcomes)[0], 1);
        assert_eq!(found("3.NF.A.2", &outcomes)[0], 1);
        assert_eq!(rank("M.G3", &outcomes)[0].id, Uuid::from_u128(3));
        assert_eq!(rank("M.G3", &outcomes)[0].score, WHOLE_CODE);
    }

    #[test]
    fn a_mistyped_word_is_forgiven_but_not_a_number() {
        let outcomes =
            [outcome(1, "A.1", "Represent fractions on a number line."), outcome(2, "A.2", "Tell the time.")];
        for query in ["fractions", "fracitons", "fractons", "Fractionss"] {
            assert_eq!(found(query, &outcomes), [1], "{query}");
        }
        assert_eq!(found("1234", &[outcome(1, "1235", "")]), Vec::<u128>::new());
        assert_eq!(found("zzzzzz", &outcomes), Vec::<u128>::new());
    }

    #[test]
    fn who_answers_to_more_comes_first() {
        let outcomes = [
            outcome(1, "A", "Compare fractions."),
            outcome(2, "B", "Compare fractions on a number line."),
            outcome(3, "C", "Compare."),
        ];
        assert_eq!(found("compare fractions line", &outcomes)[..2], [2, 1]);
    }

    proptest! {
        #[test]
        fn any_query_is_answered_within_the_scale(query in ".{0,60}", text in ".{0,80}", code in ".{0,12}") {
            for found in rank(&query, &[outcome(1, &code, &text)]) {
                prop_assert!((1..=WHOLE_CODE).contains(&found.score));
            }
        }

        #[test]
        fn an_outcome_is_found_by_its_own_words(text in "[a-z]{4,12}( [a-z]{4,12}){0,4}") {
            prop_assert_eq!(found(&text, &[outcome(1, "", &text)]), [1]);
        }

        #[test]
        fn the_distance_is_the_same_both_ways(a in "[a-d]{0,8}", b in "[a-d]{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
        }
    }
}
