//! Templates to begin a framework with: the seed sets, read and checked.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use trellis_kernel::{District, Failure, Name, Result, Uuid};

use super::framework::{AdoptionStatus, FrameworkContent, FrameworkKind, License};
use super::outcome::{OutcomeContent, OutcomeKind};
use super::progression::Level;
use super::text::{ExternalId, Text};

/// The collection of templates in a name.
pub(crate) const TEMPLATES: &str = "frameworkTemplates";
/// The type of a template in errors.
pub(crate) const TEMPLATE: &str = "trellis.dev/FrameworkTemplate";

/// The seed sets, in the order of their codes.
static SEEDS: [&str; 3] = [
    include_str!("../../seeds/lifecomp.json"),
    include_str!("../../seeds/myways.json"),
    include_str!("../../seeds/portrait.json"),
];

static TEMPLATES_READ: LazyLock<std::result::Result<Vec<Template>, String>> =
    LazyLock::new(|| SEEDS.iter().map(|seed| read(seed)).collect());

/// A framework to begin with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Template {
    /// Its identity, the same in every district.
    pub(crate) id: Uuid,
    /// A word for it.
    pub(crate) code: String,
    /// Counts up when it changes.
    pub(crate) version: String,
    /// What sort of framework is made from it.
    pub(crate) kind: FrameworkKind,
    /// The languages in which all of it is written; the first is the main one.
    pub(crate) languages: Vec<String>,
    /// The title.
    pub(crate) title: Vec<Text>,
    /// What it holds.
    pub(crate) summary: Vec<Text>,
    /// Where it comes from.
    pub(crate) source: Source,
    /// Its parts.
    pub(crate) parts: Vec<Part>,
    /// Its outcomes, each after the one that it stands below.
    pub(crate) outcomes: Vec<TemplateOutcome>,
    /// Its progressions.
    pub(crate) progressions: Vec<TemplateProgression>,
}

/// Where a template comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// Who wrote it.
    pub(crate) creator: String,
    /// Who publishes it.
    pub(crate) publisher: String,
    /// Where it is published.
    pub(crate) uri: String,
    /// The version as its authors count.
    pub(crate) version: String,
    /// Its licence.
    pub(crate) license: SourceLicense,
    /// The credit that the licence asks for.
    pub(crate) attribution: String,
    /// What is not as its authors wrote it.
    pub(crate) changes: String,
    /// The day on which it was taken.
    pub(crate) date: String,
}

/// The licence of a source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceLicense {
    /// Its title.
    pub(crate) title: String,
    /// Where it is published.
    pub(crate) uri: String,
}

impl Source {
    /// The licence as a framework carries it: with the credit, and what was changed.
    pub(crate) fn license(&self) -> License {
        let lines = [self.attribution.as_str(), self.changes.as_str()];
        let text = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        License { title: self.license.title.clone(), text, uri: self.license.uri.clone() }
    }
}

/// A part of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Its code.
    pub(crate) code: String,
    /// Its title.
    pub(crate) title: Vec<Text>,
}

/// An outcome of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateOutcome {
    /// Its code.
    pub(crate) code: String,
    /// The part that it is in.
    pub(crate) part: String,
    /// The code of the outcome above it, or empty.
    pub(crate) below: String,
    /// Knowledge, skill or mindset.
    pub(crate) kind: OutcomeKind,
    /// Why.
    pub(crate) kind_reason: String,
    /// What sort of thing it is in its framework.
    #[serde(rename = "type")]
    pub(crate) item_type: String,
    /// It in a few words.
    pub(crate) abbreviated: Vec<Text>,
    /// What the learner knows, does or is.
    pub(crate) statement: Vec<Text>,
    /// Notes for those who use it.
    #[serde(default)]
    pub(crate) notes: Vec<Text>,
}

/// A progression of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateProgression {
    /// What it is called.
    pub(crate) title: Vec<Text>,
    /// The codes of its outcomes.
    pub(crate) outcomes: Vec<String>,
    /// Its levels.
    pub(crate) levels: Vec<Level>,
}

/// Every template, in the order of their codes.
pub(crate) fn all() -> Result<&'static [Template]> {
    TEMPLATES_READ.as_deref().map_err(|reason| Failure::internal(reason.as_str()))
}

/// Reads the name of a template.
pub(crate) fn parse_template(field: &str, text: &str) -> Result<(District, Uuid)> {
    let name = Name::of(field, text, &[TEMPLATES])?;
    match name.segments.as_slice() {
        [only] if only.revision.is_none() => Ok((name.district.clone(), only.id)),
        _ => Err(Failure::field(field, "a template has no revisions")),
    }
}

