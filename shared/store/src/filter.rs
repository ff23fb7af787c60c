//! Filters of lists: the part of AIP-160 that a list needs.
//!
//! `goal.state = ACTIVE AND due_date <= "2026-06-01"`: comparisons joined by `AND`, over the fields
//! that the list allows. A mistake is answered with the column it is at and what belongs there,
//! never with what the client wrote, which may be personal.

use std::iter::Peekable;
use std::str::CharIndices;

use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, Condition, Value};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};

/// The most characters that a filter may have.
pub const MAX_CHARACTERS: usize = 1000;
/// The most comparisons that a filter may have.
pub const MAX_TERMS: usize = 20;

/// The collation of bytes. `PostgreSQL` has it; the connections to `SQLite`
/// bring it.
const PLAIN: &str = "C";

/// A field that a list may be filtered by.
#[derive(Clone, Copy, Debug)]
pub struct Field<C> {
    /// Its path in the resource, as the client writes it: `goal.state`.
    pub name: &'static str,
    /// The column that holds it.
    pub column: C,
    /// What it holds.
    pub kind: Kind,
}

/// What a field holds, and so which comparisons it takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text: `=`, `!=`, and `:` for "contains", to which A to Z are as a to z. Every other letter is
    /// itself alone: how those are folded differs between databases and their locales.
    Text,
    /// A whole number in a `BIGINT` or `INTEGER` column: all comparisons.
    Integer,
    /// A number in a floating-point column: all comparisons.
    Number,
    /// `true` or `false`: `=`, `!=`.
    Boolean,
    /// An instant (RFC 3339) in a `BIGINT` column of microseconds: all comparisons.
    Time,
    /// A civil date (ISO 8601) in a `TEXT` column: all comparisons.
    Date,
    /// A UUID: `=`, `!=`.
    Id,
    /// A resource name of these collections, of which the column keeps the last id: `=`, `!=`.
    Name(&'static [&'static str]),
    /// One of a few words, turned into what the column holds: `=`, `!=`.
    Word(fn(&str) -> Option<Value>),
    /// Anything else that is asked with `:`, such as membership of a list.
    Has(fn(&str) -> Option<Condition>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Has,
}

impl Kind {
    /// What the field takes, for the message to a client.
    const fn takes(self) -> &'static str {
        match self {
            Self::Text => "text, compared with = != or : (contains)",
            Self::Integer => "a whole number, compared with = != < <= > or >=",
            Self::Number => "a number, compared with = != < <= > or >=",
            Self::Boolean => "true or false, compared with = or !=",
            Self::Time => "an RFC 3339 timestamp, compared with = != < <= > or >=",
            Self::Date => "a date YYYY-MM-DD, compared with = != < <= > or >=",
            Self::Id => "a UUID, compared with = or !=",
            Self::Name(_) => "a resource name of the field's type, compared with = or !=",
            Self::Word(_) => "one of the field's values, compared with = or !=",
            Self::Has(_) => "a value that the field may contain, asked with :",
        }
    }

    const fn allows(self, comparison: Comparison) -> bool {
        match comparison {
            Comparison::Equal | Comparison::NotEqual => !matches!(self, Self::Has(_)),
            Comparison::Has => matches!(self, Self::Has(_) | Self::Text),
            _ => matches!(self, Self::Integer | Self::Number | Self::Time | Self::Date),
        }
    }

    fn value(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(text.into()),
            Self::Integer => text.parse::<i64>().ok().map(Value::from),
            Self::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Self::Boolean => text.parse::<bool>().ok().map(Value::from),
            Self::Time => text.parse::<Timestamp>().ok().map(|time| time.as_microsecond().into()),
            Self::Date => text.parse::<jiff::civil::Date>().ok().map(|date| date.to_string().into()),
            Self::Id => Uuid::try_parse(text).ok().map(Value::from),
            Self::Name(collections) => {
                Name::of("filter", text, collections).ok().and_then(|name| name.id()).map(Value::from)
            }
            Self::Word(known) => known(text),
            Self::Has(_) => None,
        }
    }
}

/// Reads a filter over the fields that the list allows; an empty one lets every row through.
///
/// # Errors
///
/// `FIELD_VIOLATION` on `filter`, with the column of the mistake (counted in characters from 1).
pub fn parse<C: ColumnTrait>(text: &str, fields: &[Field<C>]) -> Result<Condition> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(Failure::field("filter", format!("must have at most {MAX_CHARACTERS} characters")));
    }
    let mut scanner = Scanner { text, rest: text.char_indices().peekable() };
    let mut condition = Condition::all();
    scanner.skip_space();
    if scanner.at_end() {
        return Ok(condition);
    }
    for _ in 0..MAX_TERMS {
        condition = condition.add(term(&mut scanner, fields)?);
        scanner.skip_space();
        if scanner.at_end() {
            return Ok(condition);
        }
        let place = scanner.place();
        if scanner.word() != "AND" {
            return Err(mistake(
                text,
                place,
                "AND or the end belongs here; OR, NOT and parentheses are not supported",
            ));
        }
        scanner.skip_space();
    }
    Err(Failure::field("filter", format!("must have at most {MAX_TERMS} comparisons")))
}

