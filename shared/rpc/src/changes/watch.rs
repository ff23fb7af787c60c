//! `WatchChanges`.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream;
use tokio::sync::watch;
use tokio::time::Instant;
use trellis_contracts::common::ChangeKind;
use trellis_contracts::guard::{Method, Outbound};
use trellis_kernel::{Actor, District, Failure, Name, Reason, Result};
use trellis_store::feed::{Feed, Place};
use trellis_store::latest;

use super::{Change, ChangeFeed, Resources};

/// How many rows are read at a time.
const BATCH: u64 = 200;

impl<R: Resources> ChangeFeed<R> {
    /// Streams the changes after a token (from the oldest that is kept on, when it is empty), and those
    /// to come. Where the feed no longer holds what a token stands for, the stream ends with
    /// `RESUME_TOKEN_TOO_OLD`.
    ///
    /// With `snapshot`, the resources themselves come first, then a checkpoint, then what changed
    /// since the first of them was read: some may come twice, none is missed. The stream ends when the
    /// caller's token does, or is taken back: before the next message, or checkpoint, at the latest.
    pub fn watch(
        &self,
        actor: Actor,
        district: District,
        snapshot: bool,
        resume_token: &str,
    ) -> Result<Outbound<R::Message>> {
        if snapshot && !resume_token.is_empty() {
            return Err(Failure::field("resume_token", "must be empty when a snapshot is asked for"));
        }
        let tokens = self.store.feed(&district);
        let stage = match tokens.open(resume_token)? {
            _ if snapshot => Stage::Begin,
            None => Stage::Oldest,
            Some(place) => Stage::Following(place),
        };
        let watch = Watch {
            news: self.store.watch(),
            feed: self.clone(),
            actor,
            district,
            tokens,
            stage,
            ready: VecDeque::new(),
        };
        Ok(Box::pin(stream::try_unfold(watch, |mut watch| async {
            let next = watch.next().await?;
            Ok(Some((next, watch)))
        })))
    }
}

struct Watch<R: Resources> {
    feed: ChangeFeed<R>,
    actor: Actor,
    district: District,
    tokens: Feed,
    news: watch::Receiver<i64>,
    stage: Stage,
    /// What has been read and not yet handed on.
    ready: VecDeque<R::Message>,
}

enum Stage {
    /// The snapshot has not begun.
    Begin,
    /// In the snapshot: where the feed was when it began, the type that is being read, and after which
    /// resource.
    Snapshot { from: Place, of: usize, after: Option<Name> },
    /// Before the oldest change that is kept.
    Oldest,
    /// In the feed: everything up to here has been read.
    Following(Place),
}

impl<R: Resources> Watch<R> {
    async fn next(&mut self) -> Result<R::Message> {
        let heartbeat = Instant::now() + self.feed.heartbeat;
        loop {
            // What was read before the token was taken back is not told after.
            self.require_token().await?;
            if let Some(message) = self.ready.pop_front() {
                return Ok(message);
            }
            match self.stage {
                Stage::Begin => {
                    self.stage = Stage::Snapshot { from: self.tokens.head().await?, of: 0, after: None };
                }
                Stage::Oldest => self.stage = Stage::Following(self.tokens.beginning().await?),
                Stage::Snapshot { from, of, ref mut after } => {
                    let after = after.take();
                    self.snapshot(from, of, after.as_ref()).await?;
                }
                Stage::Following(place) => {
                    let (place, more) = self.follow(place).await?;
                    self.stage = Stage::Following(place);
                    // Looked at here too: what the caller may not see, and what happens in other
                    // districts, can come without a pause in which to wait.
                    let due = Instant::now() >= heartbeat || (!more && !self.wait(heartbeat).await?);
                    if due && self.ready.is_empty() {
                        return Ok(self.checkpoint(place));
                    }
                }
            }
        }
    }

    /// Reads the next part of the snapshot.
    async fn snapshot(&mut self, from: Place, of: usize, after: Option<&Name>) -> Result<()> {
        let sight = self.feed.sight(&self.actor, &self.district, "WatchChanges");
        let Some((resource_type, method)): Option<(&'static str, &'static Method)> = sight.types().nth(of)
        else {
            self.ready.push_back(self.checkpoint(from));
            self.stage = Stage::Following(from);
            return Ok(());
        };
        let resources = &self.feed.resources;
        let batch = resources.batch(&self.actor, &self.district, resource_type, after, BATCH);
        let rows = latest(batch).await?;
        self.stage = match rows.last() {
            Some(last) => Stage::Snapshot { from, of, after: Some(last.name.clone()) },
            None => Stage::Snapshot { from, of: of + 1, after: None },
        };
        let changes = sight.rows(resource_type, method, rows).await?;
        self.ready.extend(changes.into_iter().map(|change| resources.compose(change)));
        Ok(())
    }

    /// Reads the next changes; where that leads, and whether there is something to go on with: one of them
    /// that this caller sees, or perhaps more.
    async fn follow(&mut self, place: Place) -> Result<(Place, bool)> {
        self.news.mark_unchanged();
        let part = self.tokens.read(place, BATCH).await?;
        let sight = self.feed.sight(&self.actor, &self.district, "WatchChanges");
        let changes = sight.changes(&self.tokens, &part).await?;
        self.ready.extend(changes.into_iter().map(|(_, change)| self.feed.resources.compose(change)));
        Ok((part.place, part.full || !self.ready.is_empty()))
    }

    /// Waits for news; false when the heartbeat is due first.
    async fn wait(&mut self, heartbeat: Instant) -> Result<bool> {
        match tokio::time::timeout_at(heartbeat, self.news.changed()).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(_closed)) => Err(Failure::unavailable(
                Reason::ShuttingDown,
                "The server is ending; connect again and go on from the last token.",
                Duration::from_secs(1),
            )),
            Err(_elapsed) => Ok(false),
        }
    }

    fn checkpoint(&self, place: Place) -> R::Message {
        self.feed.resources.compose(Change {
            kind: ChangeKind::Checkpoint,
            resource: String::new(),
            resource_type: String::new(),
            change_time: None,
            resume_token: self.tokens.token(place),
            body: None,
        })
    }

    /// The caller's token must not have expired meanwhile, nor been taken back.
    async fn require_token(&self) -> Result<()> {
        if self.actor.principal().expire_time > self.feed.store.clock().now() {
            return self.feed.guard.require_standing_token(&self.actor).await;
        }
        Err(Failure::unauthenticated("The token has expired; connect again with another."))
    }
}
