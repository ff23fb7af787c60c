//! What this service tells, and what it follows.

