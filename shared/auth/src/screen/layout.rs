//! What a type of message holds, field by field, with the rule of each.

use std::sync::OnceLock;

use prost_protovalidate::types::field_rules::Type;
use prost_protovalidate::types::{
    FieldRules, Ignore, field_constraints_typed, message_constraints_typed, oneof_constraints_typed,
};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::rule::Rule;

/// How many fields a type may have, to be looked at here at all.
pub(super) const FIELDS: usize = 64;
/// The greatest number of a field, likewise.
const NUMBERS: usize = 255;
/// No field has this number.
const NOWHERE: u8 = u8::MAX;

/// A type of message.
pub(super) struct Layout {
    /// Whether nothing but its fields has rules, and it is small enough.
    pub(super) whole: bool,
    pub(super) fields: Vec<Field>,
    /// Where each number's field is in `fields`.
    places: Vec<u8>,
}

/// A field of it.
pub(super) struct Field {
    pub(super) shape: Shape,
    /// What its value must be, or each of its values.
    pub(super) rule: Rule,
    /// Whether it may be absent: a value that is zero is.
    absent: bool,
    /// How many values it may have, when it has any.
    counts: std::ops::RangeInclusive<u32>,
}

/// How its values are encoded.
pub(super) enum Shape {
    Text,
    Bytes,
    Message(Nested),
    Varint,
    /// Of so many bytes.
    Fixed(usize),
}

/// A type of message within another: laid out when it is met, since types may lie within themselves.
pub(super) struct Nested {
    descriptor: MessageDescriptor,
    layout: OnceLock<&'static Layout>,
}

impl Nested {
    pub(super) fn get(&self) -> &'static Layout {
        self.layout.get_or_init(|| super::layout(&self.descriptor))
    }
}

impl Layout {
    pub(super) fn of(descriptor: &MessageDescriptor) -> Self {
        let numbers = descriptor.fields().map(|field| field.number()).max().unwrap_or(0) as usize;
        let plain = matches!(message_constraints_typed(descriptor), Ok(None))
            && descriptor.oneofs().all(|oneof| matches!(oneof_constraints_typed(&oneof), Ok(None)));
        if !plain || descriptor.fields().len() > FIELDS || numbers > NUMBERS {
            return Self { whole: false, fields: Vec::new(), places: Vec::new() };
        }
        let mut places = vec![NOWHERE; numbers + 1];
        let mut fields = Vec::new();
        for field in descriptor.fields() {
            places[field.number() as usize] = u8::try_from(fields.len()).unwrap_or(NOWHERE);
            fields.push(Field::of(&field));
        }
        Self { whole: true, fields, places }
    }

    /// Where the field of this number is; none when there is none.
    pub(super) fn place(&self, number: u64) -> Option<usize> {
        let place = *self.places.get(usize::try_from(number).ok()?)?;
        (place != NOWHERE).then_some(usize::from(place))
    }
}

impl Field {
    fn of(field: &FieldDescriptor) -> Self {
        let kind = field.kind();
        let shape = match &kind {
            Kind::String => Shape::Text,
            Kind::Bytes => Shape::Bytes,
            Kind::Message(nested) => {
                Shape::Message(Nested { descriptor: nested.clone(), layout: OnceLock::new() })
            }
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Shape::Fixed(8),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Shape::Fixed(4),
            _ => Shape::Varint,
        };
        let Ok(rules) = field_constraints_typed(field) else {
            return Self { shape, rule: Rule::Unknown, absent: false, counts: 1..=u32::MAX };
        };
        let many = field.is_list() || field.is_map();
        let Some(rules) = rules else {
            return Self { shape, rule: Rule::None, absent: true, counts: 1..=u32::MAX };
        };
        let skips_zero = rules.ignore == Some(Ignore::IfZeroValue as i32);
        let optional = skips_zero || (field.supports_presence() && !many);
        let required = rules.required == Some(true);
        let (rule, counts, zero) = match read(&rules) {
            Read::One(rule) if many => {
                let zero = rule.is_none();
                (rule, 1..=u32::MAX, zero)
            }
            Read::One(rule) => {
                let rule = rule.of(&kind, skips_zero);
                let zero = rule.allows_zero(&kind);
                (rule, 1..=1, zero)
            }
            Read::Many { rule, least, most } if field.is_list() => {
                (rule.of(&kind, false), least.max(1)..=most, least == 0)
            }
            Read::Many { .. } => (Rule::Unknown, 1..=u32::MAX, false),
        };
        Self { shape, rule, absent: !required && (optional || zero), counts }
    }

    /// Whether so many values are right.
    pub(super) fn allows(&self, count: u32) -> bool {
        if count == 0 { self.absent } else { self.counts.contains(&count) }
    }
}

/// The rules of a field, as far as they are known here.
enum Read {
    One(Rule),
    Many { rule: Rule, least: u32, most: u32 },
}

fn read(rules: &FieldRules) -> Read {
    let FieldRules { cel_expression, cel, required: _, ignore, r#type } = rules;
    let known = matches!(ignore, None | Some(0)) || *ignore == Some(Ignore::IfZeroValue as i32);
    if !known || !cel.is_empty() || !cel_expression.is_empty() {
        return Read::One(Rule::Unknown);
    }
    match r#type {
        None => Read::One(Rule::None),
        Some(Type::Repeated(many)) => {
            let limit =
                |limit: Option<u64>, other| limit.map_or(other, |n| u32::try_from(n).unwrap_or(u32::MAX));
            let rule = match many.items.as_deref() {
                None => Rule::None,
                Some(FieldRules { required: None, ignore: None, .. }) => {
                    match many.items.as_deref().map(read) {
                        Some(Read::One(rule)) => rule,
                        _ => Rule::Unknown,
                    }
                }
                Some(_) => Rule::Unknown,
            };
            let most = limit(many.max_items, u32::MAX);
            // Whether two are the same is not looked at here; one alone is not.
            let most = if many.unique == Some(true) { most.min(1) } else { most };
            Read::Many { rule, least: limit(many.min_items, 0), most }
        }
        Some(one) => Read::One(Rule::read(one)),
    }
}
