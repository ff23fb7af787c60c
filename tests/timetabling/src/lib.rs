//! Public timetabling problems and their solutions, read and scored by the rules of the competitions that
//! published them: the second and third track of the International Timetabling Competition 2007.
//!
//! A solver is measured by this, and so it shares no code with any. It counts everything anew, by the words
//! of the rules, and takes the time that this takes.

mod curricula;
mod enrolment;
mod score;
mod text;

pub use score::{Part, Score};
pub use text::Fault;

/// A problem of one of the tracks.
#[derive(Debug)]
pub enum Problem {
    /// Track 2: students have chosen their events (`.tim`).
    Enrolment(enrolment::Problem),
    /// Track 3: courses belong to curricula (`.ctt`).
    Curricula(curricula::Problem),
}

impl Problem {
    /// Reads a problem of either track, which it is told by.
    ///
    /// # Errors
    ///
    /// Where it is neither, says what was expected at what line.
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.trim_start().starts_with("Name:") {
            curricula::Problem::read(text).map(Self::Curricula)
        } else {
            enrolment::Problem::read(text).map(Self::Enrolment)
        }
    }

    /// Scores a solution in the format of the track: `.sln` or `.sol`.
    ///
    /// # Errors
    ///
    /// Where it is no solution of this problem, says why at what line. One that breaks rules is a solution,
    /// and its score says so.
    pub fn score(&self, solution: &str) -> Result<Score, Fault> {
        match self {
            Self::Enrolment(problem) => problem.score(solution),
            Self::Curricula(problem) => problem.score(solution),
        }
    }
}
