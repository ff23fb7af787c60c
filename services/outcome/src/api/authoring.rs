//! `trellis.outcome.v1.AuthoringService`.

use async_trait::async_trait;
use futures::{Stream, StreamExt as _, stream};
use prost::Message as _;
use prost::bytes::Bytes;
use trellis_contracts::guard::{Call, Inbound, Outbound};
use trellis_contracts::outcome::{
    AuthoringServiceApi, CreateFrameworkFromTemplateRequest, ExportSpreadsheetRequest,
    ExportSpreadsheetResponse, Framework, FrameworkTemplate, GetFrameworkTemplateRequest,
    ImportSpreadsheetRequest, ImportSpreadsheetResponse, ListFrameworkTemplatesRequest,
    ListFrameworkTemplatesResponse, PreviewSpreadsheetRequest, SpreadsheetPreview,
};
use trellis_kernel::{District, Failure, Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::{framework, read_texts, sheet, template as convert};
use super::required;
use crate::app::spreadsheets::{Asked, Spreadsheets, Target};
use crate::app::{currency, templates};
use crate::domain::framework::Framework as Own;
use crate::domain::framework::{FrameworkContent, FrameworkRef};
use crate::domain::template::parse_template;

/// Serves templates and spreadsheets.
pub(crate) struct Authoring {
    store: Store,
    sheets: Spreadsheets,
}

impl Authoring {
    /// Serves those of a store.
    pub(crate) fn new(store: Store) -> Self {
        Self { sheets: Spreadsheets::new(store.clone()), store }
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
        let asked = templates::Asked { district, template, title: read_texts(title), language, parts };
        let made = templates::create(&self.store, change, asked).await?;
        shown(&self.store, made).await
    }

    async fn preview_spreadsheet(
        &self,
        call: Call<Inbound<PreviewSpreadsheetRequest>>,
    ) -> Result<SpreadsheetPreview> {
        let inbound = call.into_parts().1;
        let PreviewSpreadsheetRequest { parent, framework, mapping, chunk } = inbound.first.clone();
        let district = Name::of("parent", &parent, &[])?.district;
        let target = match own_draft(&district, &framework)? {
            Some(draft) => Target::Draft(draft),
            None => Target::New(Box::default()),
        };
        let mapping = mapping.map(sheet::read_mapping).transpose()?;
        let document = self.sheets.receive(chunks(chunk, inbound, |message| message.chunk)).await?;
        // A preview holds much while it waits, which is not to be part of every call's future.
        let preview = Box::pin(self.sheets.preview(&district, target, mapping, document));
        preview.await.map(sheet::write_preview)
    }

    async fn import_spreadsheet(
        &self,
        call: Call<Inbound<ImportSpreadsheetRequest>>,
    ) -> Result<ImportSpreadsheetResponse> {
        let method = call.method();
        let (admission, inbound) = call.into_parts();
        let asked = ImportSpreadsheetRequest { chunk: Bytes::new(), ..inbound.first.clone() }.encode_to_vec();
        let ImportSpreadsheetRequest {
            parent,
            framework: draft,
            new_framework,
            mapping,
            dry_run,
            etag,
            request_id,
            chunk,
        } = inbound.first.clone();
        let district = Name::of("parent", &parent, &[])?.district;
        let into = match (own_draft(&district, &draft)?, new_framework.map(framework::read)) {
            (Some(draft), None) => Target::Draft(draft),
            (Some(_), Some(_)) => {
                return Err(Failure::field("new_framework", "must be absent when framework is set"));
            }
            (None, content) => Target::New(Box::new(required::<FrameworkContent>(content, "new_framework")?)),
        };
        let mapping = sheet::read_mapping(required(mapping, "mapping")?)?;
        let document = self.sheets.receive(chunks(chunk, inbound, |message| message.chunk)).await?;
        let fingerprint = document.fingerprint(&asked);
        let change = trellis_rpc::change_as(&admission, method, &request_id, fingerprint)?;
        let asked = Asked { into, mapping, dry_run, etag };
        let mut imported = Box::pin(self.sheets.import(change, asked, document)).await?;
        let framework = match imported.framework.take() {
            Some(framework) => Some(shown(&self.store, framework).await?),
            None => None,
        };
        Ok(sheet::write_imported(imported, framework))
    }

    async fn export_spreadsheet(
        &self,
        call: Call<ExportSpreadsheetRequest>,
    ) -> Result<Outbound<ExportSpreadsheetResponse>> {
        let ExportSpreadsheetRequest { name, byte_order_mark } = call.message;
        let of = FrameworkRef::parse("name", &name)?;
        let parts = self.sheets.export(&of, byte_order_mark).await?;
        Ok(Box::pin(stream::iter(parts.into_iter().map(|chunk| Ok(ExportSpreadsheetResponse { chunk })))))
    }
}

/// The draft that a request names, in its own district; none when it names none.
fn own_draft(district: &District, name: &str) -> Result<Option<FrameworkRef>> {
    if name.is_empty() {
        return Ok(None);
    }
    let of = FrameworkRef::parse_draft("framework", name)?;
    // Whether it exists in another district is nobody's business here.
    if of.district == *district { Ok(Some(of)) } else { Err(of.missing()) }
}

/// The parts of a document, of the first message and those after it.
fn chunks<M: Send + 'static>(
    first: Bytes,
    inbound: Inbound<M>,
    chunk: fn(M) -> Bytes,
) -> impl Stream<Item = Result<Bytes>> + Send {
    let rest = stream::unfold(inbound, move |mut inbound| async move {
        let next = inbound.next().await?;
        Some((next.map(chunk), inbound))
    });
    stream::once(async move { Ok(first) }).chain(rest)
}

/// A framework as the contract has it, with whether it is current.
async fn shown(store: &Store, own: Own) -> Result<Framework> {
    let currency = currency::of_framework(store, &own.place).await?;
    Ok(framework::write(own, currency))
}
