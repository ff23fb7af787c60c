//! trellis-auth.
