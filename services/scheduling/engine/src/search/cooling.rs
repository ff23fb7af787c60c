//! How long to stay at which temperature.
//!
//! A first, short descent through all temperatures shows where the cost falls and swings most; the next one
//! stays there longest. To keep the same distance from equilibrium all the way, time at a temperature goes by
//! the square root of the heat capacity: by the deviation of the cost over the temperature.
//!
//! Source: Salamon, Nulton, Harland, Pedersen, Ruppeiner, Liao, *Simulated annealing with constant
//! thermodynamic speed*, Computer Physics Communications 49, 1988.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of epochs and sums of costs are positive and far below 2^52"
)]

use std::ops::Range;
use std::time::Duration;

/// How many temperatures there are.
const STEPS: usize = 60;

/// Temperatures, the highest first, and how much of the time goes to each.
#[derive(Clone, Debug)]
pub(super) struct Cooling {
    steps: Vec<Step>,
}

/// A temperature at which nothing that is worse goes.
const COLD: f64 = 1e-9;
/// What of the time goes to the end, where nothing is made worse any more.
const END: f64 = 0.01;
/// What of the mean every temperature gets whatever was seen.
const LEAST: f64 = 0.1;

/// A temperature, and what was seen at it.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    temperature: f64,
    /// How much of the time goes here, beside the others.
    share: f64,
    count: u64,
    sum: f64,
    squares: f64,
}

impl Cooling {
    /// Temperatures from one to another, with the same time for each.
    pub(super) fn even(from: f64, to: f64) -> Self {
        let factor = (to / from).powf(1.0 / (STEPS - 1) as f64);
        let mut temperature = from;
        let mut steps = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            steps.push(Step { temperature, share: 1.0, ..Step::default() });
            temperature *= factor;
        }
        steps.push(Step { temperature: COLD, share: STEPS as f64 * END, ..Step::default() });
        Self { steps }
    }

    /// The end of a descent alone: nothing is made worse.
    pub(super) fn frozen() -> Self {
        let step = |share| Step { temperature: COLD, share, ..Step::default() };
        Self { steps: vec![step(0.0), step(1.0)] }
    }

    /// The same, of which nothing was seen.
    pub(super) fn unseen(&self) -> Self {
        let forget =
            |step: &Step| Step { temperature: step.temperature, share: step.share, ..Step::default() };
        Self { steps: self.steps.iter().map(forget).collect() }
    }

    /// Adds what another saw.
    pub(super) fn add(&mut self, other: &Self) {
        for (step, other) in self.steps.iter_mut().zip(&other.steps) {
            step.count += other.count;
            step.sum += other.sum;
            step.squares += other.squares;
        }
    }

    pub(super) const fn steps(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn temperature(&self, step: usize) -> f64 {
        self.steps[step].temperature
    }

    /// Notes a cost that was seen at a step.
    pub(super) fn note(&mut self, step: usize, cost: i64) {
        let step = &mut self.steps[step];
        let cost = cost as f64;
        step.count += 1;
        step.sum += cost;
        step.squares += cost * cost;
    }

    /// Gives each step the time that what was seen asks for.
    pub(super) fn learn(&mut self) {
        let last = self.steps.len() - 1;
        let raw: Vec<f64> =
            self.steps[..last].iter().map(|step| step.deviation() / step.temperature).collect();
        let mean = (raw.iter().sum::<f64>() / raw.len() as f64).max(f64::MIN_POSITIVE);
        for (place, step) in self.steps[..last].iter_mut().enumerate() {
            let near = &raw[place.saturating_sub(1)..(place + 2).min(raw.len())];
            step.share = near.iter().sum::<f64>() / near.len() as f64 / mean + LEAST;
        }
    }

    /// One of so many parts, with nothing for steps outside of it; and what of the time for it and those after it
    /// is for it, when an epoch takes so long at each step.
    pub(super) fn part(&self, number: usize, parts: usize, pace: &[Duration]) -> (Self, f64) {
        let (from, to) = (self.steps() * number / parts, self.steps() * (number + 1) / parts);
        let time = |steps: Range<usize>| -> f64 {
            steps.map(|step| self.steps[step].share * pace[step].as_secs_f64()).sum()
        };
        let mut part = self.unseen();
        for (number, step) in part.steps.iter_mut().enumerate() {
            if !(from..to).contains(&number) {
                step.share = 0.0;
            }
        }
        let (own, rest) = (time(from..to), time(from..self.steps()));
        (part, if rest > 0.0 { own / rest } else { 0.0 })
    }

    /// How many epochs can be had in a time, when one takes so long at each step.
    pub(super) fn affordable(&self, time: Duration, pace: &[Duration]) -> u64 {
        let all: f64 = self.steps.iter().map(|step| step.share).sum();
        let each = self.steps.iter().zip(pace).map(|(step, pace)| step.share / all * pace.as_secs_f64());
        let mean = each.sum::<f64>();
        if mean > 0.0 { (time.as_secs_f64() / mean) as u64 } else { 0 }
    }

    /// How many of so many epochs go to each step.
    pub(super) fn epochs(&self, total: u64) -> Vec<u64> {
        let all: f64 = self.steps.iter().map(|step| step.share).sum();
        let mut done = 0.0;
        let mut given = 0;
        self.steps
            .iter()
            .map(|step| {
                done += step.share;
                let until = (total as f64 * done / all).round() as u64;
                let epochs = until - given;
                given = until;
                epochs
            })
            .collect()
    }
}

impl Step {
    /// The standard deviation of the cost.
    fn deviation(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let mean = self.sum / self.count as f64;
        (self.squares / self.count as f64 - mean * mean).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests;
