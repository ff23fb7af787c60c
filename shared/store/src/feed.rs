//! What happened, in order: the change feed of a district, and the events of all of them.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use trellis_kernel::{District, Failure, Kind, Reason, Result, Timestamp, Uuid};

use crate::{Payload, Store, failure, instant};

/// The changes of one district, in the order of their positions.
///
/// To copy a district without a gap: note the [`head`](Self::head), read the rows, then read the feed
/// after that position.
#[derive(Clone, Debug)]
pub struct Feed {
    store: Store,
    district: District,
}

/// Something that happened, at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRow {
    /// Its place in the order of all of the service's events; given after commit, never changed.
    pub position: i64,
    /// Its identity.
    pub uid: Uuid,
    /// The district.
    pub district: District,
    /// What happened: `goal.created`.
    pub kind: String,
    /// The name of the resource that it happened to.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// The learners that it is about.
    pub subjects: Vec<Uuid>,
    /// Whether the resource is gone.
    pub deleted: bool,
    /// Who did it.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// The event's own message.
    pub payload: Option<Payload>,
}

impl Feed {
    pub(crate) const fn new(store: Store, district: District) -> Self {
        Self { store, district }
    }

    /// At most `limit` changes after a position; 0 is before the first.
    ///
    /// A position beyond the head is from before the database was restored: the client's copy and
    /// this feed have parted, and it is told to list again (`RESUME_TOKEN_TOO_OLD`).
    pub async fn after(&self, position: i64, limit: u64) -> Result<Vec<FeedRow>> {
        let rows = self.store.happened(Some(&self.district), position, limit).await?;
        if rows.is_empty() && position > 0 && position > self.head().await? {
            return Err(Failure::new(
                Kind::OutOfRange,
                Reason::ResumeTokenTooOld,
                "The feed no longer holds this place: list again, then watch.",
            ));
        }
        Ok(rows)
    }

    /// The last position that was given, in any district: every change at or before it is readable.
    pub async fn head(&self) -> Result<i64> {
        self.store.head().await
    }

    /// A token for a client to resume after `position`; it opens for this service and district only.
    pub fn token(&self, position: i64) -> String {
        self.store.sealer().seal(&self.bound(), &position.to_be_bytes())
    }

    /// The position that a token stands for; an empty one stands for the beginning.
    pub fn open(&self, token: &str) -> Result<i64> {
        if token.is_empty() {
            return Ok(0);
        }
        let content = self.store.sealer().open(&self.bound(), token);
        content.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes).ok_or_else(|| {
            Failure::invalid(Reason::InvalidResumeToken, "The resume token is not one of this feed's.")
                .violation("resume_token", "must be a token that this feed gave")
        })
    }

    fn bound(&self) -> [&str; 3] {
        ["feed", self.store.service(), self.district.as_str()]
    }
}

impl Store {
    /// At most `limit` events of all districts after a position; 0 is before the first.
    pub async fn events(&self, position: i64, limit: u64) -> Result<Vec<FeedRow>> {
        self.happened(None, position, limit).await
    }

    /// The last position that was given.
    pub async fn head(&self) -> Result<i64> {
        self.number("SELECT head FROM relay", Vec::new()).await.map(Option::unwrap_or_default)
    }

    /// The position up to which a consumer of events has applied them.
    pub async fn checkpoint(&self, consumer: &str) -> Result<i64> {
        let sql = "SELECT position FROM event_checkpoints WHERE consumer = $1";
        self.number(sql, vec![consumer.into()]).await.map(Option::unwrap_or_default)
    }

    async fn number(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<Option<i64>> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let row = self.inner.reader.query_one_raw(statement).await.map_err(failure)?;
        row.map(|row| row.try_get_by_index(0)).transpose().map_err(failure)
    }

    async fn happened(&self, district: Option<&District>, position: i64, limit: u64) -> Result<Vec<FeedRow>> {
        let mut select = outbox::Entity::find().filter(outbox::Column::Position.gt(position));
        if let Some(district) = district {
            select = select.filter(outbox::Column::District.eq(district.as_str()));
        }
        let rows = select
            .order_by_asc(outbox::Column::Position)
            .limit(limit)
            .all(&self.inner.reader)
            .await
            .map_err(failure)?;
        rows.into_iter().map(FeedRow::read).collect()
    }
}

impl FeedRow {
    fn read(row: outbox::Model) -> Result<Self> {
        let payload = row.payload_type.zip(row.payload).map(|(type_url, value)| Payload { type_url, value });
        Ok(Self {
            position: row.position.unwrap_or_default(),
            uid: row.uid,
            district: District::parse(&row.district)?,
            kind: row.kind,
            resource: row.resource,
            resource_type: row.resource_type,
            subjects: serde_json::from_str(&row.subjects).map_err(Failure::internal)?,
            deleted: row.deleted,
            actor: row.actor,
            time: instant(row.event_time)?,
            payload,
        })
    }
}

pub(crate) mod outbox {
    //! What was told, with its position once the relay has given one.

    use sea_orm::entity::prelude::*;
    use sea_orm::{NotSet, Set};
    use trellis_kernel::{District, Timestamp};

    use crate::Told;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) seq: i64,
        pub(crate) position: Option<i64>,
        pub(crate) uid: Uuid,
        pub(crate) district: String,
        pub(crate) kind: String,
        pub(crate) resource: String,
        pub(crate) resource_type: String,
        pub(crate) subjects: String,
        pub(crate) deleted: bool,
        pub(crate) actor: String,
        pub(crate) event_time: i64,
        pub(crate) payload_type: Option<String>,
        pub(crate) payload: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    pub(crate) fn row(
        told: Told,
        uid: Uuid,
        district: &District,
        actor: &str,
        now: Timestamp,
    ) -> ActiveModel {
        let (payload_type, payload) = match told.payload {
            Some(payload) => (Some(payload.type_url), Some(payload.value)),
            None => (None, None),
        };
        let subjects: Vec<String> = told.subjects.iter().map(|id| format!("\"{id}\"")).collect();
        ActiveModel {
            seq: NotSet,
            position: NotSet,
            uid: Set(uid),
            district: Set(district.as_str().to_owned()),
            kind: Set(told.kind.to_owned()),
            resource: Set(told.resource),
            resource_type: Set(told.resource_type.to_owned()),
            subjects: Set(format!("[{}]", subjects.join(","))),
            deleted: Set(told.deleted),
            actor: Set(actor.to_owned()),
            event_time: Set(now.as_microsecond()),
            payload_type: Set(payload_type),
            payload: Set(payload),
        }
    }
}
