//! The decision before every call.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use prost_reflect::ReflectMessage;
use tonic::metadata::MetadataMap;
use trellis_contracts::common::DataClass;
use trellis_contracts::guard::{Admission, Gate, Method, Names};
use trellis_kernel::{Actor, District, Failure, Name, Party, Reason, Relation, Relations, Result, Uuid};

use crate::Authority;
use crate::door;
use crate::rules;
use crate::standing::{Query, Standings, Subjects};
use crate::trail::{Access, Trail};

/// The gate before the methods of one service.
///
/// Who may call is written in the contract. In order: the token proves an actor; it carries the method's
/// scope; the actor stands in one of the method's relations to the resource; the message keeps the
/// contract's rules. A resource that is about several learners (the evidence of a team) is open to a
/// person who may reach one of them, and to an application only if its agreement covers them all.
#[derive(Clone)]
pub struct Guard {
    authority: Arc<Authority>,
    standings: Arc<dyn Standings>,
    subjects: Arc<dyn Subjects>,
    trail: Arc<dyn Trail>,
}

impl Guard {
    /// The guard of a service whose resources `subjects` knows, and whose reads `trail` keeps.
    pub fn new(
        authority: Arc<Authority>,
        standings: Arc<dyn Standings>,
        subjects: Arc<dyn Subjects>,
        trail: Arc<dyn Trail>,
    ) -> Self {
        Self { authority, standings, subjects, trail }
    }

    /// Refuses a token that its district has taken back. For what goes on after the call was admitted: a
    /// stream.
    pub async fn require_standing_token(&self, actor: &Actor) -> Result<()> {
        let principal = actor.principal();
        let (Some(district), Some(token_id)) = (&principal.district, &principal.token_id) else {
            return Ok(());
        };
        let revoked = match self.standings.remembered_revoked(district, token_id) {
            Some(revoked) => revoked,
            None => self.standings.revoked(district, token_id).await?,
        };
        if revoked { Err(Failure::unauthenticated("The token was taken back.")) } else { Ok(()) }
    }

    /// For each row of a list or a feed, by the learners whom it is about, whether the method that gets one
    /// would answer the actor; and puts everybody whom the rows that are shown are about on the trail, as
    /// shown by the method of this path. The guard has not seen the rows one by one.
    pub async fn show(
        &self,
        actor: &Actor,
        method: &'static str,
        district: &District,
        class: DataClass,
        relations: Relations,
        rows: &[&[Uuid]],
    ) -> Result<Vec<bool>> {
        let mut of_district = false;
        if rows.iter().any(|about| about.is_empty()) {
            of_district = self.standing(actor, district, class).await?.meets(relations);
        }
        let all: BTreeSet<Uuid> = rows.iter().copied().flatten().copied().collect();
        let all: Vec<Uuid> = all.into_iter().collect();
        let standings = self.towards(actor, district, class, &all).await?;
        let stands: HashMap<Uuid, Relations> = all.into_iter().zip(standings).collect();
        let towards = |learner: &Uuid| stands.get(learner).copied().unwrap_or_default();
        let party = &actor.principal().party;
        let (mut visible, mut shown) = (Vec::with_capacity(rows.len()), BTreeSet::new());
        for about in rows {
            let seen = if about.is_empty() {
                of_district
            } else {
                reaches(party, relations, about.iter().map(towards))
            };
            visible.push(seen);
            shown.extend(about.iter().filter(|_| seen).copied());
        }
        if !shown.is_empty() {
            let stands = shown.iter().map(towards).flat_map(Relations::iter).collect();
            let shown = shown.into_iter().collect();
            if let Some(access) = Access::of(actor, method, district, class, stands, shown) {
                access.keep(&*self.trail).await?;
            }
        }
        Ok(visible)
    }

    /// Puts those on the trail whom an answer is about besides those on whom its call was decided: the rest
    /// of a team. They are shown by how the caller stands to the ones.
    pub async fn show_besides(
        &self,
        method: &'static Method,
        admission: &Admission,
        about: impl IntoIterator<Item = Uuid>,
    ) -> Result<()> {
        let decided = |learner: &Uuid| admission.subjects.iter().any(|(subject, _)| subject == learner);
        let besides: BTreeSet<Uuid> = about.into_iter().filter(|learner| !decided(learner)).collect();
        if besides.is_empty() {
            return Ok(());
        }
        self.keep(method, admission, besides.into_iter().collect()).await
    }

    /// For each learner, whether the actor stands to them in one of the relations: for what is decided on
    /// more than the guard has seen. Without learners, one answer for the district.
    pub async fn visible(
        &self,
        actor: &Actor,
        district: &District,
        class: DataClass,
        relations: Relations,
        learners: &[Uuid],
    ) -> Result<Vec<bool>> {
        if learners.is_empty() {
            return Ok(vec![self.standing(actor, district, class).await?.meets(relations)]);
        }
        let standings = self.towards(actor, district, class, learners).await?;
        Ok(standings.into_iter().map(|standing| standing.meets(relations)).collect())
    }

