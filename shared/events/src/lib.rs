//! trellis-events.
