//! The use cases, a file for each group: decide, write in one transaction, tell what happened.

