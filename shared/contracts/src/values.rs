//! Conversions between the contracts' values and the kernel's.

use prost_types::Timestamp as ProtoTimestamp;
use trellis_kernel::{Relation, Relations, Timestamp};

use crate::common;

/// An instant as the wire carries it.
pub fn timestamp(at: Timestamp) -> ProtoTimestamp {
    ProtoTimestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// An instant from the wire; none when it lies outside what either side can hold.
pub fn instant(at: &ProtoTimestamp) -> Option<Timestamp> {
    Timestamp::new(at.seconds, at.nanos).ok()
}

/// Relations as the wire carries them.
pub fn relations(relations: Relations) -> Vec<i32> {
    relations
        .iter()
        .map(|relation| match relation {
            Relation::Own => common::Relation::Own,
            Relation::Guardian => common::Relation::Guardian,
            Relation::Educator => common::Relation::Educator,
            Relation::School => common::Relation::School,
            Relation::District => common::Relation::District,
            Relation::Member => common::Relation::Member,
            Relation::Application => common::Relation::Application,
            Relation::Operator => common::Relation::Operator,
            Relation::Service => common::Relation::Service,
        })
        .map(i32::from)
        .collect()
}

/// Relations from the wire; a number that is not known here grants nothing.
pub fn relation_set(numbers: &[i32]) -> Relations {
    numbers
        .iter()
        .filter_map(|number| common::Relation::try_from(*number).ok())
        .filter_map(|relation| match relation {
            common::Relation::Unspecified => None,
            common::Relation::Own => Some(Relation::Own),
            common::Relation::Guardian => Some(Relation::Guardian),
            common::Relation::Educator => Some(Relation::Educator),
            common::Relation::School => Some(Relation::School),
            common::Relation::District => Some(Relation::District),
            common::Relation::Member => Some(Relation::Member),
            common::Relation::Application => Some(Relation::Application),
            common::Relation::Operator => Some(Relation::Operator),
            common::Relation::Service => Some(Relation::Service),
        })
        .collect()
}
