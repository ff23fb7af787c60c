//! What a district gives to everybody who reads CASE: the newest revision of each of its frameworks.

use std::collections::{HashMap, HashSet};

use futures::Stream;
use serde_json::Value;
use trellis_kernel::{District, Result, Uuid};
use trellis_store::{Reader, Store};

use super::exports;
use crate::domain::association::Association;
use crate::domain::case::write::{ASSOCIATIONS, ITEMS, Json, LICENSES, Provider, RUBRICS, Version, Writer};
use crate::domain::framework::{Framework, FrameworkRef};
use crate::domain::rubric::Alignment;
use crate::store::{case_entries, public_frameworks, published};

/// How many entries are read at a time.
const PAGE: u64 = 500;

/// Which frameworks of a district somebody sees.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    /// All.
    District,
    /// Those that are open to everybody.
    Public(HashSet<Uuid>),
}

impl Sight {
    fn reaches(&self, framework: Uuid) -> bool {
        match self {
            Self::District => true,
            Self::Public(open) => open.contains(&framework),
        }
    }
}

/// What somebody sees without being a member of the district; none where nothing is open.
pub(crate) async fn public(store: &Store, district: &District) -> Result<Option<Sight>> {
    let open = public_frameworks::all(&store.read(district)).await?;
    Ok((!open.is_empty()).then_some(Sight::Public(open)))
}

/// A definition that CASE answers with alone, or with what is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The entry.
    Alone,
    /// A list of the entry and those whose `hierarchyCode` is below its own.
    WithChildren,
}

/// The frameworks of a district, as somebody sees them.
pub(crate) struct Shelf {
    reader: Reader,
    provider: Provider,
    version: Version,
    sight: Sight,
}

impl Shelf {
    /// Those of a district, written in a version of CASE.
    pub(crate) fn of(
        store: &Store,
        district: &District,
        public_url: &str,
        version: Version,
        sight: Sight,
    ) -> Self {
        let provider = Provider::new(public_url, district.clone());
        Self { reader: store.read(district), provider, version, sight }
    }

    /// Where it is.
    pub(crate) fn base(&self) -> String {
        self.provider.base(self.version)
    }

