//! What caches are told by: the same figures for each.

use std::sync::LazyLock;

use super::{Counter, Counters, Watching, counters, watch};

const CACHE: &str = "cache";

static HITS: LazyLock<Counters<1>> = LazyLock::new(|| {
    counters("trellis_cache_hits_total", "Questions that a cache answered, by cache", [CACHE])
});

static MISSES: LazyLock<Counters<1>> = LazyLock::new(|| {
    counters("trellis_cache_misses_total", "Questions that a cache could not answer, by cache", [CACHE])
});

/// The figures of a cache. Its size is told for as long as this is kept.
#[derive(Debug)]
pub struct CacheFigures {
    hits: Counter,
    misses: Counter,
    _watching: Watching,
}

impl CacheFigures {
    /// The figures of the cache of this name. `entries` is asked at every scrape; it must not own what
    /// keeps these figures.
    pub fn new(cache: &'static str, entries: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        let watching = watch(move |figures| {
            let entries = u32::try_from(entries()).map_or(f64::MAX, f64::from);
            figures.gauge("trellis_cache_entries", "What a cache holds, by cache", [(CACHE, cache)], entries);
        });
        Self { hits: HITS.with([cache]), misses: MISSES.with([cache]), _watching: watching }
    }

    /// Counts questions that it answered.
    pub fn hits(&self, count: usize) {
        self.hits.add(count as u64);
    }

    /// Counts questions that it could not answer.
    pub fn misses(&self, count: usize) {
        self.misses.add(count as u64);
    }
}
