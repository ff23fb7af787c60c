//! Many calls at once for a while, and what came of them.

use std::time::{Duration, Instant};

/// How many callers there are; enough to keep two cores busy.
const CALLERS: usize = 16;
/// How long they call before anything is counted: connections, caches and statements are made in this time.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long they are counted.
const COUNTED: Duration = Duration::from_secs(4);

/// What came of the calls of one kind.
pub(crate) struct Measured {
    pub(crate) calls: usize,
    took: Vec<Duration>,
}

impl Measured {
    fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.calls).expect("fewer than four milliards")) / COUNTED.as_secs_f64()
    }

    fn percentile(&self, of_thousand: usize) -> Duration {
        self.took[(self.took.len() - 1) * of_thousand / 1000]
    }
}

/// Calls from many callers at once; `call` makes one call and is cloned for each caller.
pub(crate) async fn measure<F, R>(call: F) -> Measured
where
    F: Fn() -> R + Clone + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let begin = Instant::now() + WARM_UP;
    let end = begin + COUNTED;
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let call = call.clone();
        callers.spawn(async move {
            let mut took = Vec::new();
            loop {
                let start = Instant::now();
                if start >= end {
                    return took;
                }
                call().await;
                if start >= begin {
                    took.push(start.elapsed());
                }
            }
        });
    }
    let mut took: Vec<Duration> = callers.join_all().await.into_iter().flatten().collect();
    assert!(!took.is_empty(), "no call was answered");
    took.sort_unstable();
    Measured { calls: took.len(), took }
}

/// The head of the table.
pub(crate) fn header() {
    println!("{:<34} {:>10} {:>9} {:>9} {:>9}", "call", "calls/s", "p50 ms", "p99 ms", "of floor");
}

/// A row of the table.
pub(crate) fn row(name: &str, measured: &Measured, floor: &Measured) {
    let millis = |took: Duration| took.as_secs_f64() * 1000.0;
    println!(
        "{name:<34} {:>10.0} {:>9.2} {:>9.2} {:>8.0}%",
        measured.per_second(),
        millis(measured.percentile(500)),
        millis(measured.percentile(990)),
        measured.per_second() / floor.per_second() * 100.0,
    );
}
