//! What was decided a moment ago, so that a burst of calls asks once.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::SignedDuration;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use trellis_contracts::common::DataClass;
use trellis_kernel::{Clock, District, Failure, Party, Relations, Result, Timestamp, Uuid};
use trellis_telemetry::metrics::CacheFigures;

use crate::{Query, Standings};

/// For how long an answer holds: what is taken away is gone everywhere within a second.
const HOLDS: SignedDuration = SignedDuration::from_secs(1);
/// How many answers about learners and districts are kept at most, about 200 bytes each.
const STANDINGS: usize = 50_000;
/// How many answers about tokens.
const TOKENS: usize = 20_000;
/// Into how many groups the districts fall; those of one group are forgotten together.
const GROUPS: usize = 1024;

/// Standings that are asked of another, and remembered for at most a second.
///
/// There is one for the whole process, in front of all its guards. Where the roster itself is in the
/// process, [`forget`](Self::forget) is called when it changes, and nothing older is answered from then
/// on. What could not be answered is not remembered.
pub struct Remembered {
    asked: Arc<dyn Standings>,
    clock: Arc<dyn Clock>,
    standings: Arc<Cache<StandingKey, Known<Relations>>>,
    standings_figures: CacheFigures,
    tokens: Arc<Cache<TokenKey, Known<bool>>>,
    tokens_figures: CacheFigures,
    /// How often the districts of each group were forgotten.
    epochs: Vec<AtomicU64>,
    hasher: RandomState,
}

/// An answer, when it was asked for, and how often its district had been forgotten by then: one that was
/// under way while the roster changed is not kept beyond the change.
#[derive(Clone, Copy)]
struct Known<A> {
    answer: A,
    asked: Timestamp,
    epoch: u64,
}

/// A moment at which something is asked.
#[derive(Clone, Copy)]
struct Moment {
    now: Timestamp,
    epoch: u64,
}

impl Moment {
    fn know<A>(self, answer: A) -> Known<A> {
        Known { answer, asked: self.now, epoch: self.epoch }
    }

    /// The answer, if it still holds. One from a later moment than this was made by a clock that has
    /// been set back since, so its age is not known.
    fn of<A>(self, known: Known<A>) -> Option<A> {
        let holds = known.epoch == self.epoch
            && known.asked <= self.now
            && self.now.duration_since(known.asked) < HOLDS;
        holds.then_some(known.answer)
    }
}