fn term<C: ColumnTrait>(scanner: &mut Scanner<'_>, fields: &[Field<C>]) -> Result<Condition> {
    let text = scanner.text;
    let place = scanner.place();
    let name = scanner.word();
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        return Err(mistake(text, place, &format!("one of these fields belongs here: {}", known.join(", "))));
    };
    scanner.skip_space();
    let place = scanner.place();
    let comparison = scanner
        .comparison()
        .filter(|comparison| field.kind.allows(*comparison))
        .ok_or_else(|| mistake(text, place, &format!("{} takes {}", field.name, field.kind.takes())))?;
    scanner.skip_space();
    let place = scanner.place();
    let value = scanner
        .value()
        .ok_or_else(|| mistake(text, place, "a value belongs here, in quotes if it has spaces"))?;
    compare(field, comparison, &value)
        .ok_or_else(|| mistake(text, place, &format!("{} takes {}", field.name, field.kind.takes())))
}

fn compare<C: ColumnTrait>(field: &Field<C>, comparison: Comparison, text: &str) -> Option<Condition> {
    if let Kind::Has(contains) = field.kind {
        return contains(text);
    }
    let column = field.column;
    let value = field.kind.value(text)?;
    let expression = match comparison {
        Comparison::Equal => column.eq(value),
        // A field that is not set is not equal to anything.
        Comparison::NotEqual => column.ne(value).or(column.is_null()),
        Comparison::Less => column.lt(value),
        Comparison::LessOrEqual => column.lte(value),
        Comparison::Greater => column.gt(value),
        Comparison::GreaterOrEqual => column.gte(value),
        Comparison::Has => contains(column, text),
    };
    Some(Condition::all().add(expression))
}

/// Whether the text is somewhere in the column: whether taking it away leaves something else. Said
/// so, it needs no pattern, whose escapes the databases read differently. `PostgreSQL` folds the
/// letters of its locale, which the collation `C` keeps to A to Z; `SQLite` folds no others.
fn contains<C: ColumnTrait>(column: C, text: &str) -> Expr {
    // The name of a collation is written as a column's is.
    let plain = || Expr::col(column.as_column_ref()).binary(BinOper::Custom("COLLATE"), Expr::col(PLAIN));
    let lower = || Expr::from(Func::lower(plain()));
    let needle = Expr::val(text.to_ascii_lowercase());
    Expr::from(Func::cust("replace").args([lower(), needle, Expr::val("")])).ne(lower())
}

/// Walks through the text; a place is a byte offset in it.
struct Scanner<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

impl<'a> Scanner<'a> {
    fn place(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(place, _)| *place)
    }

    fn at_end(&mut self) -> bool {
        self.rest.peek().is_none()
    }

    fn skip_space(&mut self) {
        while self.rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
    }

    /// A run of what field names and unquoted values are made of.
    fn run(&mut self, allowed: fn(char) -> bool) -> &'a str {
        let start = self.place();
        while self.rest.next_if(|(_, c)| allowed(*c)).is_some() {}
        let end = self.place();
        &self.text[start..end]
    }

    fn word(&mut self) -> &'a str {
        self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let (_, first) = self.rest.next()?;
        let or_equal = self.rest.next_if(|(_, c)| *c == '=' && matches!(first, '!' | '<' | '>')).is_some();
        match (first, or_equal) {
            ('=', _) => Some(Comparison::Equal),
            (':', _) => Some(Comparison::Has),
            ('!', true) => Some(Comparison::NotEqual),
            ('<', false) => Some(Comparison::Less),
            ('<', true) => Some(Comparison::LessOrEqual),
            ('>', false) => Some(Comparison::Greater),
            ('>', true) => Some(Comparison::GreaterOrEqual),
            _ => None,
        }
    }

    /// A quoted text (with `\"` and `\\`), or a run without spaces.
    fn value(&mut self) -> Option<String> {
        if self.rest.next_if(|(_, c)| *c == '"').is_none() {
            let bare = self.run(|c| !c.is_whitespace() && !matches!(c, '"' | '(' | ')' | '\0'));
            return (!bare.is_empty()).then(|| bare.to_owned());
        }
        let mut value = String::new();
        loop {
            match self.rest.next()?.1 {
                '"' => return Some(value),
                '\\' => value.push(self.rest.next().map(|(_, c)| c).filter(|c| matches!(c, '"' | '\\'))?),
                // PostgreSQL keeps no NUL in text.
                '\0' => return None,
                other => value.push(other),
            }
        }
    }
}

fn mistake(text: &str, place: usize, belongs: &str) -> Failure {
    let column = text[..place].chars().count() + 1;
    Failure::field("filter", format!("column {column}: {belongs}")).with("column", column)
}
