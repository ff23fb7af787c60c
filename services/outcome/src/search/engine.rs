//! The index itself: on disk below the temporary directory, or in memory where nothing can be written.

use std::sync::{Mutex, MutexGuard, PoisonError};

use prost::Message as _;
use tantivy::schema::{Schema, Value as _};
use tantivy::{Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, Term};
use trellis_contracts::outcome as proto;
use trellis_kernel::{District, Failure, Result};

use super::collect::{Best, Found, Hit};
use super::fields::Fields;
use super::query::{Asked, Question, failed};
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::Outcome;
use crate::domain::traits::Trait;

/// How many bytes the writer gathers before it writes them.
const GATHERED: usize = 32 * 1024 * 1024;
/// How many blocks of messages each segment keeps unpacked, about 16 KiB each.
const UNPACKED_BLOCKS: usize = 16;

/// The index of one process.
pub(super) struct Engine {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

/// What answers a question.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The outcomes, best first, each with its score.
    pub(crate) hits: Vec<(proto::Outcome, i32)>,
    /// Whether there are more.
    pub(crate) more: bool,
    /// How many there are in all, and what they are, where that was asked for.
    pub(crate) counted: Option<(usize, crate::domain::traits::Counts)>,
}

impl Engine {
    /// An empty index. It goes with the process.
    pub(super) fn new() -> Result<Self> {
        let (schema, fields) = Fields::new();
        let index = match Index::create_from_tempdir(schema.clone()) {
            Ok(index) => index,
            Err(error) => {
                tracing::warn!(cause = %error, "the search index is held in memory: nothing can be written below the temporary directory");
                in_memory(schema).map_err(failed)?
            }
        };
        let writer = index.writer_with_num_threads(1, GATHERED).map_err(failed)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(UNPACKED_BLOCKS)
            .try_into()
            .map_err(failed)?;
        Ok(Self { fields, reader, writer: Mutex::new(writer) })
    }

    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds outcomes of a framework with these subjects.
    pub(super) fn add(&self, subjects: &[String], outcomes: Vec<(Outcome, proto::Outcome)>) -> Result<()> {
        let writer = self.writer();
        for (outcome, message) in outcomes {
            let document: TantivyDocument = self.fields.document(&outcome, subjects, &message);
            writer.add_document(document).map_err(failed)?;
        }
        Ok(())
    }

    /// Removes what is held of a framework; what is added afterwards stays.
    pub(super) fn remove(&self, framework: &FrameworkRef) {
        let draft = FrameworkRef { pin: None, ..framework.clone() };
        let name = draft.name().to_string();
        self.writer().delete_term(Term::from_field_text(self.fields.of(Trait::Framework), &name));
    }

    /// Removes what is held of a district.
    pub(super) fn remove_district(&self, district: &District) {
        self.writer().delete_term(Term::from_field_text(self.fields.district, district.as_str()));
    }

    /// Lets what was added and removed be seen, all at once.
    pub(super) fn commit(&self) -> Result<()> {
        self.writer().commit().map_err(failed)?;
        self.reader.reload().map_err(failed)
    }

    /// Gives up what was added and removed since the last commit.
    pub(super) fn give_up(&self) -> Result<()> {
        self.writer().rollback().map(drop).map_err(failed)
    }

    /// Answers a question from a place in the list of what is found on.
    pub(super) fn answer(
        &self,
        question: &Question,
        from: usize,
        count: usize,
        tally: bool,
    ) -> Result<Answer> {
        let searcher = self.reader.searcher();
        let asked = Asked::new(&searcher, &self.fields, question).map_err(failed)?;
        let collect = |words: usize| -> Result<Found> {
            let best = Best { limit: from + count + 1, count: tally };
            searcher.search(&asked.query(&self.fields, question, words), &best).map_err(failed)
        };
        // Who answers to every word comes first, so others are looked for only where these are too few.
        let (every, half) = (asked.words(), asked.words().div_ceil(2));
        let mut found = if tally { Found::default() } else { collect(every)? };
        if tally || (found.hits.len() <= from + count && half < every) {
            found = collect(half)?;
        }
        let more = found.hits.len() > from + count;
        let read = |hit: &Hit| -> Result<(proto::Outcome, i32)> {
            let document: TantivyDocument = searcher.doc(hit.address()).map_err(failed)?;
            let bytes = document.get_first(self.fields.message).and_then(|value| value.as_bytes());
            let bytes =
                bytes.ok_or_else(|| Failure::internal("the index holds an outcome without its message"))?;
            let outcome = proto::Outcome::decode(bytes).map_err(Failure::internal)?;
            Ok((outcome, asked.score(hit.points())))
        };
        let hits = found.hits.iter().skip(from).take(count).map(read).collect::<Result<_>>()?;
        Ok(Answer { hits, more, counted: tally.then_some((found.total, found.counts)) })
    }
}

