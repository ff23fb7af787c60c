//! Districts to try things in, which can be emptied.
//!
//! What is done in a sandbox is done the same each time: a clock of its own stands still, and identifiers
//! are counted. A reset begins both anew, so that whoever does the same again is told the same again.
//!
//! The services hold copies of each other's, and their events are on the way between them. So a reset
//! takes all of them through three steps, and none begins with one before all have ended the one before
//! it. First they are *closed*: whoever changes something is told to try again, and events, which can only
//! be of before, are passed over. Then they are *emptied*, and learn where the events of before end. Then
//! they are *opened*. Broken off anywhere, it leaves them closed, and another reset begins anew.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;
use trellis_kernel::{District, Failure, Reason, Result, Timestamp, Uuid};

use crate::conn::TxConn;
use crate::feed::Place;
use crate::{Change, Checkpoint, Scope as _, Store, Told, Tx, Write, failure, instant};

/// The step that brings it.
pub(crate) const STEP: &str = "house_0006_sandboxes";

/// Where the clock of a sandbox stands that was never reset: 2026-09-01, 12:00 UTC, in microseconds since 1970.
pub const SANDBOX_TIME: i64 = 1_788_264_000_000_000;

/// The type of what a reset happens to, in the events: whoever holds something of the district lets go of it.
pub const SANDBOX: &str = "trellis.dev/Sandbox";

/// The house's own tables that outlive a reset: what it goes by, and the trail.
const KEPT: [&str; 4] = ["sandboxes", "sandbox_floors", "accesses", "access_learners"];

/// How long whoever changes something waits for the end of a reset before they try again.
const PAUSE: Duration = Duration::from_secs(1);

/// The step [`STEP`].
pub(crate) fn tables(backend: DbBackend) -> Vec<String> {
    let uuid = if backend == DbBackend::Postgres { "UUID" } else { "BLOB" };
    vec![
        format!(
            "CREATE TABLE sandboxes (district TEXT NOT NULL PRIMARY KEY, reset {uuid}, state TEXT NOT NULL, \
             floor BIGINT NOT NULL, clock_time BIGINT NOT NULL, ids BIGINT NOT NULL, \
             reset_count BIGINT NOT NULL, reset_time BIGINT)"
        ),
        // Up to where the events of another service are of before the last reset.
        format!(
            "CREATE TABLE sandbox_floors (district TEXT NOT NULL, producer TEXT NOT NULL, \
             incarnation {uuid} NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (district, producer))"
        ),
    ]
}

/// What a sandbox is at, in one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxState {
    /// In use.
    Open,
    /// Being reset, and not emptied yet.
    Closed,
    /// Being reset, and emptied.
    Emptied,
}

/// A sandbox, as one service knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// What it is at.
    pub state: SandboxState,
    /// Where its clock stands.
    pub clock_time: Timestamp,
    /// How often it was emptied.
    pub reset_count: i64,
    /// When it was emptied last, by the machine's clock; none when it never was.
    pub reset_time: Option<Timestamp>,
    /// The last reset that began.
    pub reset: Option<Uuid>,
}

/// One reset, of one district.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The district.
    pub district: District,
    /// Which of its resets: another that began later puts an end to it.
    pub id: Uuid,
}

/// The right to make the next change of this process in a sandbox.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// What a transaction in a sandbox goes by.
#[derive(Debug)]
pub(crate) struct Within {
    state: SandboxState,
    pub(crate) now: Timestamp,
    reset_count: i64,
    /// How many identifiers were given when it began.
    given: u64,
    ids: Counted,
}

/// Identifiers that are counted since a sandbox was emptied: `UUIDv7` (RFC 9562, section 5.7) of its clock.
#[derive(Debug)]
struct Counted {
    milliseconds: u64,
    /// Makes those of two services or districts differ.
    of: u64,
    count: AtomicU64,
}

impl SandboxState {
    const ALL: [(Self, &str); 3] =
        [(Self::Open, "open"), (Self::Closed, "closed"), (Self::Emptied, "emptied")];

    fn read(word: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == word);
        found
            .map(|(state, _)| *state)
            .ok_or_else(|| Failure::internal("a sandbox is in no state that is known"))
    }
}

