//! CASE packages: whatever the JSON holds, it is read or refused, and alike each time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let first = trellis_outcome::check_package(bytes);
    assert_eq!(trellis_outcome::check_package(bytes), first, "the same bytes were read in two ways");
});
