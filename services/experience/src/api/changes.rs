//! `ChangeService`.

use std::collections::HashMap;

use async_trait::async_trait;
use trellis_auth::Guard;
use trellis_contracts::common::DataClass;
use trellis_contracts::experience::experience_change::Body;
use trellis_contracts::experience::{
    ASSESSMENT_SERVICE_GET_ASSESSMENT, ChangeServiceApi, DESIGN_SERVICE_GET_DESIGN,
    EVIDENCE_SERVICE_GET_EVIDENCE, EVIDENCE_SERVICE_LIST_FEEDBACK, EXPERIENCE_SERVICE_GET_EXPERIENCE,
    ExperienceChange, ListChangesRequest, ListChangesResponse, PROPOSAL_SERVICE_GET_PROPOSAL,
    REFLECTION_SERVICE_GET_REFLECTION, WatchChangesRequest,
};
use trellis_contracts::guard::{Call, Method, Outbound};
use trellis_kernel::{Actor, District, Failure, Name, Result, Timestamp, Uuid};
use trellis_rpc::changes::{Change, ChangeFeed, Resources, Row};
use trellis_store::{Reader, Store};

use super::convert;
use crate::app::types;
use crate::domain::assessment::{Assessment, BEFORE_FINAL, State};
use crate::domain::design::Design;
use crate::domain::evidence::{Evidence, Feedback, Reflection};
use crate::domain::experience::Experience;
use crate::domain::proposal::Proposal;
use crate::domain::reference::within;
use crate::store;

/// The change feed's methods.
pub(crate) struct Changes {
    feed: ChangeFeed<ExperienceResources>,
}

impl Changes {
    /// The methods on this feed.
    pub(crate) const fn new(feed: ChangeFeed<ExperienceResources>) -> Self {
        Self { feed }
    }
}

#[async_trait]
impl ChangeServiceApi for Changes {
    async fn list_changes(&self, call: Call<ListChangesRequest>) -> Result<ListChangesResponse> {
        let ListChangesRequest { parent: _, resume_token, page_size } = &call.message;
        let listed = self.feed.list(call.actor(), call.district()?, resume_token, *page_size).await?;
        Ok(ListChangesResponse {
            changes: listed.changes,
            resume_token: listed.resume_token,
            more: listed.more,
        })
    }

    async fn watch_changes(&self, call: Call<WatchChangesRequest>) -> Result<Outbound<ExperienceChange>> {
        let WatchChangesRequest { parent: _, snapshot, resume_token } = &call.message;
        self.feed.watch(call.actor().clone(), call.district()?.clone(), *snapshot, resume_token)
    }
}

/// What the feed tells of.
pub(crate) struct ExperienceResources {
    store: Store,
    guard: Guard,
}

/// Which resources of a type are read.
#[derive(Clone, Copy)]
enum Which<'a> {
    /// Those of these ids.
    Of(&'a [Uuid]),
    /// The next ones after this id, at most so many.
    After(Option<Uuid>, u64),
}

impl ExperienceResources {
    /// Reads from this store; `guard` says who sees what is not final.
    pub(crate) const fn new(store: Store, guard: Guard) -> Self {
        Self { store, guard }
    }

    async fn rows(
        &self,
        actor: &Actor,
        home: &District,
        resource_type: &str,
        which: Which<'_>,
    ) -> Result<Vec<Row<Body>>> {
        let reader = self.store.read(home);
        match resource_type {
            types::DESIGN => Ok(designs(home, &read(&reader, which).await?)),
            types::EXPERIENCE => Ok(experiences(home, &read(&reader, which).await?)),
            types::PROPOSAL => Ok(proposals(home, &read(&reader, which).await?)),
            types::EVIDENCE => Ok(evidence(home, actor.person(), &read(&reader, which).await?)),
            types::FEEDBACK => feedback(home, &reader, &read(&reader, which).await?).await,
            types::REFLECTION => Ok(reflections(home, &read(&reader, which).await?)),
            types::ASSESSMENT => self.assessments(actor, home, &read(&reader, which).await?).await,
            _ => Err(Failure::internal("the change feed asked for a type that this service does not have")),
        }
    }

    /// An educator's assessment is kept from some until it is final.
    async fn assessments(
        &self,
        actor: &Actor,
        home: &District,
        found: &[Assessment],
    ) -> Result<Vec<Row<Body>>> {
        let mut learners: Vec<Uuid> = found
            .iter()
            .filter(|assessment| assessment.state == State::Open)
            .map(|assessment| assessment.judgement.learner)
            .collect();
        learners.sort_unstable();
        learners.dedup();
        // No learners would ask about the district.
        let close = if learners.is_empty() {
            Vec::new()
        } else {
            let class = DataClass::EducationRecord;
            self.guard.visible(actor, home, class, BEFORE_FINAL, &learners).await?
        };
        let close: HashMap<Uuid, bool> = learners.into_iter().zip(close).collect();
        let rows = found.iter().map(|assessment| {
            let learner = assessment.judgement.learner;
            let shown = assessment.state != State::Open || close.get(&learner) == Some(&true);
            Row {
                name: within(home, "assessments", assessment.id),
                subjects: vec![learner],
                update_time: assessment.update_time,
                body: shown.then(|| Body::Assessment(convert::assessment::assessment(home, assessment))),
            }
        });
        Ok(rows.collect())
    }
}

