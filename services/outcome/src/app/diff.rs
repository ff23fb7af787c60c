//! What is different between two revisions of a framework, or a revision and the draft.
//!
//! Both are read in the order of the identities, a window at a time, so that the memory it takes does not
//! grow with the framework.

use std::collections::HashMap;
use std::future::Future;

use futures::stream::{self, Stream, TryStreamExt as _};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Reader, Store};

use crate::domain::association::{Association, AssociationType};
use crate::domain::diff::{self, Comparable, DiffCounts, Difference, Path};
use crate::domain::framework::{Framework, FrameworkRef};
use crate::domain::outcome::Outcome;
use crate::domain::progression::Progression;
use crate::domain::rubric::Rubric;
use crate::domain::succession::{OutcomeId, Succession};
use crate::store;

/// How many of each side are compared at a time.
const WINDOW: usize = 500;

/// Something that is different.
#[derive(Debug)]
pub(crate) enum Part {
    /// The framework's own fields.
    Framework {
        /// As they were.
        before: Box<Framework>,
        /// As they are.
        after: Box<Framework>,
        /// The paths of those that differ.
        paths: Vec<Path>,
    },
    /// An outcome, and what replaces it directly.
    Outcome(Difference<Outcome>, Vec<OutcomeId>),
    /// An association.
    Association(Difference<Association>),
    /// A progression.
    Progression(Difference<Progression>),
    /// A rubric.
    Rubric(Difference<Rubric>),
    /// How many there were, at the end.
    Summary(Summary),
}

/// How many resources are different.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    /// Outcomes.
    pub(crate) outcomes: DiffCounts,
    /// Associations.
    pub(crate) associations: DiffCounts,
    /// Progressions.
    pub(crate) progressions: DiffCounts,
    /// Rubrics.
    pub(crate) rubrics: DiffCounts,
}

/// Compares a framework, pinned or not, with another revision of it or its draft.
pub(crate) async fn between(
    store: &Store,
    base: FrameworkRef,
    of: FrameworkRef,
) -> Result<impl Stream<Item = Result<Part>> + Send + 'static> {
    let reader = store.read(&of.district);
    let before = store::frameworks::get(&reader, &base).await?;
    let after = store::frameworks::get(&reader, &of).await?;
    let walk = Walk {
        replaced: replaced(&reader, &of).await?,
        reader,
        base,
        of,
        stage: Stage::Outcomes,
        after: None,
        summary: Summary::default(),
    };
    let paths = diff::framework(&before, &after);
    let own = (!paths.is_empty())
        .then(|| Ok(Part::Framework { before: Box::new(before), after: Box::new(after), paths }));
    let rest = stream::try_unfold(walk, |mut walk| async move {
        Ok::<_, trellis_kernel::Failure>(walk.next().await?.map(|parts| (parts, walk)))
    });
    let rest = rest.map_ok(|parts| stream::iter(parts.into_iter().map(Ok))).try_flatten();
    Ok(futures::StreamExt::chain(stream::iter(own), rest))
}

/// What the associations of a framework say of its own outcomes that are replaced.
async fn replaced(reader: &Reader, of: &FrameworkRef) -> Result<HashMap<Uuid, Vec<OutcomeId>>> {
    let mut replaced: HashMap<Uuid, Vec<OutcomeId>> = HashMap::new();
    for association in store::associations::of_type(reader, of, AssociationType::ReplacedBy).await? {
        if let Some(told) = Succession::told_by(&association).filter(|told| told.origin.framework == of.id) {
            replaced.entry(told.origin.id).or_default().push(told.destination);
        }
    }
    Ok(replaced)
}

#[derive(Clone, Copy)]
enum Stage {
    Outcomes,
    Associations,
    Progressions,
    Rubrics,
    Summary,
    Ended,
}

/// How far the comparison has come.
struct Walk {
    reader: Reader,
    base: FrameworkRef,
    of: FrameworkRef,
    replaced: HashMap<Uuid, Vec<OutcomeId>>,
    stage: Stage,
    /// The last identity that was compared in this stage.
    after: Option<Uuid>,
    summary: Summary,
}

