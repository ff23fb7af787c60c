//! The only way to change anything.

use std::fmt;

use futures::future;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait as _, DbBackend, EntityName as _, EntityTrait, Iden as _, Iterable,
    PrimaryKeyToColumn, QueryResult, Statement,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use trellis_kernel::{District, Failure, Reason, Result, Timestamp, Uuid};

use crate::conn::{Rows, Sight, Target, TxConn};
use crate::ending::{Ending, FEW, Of};
use crate::feed::outbox;
use crate::sandbox::{Turn, Within};
use crate::{Access, Grounds, Scope, Scoped, Sealer, Store, audit, failure, positions};

/// Who changes what district, and under which `request_id`.
#[derive(Clone, Debug)]
pub struct Change {
    /// The district that the change is in.
    pub district: District,
    /// Who changes it: `Actor::label()`.
    pub actor: String,
    /// The client's `request_id`, when it gave one.
    pub idempotency: Option<Idempotency>,
    /// By what right, for the trail; none for the suite's own work, such as the effect of an event.
    pub grounds: Option<Grounds>,
    /// Of work that goes on from one change to the next: what [`Tx::since`] told of its first. Once its sandbox
    /// was emptied, it is refused. None for what begins with this change.
    pub since: Option<i64>,
}

/// What makes a repeated request recognisable, for 24 hours.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The client's own id of the request.
    pub request_id: Uuid,
    /// The path of the method.
    pub method: &'static str,
    /// A digest of the request without its `request_id`.
    pub fingerprint: [u8; 32],
}

/// A reply that can be kept and given again: the domain's own type.
pub trait Replay: Serialize + DeserializeOwned + Send {}

impl<T: Serialize + DeserializeOwned + Send> Replay for T {}

/// What becomes of a change.
#[derive(Debug)]
pub enum Write<T> {
    /// The request was served before: this was the reply.
    Replay(T),
    /// It is new: make the change in this transaction.
    Begin(Tx),
}

/// Something that happened, as the change feed and the other services are told.
#[derive(Clone, Debug)]
pub struct Told {
    /// What happened, in a word: `goal.created`.
    pub kind: &'static str,
    /// The name of the resource that it happened to.
    pub resource: String,
    /// Its type: `trellis.dev/Goal`.
    pub resource_type: &'static str,
    /// The learners that it is about; empty when it is about none.
    pub subjects: Vec<Uuid>,
    /// Whether the resource is gone.
    pub deleted: bool,
    /// The event's own message, for the other services.
    pub payload: Option<Payload>,
}

/// An encoded message under its type, as in `google.protobuf.Any`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// `type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized`.
    pub type_url: String,
    /// The encoded message.
    pub value: Vec<u8>,
}

/// A transaction in one district. Dropped without [`commit`](Self::commit), it leaves nothing behind.
pub struct Tx {
    store: Store,
    conn: TxConn,
    change: Box<Change>,
    /// By the machine's clock.
    now: Timestamp,
    /// What a sandbox goes by.
    within: Option<Box<Within>>,
    /// In a sandbox the changes of one process come one after the other.
    _turn: Option<Turn>,
    told: Vec<Told>,
    /// What of it is written already.
    written: Written,
}

/// What of a change was told before its end.
#[derive(Default)]
struct Written {
    /// How many of those that were told one by one.
    count: usize,
    /// Whether others were told, many at once.
    many: bool,
    /// Whom those are about.
    learners: Vec<Uuid>,
    /// The head, where this transaction gives the positions.
    head: Option<i64>,
}

