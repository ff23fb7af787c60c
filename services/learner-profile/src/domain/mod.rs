//! Pure rules and values: no I/O, no clock, no contract, no SQL.