    fn writer(&self) -> Writer<'_> {
        Writer { provider: &self.provider, version: self.version }
    }

    /// Every framework, in the order in which they were created here.
    pub(crate) async fn documents(&self) -> Result<Vec<Json>> {
        let mut documents = Vec::new();
        for framework in published::frameworks(&self.reader).await? {
            if self.sight.reaches(framework.place.id) {
                documents.push(self.written(&framework).await?);
            }
        }
        Ok(documents)
    }

    /// A framework.
    pub(crate) async fn document(&self, id: Uuid) -> Result<Option<Json>> {
        match self.framework(id).await? {
            Some(framework) => self.written(&framework).await.map(Some),
            None => Ok(None),
        }
    }

    async fn written(&self, framework: &Framework) -> Result<Json> {
        let source = exports::document_source(&self.reader, &framework.place).await?;
        Ok(self.writer().document_alone(framework, source.as_deref()))
    }

    /// The newest revision of a framework that is in sight.
    pub(crate) async fn framework(&self, id: Uuid) -> Result<Option<Framework>> {
        if self.sight.reaches(id) { published::framework(&self.reader, id).await } else { Ok(None) }
    }

    /// The package of a framework, piece by piece.
    pub(crate) fn package(self, framework: Framework) -> impl Stream<Item = Result<String>> + Send + use<> {
        exports::package(self.reader, self.provider, framework, self.version)
    }

    /// An outcome.
    pub(crate) async fn item(&self, id: Uuid) -> Result<Option<Json>> {
        Ok(self.found_item(id).await?.map(|(item, _)| item))
    }

    async fn found_item(&self, id: Uuid) -> Result<Option<(Json, Framework)>> {
        let held = published::outcomes(&self.reader, id).await?;
        let Some(outcome) = held.into_iter().find(|held| self.sight.reaches(held.framework.id)) else {
            return Ok(None);
        };
        let Some(framework) = self.framework(outcome.framework.id).await? else { return Ok(None) };
        let source = self.source(&framework.place, ITEMS, id).await?;
        Ok(Some((self.writer().item_alone(&outcome, source.as_deref(), &framework), framework)))
    }

    async fn source(&self, of: &FrameworkRef, section: &str, id: Uuid) -> Result<Option<String>> {
        Ok(case_entries::sources(&self.reader, of, section, [id]).await?.remove(&id))
    }

    /// An outcome with the associations of its framework that start from it or lead to it; none when
    /// there are none, since a set of none is nothing that CASE knows.
    pub(crate) async fn item_associations(&self, id: Uuid) -> Result<Option<Json>> {
        let Some((item, framework)) = self.found_item(id).await? else { return Ok(None) };
        let associations = published::touching(&self.reader, &framework.place, id).await?;
        if associations.is_empty() {
            return Ok(None);
        }
        let ids = associations.iter().map(|association| association.id);
        let sources = case_entries::sources(&self.reader, &framework.place, ASSOCIATIONS, ids).await?;
        let written_here: Vec<&Association> =
            associations.iter().filter(|association| !sources.contains_key(&association.id)).collect();
        let known = exports::known(&self.reader, self.writer(), &framework, written_here).await?;
        let write = |association: &Association| {
            let source = sources.get(&association.id).map(String::as_str);
            self.writer().association(association, source, &known)
        };
        Ok(Some(Writer::associations_of(item, associations.iter().map(write).collect())))
    }

    /// An association.
    pub(crate) async fn association(&self, id: Uuid) -> Result<Option<Json>> {
        let held = published::associations(&self.reader, id).await?;
        let Some(association) = held.into_iter().find(|held| self.sight.reaches(held.framework.id)) else {
            return Ok(None);
        };
        let Some(framework) = self.framework(association.framework.id).await? else { return Ok(None) };
        let source = self.source(&framework.place, ASSOCIATIONS, id).await?;
        let written_here = source.is_none().then_some(&association);
        let known = exports::known(&self.reader, self.writer(), &framework, written_here).await?;
        Ok(Some(self.writer().association_alone(&association, source.as_deref(), &known, &framework)))
    }

    /// A definition.
    pub(crate) async fn definition(&self, section: &str, id: Uuid, answer: Answer) -> Result<Option<Json>> {
        let Some((place, source)) = self.entry(section, id).await? else {
            return if section == LICENSES { self.own_license(id).await } else { Ok(None) };
        };
        let Some(framework) = self.framework(place.id).await? else { return Ok(None) };
        let changed = framework.update_time;
        let entry = self.writer().definition(section, id, &source, changed);
        if answer == Answer::Alone {
            return Ok(Some(entry));
        }
        let mut set = vec![entry];
        for (below, source) in self.below(&place, section, &source).await? {
            if below != id {
                set.push(self.writer().definition(section, below, &source, changed));
            }
        }
        Ok(Some(Json::Object(vec![(section.to_owned(), Json::Array(set))])))
    }

    /// A rubric. Of one that cannot be read no more is known than how it came.
    pub(crate) async fn rubric(&self, id: Uuid) -> Result<Option<Json>> {
        let held = published::rubrics(&self.reader, id).await?;
        let Some(rubric) = held.into_iter().find(|held| self.sight.reaches(held.framework.id)) else {
            return self.kept_rubric(id).await;
        };
        let Some(framework) = self.framework(rubric.framework.id).await? else { return Ok(None) };
        let source = self.source(&framework.place, RUBRICS, id).await?;
        let outcomes = rubric.content.alignments().filter_map(Alignment::own);
        let known = exports::known_outcomes(&self.reader, self.writer(), &framework, outcomes).await?;
        let language = &framework.content.language;
        Ok(Some(self.writer().held_rubric(&rubric, source.as_deref(), language, &known)))
    }

    async fn kept_rubric(&self, id: Uuid) -> Result<Option<Json>> {
        let Some((place, source)) = self.entry(RUBRICS, id).await? else { return Ok(None) };
        let Some(framework) = self.framework(place.id).await? else { return Ok(None) };
        Ok(Some(self.writer().rubric(id, &source, framework.update_time)))
    }

    async fn entry(&self, section: &str, id: Uuid) -> Result<Option<(FrameworkRef, String)>> {
        let held = published::entries(&self.reader, section, id).await?;
        Ok(held.into_iter().find(|(place, _)| self.sight.reaches(place.id)))
    }

    /// The licence of a framework that has one which was written here.
    async fn own_license(&self, id: Uuid) -> Result<Option<Json>> {
        let all = published::frameworks(&self.reader).await?;
        let named = |framework: &Framework| {
            self.sight.reaches(framework.place.id) && Writer::license_id(framework) == id
        };
        let Some(framework) = all.into_iter().find(named) else { return Ok(None) };
        let source = exports::document_source(&self.reader, &framework.place).await?;
        Ok(self.writer().license(&framework, source.as_deref()).map(|(_, license)| license))
    }

    /// The entries of a section whose place in the hierarchy is below that of one, in the order of their
    /// codes.
    async fn below(&self, of: &FrameworkRef, section: &str, parent: &str) -> Result<Vec<(Uuid, String)>> {
        let Some(code) = hierarchy_code(parent) else { return Ok(Vec::new()) };
        let mut found: HashMap<(String, Uuid), String> = HashMap::new();
        let mut after = None;
        loop {
            let page = case_entries::after(&self.reader, of, section, after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (id, source) in page {
                if let Some(own) = hierarchy_code(&source).filter(|own| is_below(own, &code)) {
                    found.insert((own, id), source);
                }
            }
        }
        let mut below: Vec<_> = found.into_iter().collect();
        below.sort();
        Ok(below.into_iter().map(|((_, id), source)| (id, source)).collect())
    }
}

fn hierarchy_code(source: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(source).ok()?;
    let code = entry.get("hierarchyCode")?.as_str()?.trim();
    (!code.is_empty()).then(|| code.to_owned())
}

/// `1.2` and `1-2` are below `1`; `12` is not.
fn is_below(code: &str, parent: &str) -> bool {
    code.strip_prefix(parent).and_then(|rest| rest.chars().next()).is_some_and(|next| !next.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_below_another_where_it_goes_on_behind_a_mark() {
        for (code, below) in [("1.2", true), ("1-2", true), ("1.2.3", true), ("1", false), ("12", false)] {
            assert_eq!(is_below(code, "1"), below, "{code}");
        }
        assert_eq!(hierarchy_code(r#"{"hierarchyCode": " "}"#), None);
    }
}
