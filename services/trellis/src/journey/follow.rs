//! Step 10: a vendor keeps a copy.

use std::time::Duration;

use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{CallerKind, ChangeKind, WhoAmIRequest};
use trellis_contracts::outcome::change_service_client::ChangeServiceClient as OutcomeChanges;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::{CreateFrameworkRequest, DeleteFrameworkRequest, Framework, FrameworkKind};
use trellis_contracts::{experience, outcome, profile, scheduling};

use super::step::check;
use super::{Journey, Told, Trouble, english, request_id};
use crate::client::Caller;

/// How long a stream may take to say what has happened.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a change feed page by page to its end, and says which resources it told of.
macro_rules! read_to_the_end {
    ($package:ident, $caller:expr, $parent:expr) => {{
        let mut client = $package::change_service_client::ChangeServiceClient::new($caller);
        let (mut told, mut resume_token) = (Vec::new(), String::new());
        loop {
            let request = $package::ListChangesRequest { parent: $parent, resume_token, page_size: 500 };
            let page = client.list_changes(request).await?.into_inner();
            told.extend(page.changes.into_iter().map(|change| change.resource));
            resume_token = page.resume_token;
            if !page.more {
                break told;
            }
        }
    }};
}

impl Journey {
    /// Step 10.
    pub(super) async fn follow(&mut self) -> Told {
        let vendor = self.as_application(&self.traces.application)?;
        let me = IdentityServiceClient::new(vendor.clone()).who_am_i(WhoAmIRequest {}).await?.into_inner();
        check(me.kind() == CallerKind::Application && me.application == self.traces.application, || {
            format!("the vendor is taken for {:?} {}", me.kind(), me.application)
        })?;
        check(me.agreements == [self.traces.agreement.clone()], || {
            format!("the vendor's agreements are said to be {:?}", me.agreements)
        })?;
        let mut lines = vec!["WhoAmI names the application and its agreement".to_owned()];
        lines.extend(self.read_feeds(&vendor).await?);
        lines.extend(
            timeout(PATIENCE, self.watch(vendor)).await.unwrap_or_else(|_| {
                Err(Trouble::Wrong("the stream does not say what happened".to_owned()))
            })?,
        );
        Ok(lines)
    }

    async fn read_feeds(&self, vendor: &Caller) -> Told {
        let outcomes = read_to_the_end!(outcome, vendor.clone(), self.parent());
        let profiles = read_to_the_end!(profile, vendor.clone(), self.parent());
        let experiences = read_to_the_end!(experience, vendor.clone(), self.parent());
        let places = read_to_the_end!(scheduling, vendor.clone(), self.parent());
        for (feed, told, resource) in [
            ("outcome", &outcomes, &self.traces.portrait),
            ("profile", &profiles, &self.traces.level),
            ("experience", &experiences, &self.traces.assessment),
            ("scheduling", &places, &self.traces.timetable),
        ] {
            check(told.contains(resource), || format!("{feed}'s changes do not tell of {resource}"))?;
        }
        check(!profiles.contains(&self.traces.private_entry), || "an ONLY_ME entry is told".to_owned())?;
        let elsewhere = self.learner(self.cast.other_learner);
        check(profiles.iter().all(|name| !name.starts_with(&elsewhere)), || {
            "the vendor is told of a learner outside its agreement".to_owned()
        })?;
        Ok(vec![format!(
            "ListChanges of the four services: {}, {}, {} and {} changes",
            outcomes.len(),
            profiles.len(),
            experiences.len(),
            places.len()
        )])
    }

    /// A snapshot, then what happens after it, then a resume that misses nothing: a tombstone.
    async fn watch(&self, vendor: Caller) -> Told {
        let mut client = OutcomeChanges::new(vendor);
        let request = outcome::WatchChangesRequest {
            parent: self.parent(),
            snapshot: true,
            ..outcome::WatchChangesRequest::default()
        };
        let mut changes = client.watch_changes(request).await?.into_inner();
        let mut rows = 0;
        let checkpoint = loop {
            let change = changes.next().await.transpose()?.ok_or_else(ended)?;
            if change.kind() == ChangeKind::Checkpoint {
                break change.resume_token;
            }
            rows += 1;
        };
        check(rows > 0, || "the snapshot is empty".to_owned())?;

        let draft = self.draft().await?;
        loop {
            let change = changes.next().await.transpose()?.ok_or_else(ended)?;
            if change.resource == draft.name {
                break;
            }
        }
        drop(changes);
        let mut operator = FrameworkServiceClient::new(self.operator()?);
        let request =
            DeleteFrameworkRequest { name: draft.name.clone(), etag: draft.etag, request_id: request_id() };
        operator.delete_framework(request).await?;

        let request = outcome::WatchChangesRequest {
            parent: self.parent(),
            resume_token: checkpoint,
            ..outcome::WatchChangesRequest::default()
        };
        let mut changes = client.watch_changes(request).await?.into_inner();
        loop {
            let change = changes.next().await.transpose()?.ok_or_else(ended)?;
            if change.resource == draft.name && change.kind() == ChangeKind::Deleted {
                break;
            }
        }
        Ok(vec![
            format!("WatchChanges: a snapshot of {rows} rows, a checkpoint, then what happens"),
            "resumed from the checkpoint: what was missed comes, a deletion as a tombstone".to_owned(),
        ])
    }

    async fn draft(&self) -> Result<Framework, Trouble> {
        let framework = Framework {
            kind: FrameworkKind::Competencies.into(),
            title: english("A draft that is thrown away"),
            language: "en".to_owned(),
            ..Framework::default()
        };
        let request = CreateFrameworkRequest {
            parent: self.parent(),
            framework: Some(framework),
            request_id: request_id(),
        };
        let mut operator = FrameworkServiceClient::new(self.operator()?);
        Ok(operator.create_framework(request).await?.into_inner())
    }
}

fn ended() -> Trouble {
    Trouble::Wrong("the stream ended".to_owned())
}
