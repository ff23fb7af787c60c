//! The service as clients meet it: over a socket, on both databases.

mod assessments;
mod changes;
mod designs;
mod evidence;
mod experiences;
mod house;
mod neighbours;
mod proposals;
