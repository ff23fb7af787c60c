//! `trellis.profile.v1alpha1.ApplicationService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::profile::{
    Agreement, Application, ApplicationServiceApi, CreateAgreementRequest, CreateApplicationRequest,
    ListAgreementsRequest, ListAgreementsResponse, ListApplicationsRequest, ListApplicationsResponse,
    RevokeAgreementRequest, SuspendApplicationRequest,
};
use trellis_kernel::{PageRequest, Result};
use trellis_store::Store;

use super::convert::agreement as convert;
use super::entry::plain_name;
use super::roster::district;
use crate::app::agreement;
use crate::store::agreements;

/// Keeps applications and agreements.
pub(crate) struct Applications {
    store: Store,
}

impl Applications {
    /// Applications in this store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ApplicationServiceApi for Applications {
    async fn create_application(&self, call: Call<CreateApplicationRequest>) -> Result<Application> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (_, message) = call.into_parts();
        let district = district("parent", &message.parent)?;
        let new = message.application.unwrap_or_default();
        let made = agreement::create_application(&self.store, change, new.display_name, new.vendor).await?;
        Ok(convert::application(&district, made))
    }

    async fn list_applications(
        &self,
        call: Call<ListApplicationsRequest>,
    ) -> Result<ListApplicationsResponse> {
        let (_, message) = call.into_parts();
        let district = district("parent", &message.parent)?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = agreements::applications(&self.store.read(&district), &request).await?;
        let page = page.map(|found| convert::application(&district, found));
        Ok(ListApplicationsResponse { applications: page.items, next_page_token: page.next })
    }

    async fn suspend_application(&self, call: Call<SuspendApplicationRequest>) -> Result<Application> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let name = plain_name("name", &call.message.name, &["applications"])?;
        Ok(convert::application(&name.district, agreement::suspend(&self.store, change, &name).await?))
    }

    async fn create_agreement(&self, call: Call<CreateAgreementRequest>) -> Result<Agreement> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (_, message) = call.into_parts();
        let district = district("parent", &message.parent)?;
        let new = convert::new_agreement(&message.agreement.unwrap_or_default())?;
        Ok(convert::agreement(&district, agreement::create_agreement(&self.store, change, new).await?))
    }

    async fn list_agreements(&self, call: Call<ListAgreementsRequest>) -> Result<ListAgreementsResponse> {
        let (_, message) = call.into_parts();
        let district = district("parent", &message.parent)?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = agreements::agreements(&self.store.read(&district), &request, &message.filter).await?;
        let page = page.map(|found| convert::agreement(&district, found));
        Ok(ListAgreementsResponse { agreements: page.items, next_page_token: page.next })
    }

    async fn revoke_agreement(&self, call: Call<RevokeAgreementRequest>) -> Result<Agreement> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let name = plain_name("name", &call.message.name, &["agreements"])?;
        Ok(convert::agreement(&name.district, agreement::revoke(&self.store, change, &name).await?))
    }
}
