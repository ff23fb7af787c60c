//! A quick look at a message, by which nearly all that are right pass.
//!
//! The rules of the contract are checked by a library that takes every message apart by reflection, which
//! costs more than all else that a small call does. Here the rules that most fields have (lengths, prefixes,
//! identities, ranges, defined values) are laid out once for each type and held against the encoded
//! message. Whatever is not surely right is left to the library: it alone refuses, and says why. So this
//! must never pass what the library would refuse, and may well not pass what it would not.

mod layout;
mod rule;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use prost_reflect::MessageDescriptor;

use layout::{Layout, Shape};

/// The layouts made so far, by the name of the type. There is one for each type of the contract that was
/// met, and they are never taken away.
static LAYOUTS: LazyLock<RwLock<HashMap<String, &'static Layout>>> = LazyLock::new(RwLock::default);

/// How deep messages may lie in each other.
const DEPTH: usize = 32;

/// Whether an encoded message surely keeps every rule of its contract, and no text in it holds U+0000.
pub(crate) fn passes(descriptor: &MessageDescriptor, encoded: &[u8]) -> bool {
    walk(layout(descriptor), encoded, 0).is_some()
}

fn layout(descriptor: &MessageDescriptor) -> &'static Layout {
    let known = LAYOUTS.read().unwrap_or_else(PoisonError::into_inner).get(descriptor.full_name()).copied();
    known.unwrap_or_else(|| {
        let made: &'static Layout = Box::leak(Box::new(Layout::of(descriptor)));
        let mut layouts = LAYOUTS.write().unwrap_or_else(PoisonError::into_inner);
        layouts.entry(descriptor.full_name().to_owned()).or_insert(made)
    })
}

/// None where something is not surely right.
fn walk(layout: &'static Layout, mut bytes: &[u8], depth: usize) -> Option<()> {
    if !layout.whole || depth > DEPTH {
        return None;
    }
    let mut counts = [0_u32; layout::FIELDS];
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let place = layout.place(key >> 3)?;
        let field = &layout.fields[place];
        let count = &mut counts[place];
        match key & 7 {
            0 => {
                *count += 1;
                field.rule.number(varint(&mut bytes)?)?;
            }
            1 | 5 => {
                *count += 1;
                take(&mut bytes, if key & 7 == 1 { 8 } else { 4 })?;
                field.rule.none()?;
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let mut value = take(&mut bytes, length)?;
                match &field.shape {
                    Shape::Text => {
                        *count += 1;
                        field.rule.text(value)?;
                    }
                    Shape::Bytes => {
                        *count += 1;
                        field.rule.bytes(value)?;
                    }
                    Shape::Message(nested) => {
                        *count += 1;
                        field.rule.none()?;
                        walk(nested.get(), value, depth + 1)?;
                    }
                    Shape::Varint => {
                        while !value.is_empty() {
                            *count += 1;
                            field.rule.number(varint(&mut value)?)?;
                        }
                    }
                    Shape::Fixed(size) => {
                        *count += u32::try_from(value.len() / size).ok()?;
                        field.rule.none()?;
                    }
                }
            }
            _ => return None,
        }
    }
    layout.fields.iter().zip(counts).try_for_each(|(field, count)| field.allows(count).then_some(()))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}
