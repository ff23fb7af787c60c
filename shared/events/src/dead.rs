//! Dead letters, for those who look after them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trellis_contracts::common::{
    self, DeadLetterServiceApi, DeadLetterState, DiscardDeadLetterRequest, GetDeadLetterRequest,
    ListDeadLettersRequest, ListDeadLettersResponse, ReplayDeadLetterRequest, ReplayDeadLetterResponse,
};
use trellis_contracts::guard::Call;
use trellis_contracts::values;
use trellis_kernel::{Failure, Name, PageRequest, Reason, Result, Timestamp, Uuid};
use trellis_store::{Change, DeadLetter, Grounds, LetterState, Store, Tx, Write};

use crate::Effect;
use crate::replay::name;

const TYPE: &str = "trellis.dev/DeadLetter";

/// Serves `DeadLetterService` for the stores of the services that run here, and for the effects that
/// this process runs: a replay is the running effect, tried once more.
#[derive(Clone)]
pub struct DeadLetters {
    stores: Vec<Store>,
    effects: Vec<Effect>,
}

impl DeadLetters {
    /// Serves the dead letters of these stores, which these effects put there.
    pub const fn new(stores: Vec<Store>, effects: Vec<Effect>) -> Self {
        Self { stores, effects }
    }

    async fn find(&self, name: &str) -> Result<(&Store, DeadLetter)> {
        let parsed = Name::of("name", name, &["deadLetters"])?;
        let missing = || Failure::not_found(TYPE, name);
        let uid = parsed.id().ok_or_else(missing)?;
        for store in &self.stores {
            if let Some(letter) = store.dead_letter(&parsed.district, uid).await? {
                return Ok((store, letter));
            }
        }
        Err(missing())
    }
}

/// Where a page of the list begins.
#[derive(Serialize, Deserialize)]
struct Place {
    time: i64,
    uid: Uuid,
}

#[async_trait]
impl DeadLetterServiceApi for DeadLetters {
    async fn list_dead_letters(&self, call: Call<ListDeadLettersRequest>) -> Result<ListDeadLettersResponse> {
        let district = call.district()?.clone();
        let request = call.message;
        let page = PageRequest::parse(request.page_size, request.page_token)?;
        let bound = ["dead letters", district.as_str(), if request.show_settled { "all" } else { "open" }];
        let Some(sealer) = self.stores.first().map(Store::sealer) else {
            return Ok(ListDeadLettersResponse::default());
        };
        let after = match page.token.as_str() {
            "" => None,
            token => {
                let place = sealer.open(&bound, token).and_then(|bytes| read(&bytes));
                Some(place.ok_or_else(foreign_token)?)
            }
        };
        let size = usize::from(page.size.get());
        let mut letters = Vec::new();
        for store in &self.stores {
            let some = store.dead_letters(&district, request.show_settled, after, size as u64 + 1).await?;
            letters.extend(some.into_iter().map(|letter| (store.service(), letter)));
        }
        letters.sort_by_key(|(_, letter)| (letter.create_time, letter.uid));
        let more = letters.len() > size;
        letters.truncate(size);
        let next_page_token = match letters.last() {
            Some((_, last)) if more => {
                let place = Place { time: last.create_time.as_microsecond(), uid: last.uid };
                sealer.seal(&bound, &serde_json::to_vec(&place).map_err(Failure::internal)?)
            }
            _ => String::new(),
        };
        let dead_letters = letters.into_iter().map(|(service, letter)| told(service, letter)).collect();
        Ok(ListDeadLettersResponse { dead_letters, next_page_token })
    }

    async fn get_dead_letter(&self, call: Call<GetDeadLetterRequest>) -> Result<common::DeadLetter> {
        let (store, letter) = self.find(&call.message.name).await?;
        Ok(told(store.service(), letter))
    }