impl Sandbox {
    fn read(row: &QueryResult) -> Result<Self> {
        let word: String = row.try_get("", "state").map_err(failure)?;
        let reset_time: Option<i64> = row.try_get("", "reset_time").map_err(failure)?;
        Ok(Self {
            state: SandboxState::read(&word)?,
            clock_time: instant(row.try_get("", "clock_time").map_err(failure)?)?,
            reset_count: row.try_get("", "reset_count").map_err(failure)?,
            reset_time: reset_time.map(instant).transpose()?,
            reset: row.try_get("", "reset").map_err(failure)?,
        })
    }
}

impl Store {
    /// The sandbox that a district is; refused where it is none.
    pub async fn sandbox(&self, district: &District) -> Result<Sandbox> {
        if !self.inner.sandboxes.contains_key(district) {
            return Err(Failure::precondition(
                Reason::StateConflict,
                "The district is no sandbox: whoever runs the suite names those in the setting `sandboxes`.",
            ));
        }
        let row =
            self.reading(district).query_one_raw(self.statement(SELECT, [district.as_str().into()])).await;
        Sandbox::read(&row.map_err(failure)?.ok_or_else(missing)?)
    }

    /// The present moment in a district: its clock's where it is a sandbox, else the machine's.
    pub async fn moment(&self, district: &District) -> Result<Timestamp> {
        if !self.inner.sandboxes.contains_key(district) {
            return Ok(self.clock().now());
        }
        Ok(self.sandbox(district).await?.clock_time)
    }

    /// Has a table of the service outlive resets: what a district may not be rid of by one.
    pub fn keep_in_sandboxes(&self, table: &'static str) {
        self.inner.kept.write().unwrap_or_else(PoisonError::into_inner).push(table);
    }

    /// The first step of a reset: nothing changes any more. Answers where the events end that are of before it.
    pub async fn close_sandbox(&self, reset: &Reset) -> Result<Place> {
        let tx = self.reset_tx(reset).await?;
        let place = raise_floor(&tx).await?;
        let sql = "UPDATE sandboxes SET reset = $2, state = 'closed', floor = $3 WHERE district = $1";
        run(&tx, sql, vec![reset.id.into(), place.position.into()]).await?;
        tx.commit(()).await?;
        // The relay tells those who watch how far the feed reaches now.
        self.inner.wake.notify_one();
        Ok(place)
    }

    /// The second step: all that the district has is deleted, but for the trail and what was
    /// [kept](Self::keep_in_sandboxes). `floors` say where the events of the services end that are of before.
    pub async fn empty_sandbox(
        &self,
        reset: &Reset,
        clock_time: Timestamp,
        floors: &[(String, Place)],
    ) -> Result<()> {
        let tables = self.tables_of_districts().await?;
        let mut tx = self.reset_tx(reset).await?;
        let sql = "UPDATE sandboxes SET reset_count = reset_count + CASE WHEN state = 'closed' THEN 1 ELSE 0 END, \
                   state = 'emptied', clock_time = $3, ids = 0, reset_time = $4 \
                   WHERE district = $1 AND reset = $2 AND state IN ('closed', 'emptied')";
        let now = tx.machine_time().as_microsecond();
        let done =
            run(&tx, sql, vec![reset.id.into(), clock_time.as_microsecond().into(), now.into()]).await?;
        if done == 0 {
            return Err(overtaken());
        }
        tx.uncount_letters().await?;
        for table in tables {
            run(&tx, &format!("DELETE FROM \"{table}\" WHERE district = $1"), Vec::new()).await?;
        }
        // Not before: nobody's events get a position until this ends.
        let place = raise_floor(&tx).await?;
        run(&tx, "UPDATE sandboxes SET floor = $2 WHERE district = $1", vec![place.position.into()]).await?;
        run(&tx, "DELETE FROM sandbox_floors WHERE district = $1", Vec::new()).await?;
        for (producer, Place { incarnation, position }) in floors {
            let sql = "INSERT INTO sandbox_floors (district, producer, incarnation, position) \
                       VALUES ($1, $2, $3, $4)";
            let values = vec![producer.as_str().into(), (*incarnation).into(), (*position).into()];
            run(&tx, sql, values).await?;
        }
        tx.tell(Told {
            kind: "sandbox.reset",
            resource: format!("districts/{}", reset.district),
            resource_type: SANDBOX,
            subjects: Vec::new(),
            deleted: false,
            payload: None,
        });
        tx.commit(()).await
    }

