//! What happened, in order: the change feed of a district, and the events of all of them.

use sea_orm::{ConnectionTrait, FromQueryResult as _, QueryResult, Statement, Value};
use trellis_kernel::{District, Failure, Kind, Reason, Result, Timestamp, Uuid};

use crate::{Payload, Store, failure, instant};

/// The changes of one district, in the order of their positions.
///
/// To copy a district without a gap: note the [`head`](Self::head), read the rows, then read the feed
/// after that position. The feed is read in the primary, which has what woke its reader; so whoever
/// reads rows for it must read those there too ([`latest`](crate::latest())), or a change whose row a
/// replica does not have yet is lost.
#[derive(Clone, Debug)]
pub struct Feed {
    store: Store,
    district: District,
}

/// Where a reader of a feed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The incarnation of the feed: a restore renews it, and positions of before mean nothing any more.
    pub incarnation: Uuid,
    /// Everything up to here was read.
    pub position: i64,
}

/// What a feed holds: what happened after the floor, up to the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its incarnation.
    pub incarnation: Uuid,
    /// The last position that is no longer kept; 0 while all are.
    pub floor: i64,
    /// The last position that was given.
    pub head: i64,
}

/// A part of a feed, and what its reader has come to by it.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPart {
    /// The changes, in the order of their positions.
    pub rows: Vec<FeedRow>,
    /// Where the reader stands now. With fewer rows than were asked for that is the head, which moves
    /// with every district: who stayed at the last change of a quiet district would fall below the
    /// floor without having missed anything.
    pub place: Place,
    /// Whether there may be more already.
    pub full: bool,
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

    /// At most `limit` changes after a position of the feed as it is now: for who looks at it, and has
    /// not come back to a place.
    pub async fn after(&self, position: i64, limit: u64) -> Result<Vec<FeedRow>> {
        let place = Place { position, ..self.head().await? };
        Ok(self.read(place, limit).await?.rows)
    }

    /// At most `limit` changes after a place, and where to go on.
    ///
    /// A place that the feed no longer holds (below the floor), or that is not one of its own (of another
    /// incarnation, or beyond the head: the database was restored since), is told so: the client's
    /// copy and this feed have parted, and it must list again (`RESUME_TOKEN_TOO_OLD`).
    pub async fn read(&self, place: Place, limit: u64) -> Result<FeedPart> {
        let conn = self.store.reading(&self.district);
        let Happened { rows, head } = happened(&conn, Some(&self.district), place, limit).await?;
        let full = u64::try_from(rows.len()).map_err(Failure::internal)? >= limit;
        let position = if full { rows.last().map_or(place.position, |row| row.position) } else { head };
        Ok(FeedPart { rows, place: Place { position, ..place }, full })
    }

    /// The last place that was given, in any district: every change at or before it is readable.
    pub async fn head(&self) -> Result<Place> {
        let Extent { incarnation, head, .. } = self.extent().await?;
        Ok(Place { incarnation, position: head })
    }

    /// Where a client begins that has no token: before the oldest change that is kept.
    pub async fn beginning(&self) -> Result<Place> {
        let Extent { incarnation, floor, .. } = self.extent().await?;
        Ok(Place { incarnation, position: floor })
    }

    /// What it holds at this moment.
    async fn extent(&self) -> Result<Extent> {
        let sql = "SELECT incarnation, floor, head, \
                   (SELECT floor FROM sandboxes WHERE district = $1) AS reset_floor FROM relay";
        let of = [self.district.as_str().into()];
        let row = self.store.reading(&self.district).query_one_raw(self.store.statement(sql, of)).await;
        Extent::read(&row.map_err(failure)?.ok_or_else(missing)?)
    }

    /// A token for a client to resume after `place`; it opens for this service and district only.
    pub fn token(&self, place: Place) -> String {
        let mut content = place.incarnation.as_bytes().to_vec();
        content.extend_from_slice(&place.position.to_be_bytes());
        self.store.sealer().seal(&self.bound(), &content)
    }

    /// The place that a token stands for; none for an empty one, which stands for the
    /// [`beginning`](Self::beginning).
    pub fn open(&self, token: &str) -> Result<Option<Place>> {
        if token.is_empty() {
            return Ok(None);
        }
        let content = self.store.sealer().open(&self.bound(), token).ok_or_else(foreign)?;
        // Of before there were incarnations: a place, and nobody knows in which.
        if content.len() == size_of::<i64>() {
            return Err(too_old());
        }
        let (incarnation, position) = content.split_first_chunk().ok_or_else(foreign)?;
        let position = position.try_into().map_err(|_| foreign())?;
        let incarnation = Uuid::from_bytes(*incarnation);
        Ok(Some(Place { incarnation, position: i64::from_be_bytes(position) }))
    }

    fn bound(&self) -> [&str; 3] {
        ["feed", self.store.service(), self.district.as_str()]
    }
}

