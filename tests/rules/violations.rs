//! Every rule that a contract states on a field of a request is enforced, names the field, and never
//! repeats the value.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use trellis_contracts::DESCRIPTOR_POOL;

/// What no answer may repeat.
const PLANTED: &str = "Tyrone Dyer";

/// A value that breaks one rule; none for a field that is left out.
struct Breach {
    rule: String,
    value: Option<Value>,
    /// What follows the field in the path of the violation.
    at: &'static str,
}

fn rules_of(field: &FieldDescriptor) -> Option<DynamicMessage> {
    let extension = DESCRIPTOR_POOL.get_extension_by_name("buf.validate.field").expect("buf.validate");
    let options = field.options();
    options.has_extension(&extension).then(|| {
        options.get_extension(&extension).as_message().expect("the rules of a field are a message").clone()
    })
}

fn set(rules: &DynamicMessage) -> Vec<(FieldDescriptor, Value)> {
    rules.fields().map(|(field, value)| (field, value.clone())).collect()
}

/// The values that break each of a field's rules.
fn breaches(field: &FieldDescriptor, rules: &DynamicMessage) -> Vec<Breach> {
    let ignores_zero = set(rules).iter().any(|(rule, value)| {
        rule.name() == "ignore" && value.as_enum_number().is_some_and(|number| number != 0)
    });
    let mut found = Vec::new();
    for (rule, value) in set(rules) {
        match (rule.name(), &value) {
            ("ignore", _) => {}
            ("required", _) => found.push(Breach { rule: "required".to_owned(), value: None, at: "" }),
            ("repeated", Value::Message(rules)) => found.extend(list_breaches(field, rules)),
            ("map", Value::Message(rules)) => found.extend(map_breaches(field, rules)),
            (_, Value::Message(rules)) => found.extend(
                set(rules)
                    .into_iter()
                    .filter_map(|(rule, value)| scalar_breach(field, &rule, &value))
                    .filter(|breach| !(ignores_zero && is_zero(breach.value.as_ref()))),
            ),
            (name, _) => panic!("{}: this test does not know the rule {name}", field.full_name()),
        }
    }
    found
}

fn is_zero(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Bytes(bytes)) => bytes.is_empty(),
        None | Some(Value::I32(0) | Value::I64(0) | Value::EnumNumber(0)) => true,
        _ => false,
    }
}

fn list_breaches(field: &FieldDescriptor, rules: &DynamicMessage) -> Vec<Breach> {
    let items = |count: usize| Some(Value::List(vec![element(field); count]));
    let mut found = Vec::new();
    for (rule, value) in set(rules) {
        let breach = |value, at| Breach { rule: format!("repeated.{}", rule.name()), value, at };
        match (rule.name(), value) {
            ("min_items", Value::U64(least)) => {
                found.push(breach(items(usize::try_from(least).expect("small") - 1), ""));
            }
            ("max_items", Value::U64(most)) => {
                found.push(breach(items(usize::try_from(most).expect("small") + 1), ""));
            }
            ("unique", Value::Bool(true)) => found.push(breach(items(2), "")),
            ("items", Value::Message(rules)) => {
                found.extend(breaches(field, &rules).into_iter().map(|inner| Breach {
                    value: inner.value.map(|value| Value::List(vec![value])),
                    at: "[0]",
                    ..inner
                }));
            }
            (name, _) => panic!("{}: this test does not know repeated.{name}", field.full_name()),
        }
    }
    found
}

fn map_breaches(field: &FieldDescriptor, rules: &DynamicMessage) -> Vec<Breach> {
    let mut found = Vec::new();
    for (rule, value) in set(rules) {
        match (rule.name(), value) {
            ("max_pairs", Value::U64(most)) => {
                let pairs = (0..=most).map(|key| (MapKey::String(key.to_string()), Value::EnumNumber(1)));
                let value = Some(Value::Map(pairs.collect()));
                found.push(Breach { rule: "map.max_pairs".to_owned(), value, at: "" });
            }
            // What breaks these is told at a key, which no list of fields knows.
            ("keys" | "values", _) => {}
            (name, _) => panic!("{}: this test does not know map.{name}", field.full_name()),
        }
    }
    found
}