fn in_memory(schema: Schema) -> tantivy::Result<Index> {
    Index::builder().schema(schema).settings(IndexSettings::default()).create_in_ram()
}

#[cfg(test)]
mod tests {
    use trellis_kernel::{Timestamp, Uuid};

    use super::*;
    use crate::domain::outcome::OutcomeContent;
    use crate::domain::text::Text;
    use crate::domain::traits::Filters;

    fn outcome(district: &str, number: u128, code: &str, statement: &str) -> (Outcome, proto::Outcome) {
        let framework = FrameworkRef {
            district: District::parse(district).expect("a district"),
            id: Uuid::from_u128(1),
            pin: Some(1),
        };
        let outcome = Outcome {
            framework,
            id: Uuid::from_u128(number),
            content: OutcomeContent {
                statement: vec![Text::new("en", statement)],
                code: code.to_owned(),
                ..OutcomeContent::default()
            },
            parent: None,
            list_order: 0,
            published: 1,
            create_time: Timestamp::UNIX_EPOCH,
            update_time: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let message = proto::Outcome { uid: number.to_string(), ..proto::Outcome::default() };
        (outcome, message)
    }

    fn found(engine: &Engine, districts: &[&str], text: &str) -> Vec<(String, i32)> {
        let question = Question {
            districts: districts.iter().map(|own| District::parse(own).expect("a district")).collect(),
            text: text.to_owned(),
            filters: Filters::default(),
        };
        let answer = engine.answer(&question, 0, 100, false).expect("an answer");
        answer.hits.into_iter().map(|(outcome, score)| (outcome.uid, score)).collect()
    }

    fn uids(found: Vec<(String, i32)>) -> Vec<String> {
        found.into_iter().map(|(uid, _)| uid).collect()
    }

    #[test]
    fn nothing_is_found_outside_the_districts_that_are_asked_for() {
        let engine = Engine::new().expect("an index");
        engine.add(&[], vec![outcome("one-district", 1, "A.1", "Fractions")]).expect("added");
        engine.add(&[], vec![outcome("two-district", 2, "A.1", "Fractions")]).expect("added");
        engine.commit().expect("seen");
        for text in ["fractions", "fraction", "fractons", "frac", "A.1", "a"] {
            assert_eq!(uids(found(&engine, &["one-district"], text)), ["1"], "{text}");
            assert_eq!(uids(found(&engine, &["two-district", "one-district"], text)), ["1", "2"], "{text}");
            assert!(found(&engine, &[], text).is_empty());
            assert!(found(&engine, &["other-district"], text).is_empty());
        }
        engine.remove_district(&District::parse("one-district").expect("a district"));
        engine.commit().expect("seen");
        assert!(found(&engine, &["one-district"], "fractions").is_empty());
    }

    #[test]
    fn the_order_is_the_same_however_the_index_grew_and_whatever_others_hold() {
        let all = [
            outcome("one-district", 1, "A.2", "Compare fractions on a number line."),
            outcome("one-district", 2, "A.1", "Compare fractions."),
            outcome("one-district", 3, "B", "Comparing a fraction."),
            outcome("one-district", 4, "C", "Compare, and compare again."),
            outcome("one-district", 5, "A.1", "Compare fractions."),
        ];
        let (at_once, in_pieces) = (Engine::new().expect("an index"), Engine::new().expect("an index"));
        at_once.add(&[], all.to_vec()).expect("added");
        at_once.commit().expect("seen");
        for own in all.iter().rev() {
            in_pieces.add(&[], vec![own.clone()]).expect("added");
            in_pieces.add(&[], vec![outcome("two-district", 9, "A.1", "Compare numbers")]).expect("added");
            in_pieces.commit().expect("seen");
        }
        for text in ["compare fractions", "compare", "fractions line", "a.1", "comparing", "numbr line"] {
            let told = found(&at_once, &["one-district"], text);
            assert_eq!(told, found(&in_pieces, &["one-district"], text), "{text}");
            assert!(!told.is_empty(), "{text}");
        }
        assert_eq!(uids(found(&at_once, &["one-district"], "compare fractions"))[..3], ["2", "5", "1"]);
        assert_eq!(found(&at_once, &["one-district"], "A.1")[0].1, 1000);
    }
}
