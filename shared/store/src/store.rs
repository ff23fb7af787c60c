//! A service's own database.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, DbBackend};
use sea_orm_migration::MigrationTrait;
use tokio::sync::{Notify, watch};
use trellis_kernel::{Clock, District, Failure, Ids, Result, Timestamp};

use crate::feed::Feed;
use crate::{Options, Reader, Sealer, Told, connect};

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
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) migrations: Migrations,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) sealer: Sealer,
    pub(crate) wake: Notify,
    pub(crate) head: watch::Sender<i64>,
    pub(crate) on_commit: RwLock<Vec<OnCommit>>,
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
        let pools = connect::open(options, service).await?;
        let inner = Inner {
            service,
            reader: pools.reader,
            writer: pools.writer,
            migrations,
            clock,
            ids,
            sealer: options.sealer.clone(),
            wake: Notify::new(),
            head: watch::Sender::new(0),
            on_commit: RwLock::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Has something called after every commit of this process, before the change is answered: what is
    /// remembered of the rows must not outlive them. It must be quick, and must not write.
    pub fn on_commit(&self, call: impl Fn(&District, &[Told]) + Send + Sync + 'static) {
        self.inner.on_commit.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(call));
    }

    /// Reads in one district.
    pub fn read(&self, district: &District) -> Reader {
        Reader::new(self.inner.reader.clone(), district.clone(), self.sealer().clone())
    }

    /// The changes of one district, in the order of their positions.
    pub fn feed(&self, district: &District) -> Feed {
        Feed::new(self.clone(), district.clone())
    }

    /// The last position that the relay is known to have given: changes when there is more to read.
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

    /// Ends every connection, after the work under way.
    pub async fn close(&self) {
        for pool in [&self.inner.reader, &self.inner.writer] {
            if pool.close_by_ref().await.is_err() {
                tracing::warn!(store = self.inner.service, "a pool did not close");
            }
        }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.inner.writer.get_database_backend()
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
