//! trellis-telemetry.