impl Store {
    /// Begins a change: the only way to begin a transaction.
    ///
    /// With a `request_id` that was used before by the same actor in the same district, it answers
    /// with the reply of then, or refuses with `REQUEST_ID_REUSED` when the method or the body is
    /// another. A repetition that arrives while the first is still under way waits for it. The reply of
    /// then is given as a read is: once that is on the trail. A sandbox that is being reset takes no change.
    pub async fn write<T: Replay>(&self, change: Change) -> Result<Write<T>> {
        let since = change.since;
        let write = self.write_regardless(change).await?;
        if let Write::Begin(tx) = &write {
            tx.within().map_or(Ok(()), |within| within.require_open(since))?;
        }
        Ok(write)
    }

    /// The same of what a sandbox takes while it is being reset too: the effect of an event, which may be one of
    /// [before](Tx::is_of_before_reset), what a reset has to write, and what outlives it.
    pub async fn write_regardless<T: Replay>(&self, change: Change) -> Result<Write<T>> {
        let sight = Sight::District(change.district.clone());
        let turn = self.turn(&change.district).await;
        let Some(request) = &change.idempotency else {
            let conn = self.begin(&sight).await?;
            return self.begun(conn, turn, change).await.map(Write::Begin);
        };
        // Held until the end: of several repetitions at once, all but the first wait here.
        let (conn, known) = self
            .inner
            .pools
            .writer
            .begin_asking(&sight, request.key(&change), request.question(&change, self.backend()))
            .await
            .map_err(failure)?;
        let Some(row) = known.first() else { return self.begun(conn, turn, change).await.map(Write::Begin) };
        let reply = request.reply(row)?;
        // The trail is written by a transaction of its own, which would wait for this one.
        drop(conn);
        if let Some(grounds) = change.grounds {
            self.audit().record_now(Access::again(change.district, change.actor, grounds)).await?;
        }
        Ok(Write::Replay(reply))
    }

    async fn begun(&self, conn: TxConn, turn: Option<Turn>, change: Change) -> Result<Tx> {
        let within = self.within(&conn, &change.district).await?.map(Box::new);
        Ok(Tx {
            store: self.clone(),
            conn,
            change: Box::new(change),
            now: self.clock().now(),
            within,
            _turn: turn,
            told: Vec::new(),
            written: Written::default(),
        })
    }
}

impl Idempotency {
    /// A number for the request, on which its repetitions meet.
    fn key(&self, change: &Change) -> i64 {
        let digest = Sha256::new()
            .chain_update(change.district.as_str())
            .chain_update([0])
            .chain_update(&change.actor)
            .chain_update([0])
            .chain_update(self.request_id)
            .finalize();
        digest.iter().take(8).fold(0_i64, |key, byte| (key << 8) | i64::from(*byte))
    }

    fn question(&self, change: &Change, backend: DbBackend) -> Statement {
        let sql = "SELECT method, fingerprint, reply FROM idempotency \
                   WHERE district = $1 AND actor = $2 AND request_id = $3";
        let key = [change.district.as_str().into(), change.actor.as_str().into(), self.request_id.into()];
        Statement::from_sql_and_values(backend, sql, key)
    }

    /// The reply of then, if this is the same request.
    fn reply<T: Replay>(&self, row: &QueryResult) -> Result<T> {
        let (method, fingerprint, reply) = kept(row).map_err(failure)?;
        if method != self.method || fingerprint != self.fingerprint {
            return Err(Failure::invalid(
                Reason::RequestIdReused,
                "This request_id was used before with another request: use a new one.",
            )
            .violation("request_id", "must be new for every different request"));
        }
        serde_json::from_str(&reply).map_err(Failure::internal)
    }
}

impl Tx {
    /// Tells the change feed and the other services, if the transaction commits.
    pub fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    /// Tells of many at once, if the transaction commits: they are written now, and not held until the end,
    /// which for those of a hundred thousand would take much memory. What is called
    /// [on commit](Store::on_commit) does not hear of them.
    pub async fn tell_many(&mut self, told: Vec<Told>) -> Result<()> {
        let before = self.told.split_off(self.written.count);
        self.append(&before).await?;
        self.told.extend(before);
        self.written.count = self.told.len();
        self.append(&told).await?;
        self.written.many |= !told.is_empty();
        self.written.learners.extend(told.into_iter().flat_map(|told| told.subjects));
        Ok(())
    }

