//! trellis-rpc.
