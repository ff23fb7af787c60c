//! Letting applications in, and stopping them.

use trellis_kernel::{District, Failure, Name, Reason, Result, Timestamp, Uuid};
use trellis_store::{Change, Scope as _, Store, Tx, Write};

use crate::domain::access::{Class, Terms};
use crate::domain::agreement::{Agreement, Application, Basis, check};
use crate::domain::meta::Meta;
use crate::domain::roster::Organization;
use crate::events::agreement as told;
use crate::store::agreements as kept;
use crate::store::roster;

/// Lets an application in.
pub(crate) async fn create_application(
    store: &Store,
    change: Change,
    display_name: String,
    vendor: String,
) -> Result<Application> {
    let district = change.district.clone();
    let id = match store.write::<Uuid>(change).await? {
        Write::Replay(id) => id,
        Write::Begin(mut tx) => {
            let id = tx.new_id();
            let new = Application { id, display_name, vendor, suspended: false, meta: fresh(&tx) };
            kept::insert_application(&tx, &new).await?;
            tx.tell(told::application("application.created", &district, id));
            tx.commit(id).await?
        }
    };
    application(store, &district, id).await
}

/// Stops an application.
pub(crate) async fn suspend(store: &Store, change: Change, name: &Name) -> Result<Application> {
    let id = name.id().ok_or_else(Failure::access_denied)?;
    if let Write::Begin(mut tx) = store.write::<()>(change).await? {
        let before = kept::application(&tx, id).await?.ok_or_else(|| no_application(name))?;
        if !before.suspended {
            kept::suspend(&tx, &before).await?;
            tx.tell(told::application("application.suspended", &name.district, id));
        }
        tx.commit(()).await?;
    }
    application(store, &name.district, id).await
}

/// What an agreement is to say.
pub(crate) struct NewAgreement {
    pub application: Name,
    pub basis: Basis,
    pub classes: Vec<Class>,
    pub organizations: Vec<Name>,
    pub purpose: String,
    pub start: Option<Timestamp>,
    pub expire: Timestamp,
}

/// Records an agreement.
pub(crate) async fn create_agreement(store: &Store, change: Change, new: NewAgreement) -> Result<Agreement> {
    let district = change.district.clone();
    let id = match store.write::<Uuid>(change).await? {
        Write::Replay(id) => id,
        Write::Begin(mut tx) => {
            let organizations = organizations(&tx, &new.organizations).await?;
            let terms = Terms {
                id: tx.new_id(),
                classes: new.classes,
                organizations,
                start: new.start.unwrap_or(tx.now()),
                expire: new.expire,
                revoked: false,
            };
            check(new.basis, &terms, tx.now())?;
            let application = new.application.id().ok_or_else(Failure::access_denied)?;
            let same = new.application.district == district;
            match kept::application(&tx, application).await?.filter(|_| same) {
                None => return Err(missing("agreement.application")),
                Some(found) if found.suspended => {
                    return Err(Failure::precondition(
                        Reason::StateConflict,
                        "The application is suspended.",
                    ));
                }
                Some(_) => {}
            }
            let id = terms.id;
            let (basis, purpose, meta) = (new.basis, new.purpose, fresh(&tx));
            kept::insert_agreement(
                &tx,
                &Agreement { application, basis, purpose, terms, revoke_time: None, meta },
            )
            .await?;
            tx.tell(told::agreement("agreement.created", &district, id));
            tx.commit(id).await?
        }
    };
    agreement(store, &district, id).await
}

/// Ends an agreement.
pub(crate) async fn revoke(store: &Store, change: Change, name: &Name) -> Result<Agreement> {
    let id = name.id().ok_or_else(Failure::access_denied)?;
    if let Write::Begin(mut tx) = store.write::<()>(change).await? {
        let before = kept::agreement(&tx, id).await?;
        let before = before.ok_or_else(|| Failure::not_found(told::AGREEMENT, name.to_string()))?;
        if before.revoke_time.is_none() {
            kept::revoke(&tx, &before).await?;
            tx.tell(told::agreement("agreement.revoked", &name.district, id));
        }
        tx.commit(()).await?;
    }
    agreement(store, &name.district, id).await
}

async fn application(store: &Store, district: &District, id: Uuid) -> Result<Application> {
    let found = kept::application(&store.read(district), id).await?;
    found.ok_or_else(|| no_application(&told::application_name(district, id)))
}

async fn agreement(store: &Store, district: &District, id: Uuid) -> Result<Agreement> {
    let found = kept::agreement(&store.read(district), id).await?;
    found.ok_or_else(|| Failure::not_found(told::AGREEMENT, told::agreement_name(district, id).to_string()))
}

async fn organizations(tx: &Tx, names: &[Name]) -> Result<Vec<Uuid>> {
    let field = "agreement.organizations";
    let ids: Option<Vec<Uuid>> =
        names.iter().map(|name| name.id().filter(|_| name.district == *tx.district())).collect();
    let ids = ids.ok_or_else(|| missing(field))?;
    let found = roster::by_ids::<Organization, _>(tx, &ids).await?;
    if ids.iter().all(|id| found.get(id).is_some_and(|stored| stored.record.active)) {
        Ok(ids)
    } else {
        Err(missing(field))
    }
}

fn missing(field: &str) -> Failure {
    Failure::precondition(
        Reason::ReferenceNotFound,
        "The request names something that is not in this district.",
    )
    .violation(field, "must name what there is in the same district")
}

fn no_application(name: &Name) -> Failure {
    Failure::not_found(told::APPLICATION, name.to_string())
}

fn fresh(tx: &Tx) -> Meta {
    Meta { create_time: tx.now(), update_time: tx.now(), version: 1 }
}
