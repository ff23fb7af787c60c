//! trellis-scheduling.
