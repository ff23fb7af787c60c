//! The search for a timetable.
//!
//! Each worker has a timetable and changes it a little at a time; what makes it worse goes the more easily the
//! higher the temperature, which falls as time goes.

mod anneal;
mod chain;
mod construct;
mod cooling;
mod crew;
mod dice;
mod moves;
mod solve;
mod teams;
mod tickets;

pub(crate) use self::dice::Dice;
pub(crate) use self::solve::repair;
pub use self::solve::{Aim, Budget, Effort, Options, Progress, Round, Solution, solve};
pub(crate) use self::tickets::each_ticket;
#[cfg(test)]
pub(crate) use self::{
    construct::{any_place, construct},
    tickets::any as any_ticket,
};

#[cfg(test)]
mod tests;