    /// The last step: the district is in use again.
    pub async fn open_sandbox(&self, reset: &Reset) -> Result<()> {
        let tx = self.reset_tx(reset).await?;
        let sql = "UPDATE sandboxes SET state = 'open' \
                   WHERE district = $1 AND reset = $2 AND state IN ('emptied', 'open')";
        if run(&tx, sql, vec![reset.id.into()]).await? == 0 {
            return Err(overtaken());
        }
        tx.commit(()).await
    }

    /// Has a row for every sandbox, so that there is something for transactions to hold.
    pub(crate) async fn found_sandboxes<C: ConnectionTrait>(&self, conn: &C) -> Result<()> {
        for district in self.inner.sandboxes.keys() {
            let sql = "INSERT INTO sandboxes (district, state, floor, clock_time, ids, reset_count) \
                       VALUES ($1, 'open', 0, $2, 0, 0) ON CONFLICT (district) DO NOTHING";
            let values = [district.as_str().into(), SANDBOX_TIME.into()];
            conn.execute_raw(self.statement(sql, values)).await.map_err(failure)?;
        }
        Ok(())
    }

    /// What a transaction goes by that has begun in a district; none where that is no sandbox. Others wait
    /// for its end.
    pub(crate) async fn within(&self, conn: &TxConn, district: &District) -> Result<Option<Within>> {
        if !self.inner.sandboxes.contains_key(district) {
            return Ok(None);
        }
        let lock = if self.backend() == DbBackend::Postgres { " FOR UPDATE" } else { "" };
        let sql = format!("{SELECT}{lock}");
        let row = conn.query_one_raw(self.statement(&sql, [district.as_str().into()])).await;
        let row = row.map_err(failure)?.ok_or_else(missing)?;
        let Sandbox { state, clock_time, reset_count, .. } = Sandbox::read(&row)?;
        let given: i64 = row.try_get("", "ids").map_err(failure)?;
        let given = u64::try_from(given).map_err(Failure::internal)?;
        let digest = Sha256::digest(format!("{}/{district}", self.service()));
        let of = digest.iter().take(8).fold(0_u64, |of, byte| (of << 8) | u64::from(*byte));
        let milliseconds = u64::try_from(clock_time.as_millisecond()).unwrap_or_default();
        let ids = Counted { milliseconds, of, count: AtomicU64::new(given) };
        Ok(Some(Within { state, now: clock_time, reset_count, given, ids }))
    }

    /// The right to make the next change of this process in a sandbox; none where the district is none. Who waits
    /// for it has no connection yet, of which other districts would have to do with fewer.
    pub(crate) async fn turn(&self, district: &District) -> Option<Turn> {
        let sandbox = self.inner.sandboxes.get(district)?;
        Some(sandbox.clone().lock_owned().await)
    }

    async fn reset_tx(&self, reset: &Reset) -> Result<Tx> {
        self.sandbox(&reset.district).await?;
        let change = Change {
            district: reset.district.clone(),
            actor: format!("services/{}", self.service()),
            idempotency: None,
            grounds: None,
            since: None,
        };
        match self.write_regardless::<()>(change).await? {
            Write::Begin(tx) => Ok(tx),
            Write::Replay(()) => Err(Failure::internal("a change without a request_id was a repetition")),
        }
    }

    /// The tables whose rows a reset deletes.
    async fn tables_of_districts(&self) -> Result<Vec<String>> {
        let statement = if self.backend() == DbBackend::Postgres {
            self.statement(OF_POSTGRES, [self.service().into()])
        } else {
            self.statement(OF_SQLITE, [])
        };
        let rows = self.everything().query_all_raw(statement).await.map_err(failure)?;
        let kept = self.inner.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut tables = Vec::with_capacity(rows.len());
        for row in rows {
            let table: String = row.try_get_by_index(0).map_err(failure)?;
            if !KEPT.contains(&table.as_str()) && !kept.contains(&table.as_str()) {
                tables.push(table);
            }
        }
        Ok(tables)
    }
}

impl Tx {
    /// Refuses what is told to happen now, in a sandbox that is being reset: for who began
    /// [regardless](Store::write_regardless) of that.
    pub fn require_open(&self) -> Result<()> {
        self.within().map_or(Ok(()), |within| within.require_open(None))
    }

