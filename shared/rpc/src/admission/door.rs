//! The door of one call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trellis_auth::door::{Door, Turn};
use trellis_kernel::{Actor, Failure, Party, Reason, Result};

use super::Admission;
use super::fair::{Asked, Place};
use super::streams::Stream;
use crate::calls::Origin;
use crate::figures::FIGURES;

/// The limits as one call meets them. It keeps the call's place until it is dropped, or told to leave.
pub(crate) struct CallDoor {
    admission: Arc<Admission>,
    origin: Option<Arc<Origin>>,
    unary: bool,
    held: Arc<Mutex<Held>>,
}

/// What a call holds.
enum Held {
    /// It has not come in yet.
    Outside,
    /// It is on its way in.
    Entering,
    /// It is one of those that are done.
    Place(#[expect(dead_code, reason = "held until the call leaves")] Place),
    /// It is one of the streams.
    Stream(#[expect(dead_code, reason = "held until the stream ends")] Stream),
    /// Its work is done.
    Left,
}

impl CallDoor {
    /// The door of a request that came by a connection; `unary` says whether it has one answer.
    pub(crate) fn new(admission: Arc<Admission>, origin: Option<Arc<Origin>>, unary: bool) -> Self {
        Self { admission, origin, unary, held: Arc::new(Mutex::new(Held::Outside)) }
    }

    /// Gives up the call's place: its work is done.
    pub(crate) fn leave(&self) {
        set(&self.held, Held::Left);
    }

    fn address(&self) -> u64 {
        self.admission.address(self.origin.as_ref().and_then(|origin| origin.address))
    }

    fn try_enter(&self, actor: &Actor) -> Result<Option<Turn>> {
        let admission = &self.admission;
        if admission.certified_services
            && matches!(actor.party, Party::Service { .. })
            && !self.origin.as_ref().is_some_and(|origin| origin.certified)
        {
            return Err(Failure::unauthenticated(
                "A service's token counts only together with a certificate of the suite's own authority.",
            ));
        }
        admission.count(actor)?;
        let district = admission.district(actor);
        if !self.unary {
            set(&self.held, Held::Stream(admission.streams.enter(district)?));
            return Ok(None);
        }
        match admission.calls.ask(district)? {
            Asked::Now(place) => set(&self.held, Held::Place(place)),
            Asked::Later(ticket) => {
                let held = self.held.clone();
                return Ok(Some(Turn::Later(Box::pin(async move {
                    set(&held, Held::Place(ticket.wait().await?));
                    Ok(())
                }))));
            }
        }
        Ok(None)
    }
}

impl Door for CallDoor {
    fn before_proof(&self) -> Result<()> {
        let over = self.admission.unproven.as_ref().and_then(|rates| rates.is_over(self.address()));
        over.map_or(Ok(()), |wait| Err(too_many_failures(wait)))
    }

    fn unproven(&self, failure: Failure) -> Failure {
        let counted = self.admission.unproven.as_ref().map_or(Ok(()), |rates| rates.count(self.address()));
        counted.map_or_else(too_many_failures, |()| failure)
    }

    fn enter(&self, actor: &Actor) -> Turn {
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if !matches!(*held, Held::Outside) {
                return Turn::Now(Ok(()));
            }
            *held = Held::Entering;
        }
        match self.try_enter(actor) {
            Ok(None) => Turn::Now(Ok(())),
            Ok(Some(later)) => later,
            Err(refused) => {
                if let Some(origin) = &self.origin {
                    origin.refuse_one_of_many();
                }
                Turn::Now(Err(refused))
            }
        }
    }
}

fn set(held: &Mutex<Held>, to: Held) {
    // What was held is dropped outside the lock.
    let _before = std::mem::replace(&mut *held.lock().unwrap_or_else(PoisonError::into_inner), to);
}

fn too_many_failures(wait: Duration) -> Failure {
    FIGURES.refused.failure_rate.add(1);
    Failure::exhausted(Reason::RateLimited, "Too many calls from this address proved nobody.")
        .retry_after(wait)
}
