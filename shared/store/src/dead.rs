//! Events whose effect failed for good, put aside beside the checkpoint that moved over them.
//!
//! A consumer's checkpoint row counts its open letters, so that one without any asks for none. Who
//! changes letters holds that row: the consumer by moving it, a replay by locking it. So an event
//! either waits behind the letters of its resource or comes after the last of them was settled.

use jiff::SignedDuration;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{District, Failure, Reason, Result, Timestamp, Uuid};

use crate::feed::FeedRow;
use crate::{Payload, Scope, Store, Tx, failure, instant};

/// How long a letter is kept that was replayed or discarded.
const KEEP_SETTLED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An event that was put aside.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// Its own identity.
    pub uid: Uuid,
    /// Who should have applied it.
    pub follower: Follower,
    /// The event; of its resource it holds the name, and no type and no learners.
    pub event: FeedRow,
    /// What became of it.
    pub state: LetterState,
    /// Why the last attempt failed; none where there was no attempt.
    pub reason: Option<Reason>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was put aside.
    pub create_time: Timestamp,
    /// When it was last tried, or settled.
    pub update_time: Timestamp,
}

/// A consumer of one service's events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Follower {
    /// Its name within the service that it writes in.
    pub consumer: String,
    /// The service whose events it follows.
    pub producer: String,
}

impl Follower {
    /// What its checkpoint is kept under.
    pub fn checkpoint(&self) -> String {
        format!("{}/{}", self.consumer, self.producer)
    }
}

/// What became of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// Its effect failed.
    Failed,
    /// It waits behind one of the same resource.
    Waiting,
    /// Its effect came with a replay.
    Replayed,
    /// It was given up.
    Discarded,
}

impl LetterState {
    const OPEN: [&str; 2] = ["failed", "waiting"];

    /// Whether it still holds up what comes after it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Failed | Self::Waiting)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Waiting => "waiting",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }

    fn read(text: &str) -> Result<Self> {
        match text {
            "failed" => Ok(Self::Failed),
            "waiting" => Ok(Self::Waiting),
            "replayed" => Ok(Self::Replayed),
            "discarded" => Ok(Self::Discarded),
            _ => Err(Failure::internal("a dead letter is in a state that is not known")),
        }
    }
}

impl Tx {
    /// The open letters of a resource, in the order of their events; at most `limit`.
    pub async fn open_letters(
        &self,
        follower: &Follower,
        resource: &str,
        limit: u64,
    ) -> Result<Vec<DeadLetter>> {
        let found = self
            .find::<letter::Entity>()
            .filter(letter::Column::Resource.eq(resource))
            .filter(letter::Column::Consumer.eq(&*follower.consumer))
            .filter(letter::Column::Producer.eq(&*follower.producer))
            .filter(letter::Column::State.is_in(LetterState::OPEN))
            .order_by_asc(letter::Column::Position)
            .limit(limit)
            .all(self.conn())
            .await
            .map_err(failure)?;
        found.into_iter().map(DeadLetter::read).collect()
    }

    /// A letter of this transaction's district.
    pub async fn letter(&self, uid: Uuid) -> Result<Option<DeadLetter>> {
        let found = self.find::<letter::Entity>().filter(letter::Column::Uid.eq(uid)).one(self.conn()).await;
        found.map_err(failure)?.map(DeadLetter::read).transpose()
    }

    /// Puts an event aside: because of `reason`, after so many attempts; or without one, behind
    /// another of its resource.
    pub async fn put_aside(
        &self,
        follower: &Follower,
        event: FeedRow,
        refused: Option<(Reason, i32)>,
    ) -> Result<()> {
        let state = if refused.is_some() { LetterState::Failed } else { LetterState::Waiting };
        let (reason, attempts) = refused.map_or(("", 0), |(reason, attempts)| (reason.as_str(), attempts));
        let (payload_type, payload) = event.payload.map(|p| (p.type_url, p.value)).unzip();
        let now = self.machine_time().as_microsecond();
        self.insert(letter::ActiveModel {
            uid: Set(self.new_id()),
            consumer: Set(follower.consumer.clone()),
            producer: Set(follower.producer.clone()),
            position: Set(event.position),
            event_uid: Set(event.uid),
            kind: Set(event.kind),
            resource: Set(event.resource),
            actor: Set(event.actor),
            event_time: Set(event.time.as_microsecond()),
            payload_type: Set(payload_type),
            payload: Set(payload),
            state: Set(state.as_str().to_owned()),
            reason: Set(reason.to_owned()),
            attempts: Set(attempts),
            create_time: Set(now),
            update_time: Set(now),
            ..Default::default()
        })
        .await?;
        self.count(follower, 1).await
    }

