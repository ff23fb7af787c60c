//! What keeps repeats from becoming the load: where many calls fail, few are made again.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tenths of a token: what an answered call gives back is one.
const TENTHS: u32 = 10;

/// A bucket of tokens, shared by all calls to one service (gRFC A6, retry throttling).
#[derive(Debug)]
pub(super) struct Budget {
    most: u32,
    left: AtomicU32,
}

impl Budget {
    pub(super) fn new(tokens: u32) -> Self {
        let most = tokens.saturating_mul(TENTHS);
        Self { most, left: AtomicU32::new(most) }
    }

    /// Pays for an attempt that failed; says whether the call may be made again.
    pub(super) fn spend(&self) -> bool {
        let pay = |left: u32| Some(left.saturating_sub(TENTHS));
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).unwrap_or_default();
        before.saturating_sub(TENTHS) > self.most / 2
    }

    /// An answered call gives a tenth back.
    pub(super) fn earn(&self) {
        if self.left.load(Ordering::Relaxed) < self.most {
            let add = |left: u32| Some(left.saturating_add(1).min(self.most));
            // Never refused: the closure always has an answer.
            let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_it_may_be_spent_and_is_earned_back_by_tenths() {
        let budget = Budget::new(10);
        assert_eq!(
            (0..6).map(|_| budget.spend()).collect::<Vec<_>>(),
            [true, true, true, true, false, false]
        );
        for _ in 0..20 {
            budget.earn();
        }
        assert!(!budget.spend(), "six were spent, two came back: one more leaves exactly half");
        for _ in 0..11 {
            budget.earn();
        }
        assert!(budget.spend());
    }

    #[test]
    fn nothing_is_earned_beyond_what_there_was() {
        let budget = Budget::new(4);
        for _ in 0..1000 {
            budget.earn();
        }
        assert_eq!((0..3).map(|_| budget.spend()).collect::<Vec<_>>(), [true, false, false]);
    }
}
