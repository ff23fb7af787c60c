//! How often each may come.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;
use trellis_telemetry::metrics::{self, Watching};

/// How many are remembered. The one longest unseen is forgotten first, and may then come as often as a
/// newcomer: by then it has earned that, unless there are more than so many at once.
const REMEMBERED: usize = 50_000;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once, when none came before.
    pub burst: NonZeroU32,
    /// The time after which one more may come.
    pub each: Duration,
}

impl Rate {
    /// So many each second, and `seconds` worth of them at once; none for zero, which means no limit.
    pub fn per_second(count: u32, seconds: u32) -> Option<Self> {
        let burst = NonZeroU32::new(count.saturating_mul(seconds.max(1)))?;
        Some(Self { burst, each: (Duration::from_secs(1) / count).max(Duration::from_nanos(1)) })
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// The rates of many, in bounded memory.
pub(super) struct Rates {
    quota: Quota,
    begun: Instant,
    each: Arc<Cache<u64, Arc<One>>>,
    _watching: Watching,
}

struct One {
    limiter: Limiter,
    /// Until when it has come too often, in nanoseconds since `begun`.
    over: AtomicU64,
}

impl Rates {
    /// The rates of those who are called `whom` in the metrics.
    pub(super) fn new(rate: Rate, whom: &'static str) -> Self {
        let quota = Quota::with_period(rate.each).map(|quota| quota.allow_burst(rate.burst));
        let each = Arc::new(Cache::new(REMEMBERED));
        let told: Arc<Cache<u64, Arc<One>>> = each.clone();
        let watching = metrics::watch(move |figures| {
            let help = "Callers and addresses whose rates are remembered";
            let count = u32::try_from(told.len()).map_or(f64::MAX, f64::from);
            figures.gauge("trellis_rates_remembered", help, [("of", whom)], count);
        });
        Self {
            quota: quota.unwrap_or(Quota::per_second(rate.burst)),
            begun: Instant::now(),
            each,
            _watching: watching,
        }
    }

    /// Counts one more of `key`; too many are answered with the time after which it may come again.
    pub(super) fn count(&self, key: u64) -> Result<(), Duration> {
        let one = self.each.get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(self.one()));
        let one = match one {
            Ok(one) => one,
            Err(never) => match never {},
        };
        one.limiter.check().map_err(|refused| {
            let wait = refused.wait_time_from(MonotonicClock.now());
            one.over.store(self.nanos().saturating_add(nanos(wait)), Ordering::Relaxed);
            wait
        })
    }

    /// Whether `key` has come too often, and for how long still; counts nothing.
    pub(super) fn is_over(&self, key: u64) -> Option<Duration> {
        let over = self.each.get(&key)?.over.load(Ordering::Relaxed);
        let left = over.saturating_sub(self.nanos());
        (left > 0).then(|| Duration::from_nanos(left))
    }

    fn one(&self) -> Arc<One> {
        let limiter = RateLimiter::direct_with_clock(self.quota, MonotonicClock);
        Arc::new(One { limiter, over: AtomicU64::new(0) })
    }

    fn nanos(&self) -> u64 {
        nanos(self.begun.elapsed())
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rates").field("quota", &self.quota).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_rate_of_its_own_and_is_told_how_long_to_wait() {
        let each = Duration::from_hours(1);
        let rates = Rates::new(Rate { burst: NonZeroU32::new(2).expect("two"), each }, "callers");
        assert_eq!(rates.count(7), Ok(()));
        assert_eq!(rates.count(7), Ok(()));
        assert_eq!(rates.is_over(7), None, "nobody was refused yet");
        let wait = rates.count(7).expect_err("the third");
        assert!(wait > Duration::from_mins(59) && wait <= each, "{wait:?}");
        assert!(rates.is_over(7).is_some());
        assert_eq!(rates.count(8), Ok(()), "another");
    }

    #[test]
    fn no_limit_is_written_as_zero() {
        assert_eq!(Rate::per_second(0, 2), None);
        let rate = Rate::per_second(10, 2).expect("a rate");
        assert_eq!((rate.burst.get(), rate.each), (20, Duration::from_millis(100)));
    }

    #[test]
    fn callers_without_number_take_bounded_memory() {
        let rates = Rates::new(Rate::per_second(10, 1).expect("a rate"), "callers");
        for key in 0..200_000 {
            assert_eq!(rates.count(key), Ok(()));
        }
        assert!(rates.each.len() <= REMEMBERED, "{}", rates.each.len());
    }
}
