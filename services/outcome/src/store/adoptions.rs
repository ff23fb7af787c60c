//! Rows of adoptions.

use sea_orm::sea_query::{ExprTrait as _, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Statement,
};
use trellis_kernel::{District, Failure, Name, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Reader, Scope, Tx, failure, instant, page};

use super::entities::adoption_organizations as named;
use super::entities::adoptions::{ActiveModel, Column, Entity, Model};
use super::{decode, encode, micros};
use crate::domain::adoption::{
    ADOPTION, Adoption, AdoptionContent, MOST, Reach, Wanted, adoption_name, organization_name,
};

/// Waits until no other change of the district's adoptions is under way: two that are rivals would not see
/// each other. `SQLite` has one writer anyway.
pub(crate) async fn alone(tx: &Tx) -> Result<()> {
    let backend = tx.conn().get_database_backend();
    if backend == DbBackend::Postgres {
        let key = format!("adoptions {}", tx.district());
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        let lock = Statement::from_sql_and_values(backend, sql, [key.into()]);
        tx.conn().query_one_raw(lock).await.map_err(failure)?;
    }
    Ok(())
}

/// Reads an adoption; not found when there is none.
pub(crate) async fn get<S: Scope>(scope: &S, id: Uuid) -> Result<Adoption> {
    let found = some(scope, &[id]).await?.pop();
    found.ok_or_else(|| Failure::not_found(ADOPTION, adoption_name(scope.district(), id).to_string()))
}

/// Reads those of these adoptions that there are, in any order.
pub(crate) async fn some<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Adoption>> {
    let select = scope.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    read_all(scope, select).await
}

/// Lists adoptions in the order in which they were created.
pub(crate) async fn list(reader: &Reader, wanted: &Wanted, request: &PageRequest) -> Result<Page<Adoption>> {
    let Wanted { framework, organization, day } = wanted;
    let mut select = reader.find::<Entity>();
    if let Some(framework) = framework {
        select = select
            .filter(Column::FrameworkDistrict.eq(framework.district.as_str()))
            .filter(Column::Framework.eq(framework.id));
        if framework.pin.is_some() {
            select = select.filter(Column::FrameworkRevision.eq(framework.row_revision()));
        }
    }
    if let Some(organization) = organization {
        select = select.filter(Column::Id.in_subquery(naming(reader, [*organization])));
    }
    if let Some(day) = day {
        select = select.filter(used_on(&day.to_string()));
    }
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let context = format!("ListAdoptions {wanted:?}");
    let rows = page(reader, select, keys, request, &context, |row| row.content.len() + 500).await?;
    let items = rows.items.iter().map(|row| read(reader.district(), row)).collect::<Result<_>>()?;
    Ok(Page { items, next: rows.next })
}

/// The adoptions after one, in the order of their identities.
pub(crate) async fn after(reader: &Reader, after: Option<Uuid>, limit: u64) -> Result<Vec<Adoption>> {
    let mut select = reader.find::<Entity>();
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read_all(reader, select.order_by_asc(Column::Id).limit(limit)).await
}

/// Those that are used on a day by an organization (or none) or by the whole district.
pub(crate) async fn on(reader: &Reader, organization: Option<Uuid>, day: &str) -> Result<Vec<Adoption>> {
    let mut reach = Condition::any().add(Column::DistrictWide.eq(true));
    if let Some(organization) = organization {
        reach = reach.add(Column::Id.in_subquery(naming(reader, [organization])));
    }
    read_all(reader, reader.find::<Entity>().filter(used_on(day)).filter(reach)).await
}

/// The other adoptions of the same framework for one of the same places, on one of the same days.
pub(crate) async fn beside(tx: &Tx, adoption: &Adoption) -> Result<Vec<Adoption>> {
    let AdoptionContent { framework, reach, days, .. } = &adoption.content;
    let mut select = in_places(tx, tx.find::<Entity>(), reach)
        .filter(Column::FrameworkDistrict.eq(framework.district.as_str()))
        .filter(Column::Framework.eq(framework.id))
        .filter(Column::Id.ne(adoption.id))
        .filter(not_over(&days.first.to_string()));
    if let Some(last) = days.last {
        select = select.filter(Column::StartDate.lte(last.to_string()));
    }
    read_all(tx, select).await
}

