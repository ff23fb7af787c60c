//! The rows of the suite's own SQLite file, by raw statements.

use std::path::Path;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tonic::async_trait;
use trellis_kernel::Uuid;

use super::rows::{COLUMNS, LIMIT, Place, Row, Rows};
use super::trail;

/// Opened as the suite opens it: several that read, one that writes, an acknowledged write on the disk.
pub(super) struct Sqlite {
    reader: SqlitePool,
    writer: SqlitePool,
}

impl Sqlite {
    pub(super) async fn open(file: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("secure_delete", "on");
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await.expect("the file");
        let reader = pool(6).connect_with(options.pragma("query_only", "on")).await.expect("the file");
        Self { reader, writer }
    }
}

#[async_trait]
impl Rows for Sqlite {
    async fn get(&self, place: &Place, id: Uuid) -> sqlx::Result<Row> {
        let sql = format!("SELECT {COLUMNS} FROM entries WHERE district = $1 AND learner = $2 AND id = $3");
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&place.district)
            .bind(place.learner)
            .bind(id)
            .fetch_one(&self.reader)
            .await
    }

    async fn list(&self, place: &Place) -> sqlx::Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entries WHERE district = $1 AND learner = $2 ORDER BY id LIMIT $3"
        );
        sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&place.district)
            .bind(place.learner)
            .bind(LIMIT)
            .fetch_all(&self.reader)
            .await
    }

    async fn insert(&self, request: Uuid, row: &Row, line: &str, now: i64) -> sqlx::Result<()> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        // The one writer's order is that of the feed, so the position is given at once.
        let position: i64 =
            sqlx::query_scalar("UPDATE relay SET head = head + 1 RETURNING head").fetch_one(&mut *tx).await?;
        super::rows::write!(tx, request, row, now, position);
        for sql in trail::SQLITE {
            sqlx::query(sql).bind(line).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    async fn write_trail(&self, lines: &str) -> sqlx::Result<()> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for sql in trail::SQLITE {
            sqlx::query(sql).bind(lines).execute(&mut *tx).await?;
        }
        tx.commit().await
    }
}
