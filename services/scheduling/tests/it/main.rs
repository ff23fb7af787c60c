//! The scheduling service as its callers meet it: over a socket, on both databases.

mod calendars;
mod changes;
mod feeds;
mod offerings;
mod place;
mod plans;
mod processes;
mod requests;
mod solves;
