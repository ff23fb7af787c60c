//! One module per table.

