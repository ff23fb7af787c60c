//! What a change writes last, in as few statements as the database allows: what it told, the reply for
//! a repetition, and its line on the trail.
//!
//! On `SQLite` all of it and the commit are one message to the connection's thread; on `PostgreSQL`
//! all of it is one statement.

use sea_orm::{DbBackend, Statement, Value};
use trellis_kernel::{District, Result, Timestamp, Uuid};

use crate::audit::Line;
use crate::write::{Idempotency, Told};

/// More than this is told in statements of its own: each number of rows is another text to prepare.
pub(crate) const FEW: usize = 8;

/// Whose change it is, and when.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) district: &'a District,
    pub(crate) actor: &'a str,
    pub(crate) now: Timestamp,
}

/// The last statements of a change, as they come together.
pub(crate) struct Ending<'a> {
    of: Of<'a>,
    backend: DbBackend,
    parts: Vec<String>,
    values: Vec<Value>,
}

impl<'a> Ending<'a> {
    pub(crate) const fn new(backend: DbBackend, of: Of<'a>) -> Self {
        Self { of, backend, parts: Vec::new(), values: Vec::new() }
    }

    /// Writes what was told. On `SQLite` it takes the positions too, and answers with the new head.
    pub(crate) fn tell(&mut self, told: &[Told], mut uid: impl FnMut() -> Uuid) {
        const COLUMNS: &str = "uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time, \
             payload_type, payload";
        if told.is_empty() {
            return;
        }
        let (count, positioned) = (told.len(), self.backend == DbBackend::Sqlite);
        if positioned {
            self.parts.push(format!("UPDATE relay SET head = head + {count} RETURNING head"));
        }
        let mut rows = Vec::with_capacity(told.len());
        for (index, told) in told.iter().enumerate() {
            let (payload_type, payload) =
                told.payload.clone().map(|payload| (payload.type_url, payload.value)).unzip();
            let subjects: Vec<String> = told.subjects.iter().map(|id| format!("\"{id}\"")).collect();
            let values: [Value; 11] = [
                uid().into(),
                self.of.district.as_str().into(),
                told.kind.into(),
                told.resource.as_str().into(),
                told.resource_type.into(),
                format!("[{}]", subjects.join(",")).into(),
                told.deleted.into(),
                self.of.actor.into(),
                self.of.now.as_microsecond().into(),
                payload_type.into(),
                payload.into(),
            ];
            let values = self.places(values);
            let behind = count - 1 - index;
            let position =
                if positioned { format!("(SELECT head FROM relay) - {behind}, ") } else { String::new() };
            rows.push(format!("({position}{values})"));
        }
        let position = if positioned { "position, " } else { "" };
        self.parts.push(format!("INSERT INTO outbox ({position}{COLUMNS}) VALUES {}", rows.join(", ")));
    }

    /// Keeps the reply for a repetition.
    pub(crate) fn keep(&mut self, request: &Idempotency, reply: String) {
        let values = self.places([
            self.of.district.as_str().into(),
            self.of.actor.into(),
            request.request_id.into(),
            request.method.into(),
            request.fingerprint.to_vec().into(),
            reply.into(),
            self.of.now.as_microsecond().into(),
        ]);
        self.parts.push(format!(
            "INSERT INTO idempotency \
             (district, actor, request_id, method, fingerprint, reply, create_time) VALUES ({values})"
        ));
    }

    /// Puts the change on the trail.
    pub(crate) fn account(&mut self, line: &Line) -> Result<()> {
        for (sql, values) in line.statements(self.backend)? {
            let values: Vec<String> = values.into_iter().map(|value| self.place(value)).collect();
            let mut parts = sql.split('?');
            let mut text = parts.next().unwrap_or_default().to_owned();
            for (value, rest) in values.iter().zip(parts) {
                text.push_str(value);
                text.push_str(rest);
            }
            self.parts.push(text);
        }
        Ok(())
    }

    /// The statement; none when there is nothing to write.
    pub(crate) fn statement(mut self) -> Option<Statement> {
        let last = self.parts.pop()?;
        let sql = if self.backend == DbBackend::Postgres {
            let names = (1..).map(|number| format!("part{number}"));
            let parts = self.parts.iter().zip(names).map(|(part, name)| format!("{name} AS ({part})"));
            let parts = parts.collect::<Vec<_>>().join(", ");
            if parts.is_empty() { last } else { format!("WITH {parts} {last}") }
        } else {
            self.parts.push(last);
            self.parts.join("; ")
        };
        Some(Statement::from_sql_and_values(self.backend, sql, self.values))
    }

    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn places<const N: usize>(&mut self, values: [Value; N]) -> String {
        values.map(|value| self.place(value)).join(", ")
    }
}
