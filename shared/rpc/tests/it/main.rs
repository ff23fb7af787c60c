//! The server, the peers and the change feed, as clients meet them: over sockets.

mod alone;
mod balancing;
mod changes;
mod circuit;
mod crowds;
mod direct;
mod ending;
mod faulty;
mod floods;
mod house;
mod limits;
mod overload;
mod peer_tls;
mod peers;
mod plain;
mod raw;
mod reaching;
mod repeating;
mod silence;
mod standings;
mod strangers;
mod streams;
mod tls;
mod unread;
