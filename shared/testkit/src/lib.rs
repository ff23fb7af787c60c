//! trellis-testkit.