impl Store {
    /// At most `limit` events of all districts after a place. One that the feed does not hold is
    /// refused (`RESUME_TOKEN_TOO_OLD`), as by [`Feed::read`]: events after it are gone, or are others.
    pub async fn events(&self, place: Place, limit: u64) -> Result<Vec<FeedRow>> {
        Ok(happened(&self.everything(), None, place, limit).await?.rows)
    }

    /// What the feed holds at this moment.
    pub async fn extent(&self) -> Result<Extent> {
        let sql = "SELECT incarnation, floor, head, CAST(NULL AS BIGINT) AS reset_floor FROM relay";
        let row = self.everything().query_one_raw(self.statement(sql, [])).await.map_err(failure)?;
        Extent::read(&row.ok_or_else(missing)?)
    }

    /// The last position that was given.
    pub async fn head(&self) -> Result<i64> {
        relay_number(&self.everything(), "head").await
    }

    /// The last position that is no longer kept; 0 while all are.
    pub async fn floor(&self) -> Result<i64> {
        relay_number(&self.everything(), "floor").await
    }
}

impl Extent {
    fn read(row: &QueryResult) -> Result<Self> {
        let floor: i64 = row.try_get("", "floor").map_err(failure)?;
        // A reset of a sandbox takes what was before it out of the district's feed alone.
        let reset_floor: Option<i64> = row.try_get("", "reset_floor").map_err(failure)?;
        Ok(Self {
            incarnation: row.try_get("", "incarnation").map_err(failure)?,
            floor: reset_floor.map_or(floor, |reset| floor.max(reset)),
            head: row.try_get("", "head").map_err(failure)?,
        })
    }

    fn holds(&self, place: Place) -> bool {
        let Self { incarnation, floor, head } = *self;
        place.incarnation == incarnation && floor <= place.position && place.position <= head
    }
}

/// What was found after a place, and the head of that moment.
struct Happened {
    rows: Vec<FeedRow>,
    head: i64,
}

/// Reads the rows and what the feed holds in one statement, and so in one moment: rows that are gone by
/// then are below the floor that is read with the others, no row up to the head is missing, and all are
/// of the one incarnation.
async fn happened<C: ConnectionTrait>(
    conn: &C,
    district: Option<&District>,
    place: Place,
    limit: u64,
) -> Result<Happened> {
    let limit = i64::try_from(limit).map_err(Failure::internal)?;
    let mut values: Vec<Value> = vec![place.position.into(), limit.into()];
    let (mut of_district, mut reset_floor) = ("", "CAST(NULL AS BIGINT)");
    if let Some(district) = district {
        of_district = "AND outbox.district = $3";
        reset_floor = "(SELECT sandboxes.floor FROM sandboxes WHERE sandboxes.district = $3)";
        values.push(district.as_str().into());
    }
    let sql = format!(
        "SELECT outbox.*, relay.incarnation, relay.floor, relay.head, {reset_floor} AS reset_floor \
         FROM relay LEFT JOIN (SELECT * FROM outbox \
         WHERE position > $1 {of_district} ORDER BY position LIMIT $2) AS outbox ON true \
         ORDER BY outbox.position"
    );
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = conn.query_all_raw(statement).await.map_err(failure)?;
    // Where nothing happened there is one row, of the relay alone.
    let extent = Extent::read(rows.first().ok_or_else(missing)?)?;
    if !extent.holds(place) {
        return Err(too_old());
    }
    let mut told = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.try_get::<Option<i64>>("", "seq").map_err(failure)?.is_some() {
            told.push(FeedRow::read(outbox::Model::from_query_result(row, "").map_err(failure)?)?);
        }
    }
    Ok(Happened { rows: told, head: extent.head })
}

/// A number of the relay's row: `head`, `floor` or `compacted`.
pub(crate) async fn relay_number<C: ConnectionTrait>(conn: &C, column: &'static str) -> Result<i64> {
    let sql = format!("SELECT {column} FROM relay");
    let row = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, []));
    let row = row.await.map_err(failure)?;
    row.ok_or_else(missing)?.try_get_by_index(0).map_err(failure)
}

fn missing() -> Failure {
    Failure::internal("the relay's row is missing")
}

fn foreign() -> Failure {
    Failure::invalid(Reason::InvalidResumeToken, "The resume token is not one of this feed's.")
        .violation("resume_token", "must be a token that this feed gave")
}

fn too_old() -> Failure {
    Failure::new(
        Kind::OutOfRange,
        Reason::ResumeTokenTooOld,
        "The feed no longer holds this place: list again, then watch.",
    )
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
        position: Option<i64>,
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
            position: Set(position),
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
