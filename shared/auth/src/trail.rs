//! Who read what, written down before it is read.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use trellis_contracts::common::DataClass;
use trellis_kernel::{Actor, District, Failure, Party, Relation, Relations, Result, Uuid};

/// A read that was admitted. Changes are written down by their own transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The district of what is read.
    pub district: District,
    /// Who reads it: [`Actor::label`].
    pub actor: String,
    /// The `jti` of the token.
    pub token_id: Option<String>,
    /// The path of the method.
    pub method: &'static str,
    /// The class of data.
    pub data_class: DataClass,
    /// How they stand to the learners, or to the district.
    pub relations: Relations,
    /// The learners that it is about; none when it is the district as a whole.
    pub learners: Vec<Uuid>,
}

/// Keeps what was read. Where it cannot be kept, the read is refused.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Keeps it within a moment.
    async fn record(&self, access: Access) -> Result<()>;

    /// Keeps it, and returns when that is done.
    async fn record_now(&self, access: Access) -> Result<()>;
}

impl Access {
    /// What is written down of a read; nothing where a service of the suite reads for itself.
    pub(crate) fn of(
        actor: &Actor,
        method: &'static str,
        district: &District,
        data_class: DataClass,
        relations: Relations,
        learners: Vec<Uuid>,
    ) -> Option<Self> {
        let principal = actor.principal();
        if let Party::Service { .. } = principal.party {
            return None;
        }
        Some(Self {
            district: district.clone(),
            actor: principal.label(),
            token_id: principal.token_id.clone(),
            method,
            data_class,
            relations,
            learners,
        })
    }

    /// Keeps it: at once for whoever is neither of the district's own nor reads what is theirs, so that
    /// nothing leaves the district that is not written down.
    pub(crate) async fn keep(self, trail: &dyn Trail) -> Result<()> {
        const WITHIN: Relations = Relations::NONE
            .with(Relation::Own)
            .with(Relation::Educator)
            .with(Relation::School)
            .with(Relation::District)
            .with(Relation::Operator);
        if self.relations.contains(Relation::Guardian) || !self.relations.meets(WITHIN) {
            trail.record_now(self).await
        } else {
            trail.record(self).await
        }
    }
}

/// The trail of a guard before methods that are about no person. It keeps nothing: where it turns out that
/// there is something to keep, the read is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingPersonal;

#[async_trait]
impl Trail for NothingPersonal {
    async fn record(&self, _access: Access) -> Result<()> {
        Err(Failure::internal("a read of personal data has no trail to be written down on"))
    }

    async fn record_now(&self, access: Access) -> Result<()> {
        self.record(access).await
    }
}

/// A trail in memory, for tests: each access, and whether it had to be kept at once.
#[derive(Debug, Default)]
pub struct MemoryTrail(Mutex<Vec<(Access, bool)>>);

impl MemoryTrail {
    /// Takes what was kept so far, in order.
    pub fn take(&self) -> Vec<(Access, bool)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, access: Access, at_once: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((access, at_once));
    }
}

#[async_trait]
impl Trail for MemoryTrail {
    async fn record(&self, access: Access) -> Result<()> {
        self.keep(access, false);
        Ok(())
    }

    async fn record_now(&self, access: Access) -> Result<()> {
        self.keep(access, true);
        Ok(())
    }
}
