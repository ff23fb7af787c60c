//! `trellis.outcome.v1alpha1.FrameworkTransferService`.

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use prost::bytes::Bytes;
use trellis_contracts::guard::{Call, Inbound, Outbound};
use trellis_contracts::outcome::{
    FrameworkTransfer, FrameworkTransferServiceApi, GetFrameworkTransferRequest, ImportFrameworkRequest,
    ListTransferIssuesRequest, ListTransferIssuesResponse, TransferFormat, WatchFrameworkTransferRequest,
};
use trellis_kernel::{Failure, Name, PageRequest, Result, Uuid};
use trellis_store::Store;

use super::convert::transfer as convert;
use crate::app::imports::{Asked, Imports};
use crate::domain::transfer::parse_transfer;

/// Serves imports.
pub(crate) struct Transfers {
    imports: Imports,
}

impl Transfers {
    /// Serves those of a store.
    pub(crate) fn new(store: Store) -> Self {
        Self { imports: Imports::new(store) }
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
        if format != i32::from(TransferFormat::CaseJson) {
            return Err(Failure::field("format", "value is required in the first message"));
        }
        let request_id = match request_id.as_str() {
            "" => None,
            text => Some(Uuid::try_parse(text).map_err(|_| Failure::field("request_id", "must be a UUID"))?),
        };
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
    ) -> Result<Outbound<FrameworkTransfer>> {
        let (district, id) = parse_transfer("name", &call.message.name)?;
        let watched = self.imports.watch(district, id).await?;
        Ok(Box::pin(watched.map(|transfer| transfer.map(convert::write))))
    }

    async fn list_transfer_issues(
        &self,
        call: Call<ListTransferIssuesRequest>,
    ) -> Result<ListTransferIssuesResponse> {
        let ListTransferIssuesRequest { parent, page_size, page_token } = call.message;
        let (district, id) = parse_transfer("parent", &parent)?;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = self.imports.issues(&district, id, &page).await?;
        let issues = page.items.into_iter().map(convert::write_issue).collect();
        Ok(ListTransferIssuesResponse { issues, next_page_token: page.next })
    }
}
