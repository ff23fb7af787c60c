//! What of a district is published now: the newest revision of each framework, and what it holds.
//!
//! CASE names what a framework holds by its identity alone. So a row is looked for in every newest
//! revision, by its key: as many steps as there are frameworks, and no further index to write.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationBuilder,
    Select,
};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Reader, Scope, failure};

use super::entities::{associations, case_entries, frameworks, outcomes, rubrics};
use super::frameworks::DRAFT;
use crate::domain::association::Association;
use crate::domain::framework::{Framework, FrameworkRef};
use crate::domain::outcome::Outcome;
use crate::domain::rubric::Rubric;

/// Of a revision, that there is none newer.
const NEWEST: &str = "frameworks.revision = (SELECT d.latest_revision FROM frameworks d \
    WHERE d.district = frameworks.district AND d.id = frameworks.id AND d.revision = 0)";

fn newest(reader: &Reader) -> Select<frameworks::Entity> {
    let select = reader.find::<frameworks::Entity>().filter(frameworks::Column::Revision.gt(DRAFT));
    select.filter(Expr::cust(NEWEST))
}

/// Every framework, in the order in which they were created.
pub(crate) async fn frameworks(reader: &Reader) -> Result<Vec<Framework>> {
    let select = newest(reader).order_by_asc(frameworks::Column::CreateTime);
    let rows = select.order_by_asc(frameworks::Column::Id).all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| super::frameworks::read(reader.district(), row)).collect()
}

/// A framework; none when it is not published.
pub(crate) async fn framework(reader: &Reader, id: Uuid) -> Result<Option<Framework>> {
    let select = newest(reader).filter(frameworks::Column::Id.eq(id));
    let row = select.one(reader.conn()).await.map_err(failure)?;
    row.map(|row| super::frameworks::read(reader.district(), &row)).transpose()
}

/// Rows of the newest revisions.
fn held<E: EntityTrait>(select: Select<E>, by: RelationBuilder<E, frameworks::Entity>) -> Select<E> {
    let draft =
        by.to((frameworks::Column::District, frameworks::Column::Id, frameworks::Column::LatestRevision));
    select
        .join(JoinType::InnerJoin, draft.into())
        .filter(frameworks::Column::Revision.eq(DRAFT))
        .filter(frameworks::Column::LatestRevision.gt(DRAFT))
}

/// The outcomes of an identity: one, unless several frameworks have taken it over.
pub(crate) async fn outcomes(reader: &Reader, id: Uuid) -> Result<Vec<Outcome>> {
    use outcomes::{Column, Entity};
    let key = (Column::District, Column::Framework, Column::Revision);
    let select = held(reader.find::<Entity>(), Entity::belongs_to(frameworks::Entity).from(key));
    let select = select.filter(Column::Id.eq(id)).order_by_asc(Column::Framework);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| super::outcomes::read(reader.district(), row)).collect()
}

/// The associations of an identity.
pub(crate) async fn associations(reader: &Reader, id: Uuid) -> Result<Vec<Association>> {
    use associations::{Column, Entity};
    let key = (Column::District, Column::Framework, Column::Revision);
    let select = held(reader.find::<Entity>(), Entity::belongs_to(frameworks::Entity).from(key));
    let select = select.filter(Column::Id.eq(id)).order_by_asc(Column::Framework);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| super::associations::read(reader.district(), row)).collect()
}

/// The rubrics of an identity.
pub(crate) async fn rubrics(reader: &Reader, id: Uuid) -> Result<Vec<Rubric>> {
    use rubrics::{Column, Entity};
    let key = (Column::District, Column::Framework, Column::Revision);
    let select = held(reader.find::<Entity>(), Entity::belongs_to(frameworks::Entity).from(key));
    let select = select.filter(Column::Id.eq(id)).order_by_asc(Column::Framework);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| super::rubrics::read(reader.district(), row)).collect()
}

/// The associations of a framework that start from or lead to an outcome of it, in their order.
pub(crate) async fn touching(
    reader: &Reader,
    framework: &FrameworkRef,
    outcome: Uuid,
) -> Result<Vec<Association>> {
    use associations::{Column, Entity};
    let either = Condition::any().add(Column::Origin.eq(outcome)).add(Column::Destination.eq(outcome));
    let select = reader
        .find::<Entity>()
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Revision.eq(framework.row_revision()))
        .filter(either);
    let select = select.order_by_asc(Column::Position).order_by_asc(Column::Id);
    let rows = select.all(reader.conn()).await.map_err(failure)?;
    rows.iter().map(|row| super::associations::read(reader.district(), row)).collect()
}

/// The frameworks that have kept an entry of a section under an identity, each with what came.
pub(crate) async fn entries(reader: &Reader, section: &str, id: Uuid) -> Result<Vec<(FrameworkRef, String)>> {
    use case_entries::{Column, Entity};
    let key = (Column::District, Column::Framework, Column::Revision);
    let select = held(reader.find::<Entity>(), Entity::belongs_to(frameworks::Entity).from(key));
    let rows = select
        .filter(Column::Section.eq(section))
        .filter(Column::Id.eq(id))
        .order_by_asc(Column::Framework)
        .all(reader.conn())
        .await
        .map_err(failure)?;
    let place = |row: &case_entries::Model| {
        let pin = u32::try_from(row.revision).ok();
        FrameworkRef { district: reader.district().clone(), id: row.framework, pin }
    };
    Ok(rows.into_iter().map(|row| (place(&row), row.json)).collect())
}
