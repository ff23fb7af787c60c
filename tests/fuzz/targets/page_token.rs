//! Page and resume tokens: what was not sealed does not open, and what was opens only where it belongs.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trellis_store::{Sealer, SealingKey};

static SEALER: LazyLock<Sealer> = LazyLock::new(|| {
    Sealer::new(vec![SealingKey::generate(1), SealingKey::generate(2)]).expect("two keys of two numbers")
});

fuzz_target!(|input: (&str, &str, &[u8], usize)| {
    let (stranger, bound, content, cut) = input;
    assert!(SEALER.open(&["list", bound], stranger).is_none(), "a token that nobody sealed opened");
    let token = SEALER.seal(&["list", bound], content);
    assert_eq!(SEALER.open(&["list", bound], &token).as_deref(), Some(content));
    assert!(SEALER.open(&["list", bound, ""], &token).is_none(), "it opened for another list");
    assert!(SEALER.open(&["feed", bound], &token).is_none(), "it opened for another kind of list");
    let shorter = &token[..cut % token.len()];
    assert!(SEALER.open(&["list", bound], shorter).is_none(), "it opened though its end was cut off");
});
