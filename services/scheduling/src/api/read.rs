//! Names in requests. Those that a call is decided on the guard has seen; the others it has not, so each
//! must be of the pattern that its field takes and lie in the district that the call was admitted to.

use trellis_kernel::{District, Failure, Name, Reason, Result, Uuid};

/// Reads a name of the pattern that `collections` spell, in `district` and pinned to no revision.
pub(super) fn name(district: &District, field: &str, text: &str, collections: &[&str]) -> Result<Name> {
    let name = pinnable(district, field, text, collections)?;
    if name.is_pinned() {
        return Err(pinned(field));
    }
    Ok(name)
}

/// The id of the innermost resource of such a name.
pub(super) fn id(district: &District, field: &str, text: &str, collections: &[&str]) -> Result<Uuid> {
    last(&name(district, field, text, collections)?)
}

/// The ids of a timetable and of what is in it.
pub(super) fn in_timetable(
    district: &District,
    field: &str,
    text: &str,
    collection: &str,
) -> Result<(Uuid, Uuid)> {
    let name = name(district, field, text, &["timetables", collection])?;
    Ok((outer(&name)?, last(&name)?))
}

/// The ids of a timetable and of a plan of it, and the revision that the plan is pinned to.
pub(super) fn plan(district: &District, field: &str, text: &str) -> Result<(Uuid, Uuid, Option<u32>)> {
    let name = pinnable(district, field, text, &["timetables", "plans"])?;
    if name.segments.first().is_some_and(|segment| segment.revision.is_some()) {
        return Err(pinned(field));
    }
    let revision = name.segments.last().and_then(|segment| segment.revision);
    Ok((outer(&name)?, last(&name)?, revision))
}

fn pinnable(district: &District, field: &str, text: &str, collections: &[&str]) -> Result<Name> {
    let name = Name::of(field, text, collections)?;
    if name.district == *district {
        return Ok(name);
    }
    Err(Failure::invalid(Reason::InvalidName, "The resources of one call must lie in one district.")
        .violation(field, "must lie in the district of the request"))
}

fn pinned(field: &str) -> Failure {
    Failure::precondition(Reason::RevisionImmutable, "A revision cannot be named here.")
        .violation(field, "must not be pinned to a revision")
}

fn last(name: &Name) -> Result<Uuid> {
    name.id().ok_or_else(|| Failure::internal("a name of a resource has no id"))
}

fn outer(name: &Name) -> Result<Uuid> {
    let outer = name.segments.first().map(|segment| segment.id);
    outer.ok_or_else(|| Failure::internal("a name of a resource has no id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "01900000-0000-7000-8000-000000000001";
    const P: &str = "01900000-0000-7000-8000-000000000002";

    fn district() -> District {
        District::parse("grand-bend").expect("a district")
    }

    #[test]
    fn names_of_another_district_pattern_or_revision_are_refused() {
        let read = |text: &str| in_timetable(&district(), "name", text, "plans").map_err(|f| f.reason());
        assert!(read(&format!("districts/grand-bend/timetables/{T}/plans/{P}")).is_ok());
        let other = read(&format!("districts/elsewhere/timetables/{T}/plans/{P}"));
        assert_eq!(other, Err(Reason::InvalidName));
        let pattern = read(&format!("districts/grand-bend/timetables/{T}/offerings/{P}"));
        assert_eq!(pattern, Err(Reason::InvalidName));
        for pinned in [format!("{T}@1/plans/{P}"), format!("{T}/plans/{P}@1")] {
            let refused = read(&format!("districts/grand-bend/timetables/{pinned}"));
            assert_eq!(refused, Err(Reason::RevisionImmutable));
        }
    }

    #[test]
    fn a_plan_alone_may_be_pinned() {
        let read = |text: &str| plan(&district(), "name", text).map(|(_, _, revision)| revision).ok();
        assert_eq!(read(&format!("districts/grand-bend/timetables/{T}/plans/{P}@2")), Some(Some(2)));
        assert_eq!(read(&format!("districts/grand-bend/timetables/{T}/plans/{P}")), Some(None));
        assert_eq!(read(&format!("districts/grand-bend/timetables/{T}@2/plans/{P}")), None);
    }
}