/// The name of a template in a district.
pub(crate) fn template_name(district: District, id: Uuid) -> Name {
    Name::district(district).child(TEMPLATES, id)
}

/// What a framework is made of.
#[derive(Debug)]
pub(crate) struct Selection {
    /// What is written about the framework.
    pub(crate) framework: FrameworkContent,
    /// Its outcomes, each after the one that it stands below, whose place in this list it names.
    pub(crate) outcomes: Vec<(OutcomeContent, Option<usize>)>,
    /// Its progressions, with the places of their outcomes in that list.
    pub(crate) progressions: Vec<(Vec<Text>, Vec<usize>, Vec<Level>)>,
}

impl Template {
    /// Takes some parts in one language, or all there is.
    pub(crate) fn select(&self, title: Vec<Text>, language: &str, parts: &[String]) -> Result<Selection> {
        if !language.is_empty() && !self.languages.iter().any(|own| own == language) {
            return Err(Failure::field("language", "must be one of the template's languages"));
        }
        if let Some(place) = parts.iter().position(|part| self.parts.iter().all(|own| own.code != *part)) {
            return Err(Failure::field(
                format!("parts[{place}]"),
                "must be the code of a part of the template",
            ));
        }
        let only = |texts: &[Text]| -> Vec<Text> {
            texts.iter().filter(|text| language.is_empty() || text.language == language).cloned().collect()
        };
        let main =
            if language.is_empty() { self.languages.first().map_or("", String::as_str) } else { language };
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut outcomes = Vec::new();
        for outcome in &self.outcomes {
            if !parts.is_empty() && !parts.contains(&outcome.part) {
                continue;
            }
            let content = OutcomeContent {
                kind: outcome.kind,
                statement: only(&outcome.statement),
                abbreviated: only(&outcome.abbreviated),
                notes: only(&outcome.notes),
                code: outcome.code.clone(),
                item_type: outcome.item_type.clone(),
                language: main.to_owned(),
                ..OutcomeContent::default()
            };
            let above = places.get(outcome.below.as_str()).copied();
            places.insert(&outcome.code, outcomes.len());
            outcomes.push((content, above));
        }
        let level = |level: &Level| Level {
            title: only(&level.title),
            descriptor: only(&level.descriptor),
            indicators: level.indicators.iter().map(|one| only(one)).collect(),
        };
        let progressions = self.progressions.iter().filter_map(|progression| {
            let of = progression.outcomes.iter().map(|code| places.get(code.as_str()).copied());
            let of = of.collect::<Option<Vec<usize>>>()?;
            Some((only(&progression.title), of, progression.levels.iter().map(level).collect()))
        });
        let progressions = progressions.collect();
        let framework = FrameworkContent {
            kind: self.kind,
            title: if title.is_empty() { only(&self.title) } else { title },
            description: only(&self.summary),
            creator: self.source.creator.clone(),
            language: main.to_owned(),
            license: Some(self.source.license()),
            official_source_uri: self.source.uri.clone(),
            adoption_status: AdoptionStatus::Draft,
            external_ids: vec![ExternalId {
                system: TEMPLATE.to_owned(),
                id: format!("{}@{}", self.code, self.version),
            }],
            ..FrameworkContent::default()
        };
        Ok(Selection { framework, outcomes, progressions })
    }

    /// Why the file that holds it breaks a rule.
    fn fault(&self) -> Option<String> {
        let whole = |texts: &[Text]| {
            self.languages.iter().all(|language| texts.iter().any(|text| text.language == *language))
        };
        if self.languages.is_empty() || !whole(&self.title) || !whole(&self.summary) {
            return Some("its title and summary are not in each of its languages".to_owned());
        }
        if let Some(part) = self.parts.iter().find(|part| !whole(&part.title)) {
            return Some(format!("the part {} has no title in each language", part.code));
        }
        let mut before: HashMap<&str, &str> = HashMap::new();
        for outcome in &self.outcomes {
            let code = &outcome.code;
            let placed = outcome.below.is_empty()
                || before.get(outcome.below.as_str()).is_some_and(|part| *part == outcome.part);
            let fault = if before.insert(code, &outcome.part).is_some() {
                "comes twice"
            } else if self.parts.iter().all(|part| part.code != outcome.part) {
                "is in no part"
            } else if !placed {
                "stands below none before it in its part"
            } else if outcome.kind == OutcomeKind::Unspecified || outcome.kind_reason.is_empty() {
                "has no kind, or no reason for it"
            } else if !whole(&outcome.statement) || !whole(&outcome.abbreviated) {
                "is not in each of the languages"
            } else {
                continue;
            };
            return Some(format!("the outcome {code} {fault}"));
        }
        let levels = |progression: &TemplateProgression| {
            progression.levels.len() >= 2
                && progression.levels.iter().all(|level| whole(&level.title) && whole(&level.descriptor))
        };
        let sound = |progression: &&TemplateProgression| {
            whole(&progression.title)
                && levels(progression)
                && !progression.outcomes.is_empty()
                && progression.outcomes.iter().all(|code| before.contains_key(code.as_str()))
        };
        let broken = self.progressions.iter().position(|progression| !sound(&progression));
        broken.map(|place| format!("progression {place} lacks a language, a level or an outcome"))
    }
}

