//! The rows of the suite's own PostgreSQL schema, by raw statements under the same row-level security.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tonic::async_trait;
use trellis_kernel::Uuid;

use super::rows::{COLUMNS, LIMIT, Place, Row, Rows};
use super::trail;

/// Opened as the suite opens it: a pool that reads and one that writes.
pub(super) struct Postgres {
    reader: PgPool,
    writer: PgPool,
}

impl Postgres {
    pub(super) async fn open(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).expect("a URL").options([("search_path", "profile")]);
        let pool = || PgPoolOptions::new().max_connections(6).test_before_acquire(false);
        let writer = pool().connect_with(options.clone()).await.expect("the database");
        let reader = pool().connect_with(options).await.expect("the database");
        Self { reader, writer }
    }
}

/// Begins, and says which district's rows may be seen: in one round trip.
fn begin(mode: &str, district: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("BEGIN {mode}; SET LOCAL trellis.district = '{district}'"))
}

#[async_trait]
impl Rows for Postgres {
    async fn get(&self, place: &Place, id: Uuid) -> sqlx::Result<Row> {
        let mut tx = self.reader.begin_with(begin("READ ONLY", &place.district)).await?;
        let sql = format!("SELECT {COLUMNS} FROM entries WHERE district = $1 AND learner = $2 AND id = $3");
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&place.district)
            .bind(place.learner)
            .bind(id)
            .fetch_one(&mut *tx)
            .await
    }

    async fn list(&self, place: &Place) -> sqlx::Result<Vec<Row>> {
        let mut tx = self.reader.begin_with(begin("READ ONLY", &place.district)).await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM entries WHERE district = $1 AND learner = $2 ORDER BY id LIMIT $3"
        );
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&place.district)
            .bind(place.learner)
            .bind(LIMIT)
            .fetch_all(&mut *tx)
            .await
    }

    async fn insert(&self, request: Uuid, row: &Row, line: &str, now: i64) -> sqlx::Result<()> {
        let mut tx = self.writer.begin_with(begin("READ WRITE", &row.0)).await?;
        // The relay gives positions later.
        let position = None::<i64>;
        super::rows::write!(tx, request, row, now, position);
        sqlx::query(trail::POSTGRES).bind(line).execute(&mut *tx).await?;
        tx.commit().await
    }

    async fn write_trail(&self, lines: &str) -> sqlx::Result<()> {
        let mut tx = self.writer.begin_with(begin("READ WRITE", "*")).await?;
        sqlx::query(trail::POSTGRES).bind(lines).execute(&mut *tx).await?;
        tx.commit().await
    }
}
