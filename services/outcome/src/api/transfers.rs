//! `trellis.outcome.v1.FrameworkTransferService`.

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::bytes::Bytes;
use trellis_contracts::guard::{Call, Inbound, Outbound};
use trellis_contracts::outcome::{
    CancelFrameworkTransferRequest, ExportFrameworkRequest, ExportFrameworkResponse, FrameworkTransfer,
    FrameworkTransferFormat, FrameworkTransferServiceApi, GetFrameworkTransferRequest,
    ImportFrameworkFromUriRequest, ImportFrameworkRequest, ListFrameworkTransferChangesRequest,
    ListFrameworkTransferChangesResponse, ListFrameworkTransferIssuesRequest,
    ListFrameworkTransferIssuesResponse, WatchFrameworkTransferRequest, WatchFrameworkTransferResponse,
};
use trellis_kernel::{Failure, Name, PageRequest, Result, Uuid};
use trellis_store::Store;

use super::convert::transfer as convert;
use crate::app::exports;
use crate::app::imports::{Asked, CaseSources, Imports};
use crate::domain::case::write::Provider;
use crate::domain::framework::FrameworkRef;
use crate::domain::transfer::parse_transfer;

/// Serves imports and exports.
pub(crate) struct Transfers {
    imports: Imports,
    store: Store,
    public_url: String,
}

impl Transfers {
    /// Serves those of a store. What is written here is named under `public_url` when it is exported.
    pub(crate) fn new(store: Store, sources: CaseSources, public_url: String) -> Self {
        Self { imports: Imports::new(store.clone(), sources), store, public_url }
    }
}

#[async_trait]
impl FrameworkTransferServiceApi for Transfers {
    async fn import_framework(
        &self,
        call: Call<Inbound<ImportFrameworkRequest>>,
    ) -> Result<FrameworkTransfer> {
        let method = call.method();
        let (admission, inbound) = call.into_parts();
        let change = trellis_rpc::change_as(&admission, method, "", [0; 32])?;
        let ImportFrameworkRequest { parent, format, publish, dry_run, request_id, total_size, chunk } =
            inbound.first.clone();
        Name::of("parent", &parent, &[])?;
        if format != i32::from(FrameworkTransferFormat::CaseJson) {
            return Err(Failure::field("format", "value is required in the first message"));
        }
        let request_id = read_id(&request_id)?;
        let total = u64::try_from(total_size).unwrap_or_default();
        let asked = Asked { request_id, publish, dry_run, total };
        let rest = stream::unfold(inbound, |mut inbound| async move {
            let next = inbound.next().await?;
            Some((next.map(|message| message.chunk), inbound))
        });
        let first: Result<Bytes> = Ok(chunk);
        let chunks = stream::once(async move { first }).chain(rest);
        // An import holds much while it waits, which is not to be part of every call's future.
        Box::pin(self.imports.import(change, asked, chunks)).await.map(convert::write)
    }

    async fn import_framework_from_uri(
        &self,
        call: Call<ImportFrameworkFromUriRequest>,
    ) -> Result<FrameworkTransfer> {
        // A repetition is known by the transfer's own row: it may go on where the first has failed.
        let change = trellis_rpc::change(&call, "")?;
        let ImportFrameworkFromUriRequest { parent, source_uri, publish, dry_run, request_id } =
            call.into_parts().1;
        Name::of("parent", &parent, &[])?;
        let asked = Asked { request_id: read_id(&request_id)?, publish, dry_run, total: 0 };
        self.imports.import_from(change, asked, &source_uri).await.map(convert::write)
    }

    async fn cancel_framework_transfer(
        &self,
        call: Call<CancelFrameworkTransferRequest>,
    ) -> Result<FrameworkTransfer> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (_, id) = parse_transfer("name", &call.message.name)?;
        self.imports.cancel(change, id).await.map(convert::write)
    }

    async fn export_framework(
        &self,
        call: Call<ExportFrameworkRequest>,
    ) -> Result<Outbound<ExportFrameworkResponse>> {
        let ExportFrameworkRequest { name, case_version } = call.message;
        let of = FrameworkRef::parse("name", &name)?;
        let provider = Provider::new(&self.public_url, of.district.clone());
        let texts = exports::export(&self.store, provider, &of, convert::read_version(case_version)).await?;
        let chunks = texts.map_ok(|text| stream::iter(chunks(Bytes::from(text)).map(Ok))).try_flatten();
        Ok(Box::pin(chunks.map_ok(|chunk| ExportFrameworkResponse { chunk })))
    }

    async fn get_framework_transfer(
        &self,
        call: Call<GetFrameworkTransferRequest>,
    ) -> Result<FrameworkTransfer> {
        let (district, id) = parse_transfer("name", &call.message.name)?;
        self.imports.get(&district, id).await.map(convert::write)
    }

    async fn watch_framework_transfer(
        &self,
        call: Call<WatchFrameworkTransferRequest>,
    ) -> Result<Outbound<WatchFrameworkTransferResponse>> {
        let (district, id) = parse_transfer("name", &call.message.name)?;
        let watched = self.imports.watch(district, id).await?;
        let told = |transfer| {
            let framework_transfer = Some(convert::write(transfer));
            WatchFrameworkTransferResponse { framework_transfer }
        };
        Ok(Box::pin(watched.map(move |transfer| transfer.map(told))))
    }

    async fn list_framework_transfer_changes(
        &self,
        call: Call<ListFrameworkTransferChangesRequest>,
    ) -> Result<ListFrameworkTransferChangesResponse> {
        let ListFrameworkTransferChangesRequest { parent, page_size, page_token, action } = call.message;
        let (district, id) = parse_transfer("parent", &parent)?;
        let page = PageRequest::parse(page_size, page_token)?;
        let action = convert::read_action(action);
        let (framework, page) = self.imports.changes(&district, id, action, &page).await?;
        let changes = page.items.into_iter().map(|change| convert::write_change(framework.as_ref(), change));
        Ok(ListFrameworkTransferChangesResponse { changes: changes.collect(), next_page_token: page.next })
    }

    async fn list_framework_transfer_issues(
        &self,
        call: Call<ListFrameworkTransferIssuesRequest>,
    ) -> Result<ListFrameworkTransferIssuesResponse> {
        let ListFrameworkTransferIssuesRequest { parent, page_size, page_token } = call.message;
        let (district, id) = parse_transfer("parent", &parent)?;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = self.imports.issues(&district, id, &page).await?;
        let issues = page.items.into_iter().map(convert::write_issue).collect();
        Ok(ListFrameworkTransferIssuesResponse { issues, next_page_token: page.next })
    }
}

fn read_id(request_id: &str) -> Result<Option<Uuid>> {
    match request_id {
        "" => Ok(None),
        text => Uuid::try_parse(text).map(Some).map_err(|_| Failure::field("request_id", "must be a UUID")),
    }
}

/// The most bytes of an exported document that one message carries.
const CHUNK: usize = 256 * 1024;

/// A text in parts that a message carries.
fn chunks(mut text: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || (!text.is_empty()).then(|| text.split_to(text.len().min(CHUNK))))
}
