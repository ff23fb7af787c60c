//! The lists, and what concerns more than one row.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, QueryFilter};
use trellis_kernel::{Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Scoped, Tx, failure, page};

use super::row::{Row, insert, pack_count};
use super::rows::{
    assessment, design, design_revision, evidence, evidence_contributor, experience, feedback, proposal,
    reflection,
};
use crate::domain;
use crate::domain::assessment::Assessment;
use crate::domain::design::{Design, Revision};
use crate::domain::evidence::{Evidence, Feedback, Reflection};
use crate::domain::experience::Experience;
use crate::domain::proposal::Proposal;

/// Turns a page of rows into a page of resources.
fn unpacked<R: Row>(page: Page<<R::Entity as sea_orm::EntityTrait>::Model>) -> Result<Page<R>> {
    let items = page.items.into_iter().map(R::unpack).collect::<Result<Vec<R>>>()?;
    Ok(Page { items, next: page.next })
}

/// The designs of a district, newest first.
pub(crate) async fn designs(reader: &Reader, request: &PageRequest) -> Result<Page<Design>> {
    let keys = Keyset::<design::Entity>::by_desc(design::Column::Id);
    unpacked(page(reader, reader.find(), keys, request, "ListDesigns", design::weigh).await?)
}

/// The experiences of a district, newest first.
pub(crate) async fn experiences(reader: &Reader, request: &PageRequest) -> Result<Page<Experience>> {
    let keys = Keyset::<experience::Entity>::by_desc(experience::Column::Id);
    unpacked(page(reader, reader.find(), keys, request, "ListExperiences", experience::weigh).await?)
}

/// A learner's proposals, newest first.
pub(crate) async fn proposals_of(
    reader: &Reader,
    learner: Uuid,
    request: &PageRequest,
) -> Result<Page<Proposal>> {
    let select = reader.find::<proposal::Entity>().filter(proposal::Column::Learner.eq(learner));
    let keys = Keyset::by_desc(proposal::Column::Id);
    let context = format!("ListProposals {learner}");
    unpacked(page(reader, select, keys, request, &context, proposal::weigh).await?)
}

/// What a learner contributed to, newest first; `drafts` says whether drafts are shown.
pub(crate) async fn evidence_of(
    reader: &Reader,
    learner: Uuid,
    drafts: bool,
    request: &PageRequest,
) -> Result<Page<Evidence>> {
    let theirs = Query::select()
        .column(evidence_contributor::Column::Evidence)
        .from(evidence_contributor::Entity)
        .and_where(evidence_contributor::Entity::district_column().eq(reader.district().as_str()))
        .and_where(evidence_contributor::Column::Learner.eq(learner))
        .to_owned();
    let mut select = reader.find::<evidence::Entity>().filter(evidence::Column::Id.in_subquery(theirs));
    if !drafts {
        let submitted = domain::evidence::State::Submitted.word();
        select = select.filter(evidence::Column::State.eq(submitted));
    }
    let keys = Keyset::by_desc(evidence::Column::Id);
    let context = format!("ListEvidence {learner} {drafts}");
    unpacked(page(reader, select, keys, request, &context, evidence::weigh).await?)
}

/// The feedback on evidence, oldest first.
pub(crate) async fn feedback_on(
    reader: &Reader,
    evidence: Uuid,
    request: &PageRequest,
) -> Result<Page<Feedback>> {
    let select = reader.find::<feedback::Entity>().filter(feedback::Column::Evidence.eq(evidence));
    let context = format!("ListFeedback {evidence}");
    let keys = Keyset::by(feedback::Column::Id);
    unpacked(page(reader, select, keys, request, &context, feedback::weigh).await?)
}

/// Which reflections are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReflectionFilter {
    /// Whose.
    pub(crate) learner: Uuid,
    /// Only those on this evidence.
    pub(crate) evidence: Option<Uuid>,
}

/// A learner's reflections, newest first.
pub(crate) async fn reflections_of(
    reader: &Reader,
    filter: ReflectionFilter,
    request: &PageRequest,
) -> Result<Page<Reflection>> {
    let ReflectionFilter { learner, evidence } = filter;
    let mut select = reader.find::<reflection::Entity>().filter(reflection::Column::Learner.eq(learner));
    if let Some(evidence) = evidence {
        select = select.filter(reflection::Column::Evidence.eq(evidence));
    }
    let context = format!("ListReflections {learner} {}", evidence.unwrap_or_default());
    let keys = Keyset::by_desc(reflection::Column::Id);
    unpacked(page(reader, select, keys, request, &context, reflection::weigh).await?)
}

/// A learner's assessments, newest first; `open` says whether those that are not final are shown.
pub(crate) async fn assessments_of(
    reader: &Reader,
    learner: Uuid,
    open: bool,
    request: &PageRequest,
) -> Result<Page<Assessment>> {
    let mut select = reader.find::<assessment::Entity>().filter(assessment::Column::Learner.eq(learner));
    if !open {
        let hidden = domain::assessment::State::Open.word();
        select = select.filter(assessment::Column::State.ne(hidden));
    }
    let context = format!("ListAssessments {learner} {open}");
    let keys = Keyset::by_desc(assessment::Column::Id);
    unpacked(page(reader, select, keys, request, &context, assessment::weigh).await?)
}

/// A published revision of a design.
pub(crate) async fn revision<S: Scope>(scope: &S, design: Uuid, revision: u32) -> Result<Option<Revision>> {
    // A number that no column holds is a revision that was never published.
    let Ok(number) = pack_count(revision) else { return Ok(None) };
    let row = scope
        .find::<design_revision::Entity>()
        .filter(design_revision::Column::Design.eq(design))
        .filter(design_revision::Column::Revision.eq(number))
        .one(scope.conn())
        .await
        .map_err(failure)?;
    row.map(design_revision::unpack).transpose()
}

/// Keeps a published revision.
pub(crate) async fn insert_revision(tx: &Tx, revision: &Revision) -> Result<()> {
    tx.insert(design_revision::pack(revision)?).await
}

/// Keeps new evidence, under each of its contributors.
pub(crate) async fn insert_evidence(tx: &Tx, new: &Evidence) -> Result<()> {
    insert(tx, new).await?;
    let rows = new.work.contributors().iter().map(|learner| evidence_contributor::ActiveModel {
        district: NotSet,
        learner: Set(*learner),
        evidence: Set(new.id),
    });
    tx.insert_many(rows.collect()).await
}
