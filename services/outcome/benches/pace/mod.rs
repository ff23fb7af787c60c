//! Many calls at once for a while, and what they cost.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::task::JoinSet;

use crate::served::Served;

/// How many callers wait for their answers at once; enough to keep two cores busy.
const CALLERS: usize = 16;
/// How long they call before anything is counted.
const WARM_UP: Duration = Duration::from_millis(400);
/// How long they are counted.
const COUNTED: Duration = Duration::from_millis(1500);

/// Makes one call, the one of a number.
pub(crate) type Call = std::sync::Arc<dyn Fn(usize) -> BoxFuture<'static, ()> + Send + Sync>;

/// What calls came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    calls: u32,
    wall: Duration,
    cpu: Duration,
}

impl Cost {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.calls) / self.wall.as_secs_f64()
    }

    /// Processor time of the server for one call, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / f64::from(self.calls)
    }

    /// The two together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { calls: self.calls + other.calls, wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }
}

/// Calls from many callers at once.
pub(crate) async fn round(server: &Served, call: &Call) -> Cost {
    let begin = Instant::now() + WARM_UP;
    let end = begin + COUNTED;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let call = call.clone();
        callers.spawn(async move {
            let mut counted = 0;
            for number in (caller..).step_by(CALLERS) {
                let start = Instant::now();
                if start >= end {
                    break;
                }
                call(number).await;
                counted += u32::from(start >= begin && Instant::now() <= end);
            }
            counted
        });
    }
    tokio::time::sleep_until(begin.into()).await;
    let before = server.cpu();
    tokio::time::sleep_until(end.into()).await;
    let cpu = server.cpu().saturating_sub(before);
    Cost { calls: callers.join_all().await.into_iter().sum(), wall: COUNTED, cpu }
}