fn element(field: &FieldDescriptor) -> Value {
    match field.kind() {
        Kind::Message(message) => Value::Message(DynamicMessage::new(message)),
        kind => Value::default_value(&kind),
    }
}

fn scalar_breach(field: &FieldDescriptor, rule: &FieldDescriptor, stated: &Value) -> Option<Breach> {
    let id = rule.full_name().trim_start_matches("buf.validate.").to_owned();
    let value = match (rule.name(), stated) {
        ("min_len", Value::U64(least)) => filled(field, *least - 1),
        ("max_len", Value::U64(most)) => filled(field, *most + 1),
        (
            "pattern" | "prefix" | "in" | "uuid" | "uri" | "const" | "suffix",
            Value::String(_) | Value::List(_) | Value::Bool(_),
        ) if field.kind() == Kind::String => Value::String(PLANTED.to_owned()),
        ("defined_only", Value::Bool(true)) => Value::EnumNumber(9999),
        ("not_in", Value::List(values)) => values[0].clone(),
        ("not_in", _) => return None,
        ("finite", Value::Bool(true)) => Value::F64(f64::NAN),
        ("gte", bound) => step(bound, -1),
        ("gt" | "lt", bound) => bound.clone(),
        ("lte", bound) => step(bound, 1),
        (name, _) => panic!("{}: this test does not know the rule {name}", field.full_name()),
    };
    // An enum's number is stated as an integer in the rule.
    let value = match (field.kind(), value) {
        (Kind::Enum(_), Value::I32(number)) => Value::EnumNumber(number),
        (_, value) => value,
    };
    Some(Breach { rule: id, value: Some(value), at: "" })
}

fn filled(field: &FieldDescriptor, length: u64) -> Value {
    let length = usize::try_from(length).expect("a length that fits");
    let text: String = PLANTED.chars().cycle().take(length).collect();
    if field.kind() == Kind::Bytes { Value::Bytes(text.into_bytes().into()) } else { Value::String(text) }
}

fn step(bound: &Value, by: i8) -> Value {
    match bound {
        Value::I32(bound) => Value::I32(bound + i32::from(by)),
        Value::I64(bound) => Value::I64(bound + i64::from(by)),
        Value::U32(bound) => Value::U32(bound.wrapping_add_signed(by.into())),
        Value::U64(bound) => Value::U64(bound.wrapping_add_signed(by.into())),
        Value::F64(bound) => Value::F64(bound + f64::from(by)),
        Value::F32(bound) => Value::F32(bound + f32::from(by)),
        Value::Message(bound) => {
            // A moment, to the second.
            let seconds = step(&bound.get_field_by_name("seconds").expect("seconds"), by);
            let mut moved = bound.clone();
            moved.set_field_by_name("seconds", seconds);
            Value::Message(moved)
        }
        other => panic!("no bound: {other:?}"),
    }
}

/// The way from a request to a message inside it.
#[derive(Clone, Default)]
struct Way(Vec<FieldDescriptor>);

impl Way {
    fn path(&self) -> String {
        self.0.iter().fold(String::new(), |path, field| {
            format!("{path}{}{}.", field.name(), if field.is_list() { "[0]" } else { "" })
        })
    }

    /// The request that holds `inner` at the end of the way, and nothing else.
    fn wrap(&self, request: &MessageDescriptor, inner: DynamicMessage) -> DynamicMessage {
        let mut message = inner;
        for (depth, field) in self.0.iter().enumerate().rev() {
            let outer = if depth == 0 { request.clone() } else { target(&self.0[depth - 1]) };
            let mut wrapped = DynamicMessage::new(outer);
            let value = Value::Message(message);
            wrapped.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
            message = wrapped;
        }
        message
    }
}