    /// How the actor stands to each of the learners.
    async fn towards(
        &self,
        actor: &Actor,
        district: &District,
        class: DataClass,
        learners: &[Uuid],
    ) -> Result<Vec<Relations>> {
        let principal = actor.principal();
        if let Party::Service { .. } = principal.party {
            return Ok(vec![Relations::NONE.with(Relation::Service); learners.len()]);
        }
        if learners.is_empty()
            || principal.district.as_ref() != Some(district)
            || principal.party == Party::Operator
        {
            return Ok(vec![Relations::NONE; learners.len()]);
        }
        self.ask(principal, district, class, learners).await
    }

    /// How the actor stands to the district as a whole.
    pub async fn standing(&self, actor: &Actor, district: &District, class: DataClass) -> Result<Relations> {
        let principal = actor.principal();
        match principal.party {
            Party::Service { .. } => Ok(Relations::NONE.with(Relation::Service)),
            _ if principal.district.as_ref() != Some(district) => Ok(Relations::NONE),
            Party::Operator => Ok(Relations::NONE.with(Relation::Operator)),
            Party::Person(_) | Party::Application(_) => {
                Ok(self.ask(principal, district, class, &[]).await?.pop().unwrap_or_default())
            }
        }
    }

    async fn ask(
        &self,
        principal: &Actor,
        district: &District,
        data_class: DataClass,
        learners: &[Uuid],
    ) -> Result<Vec<Relations>> {
        let asked = learners.len().max(1);
        if let [] | [_] = learners {
            let learner = learners.first().copied();
            let known = self.standings.remembered(district, &principal.party, data_class, learner);
            if let Some(known) = known {
                return Ok(vec![known]);
            }
        }
        let query = Query {
            district: district.clone(),
            party: principal.party.clone(),
            data_class,
            learners: learners.to_vec(),
        };
        let standings = self.standings.standings(&query).await?;
        if standings.len() == asked {
            Ok(standings)
        } else {
            Err(Failure::internal(
                "a decision on access answered for another number of learners than were asked about",
            ))
        }
    }

    /// Who calls, once it is their turn, by a token that was not taken back.
    async fn recognise(&self, metadata: &MetadataMap) -> Result<Arc<Actor>> {
        let actor = self.authority.authenticate(metadata).await.map_err(door::unproven)?;
        door::enter(&actor).await?;
        self.require_standing_token(&actor).await.map_err(door::unproven)?;
        Ok(actor)
    }

    /// Puts a read of personal data on the trail, before anything is read: of learners, or of the district's
    /// people as a whole.
    async fn write_down(&self, method: &'static Method, admission: &Admission) -> Result<()> {
        let Admission { actor: _, district: Some(district), subjects, standing: _ } = admission else {
            return Ok(());
        };
        let class = class_of(method)?;
        let open = method.commons && district.is_commons();
        if method.writes || open || (subjects.is_empty() && class == DataClass::Operational) {
            return Ok(());
        }
        self.keep(method, admission, subjects.iter().map(|(learner, _)| *learner).collect()).await
    }

    /// Puts a read on the trail that is about these learners, and is made by how the caller stands to those
    /// on whom it was decided.
    async fn keep(&self, method: &'static Method, admission: &Admission, learners: Vec<Uuid>) -> Result<()> {
        let Admission { actor, district: Some(district), subjects, standing } = admission else {
            return Ok(());
        };
        let stands = subjects.iter().map(|(_, stands)| *stands).chain([*standing]);
        let stands = stands.flat_map(Relations::iter).collect();
        match Access::of(actor, method.path, district, class_of(method)?, stands, learners) {
            Some(access) => access.keep(&*self.trail).await,
            None => Ok(()),
        }
    }

