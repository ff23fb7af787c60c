//! Step 3: who is here.

use trellis_contracts::common::JobState;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{
    GetPersonRequest, ImportRosterHeader, ImportRosterRequest, ListRelationshipsRequest,
    ListRosterIssuesRequest, RosterFormat, RosterTransfer,
};

use super::step::check;
use super::{Journey, Told, Trouble, request_id};

const CHUNK: usize = 256 * 1024;

impl Journey {
    /// Step 3.
    pub(super) async fn import_roster(&mut self) -> Told {
        let transfer = self.send_roster().await?;
        let mut lines = Vec::new();
        for file in &transfer.files {
            let stored = file.created + file.updated + file.unchanged;
            let reported = self.reported(&transfer, &file.file).await?;
            check(file.rows <= stored + reported, || {
                format!("{}: {} rows, {stored} stored and {reported} reported", file.file, file.rows)
            })?;
            lines.push(format!("{}: {} rows, {stored} stored, {reported} reported", file.file, file.rows));
        }
        let again = self.send_roster().await?;
        let changed = again.files.iter().any(|file| file.created + file.updated + file.retired > 0);
        check(!changed, || format!("the same roster changed something: {again:?}"))?;
        lines.push("imported again: nothing changed".to_owned());
        self.traces.roster_transfer = transfer.name;

        let mut roster = RosterServiceClient::new(self.as_learner()?);
        let me = self.someone(self.cast.learner);
        roster.get_person(GetPersonRequest { name: me.clone() }).await?;
        let request = ListRelationshipsRequest { parent: me, ..ListRelationshipsRequest::default() };
        let mine = roster.list_relationships(request).await?.into_inner().relationships;
        check(mine.iter().any(|relationship| relationship.education_rights), || {
            "the learner has no guardian with education rights".to_owned()
        })?;
        lines.push(format!("the learner finds themself in it, with {} guardians", mine.len()));
        Ok(lines)
    }

    async fn send_roster(&self) -> Result<RosterTransfer, Trouble> {
        let header = ImportRosterHeader {
            parent: self.parent(),
            format: RosterFormat::OnerosterCsv.into(),
            time_zone: "America/Chicago".to_owned(),
            request_id: request_id(),
            ..ImportRosterHeader::default()
        };
        let first = ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() };
        let rest = self.input.roster.chunks(CHUNK).map(|chunk| ImportRosterRequest {
            chunk: chunk.to_vec().into(),
            ..ImportRosterRequest::default()
        });
        let messages: Vec<_> = std::iter::once(first).chain(rest).collect();
        let mut client = RosterTransferServiceClient::new(self.operator()?);
        let transfer = client.import_roster(tokio_stream::iter(messages)).await?.into_inner();
        check(transfer.state() == JobState::Succeeded, || format!("the import failed: {transfer:?}"))?;
        Ok(transfer)
    }

    /// How many rows of a file were reported.
    async fn reported(&self, transfer: &RosterTransfer, file: &str) -> Result<i32, Trouble> {
        if transfer.error_count + transfer.warning_count == 0 {
            return Ok(0);
        }
        let mut client = RosterTransferServiceClient::new(self.operator()?);
        let (mut rows, mut page_token) = (std::collections::BTreeSet::new(), String::new());
        loop {
            let request =
                ListRosterIssuesRequest { parent: transfer.name.clone(), page_size: 1000, page_token };
            let page = client.list_roster_issues(request).await?.into_inner();
            rows.extend(page.issues.iter().filter(|issue| issue.file == file).map(|issue| issue.line));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(i32::try_from(rows.len()).unwrap_or(i32::MAX));
            }
        }
    }
}
