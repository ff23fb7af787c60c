//! Who reached what: the trail.
//!
//! A change is on it by the change's own transaction. Reads are gathered: whoever comes first writes
//! down what all have brought by then, in one transaction, and the others find it done. So a read
//! that must be on the trail before it is answered costs a share of a commit, and not one of its own.

mod gather;
mod read;
mod retain;
mod rows;

use trellis_kernel::{District, Relation, Relations, Timestamp, Uuid};

pub use gather::Audit;
pub(crate) use gather::Gathered;
pub use read::AccessQuery;
pub(crate) use rows::{Line, tables};

/// A read that was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The district of what was read.
    pub district: District,
    /// Who read it: `Actor::label()`.
    pub actor: String,
    /// The `jti` of the token.
    pub token_id: Option<String>,
    /// The path of the method.
    pub method: &'static str,
    /// The class of data, a number of `trellis.common.v1.DataClass`.
    pub data_class: i32,
    /// How they stand to the learners, or to the district.
    pub relations: Relations,
    /// The learners that it was about; none when it was the district as a whole.
    pub learners: Vec<Uuid>,
}

impl Access {
    /// What a repeated request is: it changes nothing, and reads what was answered then.
    pub(crate) fn again(district: District, actor: String, grounds: Grounds) -> Self {
        let Grounds { method, token_id, data_class, relations, learners } = grounds;
        Self { district, actor, token_id, method, data_class, relations, learners }
    }
}

/// By what right a change is made, for the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// The path of the method.
    pub method: &'static str,
    /// The `jti` of the token.
    pub token_id: Option<String>,
    /// The class of data, a number of `trellis.common.v1.DataClass`.
    pub data_class: i32,
    /// How they stand to the learners, or to the district.
    pub relations: Relations,
    /// The learners that it is about; those of what the change tells come to them.
    pub learners: Vec<Uuid>,
}

/// An access as the trail keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// Its identity.
    pub uid: Uuid,
    /// When it was admitted.
    pub time: Timestamp,
    /// Who it was.
    pub actor: String,
    /// The `jti` of the token.
    pub token_id: Option<String>,
    /// The path of the method.
    pub method: String,
    /// The class of data.
    pub data_class: i32,
    /// How they stood to the learners, or to the district.
    pub relations: Relations,
    /// Whether it was a change.
    pub write: bool,
    /// The learners that it was about.
    pub learners: Vec<Uuid>,
}

/// Relations as a number: one bit each.
fn bits(relations: Relations) -> i32 {
    relations.iter().fold(0, |bits, relation| bits | 1 << relation as u8)
}

fn from_bits(bits: i32) -> Relations {
    const ALL: [Relation; 9] = [
        Relation::Own,
        Relation::Guardian,
        Relation::Educator,
        Relation::School,
        Relation::District,
        Relation::Member,
        Relation::Application,
        Relation::Operator,
        Relation::Service,
    ];
    let held = ALL.into_iter().filter(|relation| bits & (1 << *relation as u8) != 0);
    held.fold(Relations::NONE, Relations::with)
}
