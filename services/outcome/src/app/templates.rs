//! Beginning a framework with a template.

use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Scope as _, Store, Write};

use super::{dangling, frameworks, places, told};
use crate::domain::association::ASSOCIATION;
use crate::domain::framework::{FRAMEWORK, Framework, FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, Outcome};
use crate::domain::progression::{PROGRESSION, Progression, ProgressionContent};
use crate::domain::template::{self, TEMPLATE, Template, template_name};
use crate::domain::text::{Text, check_texts};
use crate::store;

/// Lists the templates.
pub(crate) fn list(
    store: &Store,
    district: &District,
    page: &PageRequest,
) -> Result<Page<&'static Template>> {
    let bound = ["ListFrameworkTemplates", district.as_str()];
    let templates = template::all()?;
    let begin = match page.token.as_str() {
        "" => 0,
        token => {
            let last = store.sealer().open(&bound, token).ok_or_else(foreign_token)?;
            // One that is gone with another version of the program: go on where it would stand.
            templates.iter().position(|template| template.code.as_bytes() > &*last).unwrap_or(templates.len())
        }
    };
    let mut items: Vec<&Template> = templates[begin..].iter().collect();
    items.truncate(usize::from(page.size.get()));
    let next = match items.last() {
        Some(last) if begin + items.len() < templates.len() => {
            store.sealer().seal(&bound, last.code.as_bytes())
        }
        _ => String::new(),
    };
    Ok(Page { items, next })
}

/// Reads a template.
pub(crate) fn get(district: &District, id: Uuid) -> Result<&'static Template> {
    let found = template::all()?.iter().find(|template| template.id == id);
    found.ok_or_else(|| Failure::not_found(TEMPLATE, template_name(district.clone(), id).to_string()))
}

/// What a framework is to be made of.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The district that the template was named in.
    pub(crate) district: District,
    /// The template.
    pub(crate) template: Uuid,
    /// The title; empty for the template's.
    pub(crate) title: Vec<Text>,
    /// The language; empty for all.
    pub(crate) language: String,
    /// The codes of the parts; empty for all.
    pub(crate) parts: Vec<String>,
}

/// Creates a draft with what a template holds.
pub(crate) async fn create(store: &Store, change: Change, asked: Asked) -> Result<Framework> {
    check_texts("title", &asked.title, false)?;
    let missing = || dangling("template", TEMPLATE, &template_name(asked.district.clone(), asked.template));
    let template =
        template::all()?.iter().find(|template| template.id == asked.template).ok_or_else(missing)?;
    let selection = template.select(asked.title, &asked.language, &asked.parts)?;
    selection.framework.check()?;
    let mut tx = match store.write::<Framework>(change).await? {
        Write::Replay(framework) => return Ok(framework),
        Write::Begin(tx) => tx,
    };
    let place = FrameworkRef::draft(tx.district().clone(), tx.new_id());
    let mut framework = frameworks::draft(&tx, place.clone(), selection.framework);
    tx.tell(told("framework.created", &place.name(), FRAMEWORK));
    let mut made: Vec<Outcome> = Vec::with_capacity(selection.outcomes.len());
    let mut placements = Vec::with_capacity(selection.outcomes.len());
    for (position, (content, above)) in (0..).zip(selection.outcomes) {
        content.check()?;
        let parent = above.map(|place| made[place].id);
        let siblings = made.iter().filter(|outcome| outcome.parent == parent).count();
        let outcome = Outcome {
            framework: place.clone(),
            id: tx.new_id(),
            content,
            parent,
            list_order: i32::try_from(siblings + 1).map_err(Failure::internal)?,
            published: 0,
            create_time: tx.now(),
            update_time: tx.now(),
            version: 1,
        };
        let placement = places::placing(&tx, &outcome);
        tx.tell(told("outcome.created", &outcome.name(), OUTCOME));
        tx.tell(told("association.created", &placement.name(), ASSOCIATION));
        placements.push((placement, position));
        made.push(outcome);
    }
    let progressions = selection.progressions.len();
    for (title, of, levels) in selection.progressions {
        let outcomes = of.into_iter().map(|place| made[place].id).collect();
        let content = ProgressionContent { title, outcomes, scale: None, levels };
        content.check()?;
        let (id, now) = (tx.new_id(), tx.now());
        let framework = place.clone();
        let progression =
            Progression { framework, id, content, create_time: now, update_time: now, version: 1 };
        store::progressions::insert(&tx, &progression).await?;
        tx.tell(told("progression.created", &progression.name(), PROGRESSION));
    }
    let count = |length: usize| i32::try_from(length).map_err(Failure::internal);
    framework.holdings = Holdings {
        outcomes: count(made.len())?,
        associations: count(placements.len())?,
        progressions: count(progressions)?,
    };
    store::frameworks::insert(&tx, &framework).await?;
    store::outcomes::insert(&tx, &made).await?;
    store::associations::insert(&tx, &placements).await?;
    tx.commit(framework).await
}

fn foreign_token() -> Failure {
    Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this list gave.")
        .violation("page_token", "must be the next_page_token of the same list")
}
