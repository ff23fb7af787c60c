//! The rules that the contract states, enforced on every message; and one that holds for every text.

use std::sync::LazyLock;

use prost_protovalidate::{Error, Validator, Violation};
use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use trellis_kernel::{Failure, Reason, Result};

use crate::screen;

/// Compiled rules are kept in it, so there is one for the whole process.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::new);

/// How many violations an answer lists; a message with more has the rest after these are mended.
const LISTED: usize = 20;

/// Checks a message against the `buf.validate` rules of its contract.
///
/// The failure names each field by its path and says what its rule asks for, never what was sent.
pub fn check<M: ReflectMessage>(message: &M) -> Result<()> {
    if screen::passes(&message.descriptor(), &message.encode_to_vec()) {
        return Ok(());
    }
    judge(message)
}

/// The whole check, which says what is wrong.
pub(crate) fn judge<M: ReflectMessage>(message: &M) -> Result<()> {
    match VALIDATOR.validate(message) {
        Ok(()) => check_texts(message),
        Err(Error::Validation(error)) => {
            let failure = Failure::invalid(
                Reason::FieldViolation,
                "A field of the request breaks a rule of the contract: see the field violations.",
            );
            Err(error.violations().iter().take(LISTED).fold(failure, |failure, violation| {
                failure.violation(without_keys(&violation.field_path()), text(violation))
            }))
        }
        Err(error) => Err(Failure::internal(error.to_string())),
    }
}

/// Refuses a text that holds U+0000: `PostgreSQL` keeps none, and what is taken must not depend on the
/// database.
fn check_texts<M: ReflectMessage>(message: &M) -> Result<()> {
    match nul_in(&message.transcode_to_dynamic()) {
        Some(path) => Err(Failure::field(path, "must not hold the character U+0000")),
        None => Ok(()),
    }
}

/// The path of the first text in a message that holds U+0000.
fn nul_in(message: &DynamicMessage) -> Option<String> {
    message.fields().find_map(|(field, value)| {
        let within = nul_in_value(value)?;
        Some(format!("{}{within}", field.name()))
    })
}

/// The path of it below the field that holds the value.
fn nul_in_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Message(message) => nul_in(message).map(|path| format!(".{path}")),
        Value::List(values) => values
            .iter()
            .enumerate()
            .find_map(|(index, value)| nul_in_value(value).map(|path| format!("[{index}]{path}"))),
        Value::Map(values) => values.iter().find_map(|(key, value)| {
            let in_key = key.as_str().filter(|key| key.contains('\0')).map(|_| String::new());
            in_key.or_else(|| nul_in_value(value)).map(|path| format!("[key]{path}"))
        }),
        _ => None,
    }
}

/// What the rule asks for. The library leaves the text of well-known formats empty.
fn text(violation: &Violation) -> String {
    match violation.rule_id() {
        "string.uuid" | "string.uuid_empty" => "must be a UUID, in lower case with hyphens".to_owned(),
        "string.uri" | "string.uri_empty" => "must be an absolute URI".to_owned(),
        "enum.defined_only" => "must be a value that the contract defines".to_owned(),
        "enum.not_in" => "must be stated".to_owned(),
        "repeated.unique" => "must not hold the same value twice".to_owned(),
        "required" => "value is required".to_owned(),
        rule if violation.message().is_empty() => format!("must satisfy {rule}"),
        _ => violation.message().to_owned(),
    }
}

/// A map key in a path is the client's own text.
fn without_keys(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find("[\"") {
        out.push_str(&rest[..start]);
        out.push_str("[key]");
        rest = rest[start..].find("\"]").map_or("", |end| &rest[start + end + 2..]);
    }
    out.push_str(rest);
    out
}
