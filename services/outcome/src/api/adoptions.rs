//! `trellis.outcome.v1.AdoptionService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    Adoption, AdoptionServiceApi, CreateAdoptionRequest, DeleteAdoptionRequest, GetAdoptionRequest,
    ListAdoptionsRequest, ListAdoptionsResponse, ResolveAdoptionsRequest, ResolveAdoptionsResponse,
    UpdateAdoptionRequest,
};
use trellis_kernel::{Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::adoption as convert;
use super::{mask, required};
use crate::app::{adoptions, currency};
use crate::domain::adoption::{Adoption as Own, Terms, Wanted, parse_adoption};
use crate::domain::framework::FrameworkRef;
use crate::domain::succession::Currency;

/// Serves adoptions.
pub(crate) struct Adoptions {
    store: Store,
}

impl Adoptions {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    async fn shown(&self, adoption: Own) -> Result<Adoption> {
        let currency = currency::of_framework(&self.store, &adoption.content.framework).await?;
        Ok(convert::write(adoption, currency))
    }
}

#[async_trait]
impl AdoptionServiceApi for Adoptions {
    async fn get_adoption(&self, call: Call<GetAdoptionRequest>) -> Result<Adoption> {
        let (district, id) = parse_adoption("name", &call.message.name)?;
        self.shown(adoptions::get(&self.store, (&district, id)).await?).await
    }

    async fn list_adoptions(&self, call: Call<ListAdoptionsRequest>) -> Result<ListAdoptionsResponse> {
        let ListAdoptionsRequest { parent, page_size, page_token, framework, organization, active_on } =
            call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let framework = match framework.as_str() {
            "" => None,
            framework => Some(FrameworkRef::parse("framework", framework)?),
        };
        let organization = convert::read_organization("organization", &organization, &district)?;
        let wanted = Wanted { framework, organization, day: convert::read_day("active_on", &active_on)? };
        let page = PageRequest::parse(page_size, page_token)?;
        let page = adoptions::list(&self.store, &district, &wanted, &page).await?;
        let adoptions = show(&self.store, page.items).await?;
        Ok(ListAdoptionsResponse { adoptions, next_page_token: page.next })
    }

    async fn resolve_adoptions(
        &self,
        call: Call<ResolveAdoptionsRequest>,
    ) -> Result<ResolveAdoptionsResponse> {
        let ResolveAdoptionsRequest { parent, organization, date } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let organization = convert::read_organization("organization", &organization, &district)?;
        let day = required(convert::read_day("date", &date)?, "date")?;
        let used = adoptions::in_use(&self.store, &district, organization, day).await?;
        let currencies = currencies(&self.store, &used).await?;
        let resolved = used.into_iter().zip(currencies);
        let adoptions = resolved.map(|(own, currency)| convert::write_resolved(own, currency)).collect();
        Ok(ResolveAdoptionsResponse { adoptions })
    }

    async fn create_adoption(&self, call: Call<CreateAdoptionRequest>) -> Result<Adoption> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let CreateAdoptionRequest { parent, adoption, request_id: _ } = call.into_parts().1;
        let district = Name::of("parent", &parent, &[])?.district;
        let content = convert::read(&district, required(adoption, "adoption")?)?.complete()?;
        self.shown(adoptions::create(&self.store, change, content).await?).await
    }

    async fn update_adoption(&self, call: Call<UpdateAdoptionRequest>) -> Result<Adoption> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateAdoptionRequest { adoption, update_mask, request_id: _ } = call.into_parts().1;
        let adoption = required(adoption, "adoption")?;
        let (district, id) = parse_adoption("adoption.name", &adoption.name)?;
        let etag = adoption.etag.clone();
        let new = convert::read(&district, adoption)?;
        let paths = mask::paths(update_mask, &convert::fields(&new))?;
        let edit = |own| convert::merge(Terms::from(own), new, &paths).complete();
        self.shown(adoptions::update(&self.store, change, (&district, id), &etag, edit).await?).await
    }

    async fn delete_adoption(&self, call: Call<DeleteAdoptionRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (_, id) = parse_adoption("name", &call.message.name)?;
        adoptions::delete(&self.store, change, id, &call.message.etag).await
    }
}

/// Whether the framework of each of these is current, in their order.
async fn currencies(store: &Store, adoptions: &[Own]) -> Result<Vec<Currency>> {
    let places: Vec<FrameworkRef> = adoptions.iter().map(|own| own.content.framework.clone()).collect();
    currency::of_frameworks(store, &places).await
}

/// Adoptions as the contract has them, each with whether its framework is current.
pub(super) async fn show(store: &Store, adoptions: Vec<Own>) -> Result<Vec<Adoption>> {
    let currencies = currencies(store, &adoptions).await?;
    Ok(adoptions.into_iter().zip(currencies).map(|(own, currency)| convert::write(own, currency)).collect())
}
