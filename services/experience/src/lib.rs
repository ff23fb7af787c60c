//! trellis-experience.
