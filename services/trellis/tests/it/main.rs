//! The program as a person or a script uses it.

mod commands;
mod data;
mod demonstration;
mod program;
mod serving;
