use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, Database, QueryFilter};
use trellis_kernel::{Result, Uuid};
use trellis_store::filter::{self, Field, Kind};
use trellis_store::{Scope, Store};

use crate::place::{Place, begin, change, district, each, note};

const FIELDS: &[Field<note::Column>] = &[
    Field { name: "title", column: note::Column::Title, kind: Kind::Text },
    Field { name: "note.rank", column: note::Column::Rank, kind: Kind::Integer },
    Field { name: "score", column: note::Column::Score, kind: Kind::Number },
    Field { name: "done", column: note::Column::Done, kind: Kind::Boolean },
    Field { name: "due", column: note::Column::Due, kind: Kind::Date },
    Field { name: "seen_time", column: note::Column::Rank, kind: Kind::Time },
    Field { name: "id", column: note::Column::Id, kind: Kind::Id },
    Field { name: "name", column: note::Column::Id, kind: Kind::Name(&["notes"]) },
    Field { name: "parity", column: note::Column::Done, kind: Kind::Word(parity) },
    Field { name: "tags", column: note::Column::Rank, kind: Kind::Has(tagged) },
];

fn parity(word: &str) -> Option<sea_orm::Value> {
    match word {
        "EVEN" => Some(true.into()),
        "ODD" => Some(false.into()),
        _ => None,
    }
}

fn tagged(tag: &str) -> Option<Condition> {
    (tag == "small").then(|| Condition::all().add(note::Column::Rank.lt(5)))
}

async fn notes(place: &Place) -> Store {
    let store = place.store().await;
    let tx = begin(&store, change()).await;
    let rows = (0..40_u8).map(|rank| note::row(Uuid::from_u128(u128::from(rank)), i64::from(rank)));
    tx.insert_many(rows.collect()).await.unwrap();
    tx.commit(Uuid::nil()).await.unwrap();
    store
}

async fn ranks(store: &Store, text: &str) -> Result<BTreeSet<i64>> {
    let reader = store.read(&district("grand-bend"));
    let select = reader.find::<note::Entity>().filter(filter::parse(text, FIELDS)?);
    Ok(select.all(reader.conn()).await.unwrap().into_iter().map(|row| row.rank).collect())
}

#[test]
fn a_filter_finds_what_it_says() {
    each(async |place| {
        let store = notes(&place).await;
        let name = format!("name = districts/grand-bend/notes/{}", Uuid::from_u128(7));
        let id = format!("id = \"{}\"", Uuid::from_u128(9));
        let cases: &[(&str, &[i64])] = &[
            ("note.rank < 3", &[0, 1, 2]),
            ("  note.rank>=38  ", &[38, 39]),
            ("note.rank >= 10 AND note.rank <= 12 AND note.rank != 11", &[10, 12]),
            ("title = \"Note 4\"", &[4]),
            ("title:\"NOTE 3\" AND done = true", &[30, 32, 34, 36, 38]),
            ("title:\"%\"", &[]),
            ("title:\"_\"", &[]),
            ("score > 18.9", &[38, 39]),
            ("due <= 2026-01-03 AND note.rank < 20", &[1, 2]),
            ("due = \"2026-01-02\"", &[1, 29]),
            ("seen_time <= 1970-01-01T00:00:00.000002Z", &[0, 1, 2]),
            ("parity = ODD AND note.rank < 4", &[1, 3]),
            ("tags:small AND note.rank > 2", &[3, 4]),
            (&name, &[7]),
            (&id, &[9]),
            // A field that is not set is not equal to anything.
            ("due != 2026-01-02 AND note.rank < 4", &[0, 2, 3]),
        ];
        for (text, expected) in cases {
            let expected: BTreeSet<i64> = expected.iter().copied().collect();
            assert_eq!(ranks(&store, text).await.unwrap(), expected, "{text}");
        }
        assert_eq!(ranks(&store, "").await.unwrap().len(), 40);
        assert_eq!(ranks(&store, " ").await.unwrap().len(), 40);
    });
}

