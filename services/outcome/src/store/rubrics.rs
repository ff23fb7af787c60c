//! Rows of rubrics, and of the outcomes that their criteria look at.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};
use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::rubric_outcomes as aligned;
use super::entities::rubrics::{ActiveModel, Column, Entity, Model};
use super::frameworks::DRAFT;
use super::{decode, encode, micros};
use crate::domain::framework::FrameworkRef;
use crate::domain::rubric::{Alignment, Held, RUBRIC, Rubric, rubric_name};

/// How many rows are read at a time where many are.
const ROWS: u64 = 10_000;
/// How many rows are named in one statement.
const NAMED: usize = 10_000;

fn of<S: Scope>(scope: &S, framework: &FrameworkRef) -> Select<Entity> {
    scope
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
}

fn alignments<S: Scope>(scope: &S, framework: &FrameworkRef) -> Select<aligned::Entity> {
    scope
        .find::<aligned::Entity>()
        .filter(aligned::Column::Framework.eq(framework.id))
        .filter(aligned::Column::Revision.eq(framework.row_revision()))
}

/// Reads a rubric; not found when there is none.
pub(crate) async fn get<S: Scope>(scope: &S, framework: &FrameworkRef, id: Uuid) -> Result<Rubric> {
    let found = some(scope, framework, &[id]).await?.pop();
    found.ok_or_else(|| Failure::not_found(RUBRIC, rubric_name(framework, id).to_string()))
}

