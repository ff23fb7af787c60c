//! The rules that are known here. Each answers none where a value is not surely right.

use prost_protovalidate::types::field_rules::Type;
use prost_protovalidate::types::{
    BytesRules, EnumRules, Int32Rules, Int64Rules, StringRules, int32_rules, int64_rules, string_rules,
};
use prost_reflect::Kind;

/// What a value must be.
pub(super) enum Rule {
    /// Anything.
    None,
    /// Something that is not known here.
    Unknown,
    Text(Text),
    /// At most so many bytes.
    Bytes(usize),
    /// A number in a range.
    Number(std::ops::RangeInclusive<i64>),
    /// A value of an enumeration that is (or is not) among these.
    Value {
        defined: Option<Vec<i32>>,
        not: Vec<i32>,
    },
}

/// What a text must be.
#[derive(Default)]
pub(super) struct Text {
    least: usize,
    most: usize,
    prefix: Vec<u8>,
    uuid: bool,
    among: Vec<Vec<u8>>,
    /// Whether an empty one is right, whatever the rest says.
    skips_zero: bool,
}

impl Rule {
    pub(super) fn read(rules: &Type) -> Self {
        match rules {
            Type::String(rules) => text(rules),
            Type::Bytes(rules) => {
                let rest = BytesRules { max_len: None, ..rules.clone() };
                match rules.max_len {
                    Some(most) if rest == BytesRules::default() => Self::Bytes(size(most)),
                    _ => Self::Unknown,
                }
            }
            Type::Int32(rules) => {
                let rest = Int32Rules { less_than: None, greater_than: None, ..rules.clone() };
                let least = match rules.greater_than {
                    None => Some(i64::MIN),
                    Some(int32_rules::GreaterThan::Gte(least)) => Some(i64::from(least)),
                    Some(_) => None,
                };
                let most = match rules.less_than {
                    None => Some(i64::MAX),
                    Some(int32_rules::LessThan::Lte(most)) => Some(i64::from(most)),
                    Some(_) => None,
                };
                range(rest == Int32Rules::default(), least, most)
            }
            Type::Int64(rules) => {
                let rest = Int64Rules { less_than: None, greater_than: None, ..rules.clone() };
                let least = match rules.greater_than {
                    None => Some(i64::MIN),
                    Some(int64_rules::GreaterThan::Gte(least)) => Some(least),
                    Some(_) => None,
                };
                let most = match rules.less_than {
                    None => Some(i64::MAX),
                    Some(int64_rules::LessThan::Lte(most)) => Some(most),
                    Some(_) => None,
                };
                range(rest == Int64Rules::default(), least, most)
            }
            Type::Enum(rules) => {
                let rest = EnumRules { defined_only: None, not_in: Vec::new(), ..rules.clone() };
                if rest != EnumRules::default() {
                    return Self::Unknown;
                }
                let defined = (rules.defined_only == Some(true)).then(Vec::new);
                Self::Value { defined, not: rules.not_in.clone() }
            }
            _ => Self::Unknown,
        }
    }

    /// The rule for a field of this kind.
    pub(super) fn of(self, kind: &Kind, skips_zero: bool) -> Self {
        match (self, kind) {
            (Self::None, _) => Self::None,
            (Self::Text(text), Kind::String) => Self::Text(Text { skips_zero, ..text }),
            (Self::Bytes(most), Kind::Bytes) => Self::Bytes(most),
            (Self::Number(range), Kind::Int32 | Kind::Int64) if !skips_zero => Self::Number(range),
            (Self::Value { defined, not }, Kind::Enum(kind)) if !skips_zero => {
                let values = || kind.values().map(|value| value.number()).collect();
                Self::Value { defined: defined.map(|_| values()), not }
            }
            _ => Self::Unknown,
        }
    }

    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether a value that is zero, and so is not encoded, is surely right.
    pub(super) fn allows_zero(&self, kind: &Kind) -> bool {
        match kind {
            Kind::String => self.text(&[]).is_some(),
            Kind::Bytes => self.bytes(&[]).is_some(),
            Kind::Int32 | Kind::Int64 | Kind::Enum(_) => self.number(0).is_some(),
            _ => self.is_none(),
        }
    }

    pub(super) fn none(&self) -> Option<()> {
        self.is_none().then_some(())
    }

    pub(super) fn text(&self, value: &[u8]) -> Option<()> {
        if value.contains(&0) {
            return None;
        }
        match self {
            Self::None => Some(()),
            Self::Text(rule) => rule.allows(value).then_some(()),
            _ => None,
        }
    }

    pub(super) fn bytes(&self, value: &[u8]) -> Option<()> {
        match self {
            Self::None => Some(()),
            Self::Bytes(most) => (value.len() <= *most).then_some(()),
            _ => None,
        }
    }

    pub(super) fn number(&self, value: u64) -> Option<()> {
        // A negative number is encoded as its 64 bits.
        let value = value.cast_signed();
        match self {
            Self::None => Some(()),
            Self::Number(range) => range.contains(&value).then_some(()),
            Self::Value { defined, not } => {
                let value = i32::try_from(value).ok()?;
                let is_defined = defined.as_ref().is_none_or(|values| values.contains(&value));
                (is_defined && !not.contains(&value)).then_some(())
            }
            _ => None,
        }
    }
}

fn range(known: bool, least: Option<i64>, most: Option<i64>) -> Rule {
    match (known, least, most) {
        // With the ends the other way about, the library takes what lies outside.
        (true, Some(least), Some(most)) if least <= most => Rule::Number(least..=most),
        _ => Rule::Unknown,
    }
}

fn size(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn text(rules: &StringRules) -> Rule {
    let rest = StringRules {
        min_len: None,
        max_len: None,
        prefix: None,
        r#in: Vec::new(),
        well_known: None,
        ..rules.clone()
    };
    let uuid = match rules.well_known {
        None => false,
        Some(string_rules::WellKnown::Uuid(true)) => true,
        Some(_) => return Rule::Unknown,
    };
    if rest != StringRules::default() {
        return Rule::Unknown;
    }
    Rule::Text(Text {
        least: rules.min_len.map_or(0, size),
        most: rules.max_len.map_or(usize::MAX, size),
        prefix: rules.prefix.clone().unwrap_or_default().into_bytes(),
        uuid,
        among: rules.r#in.iter().map(|text| text.clone().into_bytes()).collect(),
        skips_zero: false,
    })
}

impl Text {
    fn allows(&self, value: &[u8]) -> bool {
        if self.skips_zero && value.is_empty() {
            return true;
        }
        value.starts_with(&self.prefix)
            && (self.least..=self.most).contains(&characters(value))
            && (!self.uuid || is_uuid(value))
            && (self.among.is_empty() || self.among.iter().any(|text| text == value))
    }
}

/// How many characters a text in UTF-8 has: every byte but those that continue one.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| (**byte).cast_signed() >= -64).count()
}

/// Whether a text is a UUID as the suite writes them: in lower case, with hyphens.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
