//! Taking a framework out as a CASE package, piece by piece: no more is held than a page of it.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, Stream};
use serde_json::Value;
use trellis_kernel::{Result, Uuid};
use trellis_store::{Reader, Store};

use crate::domain::association::{Association, Held};
use crate::domain::case::write::{
    ASSOCIATIONS, Assembly, DOCUMENT, ITEMS, Json, Known, Place, Provider, RUBRICS, Version, Writer,
    definition_sections, extensions, is_whole, place,
};
use crate::domain::framework::{Framework, FrameworkRef};
use crate::domain::rubric::{Alignment, Rubric};
use crate::store;

/// How many entries are read at a time.
const PAGE: u64 = 500;
/// How many rubrics, each of which may be large.
const RUBRIC_PAGE: u64 = 50;

/// Exports a framework, its draft or a revision.
pub(crate) async fn export(
    store: &Store,
    provider: Provider,
    of: &FrameworkRef,
    version: Version,
) -> Result<impl Stream<Item = Result<String>> + Send + use<>> {
    let reader = store.read(&of.district);
    let framework = store::frameworks::get(&reader, of).await?;
    Ok(package(reader, provider, framework, version))
}

/// The package of a framework that was read.
pub(crate) fn package(
    reader: Reader,
    provider: Provider,
    framework: Framework,
    version: Version,
) -> impl Stream<Item = Result<String>> + Send + use<> {
    let export = Export { reader, provider, framework, version };
    stream::try_unfold((export, State::Begin), |(export, state)| export.advance(state))
}

/// How far the package has come.
enum State {
    Begin,
    Writing(Step, Assembly),
    Done,
}

/// What is written next.
enum Step {
    Items(Option<(i32, Uuid)>),
    Associations(Option<(i32, Uuid)>),
    Definitions,
    Definition(Sections, Option<Uuid>),
    Rubrics(Sections, Option<Uuid>),
    End(Sections),
}

/// The sections of which the framework has entries, and those of its definitions that are still to come.
struct Sections {
    kept: BTreeSet<String>,
    coming: Vec<&'static str>,
}

struct Export {
    reader: Reader,
    provider: Provider,
    framework: Framework,
    version: Version,
}

impl Export {
    async fn advance(self, state: State) -> Result<Option<(String, (Self, State))>> {
        let (next, mut assembly) = match state {
            State::Begin => (Some(Step::Items(None)), self.begin().await?),
            State::Writing(step, mut assembly) => (self.write(step, &mut assembly).await?, assembly),
            State::Done => return Ok(None),
        };
        let text = assembly.take();
        let state = next.map_or(State::Done, |step| State::Writing(step, assembly));
        Ok(Some((text, (self, state))))
    }

    /// Writes a page of what comes next; answers with what follows it.
    async fn write(&self, step: Step, assembly: &mut Assembly) -> Result<Option<Step>> {
        let next = match step {
            Step::Items(after) => self.items(after, assembly).await?,
            Step::Associations(after) => self.associations(after, assembly).await?,
            Step::Definitions => self.definitions(assembly).await?,
            Step::Definition(sections, after) => self.definition(sections, after, assembly).await?,
            Step::Rubrics(sections, after) => self.rubrics(sections, after, assembly).await?,
            Step::End(sections) => {
                self.end(&sections, assembly).await?;
                return Ok(None);
            }
        };
        Ok(Some(next))
    }

