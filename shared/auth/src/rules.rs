//! The rules that the contract states, enforced on every message.

use std::sync::LazyLock;

use prost_protovalidate::{Error, Validator, Violation};
use prost_reflect::ReflectMessage;
use trellis_kernel::{Failure, Reason, Result};

/// Compiled rules are kept in it, so there is one for the whole process.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::new);

/// How many violations an answer lists; a message with more has the rest after these are mended.
const LISTED: usize = 20;

/// Checks a message against the `buf.validate` rules of its contract.
///
/// The failure names each field by its path and says what its rule asks for, never what was sent.
pub fn check<M: ReflectMessage>(message: &M) -> Result<()> {
    match VALIDATOR.validate(message) {
        Ok(()) => Ok(()),
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
