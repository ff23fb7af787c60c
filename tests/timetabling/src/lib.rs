//! Public timetabling problems and their solutions, read and scored by the rules of the competitions that
//! published them: the second and third track of the International Timetabling Competition 2007, and that of
//! 2019.
//!
//! A solver is measured by this, and so it shares no code with any. It counts everything anew, by the words
//! of the rules, and takes the time that this takes.

pub mod curricula;
pub mod enrolment;
pub mod itc2019;
mod score;
mod text;
mod xml;

pub use score::{Part, Score};
pub use text::Fault;

/// A problem of one of the competitions.
#[derive(Debug)]
pub enum Problem {
    /// 2007, track 2: students have chosen their events.
    Enrolment(enrolment::Problem),
    /// 2007, track 3: courses belong to curricula.
    Curricula(curricula::Problem),
    /// 2019: classes with rules between them.
    Itc2019(itc2019::Problem),
}

impl Problem {
    /// Reads a problem, of the format that it shows itself to be: `.tim`, `.ctt` or XML.
    ///
    /// # Errors
    ///
    /// Where it is none, says what was expected at what line.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let begin = text.trim_start_matches('\u{feff}').trim_start();
        Ok(if begin.starts_with('<') {
            Self::Itc2019(itc2019::Problem::read(text)?)
        } else if begin.starts_with("Name:") {
            Self::Curricula(curricula::Problem::read(text)?)
        } else {
            Self::Enrolment(enrolment::Problem::read(text)?)
        })
    }

    /// Scores a solution in the format of its competition: `.sln`, `.sol` or XML.
    ///
    /// # Errors
    ///
    /// Where it is no solution of this problem, says why at what line. One that breaks rules is a solution,
    /// and its score says so.
    pub fn score(&self, solution: &str) -> Result<Score, Fault> {
        match self {
            Self::Enrolment(problem) => problem.score(solution),
            Self::Curricula(problem) => problem.score(solution),
            Self::Itc2019(problem) => problem.score(solution),
        }
    }
}