    fn writer(&self) -> Writer<'_> {
        Writer { provider: &self.provider, version: self.version }
    }

    fn language(&self) -> &str {
        &self.framework.content.language
    }

    async fn begin(&self) -> Result<Assembly> {
        let source = document_source(&self.reader, &self.framework.place).await?;
        let mut assembly = Assembly::new(&self.writer().document(&self.framework, source.as_deref()));
        assembly.section(ITEMS);
        Ok(assembly)
    }

    async fn items(&self, after: Option<(i32, Uuid)>, assembly: &mut Assembly) -> Result<Step> {
        let place = &self.framework.place;
        let outcomes = store::outcomes::in_order(&self.reader, place, after, PAGE).await?;
        let Some(last) = outcomes.last() else {
            assembly.end();
            assembly.section(ASSOCIATIONS);
            return Ok(Step::Associations(None));
        };
        let next = Step::Items(Some((last.list_order, last.id)));
        let ids = outcomes.iter().map(|outcome| outcome.id);
        let sources = store::case_entries::sources(&self.reader, place, ITEMS, ids).await?;
        for outcome in &outcomes {
            let source = sources.get(&outcome.id).map(String::as_str);
            assembly.entry(&self.writer().item(outcome, source, self.language()));
        }
        Ok(next)
    }

    async fn associations(&self, after: Option<(i32, Uuid)>, assembly: &mut Assembly) -> Result<Step> {
        let place = &self.framework.place;
        let associations = store::associations::in_order(&self.reader, place, after, PAGE).await?;
        let Some((last, position)) = associations.last() else {
            assembly.end();
            return Ok(Step::Definitions);
        };
        let next = Step::Associations(Some((*position, last.id)));
        let ids = associations.iter().map(|(association, _)| association.id);
        let sources = store::case_entries::sources(&self.reader, place, ASSOCIATIONS, ids).await?;
        let written_here: Vec<&Association> = associations
            .iter()
            .map(|(association, _)| association)
            .filter(|association| !sources.contains_key(&association.id))
            .collect();
        let known = known(&self.reader, self.writer(), &self.framework, written_here).await?;
        for (association, _) in &associations {
            let source = sources.get(&association.id).map(String::as_str);
            assembly.entry(&self.writer().association(association, source, &known));
        }
        Ok(next)
    }

    async fn definitions(&self, assembly: &mut Assembly) -> Result<Step> {
        let kept: BTreeSet<String> =
            store::case_entries::sections(&self.reader, &self.framework.place).await?.into_iter().collect();
        let coming: Vec<&str> = definition_sections().collect();
        assembly.definitions();
        self.next_definition(Sections { kept, coming }, assembly).await
    }

    /// Goes to the next section of the definitions that has entries, or on to what follows them.
    async fn next_definition(&self, mut sections: Sections, assembly: &mut Assembly) -> Result<Step> {
        while let Some(section) = sections.coming.first() {
            let license = *section == "CFLicenses" && self.own_license().await?.is_some();
            if license || sections.kept.contains(*section) {
                assembly.definition(section);
                return Ok(Step::Definition(sections, None));
            }
            sections.coming.remove(0);
        }
        let within =
            |place: &Place| matches!(place, Place::OtherInDefinitions(_) | Place::OtherDefinitions(_));
        let others = self.whole(&sections, within).await?;
        let own = self.kept_whole(&sections, "CFDefinitions/extensions").await?;
        assembly.end_definitions(self.extensions(own.as_deref(), others).as_ref());
        if sections.kept.contains(RUBRICS) || store::rubrics::any(&self.reader, &self.framework.place).await?
        {
            assembly.section(RUBRICS);
            return Ok(Step::Rubrics(sections, None));
        }
        Ok(Step::End(sections))
    }

    async fn own_license(&self) -> Result<Option<(Uuid, Json)>> {
        if self.framework.content.license.is_none() {
            return Ok(None);
        }
        let source = document_source(&self.reader, &self.framework.place).await?;
        Ok(self.writer().license(&self.framework, source.as_deref()))
    }

    async fn definition(
        &self,
        mut sections: Sections,
        after: Option<Uuid>,
        assembly: &mut Assembly,
    ) -> Result<Step> {
        let Some(section) = sections.coming.first().copied() else {
            return self.next_definition(sections, assembly).await;
        };
        let place = &self.framework.place;
        let changed = self.framework.update_time;
        let entries = store::case_entries::after(&self.reader, place, section, after, PAGE).await?;
        for (id, source) in &entries {
            assembly.entry(&self.writer().definition(section, *id, source, changed));
        }
        if let Some((last, _)) = entries.last() {
            return Ok(Step::Definition(sections, Some(*last)));
        }
        if section == "CFLicenses"
            && let Some((_, license)) = self.own_license().await?
        {
            assembly.entry(&license);
        }
        assembly.end();
        sections.coming.remove(0);
        self.next_definition(sections, assembly).await
    }

    async fn rubrics(
        &self,
        sections: Sections,
        after: Option<Uuid>,
        assembly: &mut Assembly,
    ) -> Result<Step> {
        let place = &self.framework.place;
        let held = store::rubrics::window(&self.reader, place, after, RUBRIC_PAGE).await?;
        let entries = store::case_entries::after(&self.reader, place, RUBRICS, after, RUBRIC_PAGE).await?;
        // Beyond the end of a full page the other may hold what this one has not shown yet.
        let full = usize::try_from(RUBRIC_PAGE).unwrap_or(usize::MAX) - 1;
        let ends = [held.get(full).map(|rubric| rubric.id), entries.get(full).map(|(id, _)| *id)];
        let end = ends.into_iter().flatten().min();
        let outcomes = held.iter().flat_map(|rubric| rubric.content.alignments()).filter_map(Alignment::own);
        let known = known_outcomes(&self.reader, self.writer(), &self.framework, outcomes).await?;
        for (id, (rubric, source)) in
            beside(held, entries).into_iter().filter(|(id, _)| end.is_none_or(|end| *id <= end))
        {
            let json = match (rubric, source) {
                (Some(rubric), source) => {
                    self.writer().held_rubric(&rubric, source.as_deref(), self.language(), &known)
                }
                (None, source) => {
                    let source = source.unwrap_or_default();
                    self.writer().rubric(id, &source, self.framework.update_time)
                }
            };
            assembly.entry(&json);
        }
        if end.is_some() {
            return Ok(Step::Rubrics(sections, end));
        }
        assembly.end();
        Ok(Step::End(sections))
    }

    async fn end(&self, sections: &Sections, assembly: &mut Assembly) -> Result<()> {
        let others = self.whole(sections, |place| matches!(place, Place::Other(_))).await?;
        let own = self.kept_whole(sections, "extensions").await?;
        assembly.finish(self.extensions(own.as_deref(), others).as_ref());
        if self.framework.place.pin.is_none() {
            let now = store::frameworks::get(&self.reader, &self.framework.place).await?;
            now.etag().check(&self.framework.etag().to_string())?;
        }
        Ok(())
    }

    /// CASE 1.0 knows no extensions.
    fn extensions(&self, own: Option<&str>, whole: Vec<(String, Value)>) -> Option<Json> {
        (self.version > Version::V1p0).then(|| extensions(own, whole)).flatten()
    }

    /// What was kept as a whole under a name.
    async fn kept_whole(&self, sections: &Sections, section: &str) -> Result<Option<String>> {
        if !sections.kept.contains(section) {
            return Ok(None);
        }
        let place = &self.framework.place;
        let entries = store::case_entries::after(&self.reader, place, section, None, 1).await?;
        Ok(entries.into_iter().next().map(|(_, source)| source))
    }

    /// The sections that CASE has no place for and that go where `goes` says, by their keys.
    async fn whole(
        &self,
        sections: &Sections,
        goes: impl Fn(&Place) -> bool,
    ) -> Result<Vec<(String, Value)>> {
        let framework = &self.framework.place;
        let mut found = Vec::new();
        for section in &sections.kept {
            if !goes(&place(section, true)) && !goes(&place(section, false)) {
                continue;
            }
            let entries =
                store::case_entries::after(&self.reader, framework, section, None, u64::from(u32::MAX));
            let entries = entries.await?;
            let whole = entries.iter().any(|(id, _)| is_whole(framework.id, section, *id));
            let stands = place(section, whole);
            if !goes(&stands) {
                continue;
            }
            let mut values = entries.into_iter().filter_map(|(_, json)| serde_json::from_str(&json).ok());
            match stands {
                Place::OtherDefinitions(key) => found.push((key, Value::Array(values.collect()))),
                Place::OtherInDefinitions(key) | Place::Other(key) => {
                    found.extend(values.next().map(|value| (key, value)));
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// What came as the document of a framework; none when it was written here.
pub(crate) async fn document_source(reader: &Reader, of: &FrameworkRef) -> Result<Option<String>> {
    Ok(store::case_entries::sources(reader, of, DOCUMENT, [of.id]).await?.remove(&of.id))
}

/// What associations that were written here say of the outcomes at their ends.
pub(crate) async fn known(
    reader: &Reader,
    writer: Writer<'_>,
    framework: &Framework,
    associations: impl IntoIterator<Item = &Association>,
) -> Result<Known> {
    let ends = associations.into_iter().flat_map(|a| [&a.content.origin, &a.content.destination]);
    let outcomes = ends.filter_map(|node| match node.held {
        Some(Held::Outcome(id)) => Some(id),
        _ => None,
    });
    known_outcomes(reader, writer, framework, outcomes).await
}

/// Rubrics beside the entries that they came as, in the order of their identities. One that was made here has
/// no entry; of an entry that could not be read there is no rubric.
fn beside(
    rubrics: Vec<Rubric>,
    entries: Vec<(Uuid, String)>,
) -> BTreeMap<Uuid, (Option<Rubric>, Option<String>)> {
    let mut all: BTreeMap<Uuid, (Option<Rubric>, Option<String>)> =
        rubrics.into_iter().map(|rubric| (rubric.id, (Some(rubric), None))).collect();
    for (id, source) in entries {
        all.entry(id).or_default().1 = Some(source);
    }
    all
}

/// What is said of outcomes of a framework where something written here names them.
pub(crate) async fn known_outcomes(
    reader: &Reader,
    writer: Writer<'_>,
    framework: &Framework,
    outcomes: impl IntoIterator<Item = Uuid>,
) -> Result<Known> {
    let ids: BTreeSet<Uuid> = outcomes.into_iter().collect();
    if ids.is_empty() {
        return Ok(Known::new());
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let outcomes = store::outcomes::some(reader, &framework.place, &ids).await?;
    let language = &framework.content.language;
    Ok(outcomes.iter().map(|outcome| (outcome.id, writer.known(outcome, language))).collect())
}