    /// Writes that a letter was tried again in vain; not of one that was settled meanwhile.
    pub async fn refuse_letter(&self, letter: &DeadLetter, reason: Reason) -> Result<()> {
        self.change(letter.uid, LetterState::Failed)
            .col_expr(letter::Column::Reason, Expr::value(reason.as_str()))
            .col_expr(letter::Column::Attempts, Expr::col(letter::Column::Attempts).add(1))
            .exec(self.conn())
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Settles a letter that is open: its effect came in this transaction, or never will. What the
    /// event said is forgotten. One that was settled already is left as it is.
    pub async fn settle_letter(&self, letter: &DeadLetter, state: LetterState) -> Result<()> {
        let tried = i32::from(state == LetterState::Replayed);
        let done = self
            .change(letter.uid, state)
            .col_expr(letter::Column::Attempts, Expr::col(letter::Column::Attempts).add(tried))
            .col_expr(letter::Column::PayloadType, Expr::value(None::<String>))
            .col_expr(letter::Column::Payload, Expr::value(None::<Vec<u8>>))
            .exec(self.conn())
            .await
            .map_err(failure)?;
        match done.rows_affected {
            0 => Ok(()),
            _ => self.count(&letter.follower, -1).await,
        }
    }

    fn change(&self, uid: Uuid, state: LetterState) -> sea_orm::UpdateMany<letter::Entity> {
        self.update_many::<letter::Entity>()
            .filter(letter::Column::Uid.eq(uid))
            .filter(letter::Column::State.is_in(LetterState::OPEN))
            .col_expr(letter::Column::State, Expr::value(state.as_str()))
            .col_expr(letter::Column::UpdateTime, Expr::value(self.machine_time().as_microsecond()))
    }

    /// No longer counts the district's letters as open, which are about to be deleted.
    pub(crate) async fn uncount_letters(&self) -> Result<()> {
        let [failed, waiting] = LetterState::OPEN;
        let sql = format!(
            "UPDATE event_checkpoints SET open = open - (SELECT count(*) FROM dead_letters AS letter \
             WHERE letter.district = $1 AND letter.state IN ('{failed}', '{waiting}') \
             AND letter.consumer || '/' || letter.producer = event_checkpoints.consumer) \
             WHERE open > 0 RETURNING open"
        );
        self.number(&sql, vec![self.district().as_str().into()]).await.map(drop)
    }

    async fn count(&self, follower: &Follower, by: i64) -> Result<()> {
        let sql = "UPDATE event_checkpoints SET open = open + $2 WHERE consumer = $1 RETURNING open";
        self.number(sql, vec![follower.checkpoint().into(), by.into()]).await.map(drop)
    }
}

impl Store {
    /// A dead letter of a district.
    pub async fn dead_letter(&self, district: &District, uid: Uuid) -> Result<Option<DeadLetter>> {
        let reader = self.read_latest(district);
        let found = reader.find::<letter::Entity>().filter(letter::Column::Uid.eq(uid)).one(reader.conn());
        found.await.map_err(failure)?.map(DeadLetter::read).transpose()
    }

    /// The next dead letters of a district in the order in which they were put aside, after the one
    /// whose time and identity are given; those settled too, if `settled`.
    pub async fn dead_letters(
        &self,
        district: &District,
        settled: bool,
        after: Option<(Timestamp, Uuid)>,
        limit: u64,
    ) -> Result<Vec<DeadLetter>> {
        let reader = self.read_latest(district);
        let mut select = reader.find::<letter::Entity>();
        if !settled {
            select = select.filter(letter::Column::State.is_in(LetterState::OPEN));
        }
        if let Some((time, uid)) = after {
            let time = time.as_microsecond();
            let same =
                Condition::all().add(letter::Column::CreateTime.eq(time)).add(letter::Column::Uid.gt(uid));
            // The rest says this too, but not so that an index can be searched by it.
            select = select.filter(letter::Column::CreateTime.gte(time));
            select = select.filter(Condition::any().add(letter::Column::CreateTime.gt(time)).add(same));
        }
        let found = select
            .order_by_asc(letter::Column::CreateTime)
            .order_by_asc(letter::Column::Uid)
            .limit(limit)
            .all(reader.conn())
            .await
            .map_err(failure)?;
        found.into_iter().map(DeadLetter::read).collect()
    }

    /// Deletes letters that were settled more than 30 days ago; returns how many.
    pub async fn forget_letters(&self) -> Result<u64> {
        let before = self.clock().now().checked_sub(KEEP_SETTLED).map_err(Failure::internal)?;
        let [failed, waiting] = LetterState::OPEN;
        let settled = format!("update_time < $1 AND state NOT IN ('{failed}', '{waiting}')");
        self.delete_expired("dead_letters", "district, uid", &settled, before).await
    }
}

impl DeadLetter {
    fn read(row: letter::Model) -> Result<Self> {
        let payload = row.payload_type.zip(row.payload).map(|(type_url, value)| Payload { type_url, value });
        let event = FeedRow {
            position: row.position,
            uid: row.event_uid,
            district: District::parse(&row.district)?,
            kind: row.kind,
            resource: row.resource,
            resource_type: String::new(),
            subjects: Vec::new(),
            deleted: false,
            actor: row.actor,
            time: instant(row.event_time)?,
            payload,
        };
        Ok(Self {
            uid: row.uid,
            follower: Follower { consumer: row.consumer, producer: row.producer },
            event,
            state: LetterState::read(&row.state)?,
            reason: Reason::from_text(&row.reason),
            attempts: row.attempts,
            create_time: instant(row.create_time)?,
            update_time: instant(row.update_time)?,
        })
    }
}

crate::scoped!(letter);

mod letter {
    //! The table `dead_letters`.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "dead_letters")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) uid: Uuid,
        pub(crate) consumer: String,
        pub(crate) producer: String,
        pub(crate) position: i64,
        pub(crate) event_uid: Uuid,
        pub(crate) kind: String,
        pub(crate) resource: String,
        pub(crate) actor: String,
        pub(crate) event_time: i64,
        pub(crate) payload_type: Option<String>,
        pub(crate) payload: Option<Vec<u8>>,
        pub(crate) state: String,
        pub(crate) reason: String,
        pub(crate) attempts: i32,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
