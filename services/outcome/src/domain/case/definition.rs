//! What a package defines (`CFDefinitions`), its rubrics (`CFRubrics`), and what else it holds: all
//! kept as it came.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use trellis_kernel::Uuid;

use super::fields::{Fields, LINE};
use super::issues::Issues;
use super::json::{Sections, compact};
use super::{Definition, Refusal, Scope, Source, Spot};
use crate::domain::text::hex;
use crate::domain::transfer::{Counts, Severity, Tally};
use sha2::{Digest, Sha256};

/// The sections that are read elsewhere.
const KNOWN: [&str; 5] = ["CFDocument", "CFItems", "CFAssociations", "CFDefinitions", "CFRubrics"];

/// Reads the definitions and the rubrics.
pub(super) fn read(
    sections: &Sections<'_>,
    scope: &Scope,
    issues: &mut Issues<'_>,
    tally: &mut Tally,
) -> Result<Vec<Definition>, Refusal> {
    let mut kept = Kept { scope, list: Vec::new(), places: HashMap::new() };
    if let Some(raw) = sections.get("CFDefinitions") {
        if !raw.get().starts_with('{') {
            return Err(sections.refuse(
                "CFDefinitions",
                raw,
                "TYPE_WRONG",
                "CFDefinitions must be an object.",
            ));
        }
        let own = Own::read(sections, raw)?;
        for (key, raw) in own.list {
            let pointer = format!("CFDefinitions/{key}");
            if raw.get().starts_with('[') {
                sections.each(&pointer, Some(raw), |index, raw| {
                    let spot = Spot { index, offset: sections.offset(raw) };
                    kept.take(&key, &pointer, raw, spot, issues, &mut tally.definitions);
                })?;
            } else if raw.get() != "null" {
                kept.keep_whole(&pointer, raw);
            }
        }
    }
    sections.each("CFRubrics", sections.get("CFRubrics"), |index, raw| {
        let spot = Spot { index, offset: sections.offset(raw) };
        kept.take("CFRubrics", "CFRubrics", raw, spot, issues, &mut tally.rubrics);
    })?;
    for (key, raw) in sections.others(&KNOWN) {
        kept.keep_whole(key, raw);
        issues.add(
            sections.offset(raw),
            format!("/{key}"),
            Severity::Note,
            "SECTION_KEPT",
            "The section is none that CASE 1.1 defines, or an extension.",
            "It is kept as it came.",
        );
    }
    Ok(kept.list)
}

/// The keys of `CFDefinitions`.
struct Own<'a> {
    list: Vec<(String, &'a RawValue)>,
}

impl<'a> Own<'a> {
    fn read(sections: &Sections<'a>, raw: &'a RawValue) -> Result<Self, Refusal> {
        let map: HashMap<String, &'a RawValue> = serde_json::from_str(raw.get()).map_err(|_| {
            sections.refuse("CFDefinitions", raw, "TYPE_WRONG", "CFDefinitions must be an object.")
        })?;
        let mut list: Vec<_> = map.into_iter().filter(|(key, _)| key.chars().count() <= 100).collect();
        list.sort_by_key(|(_, raw)| sections.offset(raw));
        Ok(Self { list })
    }
}

struct Kept<'s> {
    scope: &'s Scope,
    list: Vec<Definition>,
    places: HashMap<(String, Uuid), usize>,
}

impl Kept<'_> {
    fn take(
        &mut self,
        section: &str,
        pointer: &str,
        raw: &RawValue,
        spot: Spot,
        issues: &mut Issues<'_>,
        counts: &mut Counts,
    ) {
        counts.read += 1;
        let Some(mut fields) = Fields::read(raw, pointer, spot, issues) else {
            counts.refused += 1;
            return;
        };
        let seed = format!("{section}\n{}", fields.source.digest);
        let id = fields.identity(self.scope.framework, &seed);
        let title: String =
            fields.map.get("title").and_then(Value::as_str).unwrap_or_default().chars().take(LINE).collect();
        let key = (section.to_owned(), id);
        let known = self.places.get(&key).map(|place| self.list[*place].source.digest.clone());
        match known {
            Some(digest) if digest == fields.source.digest => {
                counts.repeated += 1;
                fields.say(
                    "",
                    Severity::Note,
                    "ENTRY_REPEATED",
                    "The definition stands in the package a second time, word for word.",
                    "It is taken once.",
                );
            }
            Some(_) => {
                counts.refused += 1;
                fields.refuse(
                    "identifier",
                    "IDENTIFIER_REPEATED",
                    "Another definition of the package has the same identifier and says something else.",
                );
            }
            None => {
                self.places.insert(key, self.list.len());
                let source = fields.source.clone();
                self.list.push(Definition { section: section.to_owned(), id, title, counted: true, source });
            }
        }
    }

    /// Keeps a section that is no list of definitions.
    fn keep_whole(&mut self, key: &str, raw: &RawValue) {
        let json = compact(raw.get());
        let digest = hex(&Sha256::digest(&json)[..16]);
        let section: String = key.chars().take(100).collect();
        let id = Uuid::new_v5(&self.scope.framework, key.as_bytes());
        let source = Source { json, digest };
        self.list.push(Definition { section, id, title: String::new(), counted: false, source });
    }
}
