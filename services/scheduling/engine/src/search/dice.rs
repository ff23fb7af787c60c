//! Chance that is the same on every machine: xoshiro256++.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "steps are few, thresholds positive and small, and half of a number is thrown away"
)]

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::model::number;

/// How many steps the table of thresholds has.
const STEPS: usize = 4096;

/// A stream of chance.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    source: Xoshiro256PlusPlus,
    /// What a temperature is multiplied by to get how much worse a change may make it: -ln of a chance, in
    /// 65,536ths, so that how a machine rounds logarithms does not matter.
    thresholds: Vec<u32>,
}

impl Dice {
    /// The stream of a seed, a worker and a round.
    pub(crate) fn new(seed: u64, worker: u64, round: u64) -> Self {
        let mixed =
            seed ^ worker.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round.wrapping_mul(0xd1b5_4a32_d192_ed03);
        let threshold = |step: usize| {
            let chance = (step as f64 + 0.5) / STEPS as f64;
            (-chance.ln() * 65_536.0).round() as u32
        };
        Self {
            source: Xoshiro256PlusPlus::seed_from_u64(mixed),
            thresholds: (0..STEPS).map(threshold).collect(),
        }
    }

    /// A number below another, which is not zero.
    #[inline]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let wide = (self.source.next_u64() >> 32) * u64::from(bound);
        (wide >> 32) as u32
    }

    /// A place in a row of a length that is not zero.
    #[inline]
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.below(number(length)) as usize
    }

    /// One of a row that is not empty.
    #[inline]
    pub(crate) fn one_of<T: Copy>(&mut self, row: &[T]) -> T {
        row[self.place(row.len())]
    }

    /// Whether it happens, in so many of a thousand cases.
    #[inline]
    pub(crate) fn happens(&mut self, of_thousand: u32) -> bool {
        self.below(1000) < of_thousand
    }

    /// How much worse a change may make it at a temperature.
    #[inline]
    pub(crate) fn threshold(&mut self, temperature: f64) -> f64 {
        let step = self.place(STEPS);
        temperature * f64::from(self.thresholds[step]) / 65_536.0
    }

    /// Puts a row in any order.
    pub(crate) fn shuffle<T>(&mut self, row: &mut [T]) {
        for last in (1..row.len()).rev() {
            row.swap(last, self.place(last + 1));
        }
    }
}