impl Walk {
    /// What the next window holds; none at the end.
    async fn next(&mut self) -> Result<Option<Vec<Part>>> {
        Ok(Some(match self.stage {
            Stage::Outcomes => {
                let found = self.window(Stage::Associations).await?;
                self.summary.outcomes.count(&found);
                self.outcomes(found).await?
            }
            Stage::Associations => {
                let found = self.window(Stage::Progressions).await?;
                self.summary.associations.count(&found);
                found.into_iter().map(Part::Association).collect()
            }
            Stage::Progressions => {
                let found = self.window(Stage::Rubrics).await?;
                self.summary.progressions.count(&found);
                found.into_iter().map(Part::Progression).collect()
            }
            Stage::Rubrics => {
                let found = self.window(Stage::Summary).await?;
                self.summary.rubrics.count(&found);
                found.into_iter().map(Part::Rubric).collect()
            }
            Stage::Summary => {
                self.stage = Stage::Ended;
                vec![Part::Summary(self.summary)]
            }
            Stage::Ended => return Ok(None),
        }))
    }

    /// Compares the next window; after the last one goes on to another stage.
    async fn window<T: Windowed>(&mut self, then: Stage) -> Result<Vec<Difference<T>>> {
        let mut old = T::window(&self.reader, &self.base, self.after).await?;
        let mut new = T::window(&self.reader, &self.of, self.after).await?;
        // Beyond the end of a full window the other side may hold what this one has not shown yet.
        let ends = [&old, &new].map(|side| side.get(WINDOW - 1).map(Comparable::id));
        let end = ends.into_iter().flatten().min();
        if let Some(end) = end {
            old.retain(|own| own.id() <= end);
            new.retain(|own| own.id() <= end);
        } else {
            self.stage = then;
        }
        self.after = end;
        Ok(diff::between(old, new))
    }

    /// Adds to each outcome what replaces it.
    async fn outcomes(&self, found: Vec<Difference<Outcome>>) -> Result<Vec<Part>> {
        let removed: Vec<Uuid> = found
            .iter()
            .filter_map(|difference| match difference {
                Difference::Removed(outcome) => Some(outcome.id),
                Difference::Added(_) | Difference::Changed { .. } => None,
            })
            .collect();
        let mut gone: HashMap<Uuid, Vec<OutcomeId>> = HashMap::new();
        if !removed.is_empty() {
            for told in store::successions::replacing(&self.reader, &removed).await? {
                if told.origin.framework == self.of.id {
                    gone.entry(told.origin.id).or_default().push(told.destination);
                }
            }
        }
        let parts = found.into_iter().map(|difference| {
            let by = match &difference {
                Difference::Removed(outcome) => gone.remove(&outcome.id),
                Difference::Added(outcome) => self.replaced.get(&outcome.id).cloned(),
                Difference::Changed { after, .. } => self.replaced.get(&after.id).cloned(),
            };
            Part::Outcome(difference, by.unwrap_or_default())
        });
        Ok(parts.collect())
    }
}

/// What a framework holds and can be read in the order of the identities.
trait Windowed: Comparable + Sized + Send {
    /// At most [`WINDOW`] of them, after one.
    fn window(
        reader: &Reader,
        of: &FrameworkRef,
        after: Option<Uuid>,
    ) -> impl Future<Output = Result<Vec<Self>>> + Send;
}

macro_rules! windowed {
    ($($type:ident in $module:ident),*) => {
        $(impl Windowed for $type {
            async fn window(reader: &Reader, of: &FrameworkRef, after: Option<Uuid>) -> Result<Vec<Self>> {
                store::$module::window(reader, of, after, WINDOW as u64).await
            }
        })*
    };
}

windowed!(Outcome in outcomes, Association in associations, Progression in progressions, Rubric in rubrics);
