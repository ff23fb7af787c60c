//! The rows of a service, past the program.

use std::fmt::Write as _;
use std::str::FromStr as _;
use std::time::Duration;

use prost::Message as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use trellis_contracts::experience::AssessmentFinalized;
use trellis_kernel::{Clock as _, SystemClock, Uuid};

use crate::calls::new_id;
use crate::house::{DISTRICT, House};

/// The database of one service, past the program.
pub(crate) enum Rows {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Rows {
    pub(crate) async fn of(house: &House, service: &str) -> Self {
        if let Some(url) = &house.url {
            // As the house's own work does, past the districts.
            let settings = [("search_path", service), ("trellis.district", "*")];
            let options = PgConnectOptions::from_str(url).expect("a URL").options(settings);
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
            return Self::Postgres(pool.expect("the database"));
        }
        let file = house.directory.path().join(format!("{service}.db"));
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(5));
        Self::Sqlite(SqlitePool::connect_with(options).await.expect("the file"))
    }

    async fn run(&self, sql: String) {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
        }
        .expect("the rows");
    }

    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        }
        .expect("a number")
    }

    fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        match self {
            Self::Sqlite(_) => format!("X'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'"),
        }
    }

    /// Adds events as a service of the suite would have told them.
    pub(crate) async fn tell(&self, events: Vec<(&str, Option<AssessmentFinalized>)>) {
        let mut head = self.number("SELECT head FROM relay").await;
        let now = SystemClock.now().as_microsecond();
        for chunk in events.chunks(500) {
            let mut sql = "INSERT INTO outbox (position, uid, district, kind, resource, resource_type, \
                           subjects, deleted, actor, event_time, payload_type, payload) VALUES "
                .to_owned();
            for (at, (kind, message)) in chunk.iter().enumerate() {
                head += 1;
                let position = match self {
                    Self::Sqlite(_) => head.to_string(),
                    Self::Postgres(_) => "NULL".to_owned(),
                };
                let payload = message.as_ref().map_or_else(
                    || "NULL, NULL".to_owned(),
                    |message| format!("'{TYPE}', {}", self.bytes(&message.encode_to_vec())),
                );
                let comma = if at == 0 { "" } else { ", " };
                let uid = self.id(new_id());
                let _ = write!(
                    sql,
                    "{comma}({position}, {uid}, '{DISTRICT}', '{kind}', 'districts/{DISTRICT}/things/{at}', \
                     'trellis.dev/Thing', '[]', false, 'bench', {now}, {payload})"
                );
            }
            self.run(sql).await;
        }
        if matches!(self, Self::Sqlite(_)) {
            self.run(format!("UPDATE relay SET head = {head}")).await;
        }
    }
}

/// What a finalized assessment is told as.
const TYPE: &str = "type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized";
