//! Callers who go on until they are told to stop, and write down what they were refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use trellis_contracts::common::LocalizedText;
use trellis_contracts::outcome::{CreateFrameworkRequest, Framework, FrameworkKind};
use trellis_kernel::{Ids as _, RandomIds};

pub(super) const DISTRICT: &str = "grand-bend";

/// How long anything that must come may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// What callers have met.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stop: AtomicBool,
    answered: AtomicUsize,
    refused: Mutex<BTreeMap<(i32, String), usize>>,
    /// What was refused without a word on when to try again.
    without_advice: Mutex<BTreeSet<String>>,
}

impl Ledger {
    /// Whether the callers should go on.
    pub(super) fn goes_on(&self) -> bool {
        !self.0.stop.load(Ordering::Relaxed)
    }

    pub(super) fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }

    /// Writes down what a call met; hands back what it was answered.
    pub(super) fn note<T>(&self, met: Result<T, Status>) -> Option<T> {
        match met {
            Ok(answer) => {
                self.0.answered.fetch_add(1, Ordering::Relaxed);
                Some(answer)
            }
            Err(status) => {
                let kind = (i32::from(status.code()), status.message().to_owned());
                if status.get_details_retry_info().is_none() {
                    self.0.without_advice.lock().expect("no panic").insert(kind.1.clone());
                }
                *self.0.refused.lock().expect("no panic").entry(kind).or_default() += 1;
                None
            }
        }
    }

    /// Waits until as many more calls were answered.
    pub(super) async fn answers(&self, more: usize) {
        let enough = self.0.answered.load(Ordering::Relaxed) + more;
        soon(async {
            while self.0.answered.load(Ordering::Relaxed) < enough {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// What was refused without a word on when to try again.
    pub(super) fn without_advice(&self) -> Vec<String> {
        self.0.without_advice.lock().expect("no panic").iter().cloned().collect()
    }

    /// The codes that calls were refused with.
    pub(super) fn codes(&self) -> Vec<Code> {
        self.0.refused.lock().expect("no panic").keys().map(|(code, _)| Code::from_i32(*code)).collect()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered", self.0.answered.load(Ordering::Relaxed))?;
        for ((code, message), times) in &*self.0.refused.lock().expect("no panic") {
            write!(f, "\n  {times} times {:?}: {message}", Code::from_i32(*code))?;
        }
        Ok(())
    }
}

/// What must come; a test that waits longer than this has failed.
pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("in time")
}

/// A framework to be made, as a request that can be told again.
pub(crate) fn framework(title: &str) -> CreateFrameworkRequest {
    let title = vec![LocalizedText { language: "en".to_owned(), text: title.to_owned() }];
    CreateFrameworkRequest {
        parent: format!("districts/{DISTRICT}"),
        framework: Some(Framework {
            kind: FrameworkKind::Competencies.into(),
            title,
            language: "en".to_owned(),
            ..Framework::default()
        }),
        request_id: RandomIds.next().to_string(),
    }
}
