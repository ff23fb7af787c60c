//! Resource names: what is read is written back as the same name, and names the same district.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trellis_kernel::Name;

fuzz_target!(|text: &str| {
    let Ok(name) = Name::parse(text) else { return };
    let written = name.to_string();
    let again = Name::parse(&written).expect("a name that was read can be written and read");
    assert_eq!(again.to_string(), written, "writing a name is stable");
    assert_eq!(again.district, name.district);
    assert_eq!(again.learner(), name.learner());
});
