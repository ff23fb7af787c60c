//! The two questions that a decision needs answered.

use async_trait::async_trait;
use trellis_contracts::common::DataClass;
use trellis_kernel::{District, Name, Party, Relations, Result, Uuid};

/// Asks how a party stands.
#[derive(Clone, Debug)]
pub struct Query {
    /// Where.
    pub district: District,
    /// Who: a person or an application; others have no standing of their own.
    pub party: Party,
    /// For which class of data: an application's agreement covers some and not others.
    pub data_class: DataClass,
    /// To whom; nobody means to the district as a whole.
    pub learners: Vec<Uuid>,
}

/// Answers how a party stands: the profile service, from its tables, or by a call to it.
#[async_trait]
pub trait Standings: Send + Sync {
    /// One answer for each learner of the query, in order; or one for the district when it names none.
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>>;

    /// Whether the district has taken the token with this `jti` back. Where that cannot be known, it
    /// fails, and the call is refused.
    async fn revoked(&self, district: &District, token_id: &str) -> Result<bool>;

    /// How a party stands to a learner (to the district, without one), if it is known without asking.
    fn remembered(
        &self,
        _district: &District,
        _party: &Party,
        _class: DataClass,
        _learner: Option<Uuid>,
    ) -> Option<Relations> {
        None
    }

    /// Whether a token was taken back, if it is known without asking.
    fn remembered_revoked(&self, _district: &District, _token_id: &str) -> Option<bool> {
        None
    }
}

/// Answers whom a resource is about: the service that holds it.
#[async_trait]
pub trait Subjects: Send + Sync {
    /// The learners that the named resource is about, where its name does not say so itself.
    ///
    /// Nobody for a resource that is about no learner. For one that would be about a learner but does
    /// not exist, [`Failure::access_denied`](trellis_kernel::Failure::access_denied), so that a stranger
    /// cannot tell the two apart.
    async fn learners(&self, name: &Name) -> Result<Vec<Uuid>>;
}

/// For a service none of whose resources is about a learner.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSubjects;

#[async_trait]
impl Subjects for NoSubjects {
    async fn learners(&self, _name: &Name) -> Result<Vec<Uuid>> {
        Ok(Vec::new())
    }
}
