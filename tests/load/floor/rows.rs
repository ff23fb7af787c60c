//! Entries of learners straight from a database, behind tonic alone: the statements that the suite needs,
//! and nothing else.

use std::sync::Arc;

use prost_types::Timestamp;
use serde::{Deserialize, Serialize};
use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};
use trellis_contracts::common::LocalizedText;
use trellis_contracts::profile::learner_service_server::{LearnerService, LearnerServiceServer};
use trellis_contracts::profile::{
    CreateEntryRequest, DeleteEntryRequest, Entry, EntryAudience, EntryFacet, GetEntryRequest,
    ListEntriesRequest, ListEntriesResponse, Voice,
};
use trellis_kernel::{Clock as _, Name, SystemClock, Uuid};

use super::trail::{Line, Trail};
use crate::calls::new_id;

/// The columns of an entry, in the order of [`Row`].
pub(super) const COLUMNS: &str = "district, id, learner, facet, other_facet, text, author, voice, audience, \
     learner_read_time, create_time, update_time, version";

const CREATE: &str = "/trellis.profile.v1alpha1.LearnerService/CreateEntry";
const GET: &str = "/trellis.profile.v1alpha1.LearnerService/GetEntry";
const LIST: &str = "/trellis.profile.v1alpha1.LearnerService/ListEntries";

/// How many rows a list reads for its first page: one more than it shows.
pub(super) const LIMIT: i64 = 51;

/// A word as the column `text` holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Word {
    language: String,
    text: String,
}

/// A row of `entries`.
pub(super) type Row = (
    String,
    Uuid,
    Uuid,
    String,
    String,
    sqlx::types::Json<Vec<Word>>,
    Uuid,
    String,
    String,
    Option<i64>,
    i64,
    i64,
    i64,
);

/// Where a caller of the floor reads and writes.
pub(super) struct Place {
    pub(super) district: String,
    pub(super) learner: Uuid,
}

/// A database with the suite's tables.
#[async_trait]
pub(super) trait Rows: Send + Sync + 'static {
    async fn get(&self, place: &Place, id: Uuid) -> sqlx::Result<Row>;
    async fn list(&self, place: &Place) -> sqlx::Result<Vec<Row>>;
    /// Writes an entry, and the line of the trail that says so.
    async fn insert(&self, request: Uuid, row: &Row, line: &str, now: i64) -> sqlx::Result<()>;
    /// Writes lines of the trail.
    async fn write_trail(&self, lines: &str) -> sqlx::Result<()>;
}

pub(super) fn learners(rows: impl Rows) -> Routes {
    let rows = Arc::new(rows);
    let trail = Trail::of(rows.clone());
    Routes::new(LearnerServiceServer::new(Learners { rows, trail }))
}

struct Learners<R> {
    rows: Arc<R>,
    trail: Trail,
}

#[async_trait]
impl<R: Rows> LearnerService for Learners<R> {
    async fn create_entry(&self, request: Request<CreateEntryRequest>) -> Result<Response<Entry>, Status> {
        let CreateEntryRequest { parent, entry, request_id } = request.into_inner();
        let place = place(&parent)?;
        let line =
            serde_json::to_string(&[Line::new(&place, CREATE, true)]).map_err(|_| Status::internal(""))?;
        let entry = entry.unwrap_or_default();
        let now = SystemClock.now().as_microsecond();
        let words = entry.text.into_iter().map(|text| Word { language: text.language, text: text.text });
        let row: Row = (
            place.district,
            new_id(),
            place.learner,
            "STRENGTH".to_owned(),
            String::new(),
            sqlx::types::Json(words.collect()),
            place.learner,
            "LEARNER".to_owned(),
            "FAMILY_AND_EDUCATORS".to_owned(),
            None,
            now,
            now,
            1,
        );
        let request = Uuid::try_parse(&request_id).map_err(|_| Status::invalid_argument(""))?;
        self.rows.insert(request, &row, &line, now).await.map_err(broken)?;
        Ok(Response::new(shown(row)))
    }

