//! Cells that a spreadsheet would take for a formula.
//!
//! Such a cell begins with `=`, `+`, `-`, `@`, a tab or a carriage return. Written, it gets an
//! apostrophe before it, by which a spreadsheet knows text; read, it loses one. What already begins
//! with apostrophes before such a character gets one more, so that nothing is lost either way.

const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell as it is written.
pub(super) fn guard(cell: String) -> String {
    if cell.trim_start_matches('\'').starts_with(FORMULA) { format!("'{cell}") } else { cell }
}

/// A cell as it was before it was written.
pub(super) fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"] {
            assert!(guard(cell.to_owned()).starts_with('\''), "{cell:?}");
        }
        for cell in ["", "a=b", "'quoted'", "''", " =1"] {
            assert_eq!(guard(cell.to_owned()), cell, "nothing to guard");
        }
    }

    proptest! {
        #[test]
        fn what_is_guarded_comes_back(cell in "['=+@\\-\\t\\ra ]{0,6}") {
            let guarded = guard(cell.clone());
            prop_assert_eq!(unguard(&guarded), cell);
        }
    }
}