    async fn replay_dead_letter(
        &self,
        call: Call<ReplayDeadLetterRequest>,
    ) -> Result<ReplayDeadLetterResponse> {
        let (store, letter) = self.find(&call.message.name).await?;
        let mut of_store = self.effects.iter().filter(|effect| effect.store.service() == store.service());
        let effect = of_store.find(|effect| effect.of(&letter)).ok_or_else(|| {
            Failure::precondition(
                Reason::StateConflict,
                "No part of this program has this effect any more: the dead letter can only be discarded.",
            )
        })?;
        // The effects are the events' own doing; that they are tried again is the caller's.
        begin(store, &call, &letter).await?.commit(()).await?;
        let became = effect.replay(letter).await?;
        let dead_letters = became.into_iter().map(|letter| told(store.service(), letter)).collect();
        Ok(ReplayDeadLetterResponse { dead_letters })
    }

    async fn discard_dead_letter(&self, call: Call<DiscardDeadLetterRequest>) -> Result<common::DeadLetter> {
        let (store, letter) = self.find(&call.message.name).await?;
        let tx = begin(store, &call, &letter).await?;
        tx.hold(&letter.follower).await?;
        let missing = || Failure::not_found(TYPE, &call.message.name);
        let letter = tx.letter(letter.uid).await?.ok_or_else(missing)?;
        match letter.state {
            LetterState::Discarded => return Ok(told(store.service(), letter)),
            LetterState::Replayed => {
                return Err(Failure::precondition(
                    Reason::StateConflict,
                    "The dead letter was replayed: its effect has come.",
                ));
            }
            LetterState::Failed | LetterState::Waiting => {}
        }
        tx.settle_letter(&letter, LetterState::Discarded).await?;
        let letter = tx.letter(letter.uid).await?.ok_or_else(missing)?;
        tx.commit(()).await?;
        Ok(told(store.service(), letter))
    }
}

/// Begins a change by the caller, which is on the trail when it commits.
async fn begin<M>(store: &Store, call: &Call<M>, letter: &DeadLetter) -> Result<Tx> {
    let (actor, method) = (call.actor(), call.method());
    let grounds = Grounds {
        method: method.path,
        token_id: actor.token_id.clone(),
        data_class: method.data_class,
        relations: call.admission().standing,
        learners: Vec::new(),
    };
    let district = letter.event.district.clone();
    let change =
        Change { district, actor: actor.label(), idempotency: None, grounds: Some(grounds), since: None };
    match store.write::<()>(change).await? {
        Write::Begin(tx) => Ok(tx),
        Write::Replay(()) => Err(Failure::internal("a change without a request_id was a repetition")),
    }
}

fn read(bytes: &[u8]) -> Option<(Timestamp, Uuid)> {
    let place: Place = serde_json::from_slice(bytes).ok()?;
    Some((Timestamp::from_microsecond(place.time).ok()?, place.uid))
}

fn foreign_token() -> Failure {
    Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this list gave.")
        .violation("page_token", "must be the next_page_token of the same list")
}

/// A letter as the contract shows it: not what the event says, nor who did it.
fn told(service: &str, letter: DeadLetter) -> common::DeadLetter {
    let DeadLetter { uid, follower, event, state, reason, attempts, create_time, update_time } = letter;
    common::DeadLetter {
        name: name(&event.district, uid),
        uid: uid.to_string(),
        service: service.to_owned(),
        consumer: follower.consumer,
        producer: follower.producer,
        position: event.position,
        event_uid: event.uid.to_string(),
        kind: event.kind,
        resource: event.resource,
        event_time: Some(values::timestamp(event.time)),
        state: match state {
            LetterState::Failed => DeadLetterState::Failed,
            LetterState::Waiting => DeadLetterState::Waiting,
            LetterState::Replayed => DeadLetterState::Replayed,
            LetterState::Discarded => DeadLetterState::Discarded,
        }
        .into(),
        reason: reason.map(Reason::as_str).unwrap_or_default().to_owned(),
        attempts,
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
    }
}
