//! trellis-store.
