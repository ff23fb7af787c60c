//! Trying a dead letter again, and what waited behind it.

use trellis_kernel::{District, Failure, Reason, Result, Uuid};
use trellis_store::{DeadLetter, LetterState, Tx};

use crate::Effect;
use crate::effect::is_transient;

/// How many letters one replay settles at most; the next waits for another replay.
const MOST: usize = 1000;

/// What one step of a replay came to.
enum Tried {
    /// The effect came; the letter is settled.
    Applied(DeadLetter),
    /// It failed again.
    Refused(DeadLetter),
    /// No letter of the resource is open.
    Nothing,
}

impl Effect {
    /// Whether this effect is the one that a letter was put aside by.
    pub(crate) fn of(&self, letter: &DeadLetter) -> bool {
        self.follower == letter.follower
    }

    /// Tries a letter again, and then, in their order, those of the same resource behind it, up to
    /// the first that fails; returns what became of each, that one included. One that is settled
    /// already is left as it is.
    pub(crate) async fn replay(&self, letter: DeadLetter) -> Result<Vec<DeadLetter>> {
        match letter.state {
            LetterState::Discarded => return Err(discarded()),
            LetterState::Replayed => return self.standing(letter).await,
            LetterState::Failed | LetterState::Waiting => {}
        }
        let mut became = Vec::new();
        while became.len() < MOST {
            let must_be = became.is_empty().then_some(letter.uid);
            match self.try_next(&letter, must_be).await {
                Ok(Tried::Applied(letter)) => became.push(letter),
                Ok(Tried::Refused(letter)) => {
                    became.push(letter);
                    return Ok(became);
                }
                Ok(Tried::Nothing) => return Ok(became),
                Err(failed) if became.is_empty() => return Err(failed),
                // What came so far stands; the rest are as they were.
                Err(_) => break,
            }
        }
        let tx = self.begin(&letter.event.clone().into()).await?;
        became.extend(tx.open_letters(&self.follower, &letter.event.resource, 1).await?);
        Ok(became)
    }

    /// Tries the first open letter of a resource, in one transaction: effect and letter, or neither.
    async fn try_next(&self, of: &DeadLetter, must_be: Option<Uuid>) -> Result<Tried> {
        let mut next = of.clone();
        // An effect is made in the name of who caused its own event, so a transaction that was begun for
        // another letter than the one that comes first is not the one to make it in.
        let (mut tx, first) = loop {
            let tx = self.begin(&next.event.into()).await?;
            tx.hold(&self.follower).await?;
            let Some(first) = tx.open_letters(&self.follower, &of.event.resource, 1).await?.pop() else {
                return Ok(Tried::Nothing);
            };
            if must_be.is_some_and(|uid| first.uid != uid) {
                return Err(behind(&first));
            }
            if first.uid == next.uid {
                break (tx, first);
            }
            next = first;
        };
        tx.require_open()?;
        let tried = self.affect(&mut tx, &first.event.clone().into()).await;
        match tried {
            Ok(()) => {
                tx.settle_letter(&first, LetterState::Replayed).await?;
                Ok(Tried::Applied(commit(tx, &first).await?))
            }
            Err(failed) if is_transient(&failed) => Err(failed),
            Err(failed) => {
                drop(tx);
                let tx = self.begin(&first.event.clone().into()).await?;
                tx.hold(&self.follower).await?;
                tx.refuse_letter(&first, failed.reason()).await?;
                Ok(Tried::Refused(commit(tx, &first).await?))
            }
        }
    }

    /// A letter that was replayed, and the next that is open behind it.
    async fn standing(&self, letter: DeadLetter) -> Result<Vec<DeadLetter>> {
        let tx = self.begin(&letter.event.clone().into()).await?;
        let mut letters = tx.open_letters(&self.follower, &letter.event.resource, 1).await?;
        letters.insert(0, letter);
        Ok(letters)
    }
}

/// Commits, and returns the letter as it then is.
async fn commit(tx: Tx, letter: &DeadLetter) -> Result<DeadLetter> {
    let now = tx.letter(letter.uid).await?.ok_or_else(|| Failure::internal("a dead letter went away"))?;
    tx.commit(()).await?;
    Ok(now)
}

fn discarded() -> Failure {
    Failure::precondition(Reason::StateConflict, "The dead letter was discarded: its effect never comes.")
}

fn behind(first: &DeadLetter) -> Failure {
    Failure::precondition(
        Reason::StateConflict,
        "Another dead letter of the same resource comes first: replay or discard that one.",
    )
    .with("first", name(&first.event.district, first.uid))
}

/// `districts/{district}/deadLetters/{dead_letter}`.
pub(crate) fn name(district: &District, uid: Uuid) -> String {
    format!("districts/{district}/deadLetters/{uid}")
}
