//! The suite: all services, or some of them, configured, composed and served; and what drives it from
//! outside: the commands, the journey and the demonstration.

pub mod config;
pub mod demo;
