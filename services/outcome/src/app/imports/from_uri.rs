//! Importing from another server of CASE: a job that asks for one document after the other, each an import
//! of its own, so that what was taken stays taken when the rest cannot be.

use prost::bytes::Bytes;
use trellis_kernel::{Failure, Kind, Reason, Result, Uuid};
use trellis_rpc::jobs::Running;
use trellis_store::Change;

use super::one::Import;
use super::refusals::{Refused, cancelled, reused, too_large, whole};
use super::source::{Client, Source, Trouble, piece};
use super::spool::Spool;
use super::{Asked, Imports, RECEIVE_TIME};
use crate::domain::case::MAX_BYTES;
use crate::domain::transfer::{Counts, Issue, Phase, Place, Severity, State, Tally, Transfer};
use crate::store;

impl Imports {
    /// Begins to import from another server; what comes of it is watched. The same request again shows the
    /// import that it began, or where that has failed goes on with what it had not taken.
    pub(crate) async fn import_from(&self, change: Change, asked: Asked, uri: &str) -> Result<Transfer> {
        let source = self.sources.read(uri)?;
        let mut transfer = self.announced(&change, &asked);
        transfer.source = source.uri();
        let fingerprint = fingerprint(&asked, &source);
        if let Some(kept) =
            store::transfers::find(&self.store.read_latest(&change.district), transfer.id).await?
        {
            if !kept.fingerprint.is_empty() && kept.fingerprint != fingerprint {
                return Err(reused());
            }
            let seen = kept.transfer.seen_at(self.store.clock().now(), kept.heard, self.store.is_embedded());
            match self.jobs.now(&change.district, transfer.id) {
                Some(shown) => return Ok(shown),
                None if !seen.state.is_in_vain() => return Ok(seen),
                None => {}
            }
        }
        let Some(running) = self.jobs.begin(&change.district, transfer.id, transfer.clone()) else {
            return self.get(&change.district, transfer.id).await;
        };
        let mut job = Import { imports: self.clone(), change, transfer, running: Some(running), over: false };
        job.begin(&fingerprint).await?;
        let began = job.transfer.clone();
        tokio::spawn(job.take_all(source, asked, fingerprint));
        Ok(began)
    }
}

impl Import {
    async fn take_all(mut self, source: Source, asked: Asked, fingerprint: String) {
        let alive = self.imports.clone().beat(self.change(), self.transfer.clone());
        let told = self.running.as_ref().map(Running::cancelled);
        let done = tokio::select! {
            done = self.documents(&source, &asked) => done,
            () = alive => Err(cancelled()),
            () = super::told(told) => Err(cancelled()),
        };
        let (state, issues) = match done {
            Ok(issues) if issues.is_empty() => (State::Succeeded, issues),
            Ok(issues) => (State::Failed, issues),
            Err(refused) => (refused.state, refused.issues),
        };
        self.end(state, &issues, &fingerprint).await;
    }

    /// Imports every document of the source; answers with what there is to say of those that were not taken.
    async fn documents(&mut self, source: &Source, asked: &Asked) -> Result<Vec<Issue>, Refused> {
        let client = Client::new(&self.imports.sources)?;
        let documents = client.documents(source).await?;
        self.transfer.documents = u32::try_from(documents.len()).unwrap_or(u32::MAX);
        let mut issues = Vec::new();
        for id in documents {
            match self.document(&client, source, id, asked).await {
                Ok(taken) => self.add(&taken),
                Err(refused) => issues.push(not_taken(id, &refused)),
            }
            self.transfer.documents_done += 1;
            self.show(Phase::Receiving);
            self.save().await?;
        }
        Ok(issues)
    }