#[test]
fn a_mistake_is_shown_at_its_column_without_the_clients_words() {
    for (text, column) in [
        ("secret = 1", 1),
        ("title secret", 7),
        ("title < secret", 7),
        ("title = \"secret", 9),
        ("title = \"sécret\" OR done = true", 18),
        ("note.rank = secret", 13),
        ("note.rank = 1 AND", 18),
        ("done = secret", 8),
        ("due = 2026-02-30", 7),
        ("seen_time > 2026-01-01", 13),
        ("name = districts/grand-bend/secrets/1", 8),
        ("parity = SECRET", 10),
        ("tags = small", 6),
        ("tags:secret", 6),
        ("score = inf", 9),
        ("NOT done = true", 1),
        ("(done = true)", 1),
        ("title = \"a\\n\"", 9),
    ] {
        let refused = filter::parse(text, FIELDS).unwrap_err();
        let told = &refused.violations()[0];
        assert_eq!(told.field, "filter");
        assert!(told.description.starts_with(&format!("column {column}:")), "{text}: {}", told.description);
        assert!(!format!("{refused:?}").to_lowercase().contains("secret"), "{refused:?}");
    }
}

#[test]
fn a_filter_has_limits() {
    let terms = |count: usize| vec!["done = true"; count].join(" AND ");
    filter::parse(&terms(filter::MAX_TERMS), FIELDS).unwrap();
    assert!(filter::parse(&terms(filter::MAX_TERMS + 1), FIELDS).is_err());
    let long = format!("title = \"{}\"", "é".repeat(filter::MAX_CHARACTERS - 10));
    assert_eq!(long.chars().count(), filter::MAX_CHARACTERS);
    filter::parse(&long, FIELDS).unwrap();
    assert!(filter::parse(&format!("{long} "), FIELDS).is_err());
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "(title|done|note\\.rank|[ =<>!:\"()\\\\aé\\x00]|AND|[0-9]){0,60}") {
        // It may be refused; it must not panic.
        let _ = filter::parse(&text, FIELDS);
    }
}

/// One comparison: as a client writes it, and as plain code decides it.
type Term = (String, Box<dyn Fn(&note::Model) -> bool>);

/// What a title is asked to contain, as it stands between quotes.
const PARTS: [&str; 16] =
    ["OTE 1", "e", "%", "_", "\\\"", "3", "\\\\", "é", "É", "josÉ", "ß", "SS", "i", "İ", "σ", "Σ"];

const SIGNS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn holds(sign: usize, ordering: std::cmp::Ordering) -> bool {
    match sign {
        0 => ordering.is_eq(),
        1 => ordering.is_ne(),
        2 => ordering.is_lt(),
        3 => ordering.is_le(),
        4 => ordering.is_gt(),
        _ => ordering.is_ge(),
    }
}

