//! Writing many rows by few statements, whose texts hardly depend on how many rows there are, so that
//! each is prepared once per connection.
//!
//! `SQLite` is given the values of the rows one after the other. `PostgreSQL` is given an array for each
//! column, which costs it a fraction of what it does to read as many single values. (`COPY` would cost
//! it less still, but is refused to whom rows are secured from.)

use std::fmt::Write as _;

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::{Arguments as _, Error};
use sea_orm::{DbBackend, DbErr, Statement, Value};
use trellis_kernel::Uuid;

use super::run::not_run;

/// The most values that one statement of `SQLite` is given. It stays prepared, and takes about 80 bytes of
/// memory for each; statements of more of them are hardly faster.
const VALUES: usize = 2_048;
/// The most rows that one statement of `PostgreSQL` is given.
const ROWS: usize = 1_000;

/// A table, and those of its columns that are written.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    backend: DbBackend,
    table: String,
    /// The columns, as a statement names them.
    names: String,
    width: usize,
    /// What follows after the rows.
    taken: String,
}

/// A statement that writes rows, ready to run.
pub(crate) enum Rows {
    Sqlite(Statement),
    Postgres(String, PgArguments),
}

impl Target {
    /// Rows of a table, with these columns. Where `key` is given, of rows whose key is there already
    /// every other column is replaced; else they are refused.
    pub(crate) fn new(backend: DbBackend, table: &str, columns: &[String], key: Option<&[String]>) -> Self {
        Self {
            backend,
            table: quoted(table),
            names: listed(columns.iter().map(|name| quoted(name))),
            width: columns.len().max(1),
            taken: key.map(|key| replacing(columns, key)).unwrap_or_default(),
        }
    }

    /// How many rows the next statement is given, of so many that are left. On `SQLite` it is a power of
    /// two: so there are few texts to prepare.
    pub(crate) fn next(&self, left: usize) -> usize {
        if self.backend != DbBackend::Sqlite {
            return left.min(ROWS);
        }
        let most = left.min((VALUES / self.width).max(1));
        most.checked_ilog2().map_or(0, |power| 1 << power)
    }

    /// The statement that writes rows of these values, row after row.
    pub(crate) fn rows(&self, values: Vec<Value>) -> Result<Rows, DbErr> {
        match self.backend {
            DbBackend::Sqlite => Ok(Rows::Sqlite(self.one_by_one(values))),
            _ => self.by_columns(values),
        }
    }

    fn one_by_one(&self, values: Vec<Value>) -> Statement {
        let row = format!("({})", listed(vec!["?".to_owned(); self.width]));
        let rows = listed(vec![row; values.len() / self.width]);
        let Self { backend, table, names, taken, .. } = self;
        // A statement of several rows that may have to be undone alone first writes down every page that
        // it changes. After one that is refused the transaction is lost, so this need not be.
        let or = if taken.is_empty() { " OR FAIL" } else { "" };
        let sql = format!("INSERT{or} INTO {table} ({names}) VALUES {rows}{taken}");
        Statement::from_sql_and_values(*backend, sql, values)
    }

    fn by_columns(&self, values: Vec<Value>) -> Result<Rows, DbErr> {
        let count = values.len() / self.width;
        let mut arrays: Vec<Array> = Vec::with_capacity(self.width);
        for (index, value) in values.into_iter().enumerate() {
            if index < self.width {
                arrays.push(Array::like(&value, count).ok_or_else(unlike)?);
            }
            arrays[index % self.width].push(value).ok_or_else(unlike)?;
        }
        let (mut selected, mut given) = (String::new(), String::new());
        let mut arguments = PgArguments::default();
        for (number, array) in (1..).zip(arrays) {
            let comma = if number == 1 { "" } else { ", " };
            let (sent, kept) = array.types();
            // Writing to a text does not fail.
            let _ = write!(selected, "{comma}c{number}{kept}");
            let _ = write!(given, "{comma}${number}::{sent}[]");
            array.add_to(&mut arguments).map_err(not_run)?;
        }
        let numbered = listed((1..=self.width).map(|number| format!("c{number}")));
        let Self { table, names, taken, .. } = self;
        let sql = format!(
            "INSERT INTO {table} ({names}) SELECT {selected} FROM UNNEST({given}) AS given ({numbered}){taken}"
        );
        Ok(Rows::Postgres(sql, arguments))
    }
}

