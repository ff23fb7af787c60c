//! What is asked of a list of frameworks (CASE 1.1, REST binding, sections 3.1 to 3.4): a window, an order,
//! a filter, a selection of fields.

use std::cmp::Ordering;

use serde_json::Value;
use trellis_kernel::Timestamp;

use super::write::{Json, Version, document_knows};

/// How many are answered with where nothing is said (section 3.1).
const DEFAULT: usize = 100;
/// How many are answered with at most; who asks for more gets so many.
const MOST: usize = 1000;
/// The longest filter, in bytes.
const LONGEST: usize = 2000;

/// Why a query cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswerable {
    /// A parameter says nothing that it may say.
    Parameter(&'static str),
    /// The filter is none (section 3.3).
    Filter,
    /// The filter names a field that there is not.
    FilterField,
}

/// A query for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// How many, from 1.
    pub(crate) limit: usize,
    /// How many are left out before them.
    pub(crate) offset: usize,
    sort: Option<Sort>,
    filter: Option<Filter>,
    fields: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Sort {
    field: String,
    descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Filter {
    One(Term),
    Both(Term, Term),
    Either(Term, Term),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: String,
    predicate: Predicate,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Predicate {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Contains,
}

/// The predicates as they are written; of two that begin alike the longer one first.
const PREDICATES: [(&str, Predicate); 7] = [
    ("!=", Predicate::NotEqual),
    (">=", Predicate::GreaterOrEqual),
    ("<=", Predicate::LessOrEqual),
    ("=", Predicate::Equal),
    (">", Predicate::Greater),
    ("<", Predicate::Less),
    ("~", Predicate::Contains),
];

impl Query {
    /// Reads the parameters of a request; those that CASE does not know say nothing.
    pub(crate) fn read<'p>(
        parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
        version: Version,
    ) -> Result<Self, Unanswerable> {
        let mut query = Self { limit: DEFAULT, offset: 0, sort: None, filter: None, fields: None };
        let (mut sort, mut descending) = (None, false);
        for (name, value) in parameters {
            match name {
                "limit" => query.limit = count("limit", value)?.min(MOST),
                "offset" => query.offset = count("offset", value)?,
                // One that there is not leaves the order as it is (section 3.2).
                "sort" => sort = Some(value.to_owned()).filter(|field| document_knows(field, version)),
                "orderBy" => descending = order(value)?,
                "filter" => query.filter = Some(Filter::read(value, version)?),
                "fields" => query.fields = selection(value, version)?,
                _ => {}
            }
        }
        if query.limit == 0 {
            return Err(Unanswerable::Parameter("limit"));
        }
        query.sort = sort.map(|field| Sort { field, descending });
        Ok(query)
    }

    /// Those that the filter lets through, in the order that is asked for.
    pub(crate) fn select(&self, mut documents: Vec<Json>) -> Vec<Json> {
        if let Some(filter) = &self.filter {
            documents.retain(|document| filter.admits(document));
        }
        let Some(Sort { field, descending }) = &self.sort else { return documents };
        let (mut sorted, silent): (Vec<_>, Vec<_>) = documents
            .into_iter()
            .map(|document| (Key::of(&document, field), document))
            .partition(|(key, _)| key.is_some());
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        if *descending {
            sorted.reverse();
        }
        // What says nothing of it comes last, whatever the order.
        sorted.into_iter().chain(silent).map(|(_, document)| document).collect()
    }

    /// The window of a list, of each only the fields that are asked for.
    pub(crate) fn window(&self, documents: Vec<Json>) -> Vec<Json> {
        let mut window: Vec<Json> = documents.into_iter().skip(self.offset).take(self.limit).collect();
        if let Some(fields) = &self.fields {
            for document in &mut window {
                document.retain(|key| fields.iter().any(|field| field == key));
            }
        }
        window
    }
}

fn count(parameter: &'static str, value: &str) -> Result<usize, Unanswerable> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // Without room for its digits it is more than there are of anything.
    if digits { Ok(value.parse().unwrap_or(usize::MAX)) } else { Err(Unanswerable::Parameter(parameter)) }
}

/// Whether the order is descending.
fn order(value: &str) -> Result<bool, Unanswerable> {
    match value.to_ascii_lowercase().as_str() {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => Err(Unanswerable::Parameter("orderBy")),
    }
}

/// The fields that are asked for; none for all, which is what a field that there is not asks for too
/// (section 3.4).
fn selection(value: &str, version: Version) -> Result<Option<Vec<String>>, Unanswerable> {
    let fields: Vec<&str> = value.split(',').map(str::trim).collect();
    if fields.iter().any(|field| field.is_empty()) {
        return Err(Unanswerable::Parameter("fields"));
    }
    let known = fields.iter().all(|field| document_knows(field, version) && !field.contains('.'));
    Ok(known.then(|| fields.into_iter().map(str::to_owned).collect()))
}

impl Filter {
    fn read(text: &str, version: Version) -> Result<Self, Unanswerable> {
        if text.len() > LONGEST {
            return Err(Unanswerable::Filter);
        }
        let (first, rest) = Term::read(text.trim(), version)?;
        if rest.is_empty() {
            return Ok(Self::One(first));
        }
        // A single white space before and after (section 3.3).
        let (operator, rest) = rest.trim_start().split_once(' ').ok_or(Unanswerable::Filter)?;
        let (second, rest) = Term::read(rest, version)?;
        if !rest.is_empty() {
            return Err(Unanswerable::Filter);
        }
        match operator {
            "AND" => Ok(Self::Both(first, second)),
            "OR" => Ok(Self::Either(first, second)),
            _ => Err(Unanswerable::Filter),
        }
    }

    fn admits(&self, document: &Json) -> bool {
        match self {
            Self::One(term) => term.admits(document),
            Self::Both(first, second) => first.admits(document) && second.admits(document),
            Self::Either(first, second) => first.admits(document) || second.admits(document),
        }
    }
}

impl Term {
    /// Reads a term; answers with what follows it.
    fn read(text: &str, version: Version) -> Result<(Self, &str), Unanswerable> {
        let end = text.find(['=', '!', '>', '<', '~']).ok_or(Unanswerable::Filter)?;
        let (field, rest) = text.split_at(end);
        let field = field.trim();
        let predicate = PREDICATES.iter().find_map(|(sign, predicate)| {
            rest.strip_prefix(sign).map(|rest| (*predicate, rest.trim_start()))
        });
        let (predicate, rest) = predicate.ok_or(Unanswerable::Filter)?;
        let quoted = rest.strip_prefix('\'').ok_or(Unanswerable::Filter)?;
        let (value, rest) = quotation(quoted).ok_or(Unanswerable::Filter)?;
        if !document_knows(field, version) {
            return Err(Unanswerable::FilterField);
        }
        Ok((Self { field: field.to_owned(), predicate, value: value.to_lowercase() }, rest))
    }

    fn admits(&self, document: &Json) -> bool {
        let texts = texts(document, &self.field);
        let ordered = |wanted: fn(Ordering) -> bool| match texts.as_slice() {
            [] => false,
            _ => wanted(compare(&texts.join(","), &self.value)),
        };
        match self.predicate {
            Predicate::Equal => self.equals(&texts),
            Predicate::NotEqual => !self.equals(&texts),
            Predicate::Greater => ordered(Ordering::is_gt),
            Predicate::GreaterOrEqual => ordered(Ordering::is_ge),
            Predicate::Less => ordered(Ordering::is_lt),
            Predicate::LessOrEqual => ordered(Ordering::is_le),
            Predicate::Contains => self.contained(&texts),
        }
    }

    /// A list is what it holds, all of it and in any order; a single value is itself.
    fn equals(&self, texts: &[String]) -> bool {
        match texts {
            [] => false,
            [one] if compare(one, &self.value).is_eq() => true,
            several => {
                let mut wanted: Vec<&str> = self.value.split(',').map(str::trim).collect();
                let mut held: Vec<&str> = several.iter().map(String::as_str).collect();
                wanted.sort_unstable();
                held.sort_unstable();
                wanted == held
            }
        }
    }

    /// A list holds any of what is named; a single value has it within.
    fn contained(&self, texts: &[String]) -> bool {
        match texts {
            [one] => one.contains(&self.value),
            several => self
                .value
                .split(',')
                .map(str::trim)
                .any(|part| several.iter().any(|text| text.contains(part))),
        }
    }
}

/// What stands up to the closing quotation mark, and what follows it; a mark that is written twice is one.
fn quotation(text: &str) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

/// What a document says in a field, in lower case (section 3.3).
fn texts(document: &Json, field: &str) -> Vec<String> {
    let mut values = Vec::new();
    document.values(field, &mut values);
    let text = |value: &Value| match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string(),
    };
    values.into_iter().map(text).collect()
}

/// Compares moments as moments, whatever their offsets, and anything else as text.
fn compare(one: &str, other: &str) -> Ordering {
    let moment = |text: &str| text.to_ascii_uppercase().parse::<Timestamp>().ok();
    match (moment(one), moment(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.cmp(other),
    }
}

/// By what a list is sorted.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Moment(Timestamp),
    Text(String),
}

impl Key {
    /// None of a document that says nothing in the field.
    fn of(document: &Json, field: &str) -> Option<Self> {
        let texts = texts(document, field);
        if texts.is_empty() {
            return None;
        }
        let text = texts.join(",");
        Some(text.to_ascii_uppercase().parse().map_or(Self::Text(text), Self::Moment))
    }
}

#[cfg(test)]
mod tests;
