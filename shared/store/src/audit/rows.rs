//! The trail's tables, and how accesses get into them: any number of them in one statement.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use serde::Serialize;
use trellis_kernel::{District, Failure, Result, Timestamp, Uuid};

use super::{Access, Grounds, bits};
use crate::failure;

/// The step `house_0003_audit`.
pub(crate) fn tables(backend: DbBackend) -> Vec<String> {
    let (uuid, rows) = if backend == DbBackend::Postgres { ("UUID", "") } else { ("BLOB", " WITHOUT ROWID") };
    vec![
        format!(
            "CREATE TABLE accesses (district TEXT NOT NULL, access_time BIGINT NOT NULL, \
             uid {uuid} NOT NULL, actor TEXT NOT NULL, token_id TEXT, method TEXT NOT NULL, \
             data_class INTEGER NOT NULL, relations INTEGER NOT NULL, is_write BOOLEAN NOT NULL, \
             learners TEXT NOT NULL, PRIMARY KEY (district, access_time, uid)){rows}"
        ),
        "CREATE INDEX accesses_actor ON accesses (district, actor, access_time, uid)".to_owned(),
        "CREATE INDEX accesses_token ON accesses (district, token_id, access_time, uid) \
         WHERE token_id IS NOT NULL"
            .to_owned(),
        format!(
            "CREATE TABLE access_learners (district TEXT NOT NULL, learner {uuid} NOT NULL, \
             access_time BIGINT NOT NULL, uid {uuid} NOT NULL, \
             PRIMARY KEY (district, learner, access_time, uid)){rows}"
        ),
    ]
}

/// An access as the statement takes it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
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
    pub(super) fn read(access: Access, uid: Uuid, now: Timestamp) -> Self {
        let Access { district, actor, token_id, method, data_class, relations, learners } = access;
        Self {
            d: district.as_str().to_owned(),
            t: now.as_microsecond(),
            u: hex(&uid),
            a: actor,
            k: token_id,
            m: method,
            c: data_class,
            r: bits(relations),
            w: false,
            l: distinct(learners.iter()),
        }
    }

    /// A change, which is about the learners of its grounds and of what it tells.
    pub(crate) fn change<'a>(
        (district, actor, grounds): (&District, &str, &'a Grounds),
        told: impl Iterator<Item = &'a Uuid>,
        uid: Uuid,
        now: Timestamp,
    ) -> Self {
        Self {
            d: district.as_str().to_owned(),
            t: now.as_microsecond(),
            u: hex(&uid),
            a: actor.to_owned(),
            k: grounds.token_id.clone(),
            m: grounds.method,
            c: grounds.data_class,
            r: bits(grounds.relations),
            w: true,
            l: distinct(grounds.learners.iter().chain(told)),
        }
    }
}

impl Line {
    /// A line about nobody, for trying whether the trail takes lines; it must not be kept.
    pub(crate) fn blank(uid: Uuid, now: Timestamp) -> Self {
        Self {
            d: String::new(),
            t: now.as_microsecond(),
            u: hex(&uid),
            a: String::new(),
            k: None,
            m: "",
            c: 0,
            r: 0,
            w: false,
            l: Vec::new(),
        }
    }

    /// The path of the method.
    pub(crate) const fn method(&self) -> &'static str {
        self.m
    }

    /// The statements that write this one line, with a `?` for each value.
    pub(crate) fn statements(&self, backend: DbBackend) -> Result<Vec<(&'static str, Vec<Value>)>> {
        let postgres = backend == DbBackend::Postgres;
        let learners = serde_json::to_string(&self.l).map_err(Failure::internal)?;
        let access: Vec<Value> = vec![
            self.d.as_str().into(),
            self.t.into(),
            self.u.as_str().into(),
            self.a.as_str().into(),
            self.k.clone().into(),
            self.m.into(),
            self.c.into(),
            self.r.into(),
            self.w.into(),
            learners.as_str().into(),
        ];
        let mut statements = vec![(if postgres { ACCESS_POSTGRES } else { ACCESS_SQLITE }, access)];
        if !self.l.is_empty() {
            let values = vec![self.d.as_str().into(), self.t.into(), self.u.as_str().into(), learners.into()];
            statements.push((if postgres { ABOUT_POSTGRES } else { ABOUT_SQLITE }, values));
        }
        Ok(statements)
    }
}

const ACCESS_POSTGRES: &str = "INSERT INTO accesses (district, access_time, uid, actor, token_id, method, \
    data_class, relations, is_write, learners) VALUES (?, ?, ?::uuid, ?, ?, ?, ?, ?, ?, ?)";
const ACCESS_SQLITE: &str = "INSERT INTO accesses (district, access_time, uid, actor, token_id, method, \
    data_class, relations, is_write, learners) VALUES (?, ?, unhex(?), ?, ?, ?, ?, ?, ?, ?)";
const ABOUT_POSTGRES: &str = "INSERT INTO access_learners (district, access_time, uid, learner) \
    SELECT ?, ?, ?::uuid, learner::uuid FROM json_array_elements_text(?::json) AS learner";
const ABOUT_SQLITE: &str = "INSERT INTO access_learners (district, access_time, uid, learner) \
    SELECT ?, ?, unhex(?), unhex(learner.value) FROM json_each(?) AS learner";

fn hex(id: &Uuid) -> String {
    id.simple().to_string()
}

fn distinct<'a>(learners: impl Iterator<Item = &'a Uuid>) -> Vec<String> {
    learners.collect::<BTreeSet<_>>().into_iter().map(hex).collect()
}

/// Accesses as one value of a statement.
pub(crate) fn lines<'a>(lines: impl Iterator<Item = &'a Line>) -> Result<String> {
    serde_json::to_string(&lines.collect::<Vec<_>>()).map_err(Failure::internal)
}

/// Writes accesses down. One that is there already is left as it is.
pub(crate) async fn write<C: ConnectionTrait>(conn: &C, lines: &str) -> Result<()> {
    let backend = conn.get_database_backend();
    let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    conn.execute_raw(Statement::from_sql_and_values(backend, sql, [lines.into()])).await.map_err(failure)?;
    Ok(())
}

const POSTGRES: &str = "WITH lines AS MATERIALIZED (SELECT * FROM json_to_recordset($1::json) AS line \
    (d text, t bigint, u uuid, a text, k text, m text, c int, r int, w boolean, l json)), kept AS (\
    INSERT INTO accesses (district, access_time, uid, actor, token_id, method, data_class, relations, \
    is_write, learners) SELECT d, t, u, a, k, m, c, r, w, l::text FROM lines ON CONFLICT DO NOTHING) \
    INSERT INTO access_learners (district, learner, access_time, uid) \
    SELECT d, learner::uuid, t, u FROM lines, json_array_elements_text(l) AS learner \
    ON CONFLICT DO NOTHING";

const SQLITE: &str = "INSERT INTO accesses (district, access_time, uid, actor, token_id, method, data_class, \
    relations, is_write, learners) SELECT value ->> 'd', value ->> 't', unhex(value ->> 'u'), \
    value ->> 'a', value ->> 'k', value ->> 'm', value ->> 'c', value ->> 'r', value ->> 'w', \
    value -> 'l' FROM json_each($1) WHERE true ON CONFLICT DO NOTHING; \
    INSERT INTO access_learners (district, learner, access_time, uid) \
    SELECT line.value ->> 'd', unhex(learner.value), line.value ->> 't', unhex(line.value ->> 'u') \
    FROM json_each($1) AS line, json_each(line.value, '$.l') AS learner WHERE true ON CONFLICT DO NOTHING";
