//! Reading the trail, the latest first.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result, Timestamp, Uuid};

use super::{AccessRow, Audit, from_bits};
use crate::{PAGE_BYTES, failure, instant};

/// Which accesses; what is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccessQuery {
    /// Those to one learner; each is then said to be about that one alone.
    pub learner: Option<Uuid>,
    /// Those of the token with this `jti`.
    pub token_id: Option<String>,
    /// Those of one party, as `Actor::label()` writes it.
    pub actor: Option<String>,
    /// Those at or after this moment.
    pub begin: Option<Timestamp>,
    /// Those before this moment.
    pub end: Option<Timestamp>,
}

/// The place after which a page begins.
#[derive(Serialize, Deserialize)]
struct Place(i64, Uuid);

impl Audit {
    /// A page of accesses, the latest first. Those that this process has admitted are all there.
    ///
    /// A token opens only for the same district and query; any other is refused with
    /// `INVALID_PAGE_TOKEN`.
    pub async fn accesses(
        &self,
        district: &District,
        query: &AccessQuery,
        page: &PageRequest,
    ) -> Result<Page<AccessRow>> {
        self.flush().await?;
        let asked = serde_json::to_string(query).map_err(Failure::internal)?;
        let bound = ["audit", self.store.service(), district.as_str(), &asked];
        let after = match page.token.as_str() {
            "" => None,
            token => Some(self.place(&bound, token)?),
        };
        let size = usize::from(page.size.get());
        let (sql, values) = select(district, query, after.as_ref(), size);
        let conn = self.store.reading(district);
        let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
        let rows = conn.query_all_raw(statement).await.map_err(failure)?;
        let mut items = Vec::with_capacity(rows.len());
        let mut weight = 0;
        let mut more = false;
        for row in &rows {
            let (access, bytes) = read(row, query.learner)?;
            weight += bytes;
            if items.len() == size || (weight > PAGE_BYTES && !items.is_empty()) {
                more = true;
                break;
            }
            items.push(access);
        }
        let next = match items.last() {
            Some(AccessRow { time, uid, .. }) if more => {
                let place = serde_json::to_vec(&Place(time.as_microsecond(), *uid));
                self.store.sealer().seal(&bound, &place.map_err(Failure::internal)?)
            }
            _ => String::new(),
        };
        Ok(Page { items, next })
    }

    fn place(&self, bound: &[&str], token: &str) -> Result<Place> {
        let content = self.store.sealer().open(bound, token);
        content.and_then(|content| serde_json::from_slice(&content).ok()).ok_or_else(|| {
            Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this list gave.")
                .violation("page_token", "must be the next_page_token of the same list with the same filter")
        })
    }
}

fn select(
    district: &District,
    query: &AccessQuery,
    after: Option<&Place>,
    size: usize,
) -> (String, Vec<Value>) {
    // The table that is read in order, and whose keys say where a page begins.
    let (keys, from) = match query.learner {
        Some(_) => (
            "l",
            "access_learners l JOIN accesses a ON a.district = l.district \
             AND a.access_time = l.access_time AND a.uid = l.uid",
        ),
        None => ("a", "accesses a"),
    };
    let mut values: Vec<Value> = vec![district.as_str().into()];
    let mut conditions = vec![format!("{keys}.district = $1")];
    let mut and = |condition: String, value: Value| {
        values.push(value);
        conditions.push(format!("{condition} ${}", values.len()));
    };
    if let Some(learner) = query.learner {
        and("l.learner =".to_owned(), learner.into());
    }
    if let Some(token_id) = &query.token_id {
        and("a.token_id =".to_owned(), token_id.as_str().into());
    }
    if let Some(actor) = &query.actor {
        and("a.actor =".to_owned(), actor.as_str().into());
    }
    if let Some(begin) = query.begin {
        and(format!("{keys}.access_time >="), begin.as_microsecond().into());
    }
    if let Some(end) = query.end {
        and(format!("{keys}.access_time <"), end.as_microsecond().into());
    }
    if let Some(Place(time, uid)) = after {
        values.extend([(*time).into(), (*uid).into()]);
        let (time, uid) = (values.len() - 1, values.len());
        conditions.push(format!("({keys}.access_time, {keys}.uid) < (${time}, ${uid})"));
    }
    values.push(i64::try_from(size + 1).unwrap_or(i64::MAX).into());
    let (conditions, limit) = (conditions.join(" AND "), values.len());
    let sql = format!(
        "SELECT a.uid, a.access_time, a.actor, a.token_id, a.method, a.data_class, a.relations, \
         a.is_write, a.learners FROM {from} WHERE {conditions} \
         ORDER BY {keys}.access_time DESC, {keys}.uid DESC LIMIT ${limit}"
    );
    (sql, values)
}

/// The access of a row, and about how many bytes it weighs.
fn read(row: &QueryResult, learner: Option<Uuid>) -> Result<(AccessRow, usize)> {
    const FIXED: usize = 200;
    const EACH: usize = 100;
    let columns = || -> std::result::Result<_, DbErr> {
        let learners: String = row.try_get("", "learners")?;
        let time: i64 = row.try_get("", "access_time")?;
        let relations: i32 = row.try_get("", "relations")?;
        let access = AccessRow {
            uid: row.try_get("", "uid")?,
            time: Timestamp::UNIX_EPOCH,
            actor: row.try_get("", "actor")?,
            token_id: row.try_get("", "token_id")?,
            method: row.try_get("", "method")?,
            data_class: row.try_get("", "data_class")?,
            relations: from_bits(relations),
            write: row.try_get("", "is_write")?,
            learners: learner.into_iter().collect(),
        };
        Ok((access, time, learners))
    };
    let (mut access, time, learners) = columns().map_err(failure)?;
    access.time = instant(time)?;
    if learner.is_none() {
        access.learners = serde_json::from_str(&learners).map_err(Failure::internal)?;
    }
    let weight = FIXED + EACH * access.learners.len();
    Ok((access, weight))
}