    /// Whether an event of another service is of before a reset of the district: it has no effect, or what
    /// is gone would come back.
    pub async fn is_of_before_reset(&self, producer: &str, at: Checkpoint) -> Result<bool> {
        match self.within().map(|within| within.state) {
            None => return Ok(false),
            Some(SandboxState::Closed) => return Ok(true),
            Some(SandboxState::Emptied | SandboxState::Open) => {}
        }
        let sql = "SELECT position FROM sandbox_floors \
                   WHERE district = $1 AND producer = $2 AND incarnation = $3 AND position >= $4";
        let values =
            vec![self.district().as_str().into(), producer.into(), at.incarnation.into(), at.position.into()];
        Ok(self.number(sql, values).await?.is_some())
    }
}

impl Within {
    /// How often the sandbox was emptied before.
    pub(crate) const fn reset_count(&self) -> i64 {
        self.reset_count
    }

    /// Refuses changes while the sandbox is being reset, and those of work that began before it was.
    pub(crate) fn require_open(&self, since: Option<i64>) -> Result<()> {
        if since.is_some_and(|since| since != self.reset_count) {
            let text = "The sandbox was reset since this work began.";
            return Err(Failure::precondition(Reason::StateConflict, text));
        }
        if self.state == SandboxState::Open {
            return Ok(());
        }
        Err(Failure::unavailable(
            Reason::StateConflict,
            "The sandbox is being reset: try again. Where that was broken off, reset it once more.",
            PAUSE,
        ))
    }

    /// The next identifier.
    pub(crate) fn next_id(&self) -> Uuid {
        self.ids.next()
    }

    /// How many identifiers were given by now, where this transaction gave any.
    pub(crate) fn given(&self) -> Option<i64> {
        let now = self.ids.count.load(Ordering::Relaxed);
        (now != self.given).then(|| i64::try_from(now).unwrap_or(i64::MAX))
    }
}

impl Counted {
    fn next(&self) -> Uuid {
        let count = (self.count.fetch_add(1, Ordering::Relaxed) + 1) & 0xff_ffff_ffff;
        let (milliseconds, of) = (u128::from(self.milliseconds & 0xffff_ffff_ffff), u128::from(self.of));
        let (version, variant) = (0x7 << 76, 0b10 << 62);
        let of = ((of & 0xfff) << 64) | (((of >> 12) & 0x3f_ffff) << 40);
        Uuid::from_u128((milliseconds << 80) | version | variant | of | u128::from(count))
    }
}

const SELECT: &str = "SELECT reset, state, clock_time, ids, reset_count, reset_time FROM sandboxes \
     WHERE district = $1";

const OF_POSTGRES: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'district' AND NOT a.attisdropped \
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1";

const OF_SQLITE: &str = "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'district' \
     WHERE m.type = 'table' ORDER BY 1";

/// Takes what the district told out of the feed, and puts the end of what its readers know there.
///
/// No position is given meanwhile: the relay's row is held first, and what has none yet is gone with the rest.
async fn raise_floor(tx: &Tx) -> Result<Place> {
    let sql = "UPDATE relay SET head = head + 1 RETURNING head, incarnation";
    let statement = Statement::from_string(tx.conn().get_database_backend(), sql);
    let row = tx.conn().query_one_raw(statement).await.map_err(failure)?;
    let row = row.ok_or_else(|| Failure::internal("the relay's row is missing"))?;
    run(tx, "DELETE FROM outbox WHERE district = $1", Vec::new()).await?;
    Ok(Place {
        incarnation: row.try_get("", "incarnation").map_err(failure)?,
        position: row.try_get("", "head").map_err(failure)?,
    })
}

/// Runs a statement whose first value is the district; answers how many rows it changed.
async fn run(tx: &Tx, sql: &str, mut values: Vec<Value>) -> Result<u64> {
    values.insert(0, tx.district().as_str().into());
    let conn = tx.conn();
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    Ok(conn.execute_raw(statement).await.map_err(failure)?.rows_affected())
}

fn overtaken() -> Failure {
    Failure::aborted(Reason::StateConflict, "Another reset of the sandbox began meanwhile.")
}

fn missing() -> Failure {
    Failure::internal("a sandbox is not in the table of sandboxes")
}