/// Reads a seed set.
fn read(seed: &str) -> std::result::Result<Template, String> {
    let template: Template = serde_json::from_str(seed).map_err(|error| error.to_string())?;
    match template.fault() {
        Some(fault) => Err(format!("{}: {fault}", template.code)),
        None => Ok(template),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_set_is_sound_and_has_an_identity_of_its_own() {
        let templates = all().expect("the seeds can be read");
        let codes: Vec<&str> = templates.iter().map(|template| template.code.as_str()).collect();
        assert_eq!(codes, ["lifecomp", "myways", "portrait"], "in the order of their codes");
        let ids: std::collections::HashSet<Uuid> = templates.iter().map(|template| template.id).collect();
        assert_eq!(ids.len(), templates.len());
        for template in templates {
            assert!(!template.source.license.title.is_empty(), "{} has a licence", template.code);
            let selection = template.select(Vec::new(), "", &[]).expect("all of it");
            selection.framework.check().expect("a framework");
            assert_eq!(selection.outcomes.len(), template.outcomes.len());
            for (outcome, _) in &selection.outcomes {
                outcome.check().expect("an outcome");
            }
        }
    }

    #[test]
    fn my_ways_has_twenty_competencies_of_every_kind_in_four_domains() {
        let template = all().expect("the seeds").iter().find(|template| template.code == "myways");
        let template = template.expect("MyWays");
        assert_eq!(template.parts.len(), 4);
        let of = |kind: OutcomeKind| {
            let competencies = template.outcomes.iter().filter(|outcome| outcome.item_type == "Competency");
            competencies.filter(|outcome| outcome.kind == kind).count()
        };
        let kinds = [of(OutcomeKind::Knowledge), of(OutcomeKind::Skill), of(OutcomeKind::Mindset)];
        assert_eq!(kinds, [5, 12, 3]);
    }

    #[test]
    fn a_part_is_taken_with_the_progressions_that_fit_into_it() {
        let template = &all().expect("the seeds")[1];
        let parts = ["creative-know-how".to_owned()];
        let selection = template.select(Vec::new(), "en", &parts).expect("a part");
        assert_eq!(selection.outcomes.len(), 6);
        assert_eq!(selection.outcomes[1].1, Some(0), "a competency stands below its domain");
        assert_eq!(selection.progressions.len(), 1);
        let (title, of, levels) = &selection.progressions[0];
        assert_eq!((title.len(), of.as_slice(), levels.len()), (1, &[1][..], 4), "in English alone");
    }

    #[test]
    fn what_a_template_does_not_have_is_refused() {
        let template = &all().expect("the seeds")[1];
        let refused = template.select(Vec::new(), "tlh", &[]).expect_err("no Klingon");
        assert_eq!(refused.violations()[0].field, "language");
        let refused = template.select(Vec::new(), "", &["none".to_owned()]).expect_err("no such part");
        assert_eq!(refused.violations()[0].field, "parts[0]");
    }

    #[test]
    fn a_seed_that_breaks_a_rule_is_not_read() {
        let portrait = SEEDS[2];
        for (from, to) in [
            ("\"below\": \"K\"", "\"below\": \"S\""),
            ("\"part\": \"skills\"", "\"part\": \"talents\""),
            ("\"code\": \"K.1\"", "\"code\": \"K\""),
            ("\"kind\": \"knowledge\", ", "\"kind\": \"unspecified\", "),
            ("\"languages\": [\"en\", \"es\"]", "\"languages\": [\"en\", \"fr\"]"),
            ("\"version\": \"1\",\n  \"kind\"", "\"unknown\": \"1\",\n  \"version\": \"1\",\n  \"kind\""),
        ] {
            assert!(portrait.contains(from), "{from} is in the seed");
            assert!(read(&portrait.replacen(from, to, 1)).is_err(), "{to} is refused");
        }
    }
}
