//! What a search did, as a text by which it can be done again.

use trellis_kernel::{Failure, Result};
use trellis_timetable::{Aim, Effort, Round};

/// The longest text that is read.
pub(crate) const LONGEST: usize = 2000;
/// No round. An empty text would be no effort at all.
const NONE: &str = "0";

/// Writes what was done: of each round its aim (`f` feasible, `s` survey, `d` descent), how many epochs it was to
/// have and how many it had. `f300.12-s40.40-d380.380`; `0` where there was no time for any.
pub(crate) fn write(effort: &Effort) -> String {
    if effort.rounds.is_empty() {
        return NONE.to_owned();
    }
    let round = |round: &Round| {
        let aim = match round.aim {
            Aim::Feasible => 'f',
            Aim::Survey => 's',
            Aim::Descent => 'd',
        };
        format!("{aim}{}.{}", round.planned, round.done.first().copied().unwrap_or(0))
    };
    effort.rounds.iter().map(round).collect::<Vec<_>>().join("-")
}

/// Reads what [`write`] wrote.
pub(crate) fn read(text: &str) -> Result<Effort> {
    if text == NONE {
        return Ok(Effort::default());
    }
    let rounds: Option<Vec<Round>> = text.split('-').map(round).collect();
    let rounds = rounds.filter(|_| text.len() <= LONGEST);
    rounds
        .map(|rounds| Effort { rounds })
        .ok_or_else(|| Failure::field("effort", "must be the effort of a solve"))
}

fn round(text: &str) -> Option<Round> {
    let mut characters = text.chars();
    let aim = match characters.next()? {
        'f' => Aim::Feasible,
        's' => Aim::Survey,
        'd' => Aim::Descent,
        _ => return None,
    };
    let (planned, done) = characters.as_str().split_once('.')?;
    let number = |digits: &str| {
        let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|_| plain).map(u64::from)
    };
    let (planned, done) = (number(planned)?, number(done)?);
    (done <= planned).then(|| Round { aim, planned, done: vec![done] })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(rounds in prop::collection::vec((0_usize..3, 0_u64..5000, 0_u64..5000), 0..9)) {
            let aims = [Aim::Feasible, Aim::Survey, Aim::Descent];
            let round = |(aim, some, more): (usize, u64, u64)| {
                Round { aim: aims[aim], planned: some.max(more), done: vec![some.min(more)] }
            };
            let effort = Effort { rounds: rounds.into_iter().map(round).collect() };
            prop_assert_eq!(read(&write(&effort)).expect("read"), effort);
        }

        #[test]
        fn whatever_else_is_said_is_refused_or_read(text in ".{0,40}") {
            if let Ok(effort) = read(&text) {
                prop_assert_eq!(read(&write(&effort)).expect("read"), effort);
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = vec!["f1.1"; 600].join("-");
        for text in ["", "f", "f1", "x1.1", "f1.2", "f+1.1", "f1.1-", "f99999999999.1", &long] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("f300.12-s40.40-d380.380").is_ok());
    }
}
