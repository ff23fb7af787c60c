//! What is told of the roster.

use trellis_contracts::profile;
use trellis_kernel::{District, Name, Uuid};
use trellis_store::Told;

use super::entry::payload;
use crate::domain::roster::{
    AcademicSession, Class, Course, Enrollment, Organization, Person, Record, Relationship,
};

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Created,
    Updated,
    /// The roster no longer holds it. It is still there, inactive.
    Retired,
}

/// A record that is told of.
pub(crate) trait Telling: Record {
    /// The type of the resource.
    const TYPE: &'static str;
    /// What an event is called, for each of [`What`].
    const KINDS: [&'static str; 3];

    /// Its name.
    fn name(&self, district: &District) -> Name;

    /// The learners that it is about.
    fn subjects(&self) -> Vec<Uuid> {
        Vec::new()
    }
}

macro_rules! telling {
    ($record:ident, $type:literal, $kind:literal, $collection:literal) => {
        telling!(
            $record,
            $type,
            $kind,
            |record, district| { Name::district(district.clone()).child($collection, record.id) },
            |_record| Vec::new()
        );
    };
    ($record:ident, $type:literal, $kind:literal, |$this:ident, $district:ident| $name:expr, |$about:ident| $subjects:expr) => {
        impl Telling for $record {
            const TYPE: &'static str = $type;
            const KINDS: [&'static str; 3] =
                [concat!($kind, ".created"), concat!($kind, ".updated"), concat!($kind, ".retired")];

            fn name(&self, $district: &District) -> Name {
                let $this = self;
                $name
            }

            fn subjects(&self) -> Vec<Uuid> {
                let $about = self;
                $subjects
            }
        }
    };
}

telling!(Organization, "trellis.dev/Organization", "organization", "organizations");
telling!(AcademicSession, "trellis.dev/AcademicSession", "academic_session", "academicSessions");
telling!(Course, "trellis.dev/Course", "course", "courses");
telling!(Class, "trellis.dev/Class", "class", "classes");
telling!(
    Person,
    "trellis.dev/Person",
    "person",
    |person, district| Name::district(district.clone()).child("people", person.id),
    |person| vec![person.id]
);
telling!(
    Enrollment,
    "trellis.dev/Enrollment",
    "enrollment",
    |enrollment, district| Name::district(district.clone()).child("enrollments", enrollment.id),
    |enrollment| vec![enrollment.person]
);
telling!(
    Relationship,
    "trellis.dev/Relationship",
    "relationship",
    |tie, district| Name::district(district.clone())
        .child("people", tie.learner)
        .child("relationships", tie.id),
    |tie| vec![tie.learner]
);

/// A record changed.
pub(crate) fn told<T: Telling>(district: &District, record: &T, what: What) -> Told {
    Told {
        kind: T::KINDS[what as usize],
        resource: record.name(district).to_string(),
        resource_type: T::TYPE,
        subjects: record.subjects(),
        deleted: false,
        payload: None,
    }
}

/// The type of a transfer.
pub(crate) const TRANSFER: &str = "trellis.dev/RosterTransfer";

/// A roster is in force: told last, after all that it changed.
pub(crate) fn applied(district: &District, transfer: Uuid, [created, updated, retired]: [u32; 3]) -> Told {
    let name = Name::district(district.clone()).child("rosterTransfers", transfer).to_string();
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let message = profile::RosterApplied {
        roster_transfer: name.clone(),
        created: count(created),
        updated: count(updated),
        retired: count(retired),
    };
    Told {
        kind: "roster.applied",
        resource: name,
        resource_type: TRANSFER,
        subjects: Vec::new(),
        deleted: false,
        payload: Some(payload("RosterApplied", &message)),
    }
}
