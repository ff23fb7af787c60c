//! What this service asks of the others.

use async_trait::async_trait;
use trellis_kernel::{Actor, District, Result, Uuid};

use crate::domain::reference::FrameworkChild;

/// Writes the path of the field that holds the reference at a place of a list.
pub(crate) type FieldAt<'a> = &'a (dyn Fn(usize) -> String + Sync);

/// What the outcome service knows of an outcome.
#[derive(Clone, Debug)]
pub(crate) struct KnownOutcome {
    /// Its name at the revision last published that holds it, or at the one that it was asked for at;
    /// none while it was never published.
    pub(crate) pinned: Option<FrameworkChild>,
}

/// What the outcome service knows of a progression.
#[derive(Clone, Debug)]
pub(crate) struct KnownProgression {
    /// The ids of the outcomes that it describes.
    pub(crate) outcomes: Vec<Uuid>,
    /// How many levels it has.
    pub(crate) levels: u32,
}

/// The other services. A reference that does not exist is refused with `REFERENCE_NOT_FOUND` and the
/// path of its field; a service that is away is an `UNAVAILABLE`.
#[async_trait]
pub(crate) trait Neighbours: Send + Sync + 'static {
    /// The outcomes of these names, in their order, as far as the actor may read them.
    async fn outcomes(
        &self,
        actor: &Actor,
        home: &District,
        names: &[FrameworkChild],
        field: FieldAt<'_>,
    ) -> Result<Vec<KnownOutcome>>;

    /// A progression, as far as the actor may read it.
    async fn progression(
        &self,
        actor: &Actor,
        name: &FrameworkChild,
        field: &str,
    ) -> Result<KnownProgression>;

    /// Refuses unless each of these people is of the district.
    async fn people(&self, home: &District, people: &[Uuid], field: FieldAt<'_>) -> Result<()>;

    /// Refuses unless the organisation is of the district.
    async fn organization(&self, home: &District, organization: Uuid, field: &str) -> Result<()>;
}