    /// Imports one document, unless this request has taken it before.
    async fn document(
        &mut self,
        client: &Client,
        source: &Source,
        id: Uuid,
        asked: &Asked,
    ) -> Result<Transfer, Refused> {
        let part = Uuid::new_v5(&self.transfer.id, id.as_bytes());
        let before =
            store::transfers::find(&self.imports.store.read_latest(&self.change.district), part).await?;
        if let Some(kept) = before.filter(|kept| kept.transfer.state == State::Succeeded) {
            self.transfer.parts.push(part);
            return Ok(kept.transfer);
        }
        let asked = Asked { request_id: Some(part), ..asked.clone() };
        let mut transfer = self.imports.announced(&self.change, &asked);
        transfer.source = source.of(id).uri();
        let running =
            self.imports.jobs.begin_part(&transfer.district, part, transfer.clone(), self.running.as_ref());
        let change = self.change();
        let mut import = Self { imports: self.imports.clone(), change, transfer, running, over: false };
        import.begin("").await?;
        self.transfer.parts.push(part);
        let taken = tokio::time::timeout(RECEIVE_TIME, import.fetch(client, source, id, &asked)).await;
        let taken = match taken {
            Ok(Ok(document)) => import.take(document).await,
            Ok(Err(refused)) => Err(refused),
            Err(_) => {
                let text = "Receiving the document took too long.";
                Err(Failure::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, text).into())
            }
        };
        if let Err(refused) = &taken {
            import.end(refused.state, &refused.issues, "").await;
            if import.transfer.state == State::Succeeded {
                return Ok(import.transfer.clone());
            }
        }
        taken
    }

    async fn fetch(
        &mut self,
        client: &Client,
        source: &Source,
        id: Uuid,
        asked: &Asked,
    ) -> Result<Spool, Refused> {
        let _arriving = self.imports.arriving.clone().acquire_owned().await.map_err(Failure::internal)?;
        let mut reply = client.package(source, id).await?;
        self.transfer.total = reply.content_length().unwrap_or_default();
        if self.transfer.total > MAX_BYTES as u64 {
            return Err(too_large());
        }
        let mut document = Spool::new(&asked.seed());
        while let Some(chunk) = piece(&mut reply).await? {
            self.arrived(&mut document, &chunk).await?;
        }
        Ok(document)
    }

    /// Counts a part among what the whole import did.
    fn add(&mut self, part: &Transfer) {
        let Transfer { received, framework, revision, changed, tally, changes, .. } = part;
        let whole = &mut self.transfer;
        whole.received += received;
        whole.changed |= changed;
        whole.changes += changes;
        if whole.documents == 1 {
            (whole.framework, whole.revision) = (*framework, *revision);
        }
        let own = std::mem::take(&mut whole.tally);
        whole.tally = Tally {
            outcomes: sum(own.outcomes, tally.outcomes),
            associations: sum(own.associations, tally.associations),
            definitions: sum(own.definitions, tally.definitions),
            rubrics: sum(own.rubrics, tally.rubrics),
            destinations_elsewhere: own.destinations_elsewhere + tally.destinations_elsewhere,
        };
    }

    /// Keeps how far the import has come.
    async fn save(&self) -> Result<()> {
        let tx = self.tx().await?;
        store::transfers::come_further(&tx, &self.transfer).await?;
        tx.commit(()).await
    }
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        let failure = Failure::precondition(Reason::StateConflict, trouble.text);
        Self::failed(failure, vec![whole(trouble.code, trouble.text)])
    }
}

/// Says of a document that it was not taken, and why: its own import keeps the whole of it.
fn not_taken(id: Uuid, refused: &Refused) -> Issue {
    let first = refused.issues.iter().find(|issue| issue.severity == Severity::Error);
    let (code, why) = first.map_or(("DOCUMENT_NOT_TAKEN", "It could not be imported."), |issue| {
        (issue.code.as_str(), issue.text.as_str())
    });
    Issue {
        severity: Severity::Error,
        code: code.to_owned(),
        place: Place::default(),
        text: format!("The document {id} is not taken. {why}"),
        repair: "What was taken before stays; the same request again takes the rest.".to_owned(),
    }
}

fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        read: one.read + other.read,
        created: one.created + other.created,
        updated: one.updated + other.updated,
        unchanged: one.unchanged + other.unchanged,
        repeated: one.repeated + other.repeated,
        refused: one.refused + other.refused,
        removed: one.removed + other.removed,
    }
}

/// What tells a repetition of the request from another.
fn fingerprint(asked: &Asked, source: &Source) -> String {
    let mut seen = Spool::new(&asked.seed());
    seen.count(&Bytes::from(source.uri()));
    seen.fingerprint()
}
