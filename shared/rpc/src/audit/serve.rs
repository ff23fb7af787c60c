//! `trellis.common.v1.AuditService`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trellis_contracts::common::{AccessRecord, AuditServiceApi, QueryAccessRequest, QueryAccessResponse};
use trellis_contracts::guard::Call;
use trellis_contracts::values;
use trellis_kernel::{
    Clock, District, Failure, Name, Page, PageRequest, PageSize, Party, Reason, Result, Timestamp, Uuid,
};
use trellis_store::{AccessQuery, AccessRow, Store};

use super::cursor::Cursor;

/// How often a page is put together again, when another process wrote into it meanwhile.
const ATTEMPTS: usize = 3;

/// The trails of all the stores that a process serves, as one.
pub struct AccessTrail {
    stores: Vec<Store>,
    clock: Arc<dyn Clock>,
}

/// A row with the store whose it is.
type Found = (&'static str, AccessRow);

impl AccessTrail {
    /// The trails of these stores.
    pub const fn new(stores: Vec<Store>, clock: Arc<dyn Clock>) -> Self {
        Self { stores, clock }
    }

    fn asked(&self, service: &str) -> Vec<&Store> {
        self.stores.iter().filter(|store| service.is_empty() || store.service() == service).collect()
    }

    /// The next page of all the stores' lists together.
    async fn page(
        stores: &[&Store],
        district: &District,
        query: &AccessQuery,
        size: PageSize,
        cursor: Cursor,
    ) -> Result<(Vec<Found>, Option<Cursor>)> {
        for _ in 0..ATTEMPTS {
            if let Some(done) = merge(stores, district, query, size, &cursor).await? {
                return Ok(done);
            }
        }
        Err(Failure::aborted(
            Reason::StateConflict,
            "Accesses of the same moment came in while the page was put together: repeat the request.",
        ))
    }
}

/// Takes the latest rows of the stores' next pages. Each store then goes on after the last row that was
/// taken of it. None when a store's rows changed in between.
async fn merge(
    stores: &[&Store],
    district: &District,
    query: &AccessQuery,
    size: PageSize,
    cursor: &Cursor,
) -> Result<Option<(Vec<Found>, Option<Cursor>)>> {
    let mut lists = Vec::new();
    for store in stores {
        if let Some(token) = cursor.places.get(store.service()) {
            let request = PageRequest { size, token: token.clone() };
            let Page { items, next } = store.audit().accesses(district, query, &request).await?;
            lists.push(List { store, rows: items.into(), taken: Vec::new(), token: token.clone(), next });
        }
    }
    let mut found = Vec::new();
    while found.len() < usize::from(size.get()) {
        // A list that was cut short by its weight, and not by its end, must not be passed over.
        if lists.iter().any(|list| list.rows.is_empty() && !list.next.is_empty()) {
            break;
        }
        let latest = lists.iter_mut().max_by_key(|list| list.rows.front().map(|row| (row.time, row.uid)));
        let Some((list, row)) = latest.and_then(|list| list.rows.pop_front().map(|row| (list, row))) else {
            break;
        };
        list.taken.push(row.uid);
        found.push((list.store.service(), row));
    }
    let mut places = BTreeMap::new();
    for list in lists {
        let service = list.store.service();
        match list.goes_on(district, query).await? {
            Some(Place::At(token)) => {
                places.insert(service, token);
            }
            Some(Place::Done) => {}
            None => return Ok(None),
        }
    }
    let more = (!places.is_empty()).then_some(Cursor { end: cursor.end, places });
    Ok(Some((found, more)))
}

struct List<'a> {
    store: &'a Store,
    rows: VecDeque<AccessRow>,
    taken: Vec<Uuid>,
    token: String,
    next: String,
}

enum Place {
    At(String),
    Done,
}

impl List<'_> {
    /// Where the list goes on after the rows that were taken; none when it is no longer the same.
    async fn goes_on(self, district: &District, query: &AccessQuery) -> Result<Option<Place>> {
        if self.rows.is_empty() {
            let place = if self.next.is_empty() { Place::Done } else { Place::At(self.next) };
            return Ok(Some(place));
        }
        let Some(size) = i32::try_from(self.taken.len()).ok().filter(|taken| *taken > 0) else {
            return Ok(Some(Place::At(self.token)));
        };
        let request = PageRequest::parse(size, self.token)?;
        let again = self.store.audit().accesses(district, query, &request).await?;
        let same = again.items.iter().map(|row| row.uid).eq(self.taken);
        Ok((same && !again.next.is_empty()).then_some(Place::At(again.next)))
    }
}

#[async_trait]
impl AuditServiceApi for AccessTrail {
    async fn query_access(&self, call: Call<QueryAccessRequest>) -> Result<QueryAccessResponse> {
        let message = &call.message;
        let parent = Name::parse(&message.parent)?;
        let learner = parent.learner();
        if learner.is_some() && call.actor().principal().party == Party::Operator {
            // The district's IT is told of the district, and not of one learner.
            return Err(Failure::access_denied());
        }
        if parent != one(&parent) {
            return Err(Failure::field("parent", "must be a district, or a learner"));
        }
        let size = PageSize::parse(message.page_size)?;
        let stores = self.asked(&message.service);
        let names: Vec<&'static str> = stores.iter().map(|store| store.service()).collect();
        let query = |end| -> Result<AccessQuery> {
            let text = |text: &String| (!text.is_empty()).then(|| text.clone());
            Ok(AccessQuery {
                learner,
                token_id: text(&message.token_id),
                actor: text(&message.actor),
                begin: instant("begin_time", message.begin_time.as_ref())?,
                end: Some(end),
            })
        };
        let cursor = if message.page_token.is_empty() {
            // What is admitted from now on is for the next time that somebody asks.
            let now = self.clock.now().saturating_add(Duration::from_micros(1));
            let now = now.map_err(Failure::internal)?;
            let end = instant("end_time", message.end_time.as_ref())?.map_or(now, |end| end.min(now));
            Cursor::start(end, names.iter().copied())
        } else {
            Cursor::read(&message.page_token, &names)?
        };
        let query = query(cursor.end)?;
        let (found, more) = Self::page(&stores, &parent.district, &query, size, cursor).await?;
        Ok(QueryAccessResponse {
            accesses: found.into_iter().map(|found| shown(&parent.district, found)).collect(),
            next_page_token: more.map(|cursor| cursor.write()).unwrap_or_default(),
            services: names.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// The name of the learner, or of the district, that a name begins with.
fn one(name: &Name) -> Name {
    let district = Name::district(name.district.clone());
    match name.learner() {
        Some(learner) => district.child("learners", learner),
        None => district,
    }
}

fn instant(field: &str, at: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>> {
    at.map(|at| {
        values::instant(at).ok_or_else(|| Failure::field(field, "must be a timestamp that can be kept"))
    })
    .transpose()
}

fn shown(district: &District, (service, row): Found) -> AccessRecord {
    let AccessRow { uid, time, actor, token_id, method, data_class, relations, write, learners } = row;
    let learner = |id| Name::district(district.clone()).child("learners", id).to_string();
    AccessRecord {
        uid: uid.to_string(),
        access_time: Some(values::timestamp(time)),
        service: service.to_owned(),
        method: method.trim_start_matches('/').to_owned(),
        actor,
        token_id: token_id.unwrap_or_default(),
        relations: values::relations(relations),
        data_class,
        write,
        learners: learners.into_iter().map(learner).collect(),
    }
}