/// Lists rubrics in the order in which they were made.
pub(crate) async fn list(
    reader: &Reader,
    framework: &FrameworkRef,
    outcome: Option<Uuid>,
    request: &PageRequest,
) -> Result<Page<Rubric>> {
    let mut select = of(reader, framework);
    if let Some(outcome) = outcome {
        let looking = alignments(reader, framework).filter(aligned::Column::Outcome.eq(outcome));
        let looking = looking.select_only().column(aligned::Column::Rubric).into_query();
        select = select.filter(Column::Id.in_subquery(looking));
    }
    let context = format!("ListRubrics {} {outcome:?}", framework.name());
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let rows = page(reader, select, keys, request, &context, |row| row.content.len() + 500).await?;
    let items = rows.items.into_iter().map(|row| read(reader.district(), &row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// Whether a framework has any rubric.
pub(crate) async fn any(reader: &Reader, framework: &FrameworkRef) -> Result<bool> {
    let ids = of(reader, framework).select_only().column(Column::Id).limit(1).into_tuple::<Uuid>();
    Ok(ids.one(reader.conn()).await.map_err(failure)?.is_some())
}

/// The identities of every rubric of a draft.
pub(crate) async fn ids(tx: &Tx, framework: &FrameworkRef) -> Result<Vec<Uuid>> {
    let ids = of(tx, framework).select_only().column(Column::Id).into_tuple::<Uuid>();
    ids.all(tx.conn()).await.map_err(failure)
}

/// The rubrics after one in the order of their identities.
pub(crate) async fn window(
    reader: &Reader,
    framework: &FrameworkRef,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Rubric>> {
    let mut select = of(reader, framework);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.order_by_asc(Column::Id).limit(limit).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// Reads those of these rubrics that there are, in any order.
pub(crate) async fn some<S: Scope>(scope: &S, framework: &FrameworkRef, ids: &[Uuid]) -> Result<Vec<Rubric>> {
    let select = of(scope, framework).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(scope.district(), &row)).collect()
}

/// Rubrics of drafts after one, in the order of framework and identity.
pub(crate) async fn after(reader: &Reader, after: Option<(Uuid, Uuid)>, limit: u64) -> Result<Vec<Rubric>> {
    let mut select = reader.find::<Entity>().filter(Column::Revision.eq(DRAFT));
    if let Some((framework, id)) = after {
        let later = Condition::all().add(Column::Framework.eq(framework)).add(Column::Id.gt(id));
        select = select.filter(Condition::any().add(Column::Framework.gt(framework)).add(later));
    }
    let select = select.order_by_asc(Column::Framework).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read(reader.district(), &row)).collect()
}

/// The rubrics of a draft whose criteria look at one of these outcomes of it.
pub(crate) async fn looking_at(tx: &Tx, framework: &FrameworkRef, outcomes: &[Uuid]) -> Result<Vec<Rubric>> {
    let mut ids: Vec<Uuid> = Vec::new();
    for some in outcomes.chunks(NAMED) {
        let found = alignments(tx, framework)
            .filter(aligned::Column::Outcome.is_in(some.iter().copied()))
            .filter(aligned::Column::Held.eq(OWN))
            .select_only()
            .column(aligned::Column::Rubric)
            .into_tuple::<Uuid>();
        ids.extend(found.all(tx.conn()).await.map_err(failure)?);
    }
    ids.sort_unstable();
    ids.dedup();
    some(tx, framework, &ids).await
}

/// What the rubrics of a draft look at: by rubric the outcomes that its framework holds or may come to hold,
/// each with whether it does.
pub(crate) async fn aligned(tx: &Tx, framework: &FrameworkRef) -> Result<HashMap<Uuid, Vec<(Uuid, bool)>>> {
    let mut found: HashMap<Uuid, Vec<(Uuid, bool)>> = HashMap::new();
    let mut last: Option<(Uuid, Uuid)> = None;
    loop {
        let mut select = alignments(tx, framework).filter(aligned::Column::Held.ne(OTHER));
        if let Some((rubric, outcome)) = last {
            let later = Condition::all()
                .add(aligned::Column::Rubric.eq(rubric))
                .add(aligned::Column::Outcome.gt(outcome));
            select = select.filter(Condition::any().add(aligned::Column::Rubric.gt(rubric)).add(later));
        }
        let rows = select
            .order_by_asc(aligned::Column::Rubric)
            .order_by_asc(aligned::Column::Outcome)
            .limit(ROWS)
            .select_only()
            .columns([aligned::Column::Rubric, aligned::Column::Outcome, aligned::Column::Held])
            .into_tuple::<(Uuid, Uuid, String)>()
            .all(tx.conn())
            .await
            .map_err(failure)?;
        let more = rows.len() as u64 == ROWS;
        last = rows.last().map(|(rubric, outcome, _)| (*rubric, *outcome));
        for (rubric, outcome, held) in rows {
            found.entry(rubric).or_default().push((outcome, held == OWN));
        }
        if !more {
            return Ok(found);
        }
    }
}

/// Writes rubrics of a draft, new or changed.
pub(crate) async fn put(tx: &Tx, rubrics: &[Rubric]) -> Result<()> {
    tx.put_each(rubrics.iter().map(row)).await?;
    let Some(first) = rubrics.first() else { return Ok(()) };
    let ids: Vec<Uuid> = rubrics.iter().map(|rubric| rubric.id).collect();
    unaligned(tx, first.framework.id, &ids).await?;
    tx.insert_many(rubrics.iter().flat_map(alignment_rows).collect()).await
}

/// Deletes rubrics of a draft.
pub(crate) async fn delete(tx: &Tx, framework: Uuid, ids: &[Uuid]) -> Result<()> {
    for some in ids.chunks(NAMED) {
        tx.delete_many::<Entity>()
            .filter(Column::Framework.eq(framework))
            .filter(Column::Revision.eq(DRAFT))
            .filter(Column::Id.is_in(some.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(failure)?;
    }
    unaligned(tx, framework, ids).await
}

/// Forgets what rubrics of a draft look at.
async fn unaligned(tx: &Tx, framework: Uuid, ids: &[Uuid]) -> Result<()> {
    for some in ids.chunks(NAMED) {
        tx.delete_many::<aligned::Entity>()
            .filter(aligned::Column::Framework.eq(framework))
            .filter(aligned::Column::Revision.eq(DRAFT))
            .filter(aligned::Column::Rubric.is_in(some.iter().copied()))
            .exec(tx.conn())
            .await
            .map_err(failure)?;
    }
    Ok(())
}

/// The outcome is held by the rubric's own framework.
const OWN: &str = "own";
/// By another one.
const OTHER: &str = "other";

fn alignment_rows(rubric: &Rubric) -> Vec<aligned::ActiveModel> {
    let held = |alignment: &Alignment| match alignment.held {
        Some(Held::Own(_)) => OWN,
        Some(Held::Other { .. }) => OTHER,
        None => "",
    };
    let alignments = rubric.content.alignments();
    let mut places: BTreeMap<Uuid, &str> = BTreeMap::new();
    for (outcome, held) in alignments.filter_map(|own| Some((own.outcome()?, held(own)))) {
        // Several criteria may look at one outcome; what its own framework holds is what is asked for.
        if places.get(&outcome) != Some(&OWN) {
            places.insert(outcome, held);
        }
    }
    let row = |(outcome, held): (Uuid, &str)| {
        let model = aligned::Model {
            district: rubric.framework.district.to_string(),
            framework: rubric.framework.id,
            revision: rubric.framework.row_revision(),
            rubric: rubric.id,
            outcome,
            held: held.to_owned(),
        };
        model.into_active_model().reset_all()
    };
    places.into_iter().map(row).collect()
}

fn row(rubric: &Rubric) -> Result<ActiveModel> {
    let Rubric { framework, id, content, create_time, update_time, version } = rubric;
    let model = Model {
        district: framework.district.to_string(),
        framework: framework.id,
        revision: framework.row_revision(),
        id: *id,
        version: *version,
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
    };
    Ok(model.into_active_model().reset_all())
}

pub(super) fn read(district: &District, row: &Model) -> Result<Rubric> {
    let pin = if row.revision == DRAFT { None } else { u32::try_from(row.revision).ok() };
    Ok(Rubric {
        framework: FrameworkRef { district: district.clone(), id: row.framework, pin },
        id: row.id,
        content: decode(&row.content)?,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
