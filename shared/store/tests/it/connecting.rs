//! The connections themselves: what is set on them, what they cost, and what becomes of a read when
//! one dies.

use std::sync::{Arc, Mutex};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, PaginatorTrait, Statement, TransactionTrait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use trellis_kernel::{Reason, Result};
use trellis_store::{Scope, Store, failure};

use crate::place::{Place, add, begin, change, district, note, soon};

async fn number(conn: &impl ConnectionTrait, sql: &str) -> Option<i64> {
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap();
    row.map(|row| row.try_get_by_index(0).unwrap())
}

async fn notes(store: &Store) -> Result<u64> {
    let reader = store.read(&district("grand-bend"));
    reader.find::<note::Entity>().count(reader.conn()).await.map_err(failure)
}

async fn one_note(store: &Store) {
    let mut tx = begin(store, change()).await;
    let id = add(&mut tx, 1).await;
    tx.commit(id).await.unwrap();
}

#[test]
fn every_connection_to_a_file_keeps_what_was_promised() {
    trellis_testkit::run(async {
        let place = Place::sqlite();
        let store = place.store().await;
        let reader = store.read(&district("grand-bend"));
        let tx = begin(&store, change()).await;
        // Full, on, on, and 10 s: what was acknowledged is on the disk, what refers to nothing is
        // refused, what is deleted is overwritten, and a lock of another process is waited for.
        for (pragma, value) in
            [("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("busy_timeout", 10_000)]
        {
            let sql = format!("PRAGMA {pragma}");
            let found = (number(reader.conn(), &sql).await, number(tx.conn(), &sql).await);
            assert_eq!(found, (Some(value), Some(value)), "{pragma}");
        }
        assert_eq!(number(reader.conn(), "PRAGMA query_only").await, Some(1));
        assert_eq!(number(tx.conn(), "PRAGMA query_only").await, Some(0));
        let wal = "SELECT 1 FROM pragma_journal_mode WHERE journal_mode = 'wal'";
        assert_eq!(number(reader.conn(), wal).await, Some(1));
    });
}

/// The process of the server that waits for a lock on behalf of the store; not this one.
async fn waiting(outside: &DatabaseConnection, but: i64) -> i64 {
    let sql = format!(
        "SELECT CAST(pid AS BIGINT) FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'trellis-testing' AND wait_event_type = 'Lock' AND pid <> {but}"
    );
    soon(async {
        loop {
            if let Some(process) = number(outside, &sql).await {
                return process;
            }
        }
    })
    .await
}

/// What a read answers whose connection dies so often while it waits.
async fn read_that_loses(connections: u32) -> Result<u64> {
    let place = Place::postgres();
    let store = place.store().await;
    one_note(&store).await;
    let outside = format!("{}?options=-csearch_path%3Dtesting", place.options.url);
    let outside = Database::connect(outside).await.unwrap();
    let locked = outside.begin().await.unwrap();
    locked.execute_unprepared("LOCK TABLE note IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let reading = tokio::spawn(async move { notes(&store).await });
    let mut last = 0;
    for _ in 0..connections {
        last = waiting(&outside, last).await;
        outside.execute_unprepared(&format!("SELECT pg_terminate_backend({last})")).await.unwrap();
    }
    if connections < 2 {
        waiting(&outside, last).await;
    }
    locked.rollback().await.unwrap();
    soon(reading).await.unwrap()
}

#[test]
fn a_read_whose_connection_dies_is_made_once_more_and_not_for_ever() {
    trellis_testkit::run(async {
        assert_eq!(read_that_loses(0).await.unwrap(), 1);
        assert_eq!(read_that_loses(1).await.unwrap(), 1);
        assert_eq!(read_that_loses(2).await.unwrap_err().reason(), Reason::StoreUnavailable);
    });
}

/// Stands between a client and PostgreSQL, and writes down what has to be answered before the client
/// can go on: a query's text, or `…` for a statement that is prepared.
struct Between {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Between {
    async fn new(url: &str) -> Self {
        let (start, end) = url.split_once('@').unwrap();
        let (server, database) = end.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{start}@{}/{database}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (server, told) = (server.to_owned(), asked.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                let (client, server) = (client.into_split(), server.into_split());
                let (mut from, mut to) = (server.0, client.1);
                tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
                tokio::spawn(questions(client.0, server.1, told.clone()));
            }
        });
        Self { url, asked }
    }

    /// So many questions from the given transaction on, once they have come.
    async fn asked(&self, transaction: usize, count: usize) -> Vec<String> {
        let enough = async {
            loop {
                let asked = self.asked.lock().unwrap().clone();
                let begun = asked.iter().enumerate().filter(|(_, text)| text.starts_with("BEGIN"));
                let from = begun.map(|(index, _)| index).nth(transaction).unwrap_or(asked.len());
                if asked.len() - from >= count {
                    return asked[from..].to_vec();
                }
                tokio::task::yield_now().await;
            }
        };
        soon(enough).await
    }
}

/// Hands on what a client says. Its first messages have no tag: the wish for TLS and the greeting.
async fn questions(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, asked: Arc<Mutex<Vec<String>>>) {
    const WISH_FOR_TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();
    let mut is_greeted = false;
    loop {
        let mut head = vec![0; if is_greeted { 5 } else { 4 }];
        if from.read_exact(&mut head).await.is_err() {
            return;
        }
        let length: [u8; 4] = head[head.len() - 4..].try_into().unwrap();
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        from.read_exact(&mut body).await.unwrap();
        match head[0] {
            _ if !is_greeted => is_greeted = body[..4] != WISH_FOR_TLS,
            b'Q' => {
                let text = String::from_utf8_lossy(&body).trim_end_matches('\0').to_owned();
                asked.lock().unwrap().push(text);
            }
            b'S' => asked.lock().unwrap().push("…".to_owned()),
            _ => {}
        }
        head.append(&mut body);
        if to.write_all(&head).await.is_err() {
            return;
        }
    }
}

#[test]
fn naming_the_district_costs_no_round_trip_of_its_own() {
    trellis_testkit::run(async {
        let mut place = Place::postgres();
        place.store().await.close().await;
        let between = Between::new(&place.options.url).await;
        place.options.url.clone_from(&between.url);
        place.options.readers = 1;
        place.options.writers = 1;
        let store = place.open().await;
        let named = "SET LOCAL trellis.district = 'grand-bend'";
        // The second time, when the statements are known. Each ends with a question of the pool's own,
        // with which the connection comes back; nobody waits for it, nor for the end of a read.
        notes(&store).await.unwrap();
        notes(&store).await.unwrap();
        let begin = format!("BEGIN READ ONLY; {named}");
        assert_eq!(between.asked(1, 4).await, [begin.as_str(), "…", "ROLLBACK", "…"]);
        one_note(&store).await;
        one_note(&store).await;
        let begin = format!("BEGIN; {named}");
        assert_eq!(between.asked(3, 5).await, [begin.as_str(), "…", "…", "COMMIT", "…"]);
    });
}
