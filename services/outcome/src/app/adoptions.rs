//! Adopting revisions of frameworks, and what is in use.

use jiff::civil::Date;
use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Scope as _, Store, Tx, Write};

use super::{dangling, told};
use crate::domain::adoption::{self, ADOPTION, Adoption, AdoptionContent, MOST, Wanted};
use crate::domain::framework::{FRAMEWORK, FrameworkRef};
use crate::domain::proficiency_scale::SCALE;
use crate::store;

/// Reads an adoption.
pub(crate) async fn get(store: &Store, (district, id): (&District, Uuid)) -> Result<Adoption> {
    store::adoptions::get(&store.read(district), id).await
}

/// Lists the adoptions of a district.
pub(crate) async fn list(
    store: &Store,
    district: &District,
    wanted: &Wanted,
    page: &PageRequest,
) -> Result<Page<Adoption>> {
    store::adoptions::list(&store.read(district), wanted, page).await
}

/// What an organization uses on a day, or (none) what holds where no organization has its own.
pub(crate) async fn in_use(
    store: &Store,
    district: &District,
    organization: Option<Uuid>,
    day: Date,
) -> Result<Vec<Adoption>> {
    let found = store::adoptions::on(&store.read(district), organization, &day.to_string()).await?;
    Ok(adoption::in_use(found, organization, day))
}

/// Adopts a revision of a framework.
pub(crate) async fn create(store: &Store, change: Change, content: AdoptionContent) -> Result<Adoption> {
    known(store, &content).await?;
    current(store, &content.framework).await?;
    let mut tx = match store.write::<Adoption>(change).await? {
        Write::Replay(adoption) => return Ok(adoption),
        Write::Begin(tx) => tx,
    };
    store::adoptions::alone(&tx).await?;
    let adoption = Adoption {
        district: tx.district().clone(),
        id: tx.new_id(),
        content,
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    allowed(&tx, &adoption).await?;
    store::adoptions::insert(&tx, &adoption).await?;
    tx.tell(told("adoption.created", &adoption.name(), ADOPTION));
    tx.commit(adoption).await
}

/// Changes an adoption. What of it is new is given; all else is kept.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    (district, id): (&District, Uuid),
    etag: &str,
    edit: impl FnOnce(AdoptionContent) -> Result<AdoptionContent> + Send,
) -> Result<Adoption> {
    // Looked up before the transaction, because what is adopted may be in another district, the commons. A
    // revision never goes, so what is found stays true; the adoption is read again below.
    let before = store::adoptions::get(&store.read_latest(district), id).await?;
    let content = edit(before.content.clone())?;
    if !content.framework.same_framework(&before.content.framework) {
        return Err(Failure::field(
            "adoption.framework",
            "must be a revision of the framework that is adopted: another framework is another adoption",
        ));
    }
    known(store, &content).await?;
    let mut tx = match store.write::<Adoption>(change).await? {
        Write::Replay(adoption) => return Ok(adoption),
        Write::Begin(tx) => tx,
    };
    store::adoptions::alone(&tx).await?;
    let mut adoption = store::adoptions::get(&tx, id).await?;
    adoption.etag().check(etag)?;
    adoption.etag().check(&before.etag().to_string())?;
    if content != adoption.content {
        adoption.content = content;
        adoption.version += 1;
        adoption.update_time = tx.now();
        allowed(&tx, &adoption).await?;
        store::adoptions::update(&tx, &adoption).await?;
        tx.tell(told("adoption.updated", &adoption.name(), ADOPTION));
    }
    tx.commit(adoption).await
}

/// Deletes an adoption.
pub(crate) async fn delete(store: &Store, change: Change, id: Uuid, etag: &str) -> Result<()> {
    let mut tx = match store.write::<()>(change).await? {
        Write::Replay(()) => return Ok(()),
        Write::Begin(tx) => tx,
    };
    store::adoptions::alone(&tx).await?;
    let adoption = store::adoptions::get(&tx, id).await?;
    adoption.etag().check(etag)?;
    store::adoptions::delete(&tx, id).await?;
    tx.tell(told("adoption.deleted", &adoption.name(), ADOPTION));
    tx.commit(()).await
}

/// Refuses revisions that were never published.
async fn known(store: &Store, content: &AdoptionContent) -> Result<()> {
    let AdoptionContent { framework, scale, .. } = content;
    if store::frameworks::find(&store.read_latest(&framework.district), framework).await?.is_none() {
        return Err(dangling("adoption.framework", FRAMEWORK, &framework.name()));
    }
    if let Some(scale) = scale
        && store::proficiency_scales::find(&store.read_latest(&scale.district), scale).await?.is_none()
    {
        return Err(dangling("adoption.proficiency_scale", SCALE, &scale.name()));
    }
    Ok(())
}

/// Refuses a framework that is no longer to be used for new work.
async fn current(store: &Store, framework: &FrameworkRef) -> Result<()> {
    let reader = store.read_latest(&framework.district);
    let known = store::deprecations::some(&reader, &[framework.id]).await?;
    let Some(deprecation) = known.get(&framework.id) else { return Ok(()) };
    let named = FrameworkRef { pin: None, ..framework.clone() }.name();
    let text = "The framework is deprecated: it is not to be adopted any more.";
    let mut refusal = Failure::precondition(Reason::StateConflict, text)
        .violation("adoption.framework", "must be a framework that is not deprecated")
        .about(FRAMEWORK, named.to_string())
        .with("state", "DEPRECATED")
        .with("framework", &named);
    if let Some(replacing) = &deprecation.replacing {
        refusal = refusal.with("replacing_framework", replacing.name());
    }
    Err(refusal)
}

/// Refuses an adoption that another one leaves no room for.
async fn allowed(tx: &Tx, adoption: &Adoption) -> Result<()> {
    let others = store::adoptions::beside(tx, adoption).await?;
    if let Some(other) = others.iter().find(|other| other.content.rivals(&adoption.content)) {
        let text = "The framework is adopted already, in one of these places and on one of these days: \
                    change that adoption, or end it before this one begins.";
        return Err(Failure::exists(Reason::ResourceExists, text)
            .about(ADOPTION, other.name().to_string())
            .with("adoption", other.name()));
    }
    if let Some(place) = store::adoptions::full(tx, adoption).await? {
        let text = "An organization has so many adoptions at most, and so has a district as a whole.";
        return Err(Failure::exhausted(Reason::LimitExceeded, text).with("limit", MOST).with("place", place));
    }
    Ok(())
}
