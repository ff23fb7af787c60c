//! The suite: all services, or some of them, composed, configured and served.
