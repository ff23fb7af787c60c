//! The search.
mod anneal;
mod construct;
mod dice;
mod moves;
mod tickets;

use std::time::{Duration, Instant};
use crate::{Cost, Problem, Pattern, SpaceId, SectionId, OfferingId};
pub use anneal::Mix;

#[derive(Clone, Debug)]
pub struct Tuning { pub start: f64, pub end: f64, pub hard: i64, pub epoch: u32, pub mix: Mix, pub rounds: Vec<f64> }

#[derive(Clone, Debug)]
pub struct Solved {
    pub cost: Cost,
    pub sections: Vec<(Pattern, Option<SpaceId>)>,
    pub seats: Vec<Option<(OfferingId, Vec<SectionId>)>>,
    pub moves: u64,
    pub epochs: u64,
    pub recount: Cost,
}

pub fn solve(problem: &Problem, seed: u64, limit: Duration, tuning: &Tuning) -> Solved {
    let begun = Instant::now();
    let mut dice = dice::Dice::new(seed, 0, 0);
    let state = construct::construct(problem, &mut dice);
    let mut a = anneal::Annealer::new(state, dice, tuning.mix);
    a.hard_weight = tuning.hard;
    let mut epochs = 0_u64;
    let verbose = std::env::var("VERBOSE").is_ok();
    for (round, share) in tuning.rounds.iter().enumerate() {
        let start = Instant::now();
        let until = limit.mul_f64(tuning.rounds[..=round].iter().sum::<f64>());
        let length = until.saturating_sub(begun.elapsed());
        let mut last = -1_i32;
        loop {
            let part = start.elapsed().as_secs_f64() / length.as_secs_f64();
            if part >= 1.0 { break; }
            let t0 = tuning.start;
            a.temperature = t0 * (tuning.end / t0).powf(part);
            a.epoch(tuning.epoch);
            epochs += 1;
            let tick = (part * 20.0) as i32;
            if verbose && tick != last {
                last = tick;
                eprintln!("{:.1}s T={:.3} now={:?} best={:?} acc={:.3} {:.2}M/s", begun.elapsed().as_secs_f64(), a.temperature, a.state.cost, a.best.cost, a.accepted as f64 / a.moves as f64, a.moves as f64 / 1e6 / begun.elapsed().as_secs_f64());
            }
        }
        let _ = share;
        a.temperature = 1e-9;
        for _ in 0..20 { a.epoch(tuning.epoch); }
        a.back_to_best();
    }
    let state = &a.state;
    Solved {
        cost: a.best.cost,
        recount: state.cost.cost(),
        sections: state.spots().iter().map(|s| (s.pattern, (s.space != crate::model::NONE).then_some(SpaceId(s.space)))).collect(),
        seats: (0..problem.requests() as u32).map(|r| { let t = state.seats.ticket(r); problem.options(r).get(t.option as usize).map(|(o, _)| (*o, t.sections().iter().map(|s| SectionId(*s)).collect())) }).collect(),
        moves: a.moves, epochs,
    }
}
