//! What learners ask for, and what is required for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trellis_kernel::{Timestamp, Uuid};

use super::Stamps;

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) id: Uuid,
    pub(crate) stamps: Stamps,
    pub(crate) timetable: Uuid,
    pub(crate) learner: Uuid,
    pub(crate) offering: Uuid,
    pub(crate) kind: Kind,
}

/// Why an offering is asked for; in the order in which places are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The school requires it.
    Required,
    /// The learner would like it: 1 is what they would like best.
    Ranked(u16),
}

impl Kind {
    /// 0 for what is required, else the rank: how it is stored and told.
    pub(crate) fn rank(self) -> u16 {
        match self {
            Self::Required => 0,
            Self::Ranked(rank) => rank,
        }
    }

    /// The kind that is stored as this number.
    pub(crate) fn from_rank(rank: u16) -> Self {
        if rank == 0 { Self::Required } else { Self::Ranked(rank) }
    }
}

/// What a newly submitted list does to the one before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// The list as it will be, in order.
    pub(crate) list: Vec<Request>,
    /// Requests of it that were not there before.
    pub(crate) added: Vec<Request>,
    /// Requests of it that were there with another rank.
    pub(crate) moved: Vec<Request>,
    /// Requests that are no longer there.
    pub(crate) removed: Vec<Request>,
}

/// Who submits a list, to what and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submission {
    pub(crate) timetable: Uuid,
    pub(crate) learner: Uuid,
    pub(crate) now: Timestamp,
}

impl Submission {
    /// Puts `offerings`, all different, in the place of the ranked requests `before`. A request for the
    /// same offering stays the same resource, whatever its rank was.
    pub(crate) fn replace(
        self,
        before: Vec<Request>,
        offerings: &[Uuid],
        mut new_id: impl FnMut() -> Uuid,
    ) -> Replacement {
        let Self { timetable, learner, now } = self;
        let mut before: BTreeMap<Uuid, Request> =
            before.into_iter().map(|request| (request.offering, request)).collect();
        let mut replacement = Replacement::default();
        for (kind, offering) in (1..).map(Kind::Ranked).zip(offerings.iter().copied()) {
            let request = match before.remove(&offering) {
                Some(same) if same.kind == kind => same,
                Some(other) => {
                    let moved = Request { kind, stamps: other.stamps.touched(now), ..other };
                    replacement.moved.push(moved.clone());
                    moved
                }
                None => {
                    let stamps = Stamps::new(now);
                    let added = Request { id: new_id(), stamps, timetable, learner, offering, kind };
                    replacement.added.push(added.clone());
                    added
                }
            };
            replacement.list.push(request);
        }
        replacement.removed = before.into_values().collect();
        replacement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_list_keeps_the_requests_that_stay() {
        let now = Timestamp::from_second(100).expect("a moment");
        let submission = Submission { timetable: Uuid::from_u128(1), learner: Uuid::from_u128(2), now };
        let mut count = 100;
        let mut new_id = || {
            count += 1;
            Uuid::from_u128(count)
        };
        let [a, b, c, d] = [11, 12, 13, 14].map(Uuid::from_u128);
        let first = submission.replace(Vec::new(), &[a, b, c], &mut new_id);
        assert_eq!(first.added, first.list);
        let later = Timestamp::from_second(200).expect("a moment");
        let second =
            Submission { now: later, ..submission }.replace(first.list.clone(), &[a, c, d], &mut new_id);
        let ids = |requests: &[Request]| requests.iter().map(|r| r.id.as_u128()).collect::<Vec<_>>();
        assert_eq!(ids(&second.list), [101, 103, 104]);
        assert_eq!(ids(&second.moved), [103]);
        assert_eq!(ids(&second.added), [104]);
        assert_eq!(ids(&second.removed), [102]);
        assert_eq!(second.list[0], first.list[0]);
        assert_eq!((second.list[1].kind, second.list[1].stamps.version), (Kind::Ranked(2), 2));
    }
}
