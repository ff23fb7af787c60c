//! Feeds: given, taken back, read.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trellis_auth::{Query, door};
use trellis_contracts::common::DataClass;
use trellis_kernel::{
    Actor, District, Failure, Kind, Party, Reason, Relation, Relations, Result, Scopes, Timestamp, Uuid,
};
use trellis_store::{Access, Change, Reader, Write};

use super::{App, missing};
use crate::domain::feed::{self, Feed, Token};
use crate::domain::names;
use crate::domain::offering::Offering;
use crate::domain::schedule::{Engagement, Placed, engagements};
use crate::store;

/// A new feed with its address, which is not kept with the reply.
#[derive(Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) feed: Feed,
    #[serde(skip)]
    pub(crate) url: String,
}

/// What a calendar is read by, for the trail.
const CALENDARS: &str = "GET /calendars/{file}";

/// In whose place a feed may be read.
const FAMILY: Relations = Relations::NONE.with(Relation::Own).with(Relation::Guardian);

impl App {
    /// Creates a feed of a learner's calendar.
    pub(crate) async fn create_feed(&self, actor: &Actor, change: Change, learner: Uuid) -> Result<Given> {
        let district = change.district.clone();
        // The contract admits the learner and guardians alone, and they are people.
        let creator = actor.person().ok_or_else(Failure::access_denied)?;
        let tx = match self.store.write(change).await? {
            Write::Replay(given) => return Ok(given),
            Write::Begin(tx) => tx,
        };
        if store::feeds::count(&tx, learner).await? >= feed::MOST {
            return Err(Failure::exhausted(
                Reason::LimitExceeded,
                "The learner has as many feeds as they may: delete one first.",
            )
            .with("limit", feed::MOST));
        }
        let mut secret = [0; feed::RANDOM_BYTES];
        getrandom::fill(&mut secret).map_err(|error| Failure::internal(error.to_string()))?;
        let token = Token::new(district, secret);
        let feed = Feed { id: tx.new_id(), learner, creator, created: tx.now() };
        store::feeds::insert(&tx, &feed, digest(&token)).await?;
        let url = format!("{}/calendars/{}.ics", self.public_url, token.text());
        tx.commit(Given { feed, url }).await
    }

    /// Takes a feed back.
    pub(crate) async fn delete_feed(&self, change: Change, learner: Uuid, id: Uuid) -> Result<()> {
        let district = change.district.clone();
        let tx = match self.store.write(change).await? {
            Write::Replay(()) => return Ok(()),
            Write::Begin(tx) => tx,
        };
        if !store::feeds::delete(&tx, learner, id).await? {
            return Err(missing(names::FEED, &names::feed(&district, learner, id)));
        }
        tx.commit(()).await
    }

    /// What the calendar behind a text holds; none when it is no token, there is no such feed, or its maker
    /// may no longer see the learner's record.
    pub(crate) async fn read_feed(&self, text: &str) -> Result<Option<Vec<Engagement>>> {
        let token = Token::parse(text);
        let found = async {
            let Some(token) = &token else { return Ok(None) };
            // A feed that was taken back a moment ago is not shown by a replica that has not heard of it.
            let reader = self.store.read_latest(token.district());
            let feed = store::feeds::of_digest(&reader, &digest(token)).await?;
            Ok(feed.map(|feed| (token.district(), reader, feed)))
        };
        let entered = door::enter_by(found, |(district, _, feed)| self.maker(district, feed)).await?;
        let Some((district, reader, feed)) = entered else { return Ok(None) };
        let relations = self.stands_still(district, &feed).await?;
        if !relations.meets(FAMILY) {
            return Ok(None);
        }
        // Whoever has the address reads in the place of who made it, from wherever they are.
        let access = Access {
            district: district.clone(),
            actor: format!("people/{}", feed.creator),
            token_id: None,
            method: CALENDARS,
            data_class: DataClass::EducationRecord.into(),
            relations,
            learners: vec![feed.learner],
        };
        self.store.audit().record_now(access).await?;
        let placed = placed(&reader, feed.learner).await?;
        Ok(Some(engagements(feed.learner, &placed)))
    }

    /// Its maker, in whose place it is read. Nothing but the limits of the server is decided by this.
    fn maker(&self, district: &District, feed: &Feed) -> Actor {
        Actor {
            subject: format!("people/{}", feed.creator),
            party: Party::Person(feed.creator),
            district: Some(district.clone()),
            scopes: Scopes::default(),
            expire_time: self.store.clock().now(),
            token_id: None,
        }
    }

    /// How its maker stands to the learner now.
    async fn stands_still(&self, district: &District, feed: &Feed) -> Result<Relations> {
        let query = Query {
            district: district.clone(),
            party: Party::Person(feed.creator),
            data_class: DataClass::EducationRecord,
            learners: vec![feed.learner],
        };
        match self.standings.standings(&query).await {
            Ok(standings) => Ok(standings.first().copied().unwrap_or_default()),
            Err(failure) if failure.kind() == Kind::PermissionDenied => Ok(Relations::NONE),
            Err(failure) => Err(failure),
        }
    }
}

/// What is kept of a token. It is random enough that its digest needs no salt.
fn digest(token: &Token) -> String {
    feed::hex(&Sha256::digest(token.secret()))
}

/// Every published timetable in which the learner has a place, with what they have.
async fn placed(reader: &Reader, learner: Uuid) -> Result<Vec<Placed>> {
    let live = store::timetables::live(reader).await?;
    let plans: Vec<Uuid> = live.iter().map(|live| live.plan).collect();
    let outcomes = store::outcomes::placements_in(reader, &plans, learner).await?;
    let ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.decision.demand.offering).collect();
    let mut offerings: HashMap<Uuid, Vec<Offering>> = HashMap::new();
    for offering in store::offerings::some(reader, &ids).await? {
        offerings.entry(offering.timetable).or_default().push(offering);
    }
    let published: HashMap<Uuid, Timestamp> = store::plans::some(reader, &plans)
        .await?
        .into_iter()
        .filter_map(|plan| Some((plan.id, plan.published?)))
        .collect();
    let mut placed = Vec::new();
    for live in live {
        let Some(offerings) = offerings.remove(&live.timetable.id) else { continue };
        let Some(published) = published.get(&live.plan).copied() else { continue };
        let calendar = store::calendars::referred(reader, live.timetable.calendar).await?;
        placed.push(Placed { timetable: live.timetable, calendar, published, offerings });
    }
    Ok(placed)
}