/// A comparison of every kind of field.
fn reference(field: usize, sign: usize, value: u8) -> Term {
    let (number, either) = (i64::from(value), sign % 2);
    match field {
        0 => (
            format!("note.rank {} {value}", SIGNS[sign]),
            Box::new(move |row| holds(sign, row.rank.cmp(&number))),
        ),
        1 => (
            format!("score {} {value}.5", SIGNS[sign]),
            Box::new(move |row| holds(sign, row.score.total_cmp(&(f64::from(value) + 0.5)))),
        ),
        2 => (
            format!("title {} \"Note {value}\"", SIGNS[either]),
            Box::new(move |row| holds(either, row.title.cmp(&format!("Note {value}")))),
        ),
        3 => {
            let part = PARTS[usize::from(value) % PARTS.len()];
            let plain = part.replace("\\\"", "\"").replace("\\\\", "\\").to_ascii_lowercase();
            (
                format!("title:\"{part}\""),
                Box::new(move |row| row.title.to_ascii_lowercase().contains(&plain)),
            )
        }
        4 => (
            format!("done {} {}", SIGNS[either], value.is_multiple_of(2)),
            Box::new(move |row| holds(either, row.done.cmp(&(value.is_multiple_of(2))))),
        ),
        5 => {
            let day = format!("2026-01-{:02}", value % 28 + 1);
            // A field that is not set is not equal to anything, and neither before nor after.
            (
                format!("due {} {day}", SIGNS[sign]),
                Box::new(move |row| row.due.as_ref().map_or(sign == 1, |due| holds(sign, due.cmp(&day)))),
            )
        }
        6 => (
            format!("seen_time {} 1970-01-01T00:00:00.{value:06}Z", SIGNS[sign]),
            Box::new(move |row| holds(sign, row.rank.cmp(&number))),
        ),
        7 => {
            let id = Uuid::from_u128(u128::from(value));
            (format!("id {} {id}", SIGNS[either]), Box::new(move |row| holds(either, row.id.cmp(&id))))
        }
        8 => {
            let id = Uuid::from_u128(u128::from(value));
            (
                format!("name {} districts/grand-bend/notes/{id}", SIGNS[either]),
                Box::new(move |row| holds(either, row.id.cmp(&id))),
            )
        }
        9 => (
            format!("parity {} {}", SIGNS[either], if value.is_multiple_of(2) { "EVEN" } else { "ODD" }),
            Box::new(move |row| holds(either, row.done.cmp(&(value.is_multiple_of(2))))),
        ),
        _ => ("tags:small".to_owned(), Box::new(|row| row.rank < 5)),
    }
}

/// Writes titles of other letters than A to Z, in a column whose locale knows how to fold them.
async fn written_by_many(place: &Place, store: &Store) {
    if let Some(rest) = place.options.url.strip_prefix("postgres") {
        let url = format!("postgres{rest}?options=-csearch_path%3Dtesting");
        let outside = Database::connect(url).await.unwrap();
        let knowing = "ALTER TABLE note ALTER COLUMN title TYPE TEXT COLLATE \"und-x-icu\"";
        outside.execute_unprepared(knowing).await.unwrap();
        outside.close().await.unwrap();
    }
    let tx = begin(store, change()).await;
    for (rank, title) in [
        (1, "José"),
        (2, "JOSÉ"),
        (3, "jose\u{301}"),
        (4, "Straße"),
        (5, "STRASSE"),
        (6, "İstanbul"),
        (7, "ıspanak"),
        (8, "ΣΟΦΟΣ"),
        (9, "σοφος"),
    ] {
        let row = tx.update_many::<note::Entity>().filter(note::Column::Rank.eq(rank));
        row.col_expr(note::Column::Title, Expr::value(title)).exec(tx.conn()).await.unwrap();
    }
    tx.commit(Uuid::nil()).await.unwrap();
}

#[test]
fn both_databases_agree_with_plain_comparison() {
    let terms = proptest::collection::vec((0..11_usize, 0..6_usize, 0..40_u8), 1..6);
    for place in [Place::sqlite(), Place::postgres()] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(notes(&place));
        runtime.block_on(written_by_many(&place, &store));
        let reader = store.read(&district("grand-bend"));
        let rows = runtime.block_on(reader.find::<note::Entity>().all(reader.conn())).unwrap();
        assert_eq!(rows.len(), 40);
        let mut runner =
            TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        runner
            .run(&terms, |terms| {
                let terms: Vec<Term> =
                    terms.into_iter().map(|(field, sign, value)| reference(field, sign, value)).collect();
                let text: Vec<&str> = terms.iter().map(|(text, _)| text.as_str()).collect();
                let found = runtime.block_on(ranks(&store, &text.join(" AND "))).unwrap();
                let expected = rows.iter().filter(|row| terms.iter().all(|(_, holds)| holds(row)));
                prop_assert_eq!(found, expected.map(|row| row.rank).collect::<BTreeSet<_>>());
                Ok(())
            })
            .unwrap();
        runtime.block_on(store.close());
    }
}
