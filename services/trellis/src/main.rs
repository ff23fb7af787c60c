//! The `trellis` program.
fn main() {}
