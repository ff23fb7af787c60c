//! `trellis.outcome.v1alpha1.AuthoringService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    AuthoringServiceApi, CreateFrameworkFromTemplateRequest, Framework, FrameworkTemplate,
    GetFrameworkTemplateRequest, ListFrameworkTemplatesRequest, ListFrameworkTemplatesResponse,
};
use trellis_kernel::{Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::{framework, read_texts, template as convert};
use crate::app::templates::{self, Asked};
use crate::domain::template::parse_template;

/// Serves templates and spreadsheets.
pub(crate) struct Authoring {
    store: Store,
}

impl Authoring {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl AuthoringServiceApi for Authoring {
    async fn list_framework_templates(
        &self,
        call: Call<ListFrameworkTemplatesRequest>,
    ) -> Result<ListFrameworkTemplatesResponse> {
        let ListFrameworkTemplatesRequest { parent, page_size, page_token } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = templates::list(&self.store, &district, &page)?;
        let framework_templates =
            page.items.into_iter().map(|template| convert::write_head(&district, template)).collect();
        Ok(ListFrameworkTemplatesResponse { framework_templates, next_page_token: page.next })
    }

    async fn get_framework_template(
        &self,
        call: Call<GetFrameworkTemplateRequest>,
    ) -> Result<FrameworkTemplate> {
        let (district, id) = parse_template("name", &call.message.name)?;
        templates::get(&district, id).map(|template| convert::write(&district, template))
    }

    async fn create_framework_from_template(
        &self,
        call: Call<CreateFrameworkFromTemplateRequest>,
    ) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let CreateFrameworkFromTemplateRequest { parent, template, title, language, parts, request_id: _ } =
            call.into_parts().1;
        Name::of("parent", &parent, &[])?;
        let (district, template) = parse_template("template", &template)?;
        let asked = Asked { district, template, title: read_texts(title), language, parts };
        templates::create(&self.store, change, asked).await.map(framework::write)
    }
}
