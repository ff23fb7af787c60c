//! trellis-tests.