/// Which of the places of an adoption has as many others as one may have; none when there is room in all.
pub(crate) async fn full(tx: &Tx, adoption: &Adoption) -> Result<Option<Name>> {
    let Reach::Organizations(organizations) = &adoption.content.reach else {
        let others =
            tx.find::<Entity>().filter(Column::DistrictWide.eq(true)).filter(Column::Id.ne(adoption.id));
        let count = others.count(tx.conn()).await.map_err(failure)?;
        return Ok((count >= MOST).then(|| Name::district(adoption.district.clone())));
    };
    let most = i64::try_from(MOST).map_err(Failure::internal)?;
    let found = tx
        .find::<named::Entity>()
        .filter(named::Column::Organization.is_in(organizations.iter().copied()))
        .filter(named::Column::Adoption.ne(adoption.id))
        .select_only()
        .column(named::Column::Organization)
        .group_by(named::Column::Organization)
        .having(named::Column::Adoption.count().gte(most))
        .order_by_asc(named::Column::Organization)
        .into_tuple::<Uuid>()
        .all(tx.conn())
        .await
        .map_err(failure)?;
    Ok(found.first().map(|id| organization_name(&adoption.district, *id)))
}

/// Writes a new adoption.
pub(crate) async fn insert(tx: &Tx, adoption: &Adoption) -> Result<()> {
    tx.insert(row(adoption)?).await?;
    tx.insert_many(organizations(adoption)).await
}

/// Writes an adoption that was changed. It must have been read behind [`alone`].
pub(crate) async fn update(tx: &Tx, adoption: &Adoption) -> Result<()> {
    tx.put_many(vec![row(adoption)?]).await?;
    unname(tx, adoption.id).await?;
    tx.insert_many(organizations(adoption)).await
}

/// Deletes an adoption.
pub(crate) async fn delete(tx: &Tx, id: Uuid) -> Result<()> {
    tx.delete_many::<Entity>().filter(Column::Id.eq(id)).exec(tx.conn()).await.map_err(failure)?;
    unname(tx, id).await
}

async fn unname(tx: &Tx, id: Uuid) -> Result<()> {
    let rows = tx.delete_many::<named::Entity>().filter(named::Column::Adoption.eq(id));
    rows.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

/// The identities of adoptions that name one of these organizations.
fn naming<S: Scope>(scope: &S, organizations: impl IntoIterator<Item = Uuid>) -> SelectStatement {
    Query::select()
        .column(named::Column::Adoption)
        .from(named::Entity)
        .and_where(named::Column::District.eq(scope.district().as_str()))
        .and_where(named::Column::Organization.is_in(organizations))
        .to_owned()
}

fn in_places<S: Scope>(scope: &S, select: Select<Entity>, reach: &Reach) -> Select<Entity> {
    match reach {
        Reach::District => select.filter(Column::DistrictWide.eq(true)),
        Reach::Organizations(organizations) => {
            select.filter(Column::Id.in_subquery(naming(scope, organizations.iter().copied())))
        }
    }
}

/// Days are kept as text that sorts as they follow each other.
fn used_on(day: &str) -> Condition {
    Condition::all().add(Column::StartDate.lte(day)).add(not_over(day))
}

fn not_over(day: &str) -> Condition {
    Condition::any().add(Column::EndDate.is_null()).add(Column::EndDate.gte(day))
}

async fn read_all<S: Scope>(scope: &S, select: Select<Entity>) -> Result<Vec<Adoption>> {
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    rows.iter().map(|row| read(scope.district(), row)).collect()
}

fn organizations(adoption: &Adoption) -> Vec<named::ActiveModel> {
    let Reach::Organizations(organizations) = &adoption.content.reach else { return Vec::new() };
    let row = |organization: &Uuid| {
        let model = named::Model {
            district: adoption.district.to_string(),
            adoption: adoption.id,
            organization: *organization,
        };
        model.into_active_model().reset_all()
    };
    organizations.iter().map(row).collect()
}

fn row(adoption: &Adoption) -> Result<ActiveModel> {
    let Adoption { district, id, content, create_time, update_time, version } = adoption;
    let model = Model {
        district: district.to_string(),
        id: *id,
        version: *version,
        framework_district: content.framework.district.to_string(),
        framework: content.framework.id,
        framework_revision: content.framework.row_revision(),
        district_wide: content.reach == Reach::District,
        start_date: content.days.first.to_string(),
        end_date: content.days.last.map(|last| last.to_string()),
        content: encode(content)?,
        create_time: micros(*create_time),
        update_time: micros(*update_time),
    };
    Ok(model.into_active_model().reset_all())
}

fn read(district: &District, row: &Model) -> Result<Adoption> {
    Ok(Adoption {
        district: district.clone(),
        id: row.id,
        content: decode(&row.content)?,
        create_time: instant(row.create_time)?,
        update_time: instant(row.update_time)?,
        version: row.version,
    })
}
