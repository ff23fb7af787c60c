//! The trail of who read what, as the suite keeps it: gathered for a tenth of a second, written in one
//! transaction.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use trellis_contracts::common::DataClass;
use trellis_kernel::{Clock as _, SystemClock, Uuid};

use super::rows::{Place, Rows};
use crate::calls::new_id;

/// How long what was read waits to be written.
const INTERVAL: Duration = Duration::from_millis(100);

/// An access, under the names of the suite's own statement.
#[derive(Serialize)]
pub(super) struct Line {
    d: String,
    t: i64,
    u: String,
    a: String,
    k: Option<String>,
    m: &'static str,
    c: i32,
    r: i32,
    w: bool,
    l: Vec<String>,
}

impl Line {
    pub(super) fn new(place: &Place, method: &'static str, is_write: bool) -> Self {
        Self {
            d: place.district.clone(),
            t: SystemClock.now().as_microsecond(),
            u: hex(new_id()),
            a: format!("people/{}", place.learner),
            k: None,
            m: method,
            c: DataClass::EducationRecord.into(),
            r: 1,
            w: is_write,
            l: vec![hex(place.learner)],
        }
    }
}

fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// What waits to be written.
#[derive(Clone, Default)]
pub(super) struct Trail(Arc<Mutex<Vec<Line>>>);

impl Trail {
    /// Writes what waits, as long as the process lives.
    pub(super) fn of(rows: Arc<impl Rows>) -> Self {
        let trail = Self::default();
        let waiting = trail.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(INTERVAL).await;
                let lines = std::mem::take(&mut *waiting.0.lock().unwrap_or_else(PoisonError::into_inner));
                if !lines.is_empty() {
                    let lines = serde_json::to_string(&lines).expect("lines are JSON");
                    rows.write_trail(&lines).await.expect("the trail is written");
                }
            }
        });
        trail
    }

    pub(super) fn note(&self, line: Line) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// Writes accesses down, any number in one statement.
pub(super) const POSTGRES: &str = "WITH lines AS MATERIALIZED (SELECT * FROM json_to_recordset($1::json) AS line \
    (d text, t bigint, u uuid, a text, k text, m text, c int, r int, w boolean, l json)), kept AS (\
    INSERT INTO accesses (district, access_time, uid, actor, token_id, method, data_class, relations, \
    is_write, learners) SELECT d, t, u, a, k, m, c, r, w, l::text FROM lines) \
    INSERT INTO access_learners (district, learner, access_time, uid) \
    SELECT d, learner::uuid, t, u FROM lines, json_array_elements_text(l) AS learner";

/// The same for SQLite, which takes two.
pub(super) const SQLITE: [&str; 2] = [
    "INSERT INTO accesses (district, access_time, uid, actor, token_id, method, data_class, relations, \
     is_write, learners) SELECT value ->> 'd', value ->> 't', unhex(value ->> 'u'), value ->> 'a', \
     value ->> 'k', value ->> 'm', value ->> 'c', value ->> 'r', value ->> 'w', value -> 'l' \
     FROM json_each($1)",
    "INSERT INTO access_learners (district, learner, access_time, uid) \
     SELECT line.value ->> 'd', unhex(learner.value), line.value ->> 't', unhex(line.value ->> 'u') \
     FROM json_each($1) AS line, json_each(line.value, '$.l') AS learner",
];
