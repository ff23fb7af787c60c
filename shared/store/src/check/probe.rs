//! A look at a service's database beside the suite that serves it: one connection, one snapshot, and
//! nothing that could change a row.

use std::path::Path;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgRow};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sea_orm::sqlx::{
    AssertSqlSafe, Connection as _, Error, Executor as _, PgConnection, Row as _, SqliteConnection,
};

/// One snapshot of one service's database.
pub(super) enum Probe {
    /// A file.
    Sqlite(SqliteConnection),
    /// A schema.
    Postgres(PgConnection),
}

/// A row whose columns were all selected as text.
pub(super) type Texts = Vec<String>;

impl Probe {
    /// Begins a snapshot of the database that `url` keeps for `service`.
    pub(super) async fn open(url: &str, service: &str) -> Result<Self, Error> {
        if let Some(directory) = url.strip_prefix("sqlite://") {
            let file = Path::new(directory).join(format!("{service}.db"));
            let settings = SqliteConnectOptions::new().filename(file).read_only(true);
            let mut connection = SqliteConnection::connect_with(&settings).await?;
            connection.execute("BEGIN").await?;
            return Ok(Self::Sqlite(connection));
        }
        let settings: PgConnectOptions = url.parse()?;
        // Nothing travels with its first message that a pooler would not know.
        let settings = settings.application_name("trellis-check").extra_float_digits(None);
        let mut connection = PgConnection::connect_with(&settings).await?;
        // Every district is looked at; nothing that names one is told.
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL trellis.district = '*'; \
             SET LOCAL search_path = \"{service}\""
        );
        connection.execute(AssertSqlSafe(begin)).await?;
        Ok(Self::Postgres(connection))
    }

    pub(super) const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The rows of a query all of whose columns are text. `HEX(column)` stands for the hexadecimal
    /// digits of a UUID on either database.
    pub(super) async fn texts(&mut self, sql: &str) -> Result<Vec<Texts>, Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = connection.fetch_all(AssertSqlSafe(sql)).await?;
                rows.iter().map(sqlite).collect()
            }
            Self::Postgres(connection) => {
                let rows = connection.fetch_all(AssertSqlSafe(hexadecimal(sql))).await?;
                rows.iter().map(postgres).collect()
            }
        }
    }

    /// The first column of a query of text.
    pub(super) async fn column(&mut self, sql: &str) -> Result<Vec<String>, Error> {
        Ok(self.texts(sql).await?.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }

    /// The number that a query answers with; 0 when it answers with none.
    pub(super) async fn number(&mut self, sql: &str) -> Result<i64, Error> {
        let sql = format!("SELECT CAST(({sql}) AS TEXT)");
        let found = self.column(&sql).await?;
        Ok(found.first().and_then(|text| text.parse().ok()).unwrap_or_default())
    }

    /// Ends the snapshot. What was only read needs no farewell.
    pub(super) async fn end(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
        if closed.is_err() {
            tracing::debug!("a connection that had only read did not close in order");
        }
    }
}

fn sqlite(row: &SqliteRow) -> Result<Texts, Error> {
    (0..row.len()).map(|index| Ok(row.try_get::<Option<String>, _>(index)?.unwrap_or_default())).collect()
}

fn postgres(row: &PgRow) -> Result<Texts, Error> {
    (0..row.len()).map(|index| Ok(row.try_get::<Option<String>, _>(index)?.unwrap_or_default())).collect()
}

/// `SQLite`'s `HEX(column)` in the words of `PostgreSQL`.
fn hexadecimal(sql: &str) -> String {
    let mut written = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("HEX(") {
        let (column, after) = after.split_once(')').unwrap_or((after, ""));
        written.push_str(before);
        written.push_str("upper(replace(CAST(");
        written.push_str(column);
        written.push_str(" AS TEXT), '-', ''))");
        rest = after;
    }
    written.push_str(rest);
    written
}
