//! The server, the peers and the change feed, as clients meet them: over sockets.

mod changes;
mod ending;
mod house;
mod limits;
mod peers;
mod reaching;
mod standings;