async fn read<R: store::Row>(reader: &Reader, which: Which<'_>) -> Result<Vec<R>> {
    match which {
        Which::Of(ids) => store::find_many(reader, ids).await,
        Which::After(after, limit) => store::after(reader, after, limit).await,
    }
}

fn row(name: Name, subjects: Vec<Uuid>, update_time: Timestamp, body: Body) -> Row<Body> {
    Row { name, subjects, update_time, body: Some(body) }
}

fn designs(home: &District, found: &[Design]) -> Vec<Row<Body>> {
    let told = found.iter().map(|design| {
        let body = Body::Design(convert::design::current(home, design));
        row(within(home, "designs", design.id), Vec::new(), design.update_time, body)
    });
    told.collect()
}

fn experiences(home: &District, found: &[Experience]) -> Vec<Row<Body>> {
    let told = found.iter().map(|experience| {
        let body = Body::Experience(convert::experience::experience(home, experience));
        row(within(home, "experiences", experience.id), Vec::new(), experience.update_time, body)
    });
    told.collect()
}

fn proposals(home: &District, found: &[Proposal]) -> Vec<Row<Body>> {
    let told = found.iter().map(|proposal| {
        let body = Body::Proposal(convert::proposal::proposal(home, proposal));
        let about = vec![proposal.idea.learner];
        row(within(home, "proposals", proposal.id), about, proposal.update_time, body)
    });
    told.collect()
}

/// A draft is kept from all but its contributors.
fn evidence(home: &District, person: Option<Uuid>, found: &[Evidence]) -> Vec<Row<Body>> {
    let told = found.iter().map(|evidence| Row {
        name: within(home, "evidence", evidence.id),
        subjects: evidence.work.contributors().to_vec(),
        update_time: evidence.update_time,
        body: evidence
            .is_open_to(person)
            .then(|| Body::Evidence(convert::evidence::evidence(home, evidence))),
    });
    told.collect()
}

/// Feedback is about those whose work it is on.
async fn feedback(home: &District, reader: &Reader, found: &[Feedback]) -> Result<Vec<Row<Body>>> {
    let mut on: Vec<Uuid> = found.iter().map(|feedback| feedback.evidence).collect();
    on.sort_unstable();
    on.dedup();
    let work: Vec<Evidence> = store::find_many(reader, &on).await?;
    let contributors: HashMap<Uuid, &[Uuid]> =
        work.iter().map(|evidence| (evidence.id, evidence.work.contributors())).collect();
    let told = found.iter().map(|feedback| {
        let about = contributors
            .get(&feedback.evidence)
            .ok_or_else(|| Failure::internal("feedback is kept without its evidence"))?;
        let name = within(home, "evidence", feedback.evidence).child("feedback", feedback.id);
        let body = Body::Feedback(convert::evidence::feedback(home, feedback));
        Ok(row(name, about.to_vec(), feedback.create_time, body))
    });
    told.collect()
}

fn reflections(home: &District, found: &[Reflection]) -> Vec<Row<Body>> {
    let told = found.iter().map(|reflection| {
        let name = within(home, "learners", reflection.learner).child("reflections", reflection.id);
        let body = Body::Reflection(convert::evidence::reflection(home, reflection));
        row(name, vec![reflection.learner], reflection.create_time, body)
    });
    told.collect()
}

/// The types, each with the method that decides who is told.
static TYPES: [(&str, &Method); 7] = [
    (types::DESIGN, &DESIGN_SERVICE_GET_DESIGN),
    (types::EXPERIENCE, &EXPERIENCE_SERVICE_GET_EXPERIENCE),
    (types::PROPOSAL, &PROPOSAL_SERVICE_GET_PROPOSAL),
    (types::EVIDENCE, &EVIDENCE_SERVICE_GET_EVIDENCE),
    // Feedback is read by the list; there is no method that gets one.
    (types::FEEDBACK, &EVIDENCE_SERVICE_LIST_FEEDBACK),
    (types::REFLECTION, &REFLECTION_SERVICE_GET_REFLECTION),
    (types::ASSESSMENT, &ASSESSMENT_SERVICE_GET_ASSESSMENT),
];

#[async_trait]
impl Resources for ExperienceResources {
    type Body = Body;
    type Message = ExperienceChange;

    fn types(&self) -> &'static [(&'static str, &'static Method)] {
        &TYPES
    }

    async fn current(
        &self,
        actor: &Actor,
        district: &District,
        resource_type: &str,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        let ids: Vec<Uuid> = names.iter().filter_map(Name::id).collect();
        self.rows(actor, district, resource_type, Which::Of(&ids)).await
    }

    async fn batch(
        &self,
        actor: &Actor,
        district: &District,
        resource_type: &str,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        self.rows(actor, district, resource_type, Which::After(after.and_then(Name::id), limit)).await
    }

    fn compose(&self, change: Change<Body>) -> ExperienceChange {
        let Change { kind, resource, resource_type, change_time, resume_token, body } = change;
        ExperienceChange { kind: kind.into(), resource, resource_type, change_time, resume_token, body }
    }
}
