//! How much is done, by which a search ends wherever it runs.

/// How many steps a part has at least: about a ten-thousandth of a second.
const LEAST_PART: u64 = 10_000;

/// How much may be looked at.
#[derive(Debug)]
pub(super) struct Steps(pub(super) u64);

impl Steps {
    /// Takes so many, and says whether there were as many.
    pub(super) const fn take(&mut self, steps: u64) -> bool {
        let are_enough = steps <= self.0;
        self.0 = self.0.saturating_sub(steps);
        are_enough
    }

    /// Lets something have a part of them, or what it takes to look at anything.
    pub(super) fn part<T>(&mut self, of: u64, work: impl FnOnce(&mut Self) -> T) -> T {
        let lent = (self.0 / of).max(LEAST_PART).min(self.0);
        let mut part = Self(lent);
        let done = work(&mut part);
        self.0 -= lent - part.0;
        done
    }
}