    /// Decides on one district's resources; `names` all lie in it.
    async fn decide(
        &self,
        method: &'static Method,
        actor: &Arc<Actor>,
        district: District,
        names: &[Name],
    ) -> Result<Admission> {
        let principal = actor.principal();
        let admission = |subjects, standing| Admission {
            actor: Arc::clone(actor),
            district: Some(district.clone()),
            subjects,
            standing,
        };
        if method.commons && district.is_commons() {
            return Ok(admission(Vec::new(), Relations::NONE));
        }
        match principal.party {
            Party::Service { .. } if method.relations.contains(Relation::Service) => {
                return Ok(admission(Vec::new(), Relations::NONE.with(Relation::Service)));
            }
            Party::Service { .. } => return Err(Failure::access_denied()),
            _ if principal.district.as_ref() != Some(&district) => return Err(Failure::access_denied()),
            Party::Operator if method.relations.contains(Relation::Operator) => {
                return Ok(admission(Vec::new(), Relations::NONE.with(Relation::Operator)));
            }
            Party::Operator => return Err(Failure::access_denied()),
            Party::Person(_) | Party::Application(_) => {}
        }
        let class = class_of(method)?;
        let (mut subjects, mut about_nobody) = (Vec::new(), names.is_empty());
        for name in names {
            let learners = match name.learner() {
                Some(learner) => vec![learner],
                None => self.subjects.learners(name).await?,
            };
            if learners.is_empty() {
                about_nobody = true;
                continue;
            }
            let standings = self.ask(principal, &district, class, &learners).await?;
            if !reaches(&principal.party, method.relations, standings.iter().copied()) {
                return Err(Failure::access_denied());
            }
            subjects.extend(learners.into_iter().zip(standings));
        }
        if !about_nobody {
            return Ok(admission(subjects, Relations::NONE));
        }
        // One's own record among the names opens nothing of the district's.
        let standing = self.standing(principal, &district, class).await?;
        if standing.meets(method.relations) {
            Ok(admission(subjects, standing))
        } else {
            Err(Failure::access_denied())
        }
    }
}

impl Gate for Guard {
    async fn greet(&self, method: &'static Method, metadata: &MetadataMap) -> Result<()> {
        let actor = self.recognise(metadata).await?;
        if method.any_caller { Ok(()) } else { require_scope(method, &actor) }
    }

    async fn admit<M: ReflectMessage>(
        &self,
        method: &'static Method,
        metadata: &MetadataMap,
        names: Names,
        message: &M,
    ) -> Result<Admission> {
        let actor = self.recognise(metadata).await?;
        let admission = if method.any_caller {
            Admission { actor, district: None, subjects: Vec::new(), standing: Relations::NONE }
        } else {
            require_scope(method, &actor)?;
            if method.resource.is_empty() {
                admit_service(method, actor)?
            } else {
                let decided = parse(method.resource, &names.decided)?;
                let district = district_of(method, &decided, &names.placed)?;
                self.decide(method, &actor, district, &decided).await?
            }
        };
        rules::check(message)?;
        self.write_down(method, &admission).await?;
        Ok(admission)
    }

    fn check<M: ReflectMessage>(&self, message: &M) -> Result<()> {
        rules::check(message)
    }

    async fn stands(&self, actor: &Actor) -> Result<()> {
        self.authority.require_unexpired(actor)?;
        self.require_standing_token(actor).await
    }
}

/// Whether who stands so to the learners whom a resource is about may reach it.
fn reaches(party: &Party, relations: Relations, mut stands: impl Iterator<Item = Relations>) -> bool {
    match party {
        Party::Application(_) => stands.all(|stands| stands.meets(relations)),
        _ => stands.any(|stands| stands.meets(relations)),
    }
}

/// The scope of the token itself; and, where a service would change something on behalf of another, of
/// that one's token too, so that a detour through a service allows no more than the direct way.
fn require_scope(method: &Method, actor: &Actor) -> Result<()> {
    if method.scope.is_empty() {
        return Err(Failure::access_denied());
    }
    actor.scopes.require(method.scope)?;
    if method.writes { actor.principal().scopes.require(method.scope) } else { Ok(()) }
}

/// For the methods that are not about a resource of a district: the suite's own, and nobody else's.
fn admit_service(method: &Method, actor: Arc<Actor>) -> Result<Admission> {
    if !matches!(actor.party, Party::Service { .. }) || !method.relations.contains(Relation::Service) {
        return Err(Failure::access_denied());
    }
    let standing = Relations::NONE.with(Relation::Service);
    Ok(Admission { actor, district: None, subjects: Vec::new(), standing })
}

fn parse(field: &str, names: &[String]) -> Result<Vec<Name>> {
    if names.is_empty() {
        return Err(Failure::field(field, "value is required"));
    }
    names
        .iter()
        .map(|text| {
            Name::parse(text).map_err(|failure| {
                failure.violation(field, "must be a resource name that begins with districts/{district}")
            })
        })
        .collect()
}

/// The one district that the call is decided in and acts in.
fn district_of(method: &Method, decided: &[Name], placed: &[String]) -> Result<District> {
    let first = decided.first().map(|name| &name.district).ok_or_else(Failure::access_denied)?;
    let placed = if placed.is_empty() { Vec::new() } else { parse("parent", placed)? };
    if decided.iter().chain(&placed).all(|name| name.district == *first) {
        return Ok(first.clone());
    }
    Err(Failure::invalid(Reason::InvalidName, "The resources of one call must lie in one district.")
        .violation(method.resource, "must lie in the district of the other names of the request"))
}

fn class_of(method: &Method) -> Result<DataClass> {
    DataClass::try_from(method.data_class)
        .ok()
        .filter(|class| *class != DataClass::Unspecified)
        .ok_or_else(Failure::access_denied)
}
