//! From a question to a query of the index.
//!
//! Scores are sums of whole numbers, and none is made of how often others write a word: what another
//! district holds changes nothing, nor does the way in which the index is cut into segments.

use tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, EnableScoring, FuzzyTermQuery, Occur,
    Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, Searcher, TERMINATED, TantivyError, Term};
use trellis_kernel::District;

use super::fields::Fields;
use super::stems;
use crate::domain::search::{PART_OF_CODE, WHOLE_CODE, asked_words, plain};
use crate::domain::traits::Filters;

/// What each word that is answered counts, at least: more than all that others can count in quality, so
/// that who answers to more comes first.
const ANSWERED: u16 = 5000;
/// What a word counts for quality at most: an exact word of the code.
const QUALITY: u16 = 300;
/// The most that words alone can score.
const WORDS_ALONE: u32 = 900;

/// Where and for what is searched.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The districts: nothing else is ever found.
    pub(super) districts: Vec<District>,
    /// What is asked for.
    pub(super) text: String,
    /// What it is narrowed to.
    pub(super) filters: Filters,
}

/// A question that can be asked of the index.
pub(super) struct Asked {
    clauses: Vec<Box<dyn Query>>,
    code: String,
}

impl Asked {
    /// Looks at what of the question the districts hold as it is written.
    pub(super) fn new(searcher: &Searcher, fields: &Fields, question: &Question) -> tantivy::Result<Self> {
        let words = asked_words(&question.text);
        let mut clauses: Vec<Box<dyn Query>> = Vec::with_capacity(words.len());
        for (index, word) in words.iter().enumerate() {
            let known = is_known(searcher, fields, &question.districts, word)?;
            // The last word may not be written to its end yet.
            let begins = word.chars().count() >= 3 && (!known || index + 1 == words.len());
            clauses.push(clause(fields, word, begins, !known));
        }
        Ok(Self { clauses, code: plain(&question.text) })
    }

    /// How many words there are.
    pub(super) fn words(&self) -> usize {
        self.clauses.len()
    }

    /// The query for outcomes that answer to so many words, or by their code.
    pub(super) fn query(&self, fields: &Fields, question: &Question, words: usize) -> BooleanQuery {
        let mut any: Vec<Box<dyn Query>> = Vec::new();
        if !self.clauses.is_empty() {
            let clauses = self.clauses.iter().map(|clause| (Occur::Should, clause.box_clone())).collect();
            any.push(Box::new(BooleanQuery::with_minimum_required_clauses(clauses, words)));
        }
        if !self.code.is_empty() {
            for (field, score) in [(fields.code, WHOLE_CODE), (fields.code_parts, PART_OF_CODE)] {
                any.push(scored(term(field, &self.code), self.code_points(score)));
            }
        }
        within(fields, question, Box::new(DisjunctionMaxQuery::new(any)))
    }

    /// What a code counts, so that it is above all that words can count.
    fn code_points(&self, score: i32) -> f32 {
        let best = u32::from(ANSWERED + QUALITY) * u32::try_from(self.words()).unwrap_or(1).max(1);
        as_points(best + score.unsigned_abs())
    }

    /// The score, from 1 to 1000, of what counted so much.
    pub(super) fn score(&self, points: u32) -> i32 {
        let best = u32::from(ANSWERED + QUALITY) * u32::try_from(self.words()).unwrap_or(1).max(1);
        let score = match points.checked_sub(best) {
            Some(code) if code > 0 => code,
            _ => (points * WORDS_ALONE / best).clamp(1, WORDS_ALONE),
        };
        i32::try_from(score).unwrap_or(1)
    }
}

/// What is asked for, within the question's districts and filters. Every query is made here, so that
/// none can be asked without its districts; with no district nothing is found.
fn within(fields: &Fields, question: &Question, asked: Box<dyn Query>) -> BooleanQuery {
    let districts = question.districts.iter().map(|own| term(fields.district, own.as_str()));
    let mut all: Vec<(Occur, Box<dyn Query>)> =
        vec![(Occur::Must, unscored(one_of(districts))), (Occur::Must, asked)];
    for (own, values) in &question.filters.0 {
        let terms = values.iter().map(|value| term(fields.of(*own), value));
        all.push((Occur::Must, unscored(one_of(terms))));
    }
    BooleanQuery::new(all)
}

/// Whether one of the districts holds a word as it is written.
fn is_known(
    searcher: &Searcher,
    fields: &Fields,
    districts: &[District],
    word: &str,
) -> tantivy::Result<bool> {
    let any = [fields.words, fields.code_words, fields.notes].map(|field| (Occur::Should, term(field, word)));
    let question =
        Question { districts: districts.to_vec(), text: String::new(), filters: Filters::default() };
    let query = within(fields, &question, Box::new(BooleanQuery::new(any.into())));
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    for segment in searcher.segment_readers() {
        let mut found = weight.scorer(segment, 1.0)?;
        while found.doc() != TERMINATED {
            if !segment.is_deleted(found.doc()) {
                return Ok(true);
            }
            found.advance();
        }
    }
    Ok(false)
}

/// The best of the ways in which an outcome may answer to a word. The hundredths are those of
/// [`crate::domain::search`].
fn clause(fields: &Fields, word: &str, begins: bool, mistyped: bool) -> Box<dyn Query> {
    let mut any: Vec<Box<dyn Query>> = Vec::new();
    let mut add = |query: Box<dyn Query>, hundredths: u16, weight: u16| {
        any.push(scored(query, f32::from(ANSWERED + hundredths * weight)));
    };
    for (field, weight) in [(fields.code_words, 3), (fields.words, 2), (fields.notes, 1)] {
        add(term(field, word), 100, weight);
        if begins {
            let beginning = FuzzyTermQuery::new_prefix(Term::from_field_text(field, word), 0, true);
            add(Box::new(beginning), 80, weight);
        }
    }
    let stems = stems::of_word(word);
    add(one_of(stems.iter().map(|stem| term(fields.stems, stem))), 90, 2);
    let letters = word.chars().count();
    // A number or a short word with another letter is another one.
    if mistyped && letters >= 4 && !word.bytes().any(|byte| byte.is_ascii_digit()) {
        for (field, weight) in [(fields.words, 2), (fields.notes, 1)] {
            let own = Term::from_field_text(field, word);
            add(Box::new(FuzzyTermQuery::new(own.clone(), 1, true)), 60, weight);
            if letters >= 8 {
                add(Box::new(FuzzyTermQuery::new(own, 2, true)), 45, weight);
            }
        }
    }
    Box::new(DisjunctionMaxQuery::new(any))
}

fn term(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

/// What any of these finds. A query of a set of terms would first build an automaton of them, which takes
/// longer than all the rest of a search.
fn one_of(terms: impl Iterator<Item = Box<dyn Query>>) -> Box<dyn Query> {
    let terms: Vec<(Occur, Box<dyn Query>)> = terms.map(|term| (Occur::Should, term)).collect();
    if terms.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::new(terms)) }
}

fn scored(query: Box<dyn Query>, points: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, points))
}

fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    scored(query, 0.0)
}

/// Points as the index counts them: below 2²⁴ it counts whole numbers exactly.
#[expect(clippy::cast_precision_loss, reason = "sixteen words count less than 2^24")]
fn as_points(points: u32) -> f32 {
    points as f32
}

/// That the index could not be asked.
pub(super) fn failed(error: TantivyError) -> trellis_kernel::Failure {
    trellis_kernel::Failure::internal(error)
}