/// What follows after the rows where those are replaced whose key is there.
fn replacing(columns: &[String], key: &[String]) -> String {
    let others = columns.iter().filter(|name| !key.contains(name));
    let others = listed(others.map(|name| format!("{0} = excluded.{0}", quoted(name))));
    let key = listed(key.iter().map(|name| quoted(name)));
    if others.is_empty() {
        format!(" ON CONFLICT ({key}) DO NOTHING")
    } else {
        format!(" ON CONFLICT ({key}) DO UPDATE SET {others}")
    }
}

/// A name of a table or a column, which holds no quote.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn listed(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().collect::<Vec<_>>().join(", ")
}

/// The values of a column.
enum Array {
    Text(Vec<Option<String>>),
    Id(Vec<Option<Uuid>>),
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Json(Vec<Option<String>>),
}

impl Array {
    /// An empty array for values of the type of this one; none where no table of ours has such values.
    fn like(value: &Value, count: usize) -> Option<Self> {
        Some(match value {
            Value::String(_) => Self::Text(Vec::with_capacity(count)),
            Value::Uuid(_) => Self::Id(Vec::with_capacity(count)),
            Value::SmallInt(_) | Value::Int(_) | Value::BigInt(_) => Self::Whole(Vec::with_capacity(count)),
            Value::Float(_) | Value::Double(_) => Self::Real(Vec::with_capacity(count)),
            Value::Bool(_) => Self::Flag(Vec::with_capacity(count)),
            Value::Bytes(_) => Self::Bytes(Vec::with_capacity(count)),
            Value::Json(_) => Self::Json(Vec::with_capacity(count)),
            _ => return None,
        })
    }

    /// Adds a value; none where it is of another type.
    fn push(&mut self, value: Value) -> Option<()> {
        match (self, value) {
            (Self::Text(array), Value::String(text)) => array.push(text),
            (Self::Id(array), Value::Uuid(id)) => array.push(id),
            (Self::Whole(array), Value::SmallInt(number)) => array.push(number.map(i64::from)),
            (Self::Whole(array), Value::Int(number)) => array.push(number.map(i64::from)),
            (Self::Whole(array), Value::BigInt(number)) => array.push(number),
            (Self::Real(array), Value::Float(number)) => array.push(number.map(f64::from)),
            (Self::Real(array), Value::Double(number)) => array.push(number),
            (Self::Flag(array), Value::Bool(flag)) => array.push(flag),
            (Self::Bytes(array), Value::Bytes(bytes)) => array.push(bytes),
            (Self::Json(array), Value::Json(json)) => array.push(json.map(|json| json.to_string())),
            _ => return None,
        }
        Some(())
    }

    /// As what its values are sent, and what makes of it what the column keeps, if that is another type.
    /// The database narrows whole numbers as it stores them.
    const fn types(&self) -> (&'static str, &'static str) {
        match self {
            Self::Text(_) => ("text", ""),
            Self::Id(_) => ("uuid", ""),
            Self::Whole(_) => ("int8", ""),
            Self::Real(_) => ("float8", ""),
            Self::Flag(_) => ("bool", ""),
            Self::Bytes(_) => ("bytea", ""),
            Self::Json(_) => ("text", "::json"),
        }
    }

    fn add_to(self, arguments: &mut PgArguments) -> Result<(), Error> {
        match self {
            Self::Text(array) | Self::Json(array) => arguments.add(array),
            Self::Id(array) => arguments.add(array),
            Self::Whole(array) => arguments.add(array),
            Self::Real(array) => arguments.add(array),
            Self::Flag(array) => arguments.add(array),
            Self::Bytes(array) => arguments.add(array),
        }
        .map_err(Error::Encode)
    }
}

fn unlike() -> DbErr {
    DbErr::Type(
        "many rows have values of one type in each column, and of one that tables of ours have".to_owned(),
    )
}
