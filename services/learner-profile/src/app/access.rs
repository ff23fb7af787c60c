//! How parties stand: gathers the facts and applies the rules of `domain::access`.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use trellis_auth::{Query, Standings};
use trellis_contracts::common::DataClass;
use trellis_kernel::{District, Failure, Name, Party, Relation, Relations, Result, Uuid};
use trellis_store::{Reader, Scope as _, Store, Told};

use crate::domain::access::{Class, Learner, reach};
use crate::store::standing::{self, Reach};
use crate::store::{agreements, roster_lists, tokens};

/// The decision on access, from the roster and the agreements as they are at the moment of asking.
pub(crate) struct Decisions {
    store: Store,
}

impl Decisions {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

/// The day on which access is decided: the date in UTC. A relation that ends with a day ends for a
/// district west of Greenwich some hours before that day is over there.
pub(crate) async fn today(store: &Store, district: &District) -> Result<Date> {
    Ok(TimeZone::UTC.to_datetime(store.moment(district).await?).date())
}

#[async_trait]
impl Standings for Decisions {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        let reader = self.store.read_latest(&query.district);
        match query.party {
            Party::Person(id) => person(&self.store, &reader, id, &query.learners).await,
            Party::Application(id) => {
                application(&self.store, &reader, id, class(query.data_class)?, &query.learners).await
            }
            // The roster knows no others, and who is not in it stands nowhere.
            Party::Operator | Party::Service { .. } => Ok(vec![Relations::NONE; query.learners.len().max(1)]),
        }
    }

    async fn revoked(&self, district: &District, token_id: &str) -> Result<bool> {
        tokens::is_revoked(&self.store.read_latest(district), token_id).await
    }
}

/// Whether a commit that told this may have changed how somebody stands: all but what learners and those
/// around them say of themselves.
pub(crate) fn alters_standings(told: &[Told]) -> bool {
    const NEVER: [&str; 5] = ["entry.", "goal.", "growth_rule.", "rating.", "level."];
    told.is_empty() || told.iter().any(|told| !NEVER.iter().any(|start| told.kind.starts_with(start)))
}

/// The agreements under which an application acts now.
pub(crate) async fn agreements_in_force(
    store: &Store,
    district: &District,
    application: Uuid,
) -> Result<Vec<Uuid>> {
    let now = store.moment(district).await?;
    let terms = agreements::terms(&store.read_latest(district), application).await?;
    Ok(terms.iter().filter(|terms| terms.in_force(now)).map(|terms| terms.id).collect())
}

async fn person(store: &Store, reader: &Reader, id: Uuid, learners: &[Uuid]) -> Result<Vec<Relations>> {
    let today = today(store, reader.district()).await?;
    let Some(caller) = standing::caller(reader, id, today).await? else {
        return Ok(vec![Relations::NONE; learners.len().max(1)]);
    };
    if learners.is_empty() {
        return Ok(vec![caller.towards_district()]);
    }
    let known = standing::existing(reader, learners).await?;
    let in_care = standing::in_care_of(reader, id, learners).await?;
    let taught = standing::taught_by(reader, id, learners, today).await?;
    // Only a guardian's standing depends on the age of the learner, and only a leader's on their schools.
    let wards: Vec<Uuid> = in_care.iter().copied().collect();
    let births =
        if wards.is_empty() { HashMap::new() } else { standing::birth_dates(reader, &wards).await? };
    let lineages = if caller.led().is_empty() {
        HashMap::new()
    } else {
        standing::lineages(reader, learners, today).await?
    };
    let stand = |learner: &Uuid| {
        if !known.contains(learner) {
            return Relations::NONE;
        }
        let facts = Learner {
            id: *learner,
            birth_date: births.get(learner).copied(),
            lineage: lineages.get(learner).cloned().unwrap_or_default(),
            in_their_care: in_care.contains(learner),
            taught_by_them: taught.contains(learner),
        };
        caller.towards(&facts, today)
    };
    Ok(learners.iter().map(stand).collect())
}

async fn application(
    store: &Store,
    reader: &Reader,
    id: Uuid,
    class: Class,
    learners: &[Uuid],
) -> Result<Vec<Relations>> {
    let stands = Relations::NONE.with(Relation::Application);
    let terms = agreements::terms(reader, id).await?;
    let Some(organizations) = reach(&terms, class, store.moment(reader.district()).await?) else {
        return Ok(vec![Relations::NONE; learners.len().max(1)]);
    };
    if learners.is_empty() {
        return Ok(vec![stands]);
    }
    let lineages = standing::lineages(reader, learners, today(store, reader.district()).await?).await?;
    let within = |learner: &Uuid| {
        lineages.get(learner).is_some_and(|lineage| lineage.iter().any(|place| organizations.contains(place)))
    };
    Ok(learners.iter().map(|learner| if within(learner) { stands } else { Relations::NONE }).collect())
}

/// Whom of the district a caller may be shown in a list of its directory: those whom they could read one by one.
pub(crate) async fn directory_reach(store: &Store, reader: &Reader, party: &Party) -> Result<Reach> {
    let (organizations, person) = match party {
        Party::Service { .. } => return Ok(Reach::Everyone),
        Party::Operator => (Vec::new(), None),
        Party::Application(id) => {
            let terms = agreements::terms(reader, *id).await?;
            let now = store.moment(reader.district()).await?;
            (reach(&terms, Class::Directory, now).unwrap_or_default(), None)
        }
        Party::Person(id) => {
            match standing::caller(reader, *id, today(store, reader.district()).await?).await? {
                Some(caller) if caller.administers_district() => return Ok(Reach::Everyone),
                Some(caller) if caller.active && caller.enabled => (caller.led(), Some(*id)),
                _ => (Vec::new(), None),
            }
        }
    };
    Ok(Reach::Some { organizations, person })
}

/// The contract's class of data, as the rules know it.
pub(crate) fn class(class: DataClass) -> Result<Class> {
    match class {
        DataClass::Operational => Ok(Class::Operational),
        DataClass::Directory => Ok(Class::Directory),
        DataClass::EducationRecord => Ok(Class::EducationRecord),
        DataClass::Sensitive => Ok(Class::Sensitive),
        DataClass::Unspecified => Err(Failure::access_denied()),
    }
}

/// Whom the resources of this service are about, where their names do not say.
pub(crate) struct ProfileSubjects {
    store: Store,
}

impl ProfileSubjects {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl trellis_auth::Subjects for ProfileSubjects {
    async fn learners(&self, name: &Name) -> Result<Vec<Uuid>> {
        let Some(last) = name.segments.last() else { return Ok(Vec::new()) };
        if last.collection != "enrollments" {
            return Ok(Vec::new());
        }
        let person = roster_lists::enrolled(&self.store.read_latest(&name.district), last.id).await?;
        person.map(|person| vec![person]).ok_or_else(Failure::access_denied)
    }
}

/// The decision on access over this store.
pub(crate) fn decisions(store: Store) -> Arc<dyn Standings> {
    Arc::new(Decisions::new(store))
}