fn target(field: &FieldDescriptor) -> MessageDescriptor {
    match field.kind() {
        Kind::Message(message) => message,
        kind => panic!("{kind:?} is no message"),
    }
}

/// Calls `visit` for every field of every message of ours that a request can hold, with the way there.
fn each_field(message: &MessageDescriptor, way: &Way, visit: &mut impl FnMut(&Way, &FieldDescriptor)) {
    for field in message.fields() {
        visit(way, &field);
        let Kind::Message(inner) = field.kind() else { continue };
        let again = way.0.iter().any(|passed| target(passed) == inner);
        if inner.full_name().starts_with("trellis.") && !again && !field.is_map() && !is_set_by_us(&field) {
            let mut further = way.clone();
            further.0.push(field);
            each_field(&inner, &further, visit);
        }
    }
}

fn requests() -> Vec<MessageDescriptor> {
    let services = DESCRIPTOR_POOL.services().filter(|service| service.full_name().starts_with("trellis."));
    let mut seen = BTreeSet::new();
    services
        .flat_map(|service| service.methods().map(|method| method.input()).collect::<Vec<_>>())
        .filter(|input| seen.insert(input.full_name().to_owned()))
        .collect()
}

#[test]
fn every_annotated_field_refuses_what_breaks_its_rules() {
    let (mut tried, mut silent) = (0, Vec::new());
    for request in requests() {
        each_field(&request, &Way::default(), &mut |way, field| {
            let Some(rules) = rules_of(field) else { return };
            for breach in breaches(field, &rules) {
                tried += 1;
                let mut inner = DynamicMessage::new(field.parent_message().clone());
                if let Some(value) = &breach.value {
                    inner.set_field(field, value.clone());
                }
                let message = way.wrap(&request, inner);
                let path = format!("{}{}{}", way.path(), field.name(), breach.at);
                let refused = trellis_auth::check(&message).err();
                let named = refused.as_ref().is_some_and(|f| f.violations().iter().any(|v| v.field == path));
                if !named {
                    silent.push(format!("{}: {path} by {}", request.full_name(), breach.rule));
                }
                let text = format!("{refused:?}");
                assert!(!text.contains("Tyrone"), "{path} repeats the value: {text}");
            }
        });
    }
    assert!(tried > 500, "only {tried} breaches were tried");
    assert!(silent.is_empty(), "{} of {tried} breaches were not named:\n{}", silent.len(), silent.join("\n"));
}

/// What a client may leave without a rule: the service itself reads these, and says what is wrong.
const PARSED_ELSEWHERE: &[&str] = &["page_size", "update_mask"];

#[test]
fn every_text_and_list_of_a_request_has_a_bound() {
    let mut unbounded = BTreeSet::new();
    for request in requests() {
        each_field(&request, &Way::default(), &mut |_, field| {
            let text = matches!(field.kind(), Kind::String | Kind::Bytes);
            if (text || field.is_list() || matches!(field.kind(), Kind::Enum(_)))
                && rules_of(field).is_none()
                && !is_set_by_us(field)
                && !PARSED_ELSEWHERE.contains(&field.name())
            {
                unbounded.insert(field.full_name().to_owned());
            }
        });
    }
    assert!(
        unbounded.is_empty(),
        "without a rule:\n{}",
        unbounded.into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// Fields that the service sets (`OUTPUT_ONLY`, `IDENTIFIER`): what a client sends there is not read, or
/// is the name that the guard has taken apart.
fn is_set_by_us(field: &FieldDescriptor) -> bool {
    const SET_BY_US: [i32; 2] = [3, 8];
    let extension =
        DESCRIPTOR_POOL.get_extension_by_name("google.api.field_behavior").expect("field_behavior");
    let options = field.options();
    let behaviours = options.get_extension(&extension);
    let stated = |value: &Value| value.as_enum_number().is_some_and(|number| SET_BY_US.contains(&number));
    behaviours.as_list().is_some_and(|list| list.iter().any(stated))
}
