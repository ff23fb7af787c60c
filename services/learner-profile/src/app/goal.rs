//! Goals: proposed by anyone close to the learner, made active by the learner, endorsed by adults.

use jiff::civil::Date;
use trellis_kernel::{Etag, Failure, Kind, Name, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Scope, Store, Tx, Write};

use crate::domain::entry::{Viewer, Voice};
use crate::domain::entry_words::Words;
use crate::domain::goal::{Decision, Endorsement, Goal, Milestone};
use crate::events::goal as told;
use crate::store::goal as kept;

/// What somebody would propose to a learner, or the learner to themself.
#[derive(Debug)]
pub(crate) struct NewGoal {
    /// What it aims at; it exists.
    pub outcome: Name,
    /// Why it matters to the learner.
    pub why: Words,
    /// The steps on the way.
    pub milestones: Vec<Milestone>,
    /// The day by which they want to be there.
    pub target_date: Option<Date>,
}

/// Proposes a goal. The reply to a repeated request is the goal as it is then.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    learner: Uuid,
    proposer: &Viewer,
    new: NewGoal,
) -> Result<Goal> {
    let district = change.district.clone();
    let proposed_by = proposer.person.ok_or_else(Failure::access_denied)?;
    let proposer_voice = Voice::of(proposer.relations).ok_or_else(Failure::access_denied)?;
    let id = match store.write::<Uuid>(change).await? {
        Write::Replay(id) => id,
        Write::Begin(mut tx) => {
            let now = tx.now();
            let goal = Goal {
                id: tx.new_id(),
                learner,
                outcome: new.outcome,
                why: new.why,
                milestones: new.milestones,
                target_date: new.target_date,
                proposed_by,
                proposer_voice,
                decision: None,
                endorsements: Vec::new(),
                create_time: now,
                update_time: now,
                version: 1,
            };
            kept::insert(&tx, &goal).await?;
            tx.tell(told::created(&district, &goal));
            tx.commit(goal.id).await?;
            return Ok(goal);
        }
    };
    existing(&store.read(&district), learner, id).await
}

/// Reads a goal.
pub(crate) async fn get(store: &Store, name: &Name) -> Result<Goal> {
    let (learner, id) = parts(name)?;
    existing(&store.read(&name.district), learner, id).await
}

/// Lists the goals of a learner.
pub(crate) async fn list(store: &Store, parent: &Name, request: &PageRequest) -> Result<Page<Goal>> {
    let learner = parent.learner().ok_or_else(Failure::access_denied)?;
    kept::list(&store.read(&parent.district), learner, request, &format!("ListGoals {learner}")).await
}

/// The learner says that a goal is theirs.
pub(crate) async fn activate(
    store: &Store,
    change: Change,
    name: &Name,
    person: Option<Uuid>,
    etag: &str,
) -> Result<Goal> {
    let (learner, id) = parts(name)?;
    let person = person.ok_or_else(Failure::access_denied)?;
    if let Write::Begin(mut tx) = store.write::<()>(change).await? {
        let goal = existing(&tx, learner, id).await?;
        Etag::new(goal.version).check(etag)?;
        goal.require_undecided()?;
        if !kept::decide(&tx, &goal, Decision { person, decide_time: tx.now() }).await? {
            return Err(Failure::aborted(
                Reason::EtagMismatch,
                "The goal has changed meanwhile: read it again, then repeat the request.",
            ));
        }
        tx.tell(told::activated(&name.district, &goal));
        tx.commit(()).await?;
    }
    existing(&store.read(&name.district), learner, id).await
}

/// An adult stands behind a goal, once.
pub(crate) async fn endorse(
    store: &Store,
    change: Change,
    name: &Name,
    adult: &Viewer,
    words: Words,
) -> Result<Goal> {
    let (learner, id) = parts(name)?;
    let person = adult.person.ok_or_else(Failure::access_denied)?;
    let voice = Endorsement::voice(adult.relations)?;
    if let Write::Begin(mut tx) = store.write::<()>(change).await? {
        let goal = existing(&tx, learner, id).await?;
        add(&tx, &goal, Endorsement { person, voice, words, endorse_time: tx.now() }).await?;
        tx.tell(told::endorsed(&name.district, &goal));
        tx.commit(()).await?;
    }
    existing(&store.read(&name.district), learner, id).await
}

async fn add(tx: &Tx, goal: &Goal, endorsement: Endorsement) -> Result<()> {
    kept::endorse(tx, goal.id, &endorsement).await.map_err(|failed| {
        if failed.kind() == Kind::AlreadyExists {
            return Failure::exists(
                Reason::ResourceExists,
                "You have endorsed this goal already: once for each person.",
            );
        }
        failed
    })
}

async fn existing<S: Scope>(scope: &S, learner: Uuid, id: Uuid) -> Result<Goal> {
    kept::get(scope, learner, id)
        .await?
        .ok_or_else(|| Failure::not_found(told::TYPE, told::name(scope.district(), learner, id).to_string()))
}

fn parts(name: &Name) -> Result<(Uuid, Uuid)> {
    name.learner().zip(name.id()).ok_or_else(Failure::access_denied)
}