    async fn get_entry(&self, request: Request<GetEntryRequest>) -> Result<Response<Entry>, Status> {
        let name = Name::parse(&request.into_inner().name).map_err(|_| Status::invalid_argument(""))?;
        let [learner, entry] = &name.segments[..] else { return Err(Status::invalid_argument("")) };
        let place = Place { district: name.district.to_string(), learner: learner.id };
        let row = self.rows.get(&place, entry.id).await.map_err(broken)?;
        self.trail.note(Line::new(&place, GET, false));
        Ok(Response::new(shown(row)))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let place = place(&request.into_inner().parent)?;
        let rows = self.rows.list(&place).await.map_err(broken)?;
        self.trail.note(Line::new(&place, LIST, false));
        let entries = rows.into_iter().map(shown).collect();
        Ok(Response::new(ListEntriesResponse { entries, ..Default::default() }))
    }

    async fn delete_entry(&self, _request: Request<DeleteEntryRequest>) -> Result<Response<()>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn place(parent: &str) -> Result<Place, Status> {
    let name = Name::parse(parent).map_err(|_| Status::invalid_argument(""))?;
    let [learner] = &name.segments[..] else { return Err(Status::invalid_argument("")) };
    Ok(Place { district: name.district.to_string(), learner: learner.id })
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn broken(error: sqlx::Error) -> Status {
    Status::internal(error.to_string())
}

/// A row as the wire carries it. Every row of the measured learner is their own strength.
fn shown(row: Row) -> Entry {
    let (
        district,
        id,
        learner,
        _facet,
        other_facet,
        text,
        author,
        _voice,
        _audience,
        read,
        create,
        update,
        version,
    ) = row;
    Entry {
        name: format!("districts/{district}/learners/{learner}/entries/{id}"),
        uid: id.to_string(),
        facet: EntryFacet::Strength.into(),
        other_facet,
        text: text
            .0
            .into_iter()
            .map(|word| LocalizedText { language: word.language, text: word.text })
            .collect(),
        voice: Voice::Learner.into(),
        author: format!("districts/{district}/people/{author}"),
        audience: EntryAudience::FamilyAndEducators.into(),
        learner_read_time: read.map(moment),
        create_time: Some(moment(create)),
        update_time: Some(moment(update)),
        etag: format!("\"{version}\""),
    }
}

fn moment(micros: i64) -> Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000).expect("less than a second");
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// The rows that a new entry is: the request's, its own, and the event's. Written once for both databases,
/// whose transactions are of two types.
macro_rules! write {
    ($tx:ident, $request:ident, $row:ident, $now:ident, $position:ident) => {{
        let (
            district,
            id,
            learner,
            facet,
            other,
            text,
            author,
            voice,
            audience,
            read,
            create,
            update,
            version,
        ) = $row;
        let actor = format!("people/{author}");
        sqlx::query(
            "INSERT INTO idempotency (district, actor, request_id, method, fingerprint, reply, create_time) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(district)
        .bind(&actor)
        .bind($request)
        .bind("/trellis.profile.v1alpha1.LearnerService/CreateEntry")
        .bind(vec![7_u8; 32])
        .bind(format!("\"{id}\""))
        .bind($now)
        .execute(&mut *$tx)
        .await?;
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO entries ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            super::rows::COLUMNS
        )))
        .bind(district)
        .bind(id)
        .bind(learner)
        .bind(facet)
        .bind(other)
        .bind(text)
        .bind(author)
        .bind(voice)
        .bind(audience)
        .bind(read)
        .bind(create)
        .bind(update)
        .bind(version)
        .execute(&mut *$tx)
        .await?;
        sqlx::query(
            "INSERT INTO outbox (uid, district, kind, resource, resource_type, subjects, deleted, actor, \
             event_time, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(crate::calls::new_id())
        .bind(district)
        .bind("entry.created")
        .bind(format!("districts/{district}/learners/{learner}/entries/{id}"))
        .bind("trellis.dev/Entry")
        .bind(format!("[\"{learner}\"]"))
        .bind(false)
        .bind(&actor)
        .bind($now)
        .bind($position)
        .execute(&mut *$tx)
        .await?;
    }};
}
pub(super) use write;
