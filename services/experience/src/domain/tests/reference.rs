use trellis_kernel::{District, Reason};

use super::child;
use crate::domain::reference::{FrameworkChild, local};

const F1: &str = "01900000-0000-7000-8000-000000000001";
const F2: &str = "01900000-0000-7000-8000-000000000002";
const X: &str = "01900000-0000-7000-8000-00000000000a";

fn home() -> District {
    District::parse("grand-bend").expect("a district")
}

fn progression(framework: &str) -> FrameworkChild {
    child(&format!("districts/grand-bend/frameworks/{framework}/progressions/{X}"))
}

#[test]
fn a_progression_is_read_at_the_revision_of_its_outcome() {
    let outcome = child(&format!("districts/grand-bend/frameworks/{F1}@3/outcomes/{X}"));
    let pinned = progression(&format!("{F1}@3"));
    assert_eq!(progression(F1).beside(&outcome), Some(pinned.clone()));
    assert_eq!(pinned.beside(&outcome), Some(pinned));
    assert_eq!(progression(&format!("{F1}@2")).beside(&outcome), None, "another revision");
    assert_eq!(progression(F2).beside(&outcome), None, "another framework");
}

#[test]
fn outcomes_are_of_the_district_or_of_the_commons() {
    let read = |district: &str| {
        FrameworkChild::outcome("o", &format!("districts/{district}/frameworks/{F1}/outcomes/{X}"), &home())
    };
    assert!(read("grand-bend").is_ok() && read("commons").is_ok());
    assert_eq!(read("elsewhere").expect_err("foreign").reason(), Reason::FieldViolation);
    let child_pinned = format!("districts/grand-bend/frameworks/{F1}/outcomes/{X}@2");
    let refused = FrameworkChild::outcome("o", &child_pinned, &home()).expect_err("pins the child");
    assert_eq!(refused.reason(), Reason::InvalidName);
}

#[test]
fn a_local_name_is_of_the_district_and_unpinned() {
    let read = |text: &str| local("name", text, &["designs"], &home());
    assert!(read(&format!("districts/grand-bend/designs/{X}")).is_ok());
    for other in [
        format!("districts/grand-bend/designs/{X}@1"),
        format!("districts/elsewhere/designs/{X}"),
        format!("districts/grand-bend/experiences/{X}"),
    ] {
        let failure = read(&other).expect_err("refused");
        assert_eq!(failure.violations()[0].field, "name", "{other}");
    }
}
