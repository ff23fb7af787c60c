use proptest::prelude::*;
use trellis_store::{Sealer, SealingKey};

use crate::place::sealer;

#[test]
fn keys_change_without_a_gap() {
    let (old, new) = (SealingKey::generate(1), SealingKey::generate(2));
    let before = Sealer::new(vec![old.clone()]).unwrap();
    let during = Sealer::new(vec![new.clone(), old.clone()]).unwrap();
    let after = Sealer::new(vec![new]).unwrap();
    let token = before.seal(&["page"], b"place");
    assert_eq!(during.open(&["page"], &token).as_deref(), Some(&b"place"[..]));
    assert_eq!(after.open(&["page"], &token), None);
    let token = during.seal(&["page"], b"place");
    assert_eq!(after.open(&["page"], &token).as_deref(), Some(&b"place"[..]));
    assert_eq!(before.open(&["page"], &token), None);
}

#[test]
fn a_key_reads_back_as_it_was_written_and_its_debug_text_hides_it() {
    let key = SealingKey::generate(3);
    let line = key.to_line();
    let again = SealingKey::parse(&line).unwrap();
    assert_eq!(again.to_line(), line);
    assert!(!format!("{key:?}").contains(&line[2..10]));
    for broken in ["", "1", "1:", "1:AAAA", "256:AAAA", &line[1..]] {
        assert!(SealingKey::parse(broken).is_err());
    }
}

#[test]
fn a_sealer_needs_keys_with_numbers_of_their_own() {
    assert!(Sealer::new(Vec::new()).is_err());
    assert!(Sealer::new(vec![SealingKey::generate(1), SealingKey::generate(1)]).is_err());
}

#[test]
fn what_a_token_is_bound_to_cannot_be_cut_another_way() {
    let sealer = sealer();
    let token = sealer.seal(&["page", "ab", "c"], b"place");
    assert_eq!(sealer.open(&["page", "a", "bc"], &token), None);
    assert_eq!(sealer.open(&["page", "abc"], &token), None);
}

proptest! {
    #[test]
    fn a_token_opens_unchanged_only(content in proptest::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let sealer = sealer();
        let token = sealer.seal(&["page", "d"], &content);
        prop_assert_eq!(sealer.open(&["page", "d"], &token), Some(content));
        let mut bytes = engine.decode(&token).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert_eq!(sealer.open(&["page", "d"], &engine.encode(bytes)), None);
    }

    #[test]
    fn nonsense_is_refused(token in ".{0,80}") {
        prop_assert_eq!(sealer().open(&["page"], &token), None);
    }
}
