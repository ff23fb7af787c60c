//! `trellis.profile.v1alpha1.RosterTransferService`.

use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use trellis_contracts::guard::{Call, Inbound, Outbound};
use trellis_contracts::profile::{
    GetRosterTransferRequest, ImportRosterHeader, ImportRosterRequest, ListRosterIssuesRequest,
    ListRosterIssuesResponse, RosterTransfer, RosterTransferServiceApi, WatchRosterTransferRequest,
};
use trellis_kernel::{Failure, Kind, Name, PageRequest, Reason, Result, Uuid};
use trellis_store::Store;

use super::convert::roster_transfer as convert;
use super::entry::plain_name;
use super::roster::district;
use crate::app::roster_import::{self, Ask};
use crate::oneroster::MAX_ARCHIVE;
use crate::store::transfers;

/// How many files are held in memory at once; further imports wait.
const AT_ONCE: usize = 2;

/// How long sending a file may take: whoever is slower keeps others waiting.
const RECEIVE_TIME: Duration = Duration::from_mins(5);

/// Brings rosters in.
pub(crate) struct Transfers {
    store: Store,
    room: Semaphore,
}

impl Transfers {
    /// Transfers in this store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store, room: Semaphore::const_new(AT_ONCE) }
    }

    async fn get(&self, name: &str) -> Result<RosterTransfer> {
        let (name, id) = transfer_name("name", name)?;
        let found = roster_import::get(&self.store, &name.district, id).await?;
        Ok(convert::transfer(&name.district, found))
    }
}

#[async_trait]
impl RosterTransferServiceApi for Transfers {
    async fn import_roster(&self, call: Call<Inbound<ImportRosterRequest>>) -> Result<RosterTransfer> {
        let method = call.method();
        let (admission, mut inbound) = call.into_parts();
        let header = inbound.first.header.take().unwrap_or_default();
        let district = district("header.parent", &header.parent)?;
        let time_zone = time_zone(&header)?;
        let _room = self.room.acquire().await.map_err(Failure::internal)?;
        let archive = timeout(RECEIVE_TIME, collect(&mut inbound)).await.map_err(|_elapsed| {
            let text = "Sending the file took too long.";
            Failure::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, text)
        })??;
        let digest = fingerprint(&header, &archive);
        let change = trellis_rpc::change_as(&admission, method, &header.request_id, digest)?;
        let ask = Ask { archive, time_zone, dry_run: header.dry_run };
        let transfer = roster_import::import(&self.store, change, ask).await?;
        Ok(convert::transfer(&district, transfer))
    }

    async fn get_roster_transfer(&self, call: Call<GetRosterTransferRequest>) -> Result<RosterTransfer> {
        self.get(&call.message.name).await
    }

    /// A transfer is written when it has ended, so there is one message, and then the stream's end.
    async fn watch_roster_transfer(
        &self,
        call: Call<WatchRosterTransferRequest>,
    ) -> Result<Outbound<RosterTransfer>> {
        let transfer = self.get(&call.message.name).await?;
        Ok(Box::pin(futures::stream::iter([Ok(transfer)])))
    }

    async fn list_roster_issues(
        &self,
        call: Call<ListRosterIssuesRequest>,
    ) -> Result<ListRosterIssuesResponse> {
        let (_, message) = call.into_parts();
        let (name, id) = transfer_name("parent", &message.parent)?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        roster_import::get(&self.store, &name.district, id).await?;
        let page = transfers::issues(&self.store.read(&name.district), id, &request).await?;
        let page = page.map(convert::issue);
        Ok(ListRosterIssuesResponse { issues: page.items, next_page_token: page.next })
    }
}

/// The file as a whole, from the pieces of every message.
async fn collect(inbound: &mut Inbound<ImportRosterRequest>) -> Result<Vec<u8>> {
    let mut archive = std::mem::take(&mut inbound.first.chunk).to_vec();
    while let Some(message) = inbound.next().await {
        let message = message?;
        if message.header.is_some() {
            return Err(Failure::field("header", "must be in the first message only"));
        }
        if archive.len() + message.chunk.len() > MAX_ARCHIVE {
            return Err(Failure::new(
                Kind::ResourceExhausted,
                Reason::DocumentTooLarge,
                "The file is larger than 64 MiB.",
            ));
        }
        archive.extend_from_slice(&message.chunk);
    }
    Ok(archive)
}

/// Differs wherever the request does, other than in its id.
fn fingerprint(header: &ImportRosterHeader, archive: &[u8]) -> [u8; 32] {
    let ImportRosterHeader { parent, format, time_zone, dry_run, request_id: _ } = header;
    let mut digest = Sha256::new();
    digest.update(format!("{parent}\n{format}\n{time_zone}\n{dry_run}\n"));
    digest.update(archive);
    digest.finalize().into()
}

/// The zone that the header names, if it names one.
fn time_zone(header: &ImportRosterHeader) -> Result<Option<String>> {
    if header.time_zone.is_empty() {
        return Ok(None);
    }
    let zone = TimeZone::get(&header.time_zone).ok();
    let name = zone.as_ref().and_then(TimeZone::iana_name);
    name.map(|name| Some(name.to_owned()))
        .ok_or_else(|| Failure::field("header.time_zone", "must be the IANA name of a time zone"))
}

fn transfer_name(field: &str, text: &str) -> Result<(Name, Uuid)> {
    let name = plain_name(field, text, &["rosterTransfers"])?;
    let id = name.id().ok_or_else(Failure::access_denied)?;
    Ok((name, id))
}