impl Remembered {
    /// Remembers what `asked` answers, by this clock.
    pub fn new(asked: Arc<dyn Standings>, clock: Arc<dyn Clock>) -> Self {
        let standings = Arc::new(Cache::new(STANDINGS));
        let tokens = Arc::new(Cache::new(TOKENS));
        let (told, told_of_tokens) = (standings.clone(), tokens.clone());
        Self {
            asked,
            clock,
            standings,
            standings_figures: CacheFigures::new("standings", move || told.len()),
            tokens,
            tokens_figures: CacheFigures::new("revocations", move || told_of_tokens.len()),
            epochs: (0..GROUPS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Forgets everything about a district: how parties stand in it has changed.
    pub fn forget(&self, district: &District) {
        self.epoch(district).fetch_add(1, Ordering::SeqCst);
    }

    fn epoch(&self, district: &District) -> &AtomicU64 {
        let hash = self.hasher.hash_one(district);
        let group = usize::try_from(hash % GROUPS as u64).unwrap_or(0);
        &self.epochs[group]
    }

    fn moment(&self, district: &District) -> Moment {
        Moment { now: self.clock.now(), epoch: self.epoch(district).load(Ordering::SeqCst) }
    }

    fn recall(&self, moment: Moment, key: &StandingRef<'_>) -> Option<Relations> {
        moment.of(self.standings.get(key)?)
    }
}

#[async_trait]
impl Standings for Remembered {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        let Query { district, party, data_class, learners } = query;
        let Some(party) = Who::of(party) else { return self.asked.standings(query).await };
        let moment = self.moment(district);
        let key = |learner| StandingRef { district, party, class: *data_class, learner };
        if learners.is_empty() {
            if let Some(known) = self.recall(moment, &key(None)) {
                self.standings_figures.hits(1);
                return Ok(vec![known]);
            }
            self.standings_figures.misses(1);
            let answers = self.asked.standings(query).await?;
            if let [answer] = answers[..] {
                self.standings.insert(key(None).owned(), moment.know(answer));
            }
            return Ok(answers);
        }
        let known: Vec<Option<Relations>> =
            learners.iter().map(|learner| self.recall(moment, &key(Some(*learner)))).collect();
        let missing: Vec<Uuid> =
            learners.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(id, _)| *id).collect();
        self.standings_figures.hits(learners.len() - missing.len());
        if missing.is_empty() {
            return Ok(known.into_iter().flatten().collect());
        }
        self.standings_figures.misses(missing.len());
        let asked = self.asked.standings(&Query { learners: missing.clone(), ..query.clone() }).await?;
        if asked.len() != missing.len() {
            return Err(Failure::internal(
                "a decision on access answered for another number of learners than were asked about",
            ));
        }
        for (learner, answer) in missing.into_iter().zip(&asked) {
            self.standings.insert(key(Some(learner)).owned(), moment.know(*answer));
        }
        let mut asked = asked.into_iter();
        Ok(known.into_iter().filter_map(|known| known.or_else(|| asked.next())).collect())
    }

    async fn revoked(&self, district: &District, token_id: &str) -> Result<bool> {
        let moment = self.moment(district);
        let key = TokenRef { district, token_id };
        if let Some(known) = self.tokens.get(&key).and_then(|known| moment.of(known)) {
            self.tokens_figures.hits(1);
            return Ok(known);
        }
        self.tokens_figures.misses(1);
        let revoked = self.asked.revoked(district, token_id).await?;
        self.tokens.insert(key.owned(), moment.know(revoked));
        Ok(revoked)
    }

    fn remembered(
        &self,
        district: &District,
        party: &Party,
        class: DataClass,
        learner: Option<Uuid>,
    ) -> Option<Relations> {
        let party = Who::of(party)?;
        let known = self.recall(self.moment(district), &StandingRef { district, party, class, learner });
        // Where it is not known, it is asked for, and counted then.
        self.standings_figures.hits(usize::from(known.is_some()));
        known
    }

    fn remembered_revoked(&self, district: &District, token_id: &str) -> Option<bool> {
        let known = self.tokens.get(&TokenRef { district, token_id })?;
        let known = self.moment(district).of(known);
        self.tokens_figures.hits(usize::from(known.is_some()));
        known
    }
}

/// The parties that have a standing of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Person(Uuid),
    Application(Uuid),
}

impl Who {
    const fn of(party: &Party) -> Option<Self> {
        match party {
            Party::Person(id) => Some(Self::Person(*id)),
            Party::Application(id) => Some(Self::Application(*id)),
            Party::Operator | Party::Service { .. } => None,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct StandingKey {
    district: District,
    party: Who,
    class: DataClass,
    learner: Option<Uuid>,
}

/// The same, to look it up; its fields are hashed in the same order.
#[derive(Clone, Copy, Hash)]
struct StandingRef<'a> {
    district: &'a District,
    party: Who,
    class: DataClass,
    learner: Option<Uuid>,
}

impl StandingRef<'_> {
    fn owned(self) -> StandingKey {
        let Self { district, party, class, learner } = self;
        StandingKey { district: district.clone(), party, class, learner }
    }
}

impl Equivalent<StandingKey> for StandingRef<'_> {
    fn equivalent(&self, key: &StandingKey) -> bool {
        self.learner == key.learner
            && self.party == key.party
            && self.class == key.class
            && *self.district == key.district
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct TokenKey {
    district: District,
    token_id: Box<str>,
}

/// The same, to look it up.
#[derive(Clone, Copy, Hash)]
struct TokenRef<'a> {
    district: &'a District,
    token_id: &'a str,
}

impl TokenRef<'_> {
    fn owned(self) -> TokenKey {
        TokenKey { district: self.district.clone(), token_id: self.token_id.into() }
    }
}

impl Equivalent<TokenKey> for TokenRef<'_> {
    fn equivalent(&self, key: &TokenKey) -> bool {
        self.token_id == &*key.token_id && *self.district == key.district
    }
}
