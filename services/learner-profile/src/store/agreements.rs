//! Applications and what they may reach.

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use trellis_kernel::{Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::filter::{Field, Kind, parse};
use trellis_store::{Document, Keyset, Reader, Scope, Tx, failure, instant};

use super::entities::{agreement, application};
use crate::domain::access::Terms;
use crate::domain::agreement::{Agreement, Application, Basis};
use crate::domain::meta::Meta;

/// Writes a new application.
pub(crate) async fn insert_application(tx: &Tx, new: &Application) -> Result<()> {
    let now = tx.now().as_microsecond();
    tx.insert(application::ActiveModel {
        district: sea_orm::NotSet,
        id: Set(new.id),
        display_name: Set(new.display_name.clone()),
        vendor: Set(new.vendor.clone()),
        suspended: Set(new.suspended),
        create_time: Set(now),
        update_time: Set(now),
        version: Set(1),
    })
    .await
}

/// An application.
pub(crate) async fn application<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Application>> {
    let select = scope.find::<application::Entity>().filter(application::Column::Id.eq(id));
    select.one(scope.conn()).await.map_err(failure)?.map(read_application).transpose()
}

/// Stops an application, which nobody else changes meanwhile.
pub(crate) async fn suspend(tx: &Tx, before: &Application) -> Result<()> {
    let done = tx
        .update_many::<application::Entity>()
        .col_expr(application::Column::Suspended, true.into())
        .col_expr(application::Column::UpdateTime, tx.now().as_microsecond().into())
        .col_expr(application::Column::Version, (before.meta.version + 1).into())
        .filter(application::Column::Id.eq(before.id))
        .filter(application::Column::Version.eq(before.meta.version))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    one_row(done.rows_affected)
}

/// A page of applications, the oldest first.
pub(crate) async fn applications(reader: &Reader, request: &PageRequest) -> Result<Page<Application>> {
    let select = reader.find::<application::Entity>();
    let keys = Keyset::by(application::Column::Id);
    let weigh = |row: &application::Model| 400 + row.display_name.len() + row.vendor.len();
    let page = trellis_store::page(reader, select, keys, request, "ListApplications", weigh).await?;
    let items = page.items.into_iter().map(read_application).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

/// Writes a new agreement.
pub(crate) async fn insert_agreement(tx: &Tx, new: &Agreement) -> Result<()> {
    let now = tx.now().as_microsecond();
    tx.insert(agreement::ActiveModel {
        district: sea_orm::NotSet,
        id: Set(new.terms.id),
        application_id: Set(new.application),
        basis: Set(new.basis.word().to_owned()),
        data_classes: Set(Document(new.terms.classes.clone())),
        organizations: Set(Document(new.terms.organizations.clone())),
        purpose: Set(new.purpose.clone()),
        start_time: Set(new.terms.start.as_microsecond()),
        expire_time: Set(new.terms.expire.as_microsecond()),
        revoke_time: Set(None),
        create_time: Set(now),
        update_time: Set(now),
        version: Set(1),
    })
    .await
}

/// An agreement.
pub(crate) async fn agreement<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Agreement>> {
    let select = scope.find::<agreement::Entity>().filter(agreement::Column::Id.eq(id));
    select.one(scope.conn()).await.map_err(failure)?.map(read_agreement).transpose()
}

/// Ends an agreement, which nobody else changes meanwhile.
pub(crate) async fn revoke(tx: &Tx, before: &Agreement) -> Result<()> {
    let now = tx.now().as_microsecond();
    let done = tx
        .update_many::<agreement::Entity>()
        .col_expr(agreement::Column::RevokeTime, now.into())
        .col_expr(agreement::Column::UpdateTime, now.into())
        .col_expr(agreement::Column::Version, (before.meta.version + 1).into())
        .filter(agreement::Column::Id.eq(before.terms.id))
        .filter(agreement::Column::Version.eq(before.meta.version))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    one_row(done.rows_affected)
}

/// A page of agreements, the oldest first.
pub(crate) async fn agreements(
    reader: &Reader,
    request: &PageRequest,
    filter: &str,
) -> Result<Page<Agreement>> {
    let application = Kind::Name(&["applications"]);
    let fields = [Field { name: "application", column: agreement::Column::ApplicationId, kind: application }];
    let select = reader.find::<agreement::Entity>().filter(parse(filter, &fields)?);
    let keys = Keyset::by(agreement::Column::Id);
    let context = format!("ListAgreements {filter}");
    let page = trellis_store::page(reader, select, keys, request, &context, |_| 50_000).await?;
    let items = page.items.into_iter().map(read_agreement).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

/// The terms under which an application acts: all there are, in force or not. None when it is suspended or
/// there is no such application.
pub(crate) async fn terms(reader: &Reader, application: Uuid) -> Result<Vec<Terms>> {
    match self::application(reader, application).await? {
        Some(found) if !found.suspended => {}
        _ => return Ok(Vec::new()),
    }
    let select = reader.find::<agreement::Entity>().filter(agreement::Column::ApplicationId.eq(application));
    let rows = select.order_by_asc(agreement::Column::Id).all(reader.conn()).await.map_err(failure)?;
    rows.into_iter().map(|row| read_agreement(row).map(|agreement| agreement.terms)).collect()
}

/// Applications by id.
pub(crate) async fn applications_by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Application>> {
    let select =
        reader.find::<application::Entity>().filter(application::Column::Id.is_in(ids.iter().copied()));
    select.all(reader.conn()).await.map_err(failure)?.into_iter().map(read_application).collect()
}

/// Agreements by id.
pub(crate) async fn agreements_by_ids(reader: &Reader, ids: &[Uuid]) -> Result<Vec<Agreement>> {
    let select = reader.find::<agreement::Entity>().filter(agreement::Column::Id.is_in(ids.iter().copied()));
    select.all(reader.conn()).await.map_err(failure)?.into_iter().map(read_agreement).collect()
}

/// The applications after an id, in the order of their ids.
pub(crate) async fn applications_after(
    reader: &Reader,
    id: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Application>> {
    let select =
        reader.find::<application::Entity>().filter(application::Column::Id.gt(id.unwrap_or_default()));
    let rows = select.order_by_asc(application::Column::Id).limit(limit).all(reader.conn()).await;
    rows.map_err(failure)?.into_iter().map(read_application).collect()
}

/// The agreements after an id, in the order of their ids.
pub(crate) async fn agreements_after(
    reader: &Reader,
    id: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Agreement>> {
    let select = reader.find::<agreement::Entity>().filter(agreement::Column::Id.gt(id.unwrap_or_default()));
    let rows = select.order_by_asc(agreement::Column::Id).limit(limit).all(reader.conn()).await;
    rows.map_err(failure)?.into_iter().map(read_agreement).collect()
}

fn one_row(rows: u64) -> Result<()> {
    if rows == 1 {
        return Ok(());
    }
    Err(Failure::aborted(Reason::StateConflict, "Someone else changed it at the same moment: read it again."))
}

fn read_application(row: application::Model) -> Result<Application> {
    Ok(Application {
        id: row.id,
        display_name: row.display_name,
        vendor: row.vendor,
        suspended: row.suspended,
        meta: meta(row.create_time, row.update_time, row.version)?,
    })
}

fn read_agreement(row: agreement::Model) -> Result<Agreement> {
    let revoke_time = row.revoke_time.map(instant).transpose()?;
    Ok(Agreement {
        application: row.application_id,
        basis: Basis::of_word(&row.basis).ok_or_else(|| Failure::internal("a basis is kept that is none"))?,
        purpose: row.purpose,
        revoke_time,
        terms: Terms {
            id: row.id,
            classes: row.data_classes.0,
            organizations: row.organizations.0,
            start: instant(row.start_time)?,
            expire: instant(row.expire_time)?,
            revoked: revoke_time.is_some(),
        },
        meta: meta(row.create_time, row.update_time, row.version)?,
    })
}

fn meta(create_time: i64, update_time: i64, version: i64) -> Result<Meta> {
    Ok(Meta { create_time: instant(create_time)?, update_time: instant(update_time)?, version })
}