    /// Commits the rows, what was told and the reply for a repetition: all or nothing.
    pub async fn commit<T: Replay>(mut self, reply: T) -> Result<T> {
        let told = std::mem::take(&mut self.told);
        let rest = &told[self.written.count..];
        let few = rest.len() <= FEW;
        if !few {
            self.append(rest).await?;
        }
        let mut head = self.written.head;
        let Change { district, actor, idempotency, grounds, since: _ } = &*self.change;
        let mut ending = Ending::new(self.store.backend(), Of { district, actor, now: self.now });
        if few {
            ending.tell(rest, || self.store.ids().next());
        }
        if let Some(request) = idempotency {
            ending.keep(request, serde_json::to_string(&reply).map_err(Failure::internal)?);
        }
        if let Some(grounds) = grounds {
            let learners = told.iter().flat_map(|told| &told.subjects).chain(&self.written.learners);
            let change = (district, actor.as_str(), grounds);
            let uid = self.store.ids().next();
            ending.account(&audit::Line::change(change, learners, uid, self.now))?;
        }
        if let Some(given) = self.within().and_then(Within::given) {
            let sql = "UPDATE sandboxes SET ids = $2 WHERE district = $1";
            let given = self.store.statement(sql, [district.as_str().into(), given.into()]);
            self.conn.execute_raw(given).await.map_err(failure)?;
        }
        let answered = self.conn.commit_with(ending.statement()).await.map_err(failure)?;
        if let Some(row) = answered.first() {
            head = row.try_get_by_index(0).map_err(failure)?;
        }
        self.store.inner.committed(district, &told);
        match head {
            Some(head) => self.store.announce(head),
            None if told.is_empty() && !self.written.many => {}
            None => self.store.inner.wake.notify_one(),
        }
        Ok(reply)
    }

    /// The moment of the change: one for the whole transaction. In a sandbox its own clock's.
    pub fn now(&self) -> Timestamp {
        self.within().map_or(self.now, |within| within.now)
    }

    /// The moment of the change by the machine's clock: for what is measured against that.
    pub const fn machine_time(&self) -> Timestamp {
        self.now
    }

    /// A new identifier. In a sandbox the next of those that are given since it was reset.
    pub fn new_id(&self) -> Uuid {
        self.within().map_or_else(|| self.store.ids().next(), Within::next_id)
    }

    /// What work that goes on after this change says of those to come ([`Change::since`]).
    pub fn since(&self) -> Option<i64> {
        self.within().map(Within::reset_count)
    }

    /// What it goes by in a sandbox.
    pub(crate) fn within(&self) -> Option<&Within> {
        self.within.as_deref()
    }

    /// Who makes the change.
    pub fn actor(&self) -> &str {
        &self.change.actor
    }

    /// Inserts a row; its district is set here.
    pub async fn insert<A>(&self, model: A) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        A::Entity: Scoped,
    {
        let model = self.placed(model);
        A::Entity::insert(model).exec_without_returning(&self.conn).await.map_err(failure)?;
        Ok(())
    }

    /// Inserts rows; their district is set here. All must set the same columns.
    pub async fn insert_many<A>(&self, models: Vec<A>) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        A::Entity: Scoped,
    {
        self.insert_each(models.into_iter().map(Ok)).await
    }

    /// The same of rows that are made one after the other: while the database writes some, the next are made.
    pub async fn insert_each<A>(&self, models: impl ExactSizeIterator<Item = Result<A>> + Send) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        A::Entity: Scoped,
    {
        self.write_many(models.map(|model| Ok(self.placed(model?))), None).await
    }

