//! A service's own database.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;
use jiff::SignedDuration;
use sea_orm::DbBackend;
use sea_orm_migration::MigrationTrait;
use tokio::sync::{Mutex, Notify, watch};
use trellis_kernel::{Clock, District, Failure, Ids, Result, Timestamp, Uuid};

use crate::audit::Gathered;
use crate::conn::{self, Pools, ReadConn, Sight, TxConn};
use crate::feed::Feed;
use crate::{Options, Reader, Retention, Sealer, Told, failure, latest};

/// Something that runs until the server ends, under a name for the log.
pub type Task = (String, BoxFuture<'static, ()>);

/// A service's schema, step by step, in the order in which it grew.
pub type Migrations = Vec<Box<dyn MigrationTrait>>;

/// A service's own database. Cheap to clone; all clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) service: &'static str,
    pub(crate) pools: Pools,
    /// This process, in the relay's lease.
    pub(crate) holder: Uuid,
    pub(crate) migrations: Migrations,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) sealer: Sealer,
    pub(crate) retention: Retention,
    pub(crate) wake: Notify,
    pub(crate) head: watch::Sender<i64>,
    pub(crate) gathered: Gathered,
    pub(crate) audit_keep: SignedDuration,
    pub(crate) on_commit: RwLock<Vec<OnCommit>>,
    pub(crate) sandboxes: BTreeMap<District, Arc<Mutex<()>>>,
    /// The service's own tables that outlive a reset.
    pub(crate) kept: RwLock<Vec<&'static str>>,
}

/// What is called with the district of a change that has committed, and what it told.
type OnCommit = Box<dyn Fn(&District, &[Told]) + Send + Sync>;

impl Inner {
    pub(crate) fn committed(&self, district: &District, told: &[Told]) {
        for called in self.on_commit.read().unwrap_or_else(PoisonError::into_inner).iter() {
            called(district, told);
        }
    }
}

impl Store {
    /// Opens the database of `service`, whose name is also its file's or schema's. It does not
    /// migrate: [`migrate`](Self::migrate) does, and must have been run before anything else.
    pub async fn open(
        options: &Options,
        service: &'static str,
        migrations: Migrations,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self> {
        let pools = conn::open(options, service).await?;
        let inner = Inner {
            service,
            pools,
            holder: ids.next(),
            migrations,
            clock,
            ids,
            sealer: options.sealer.clone(),
            retention: options.retention,
            wake: Notify::new(),
            head: watch::Sender::new(0),
            gathered: Gathered::new(service),
            audit_keep: options.audit_keep,
            on_commit: RwLock::default(),
            sandboxes: options.sandboxes.iter().map(|id| (id.clone(), Arc::default())).collect(),
            kept: RwLock::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Has something called after every commit of this process, before the change is answered: what is
    /// remembered of the rows must not outlive them. It must be quick, and must not write.
    pub fn on_commit(&self, call: impl Fn(&District, &[Told]) + Send + Sync + 'static) {
        self.inner.on_commit.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(call));
    }

    /// Reads in one district. Where a replica is configured they read that, and may see the district
    /// as it was a moment ago; not within [`latest`](crate::latest()).
    pub fn read(&self, district: &District) -> Reader {
        if latest::is_wanted() {
            return self.read_latest(district);
        }
        let conn = self.inner.pools.lagging.clone().read(Sight::District(district.clone()));
        Reader::new(conn, district.clone(), self.sealer().clone())
    }

    /// Reads in one district, and sees every change that was acknowledged: for decisions that must
    /// not be made on yesterday's permission.
    pub fn read_latest(&self, district: &District) -> Reader {
        Reader::new(self.reading(district), district.clone(), self.sealer().clone())
    }

    /// The changes of one district, in the order of their positions.
    pub fn feed(&self, district: &District) -> Feed {
        Feed::new(self.clone(), district.clone())
    }

    /// The last position that the relay is known to have given: changes when there is more to read, or
    /// when what was read is no longer there.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.inner.head.subscribe()
    }

    /// The service that this is the store of.
    pub fn service(&self) -> &'static str {
        self.inner.service
    }

    /// Where the present moment comes from.
    pub fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    /// Where new identifiers come from.
    pub fn ids(&self) -> &dyn Ids {
        self.inner.ids.as_ref()
    }

    /// What seals tokens.
    pub fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    /// Whether the database answers, and holds this program's tables.
    pub async fn ready(&self) -> Result<()> {
        self.head().await.map(drop)
    }

    /// Writes down what waits for the trail, and ends every connection, after the work under way.
    pub async fn close(&self) {
        if let Err(failed) = self.audit().flush().await {
            tracing::error!(store = self.service(), cause = ?failed.cause(), "accesses are not on the trail");
        }
        let Pools { reader, lagging, writer } = &self.inner.pools;
        for pool in [lagging, reader, writer] {
            pool.close().await;
        }
    }

    /// Whether the database is a file that no other process serves: what is under way in it is under way
    /// here, or was ended with the process that did it.
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.inner.pools.writer.backend()
    }

    /// Reads every district: for the house's own work.
    pub(crate) fn everything(&self) -> ReadConn {
        self.inner.pools.reader.clone().read(Sight::Everything)
    }

    /// Reads one district, and never a replica.
    pub(crate) fn reading(&self, district: &District) -> ReadConn {
        self.inner.pools.reader.clone().read(Sight::District(district.clone()))
    }

    /// Begins a transaction in every district: for the house's own work.
    pub(crate) async fn begin_everything(&self) -> Result<TxConn> {
        self.begin(&Sight::Everything).await
    }

    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self, sight: &Sight) -> Result<TxConn> {
        self.inner.pools.writer.begin(sight).await.map_err(failure)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("service", &self.inner.service).finish_non_exhaustive()
    }
}

/// A `*_time` column (microseconds since 1970, UTC) as an instant.
pub fn instant(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds).map_err(Failure::internal)
}
