//! What a package defines (`CFDefinitions`), its rubrics (`CFRubrics`), and what else it holds: all
//! kept as it came.

use std::collections::HashMap;

use serde_json::value::RawValue;
use trellis_kernel::Uuid;

use super::fields::{Fields, LINE};
use super::issues::Issues;
use super::json::{Sections, compact};
use super::rubric;
use super::{Definition, Digest, Refusal, Scope, Source, Spot};
use crate::domain::transfer::{Counts, Severity, Tally};

/// The sections that are read elsewhere.
const KNOWN: [&str; 5] = ["CFDocument", "CFItems", "CFAssociations", "CFDefinitions", RUBRICS];
/// What CASE defines (`CFDefinitions`).
const DEFINITIONS: [&str; 5] =
    ["CFConcepts", "CFSubjects", "CFLicenses", "CFItemTypes", "CFAssociationGroupings"];
const RUBRICS: &str = "CFRubrics";

/// Reads the definitions and the rubrics.
///
/// The definitions that CASE knows and the rubrics are kept under the key that holds them, every other
/// section under one that no two places of a package share: `CFDefinitions/{key}` in the definitions,
/// and at the top `{key}`, or `/{key}` where that is taken.
pub(super) fn read(
    sections: &Sections<'_>,
    scope: &Scope,
    issues: &mut Issues<'_>,
    tally: &mut Tally,
) -> Result<Vec<Definition>, Refusal> {
    let mut kept = Kept { scope, list: Vec::new(), places: HashMap::new() };
    if let Some(raw) = sections.get("CFDefinitions") {
        for (key, raw) in sections.inside("CFDefinitions", raw)? {
            let pointer = format!("CFDefinitions/{key}");
            if raw.get().starts_with('[') {
                let section = if DEFINITIONS.contains(&key.as_str()) { &key } else { &pointer };
                sections.each(&pointer, Some(raw), |index, raw| {
                    let spot = Spot { index, offset: sections.offset(raw) };
                    kept.take((section, &pointer), raw.get(), spot, issues, &mut tally.definitions);
                })?;
            } else if raw.get() != "null" {
                kept.keep_whole(&pointer, raw, sections.offset(raw));
            }
        }
    }
    sections.each(RUBRICS, sections.get(RUBRICS), |index, raw| {
        let spot = Spot { index, offset: sections.offset(raw) };
        kept.take((RUBRICS, RUBRICS), raw.get(), spot, issues, &mut tally.rubrics);
    })?;
    for (key, raw) in sections.others(&KNOWN) {
        let taken = DEFINITIONS.contains(&key) || key.contains('/');
        let section = if taken { format!("/{key}") } else { key.to_owned() };
        kept.keep_whole(&section, raw, sections.offset(raw));
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

/// The title of a definition.
pub(super) fn title(text: &str) -> String {
    let mut issues = Issues::deaf();
    let fields = Fields::again(text, &mut issues);
    let title = fields.as_ref().and_then(|fields| fields.map.get("title")?.as_str()).unwrap_or_default();
    title.chars().take(LINE).collect()
}

struct Kept<'s> {
    scope: &'s Scope,
    list: Vec<Definition>,
    places: HashMap<(String, Uuid), usize>,
}

impl Kept<'_> {
    fn take(
        &mut self,
        (section, pointer): (&str, &str),
        text: &str,
        spot: Spot,
        issues: &mut Issues<'_>,
        counts: &mut Counts,
    ) {
        counts.read += 1;
        let Some(mut fields) = Fields::read(text, pointer, spot, issues) else {
            counts.refused += 1;
            return;
        };
        let digest = fields.digest();
        let id = fields.identity(self.scope.framework, || format!("{section}\n{}", digest.text()));
        let key = (section.to_owned(), id);
        let known = self.places.get(&key).map(|place| self.list[*place].source.digest);
        match known {
            Some(known) if known == digest => {
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
                if section == RUBRICS {
                    rubric::note(&mut fields, id, self.scope);
                }
                self.places.insert(key, self.list.len());
                let source = Source::new(spot, text, digest);
                self.list.push(Definition { section: section.to_owned(), id, counted: true, source });
            }
        }
    }

    /// Keeps a section that is no list of definitions.
    fn keep_whole(&mut self, section: &str, raw: &RawValue, offset: usize) {
        let digest = Digest::of(compact(raw.get()).as_bytes());
        let id = Uuid::new_v5(&self.scope.framework, section.as_bytes());
        let source = Source::new(Spot { index: 0, offset }, raw.get(), digest);
        self.list.push(Definition { section: section.to_owned(), id, counted: false, source });
    }
}
