//! trellis-outcome.