    /// Inserts rows, or replaces every column of those whose primary key is there already; their
    /// district is set here. All must set every column, and no key may come twice.
    pub async fn put_many<A>(&self, models: Vec<A>) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        A::Entity: Scoped,
    {
        self.put_each(models.into_iter().map(Ok)).await
    }

    /// The same of rows that are made one after the other: while the database writes some, the next are made.
    pub async fn put_each<A>(&self, models: impl ExactSizeIterator<Item = Result<A>> + Send) -> Result<()>
    where
        A: ActiveModelTrait + Send,
        A::Entity: Scoped,
    {
        let keys = <<A::Entity as EntityTrait>::PrimaryKey as Iterable>::iter();
        let keys: Vec<String> = keys.map(|key| key.into_column().unquoted().to_owned()).collect();
        self.write_many(models.map(|model| Ok(self.placed(model?))), Some(&keys)).await
    }

    /// Writes what was told.
    async fn append(&mut self, told: &[Told]) -> Result<()> {
        let mut next = positions::take(&self.conn, told.len()).await?;
        let rows = told.iter().map(|told| {
            let position = next;
            next = next.map(|position| position + 1);
            let Change { district, actor, .. } = &*self.change;
            Ok(outbox::row(told.clone(), position, self.store.ids().next(), district, actor, self.now))
        });
        self.write_many(rows, None).await?;
        self.written.head = next.map(|next| next - 1).or(self.written.head);
        Ok(())
    }

    /// Writes rows, some at a time. Each is made when it is about to be written, for those of a hundred
    /// thousand would fill the memory; and while the database writes some, the next are made.
    async fn write_many<A>(
        &self,
        mut models: impl ExactSizeIterator<Item = Result<A>> + Send,
        key: Option<&[String]>,
    ) -> Result<()>
    where
        A: ActiveModelTrait + Send,
    {
        let Some(first) = models.next().transpose()? else { return Ok(()) };
        let columns: Vec<_> = <<A::Entity as EntityTrait>::Column as Iterable>::iter()
            .filter(|column| !first.is_not_set(*column))
            .collect();
        let names: Vec<String> = columns.iter().map(|column| column.unquoted().to_owned()).collect();
        let target = Target::new(self.store.backend(), A::Entity::default().table_name(), &names, key);
        let mut first = Some(first);
        let mut next = move || -> Result<Option<Rows>> {
            let count = target.next(models.len() + usize::from(first.is_some()));
            let mut values = Vec::with_capacity(count * columns.len());
            for model in first.take().map(Ok).into_iter().chain(&mut models).take(count) {
                let mut model = model?;
                values.extend(columns.iter().filter_map(|column| model.take(*column).into_value()));
            }
            if values.len() != count * columns.len() {
                return Err(Failure::internal(
                    "of rows that are written together each sets the same columns",
                ));
            }
            if count == 0 { Ok(None) } else { target.rows(values).map(Some).map_err(failure) }
        };
        let mut ready = next()?;
        while let Some(rows) = ready {
            let (written, made) = future::join(self.conn.write(rows), async { next() }).await;
            written.map_err(failure)?;
            ready = made?;
        }
        Ok(())
    }

    fn placed<A>(&self, mut model: A) -> A
    where
        A: ActiveModelTrait,
        A::Entity: Scoped,
    {
        model.set(<A::Entity as Scoped>::district_column(), self.change.district.as_str().into());
        model
    }
}

fn kept(row: &QueryResult) -> std::result::Result<(String, Vec<u8>, String), sea_orm::DbErr> {
    Ok((row.try_get("", "method")?, row.try_get("", "fingerprint")?, row.try_get("", "reply")?))
}

impl Scope for Tx {
    type Conn = TxConn;

    fn conn(&self) -> &TxConn {
        &self.conn
    }

    fn district(&self) -> &District {
        &self.change.district
    }

    fn sealer(&self) -> &Sealer {
        self.store.sealer()
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("store", &self.store).finish_non_exhaustive()
    }
}
