//! HTTP/2 frames by hand: a client that does what no proper client does.

use std::collections::HashMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

/// A setting.
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A connection that says what it is told to.
pub(crate) struct Raw {
    socket: TcpStream,
    /// What may still be sent: on the connection, and more than at first on each stream.
    window: i64,
    more: HashMap<u32, i64>,
    /// What may be sent on a stream at first.
    initial: i64,
}

/// A frame that came back.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Raw {
    /// Connects, and says hello with the given settings.
    pub(crate) async fn connect(address: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let mut socket = TcpStream::connect(address).await.expect("a connection");
        socket.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
        let mut payload = Vec::new();
        for (id, value) in settings {
            payload.extend(id.to_be_bytes());
            payload.extend(value.to_be_bytes());
        }
        let mut raw = Self { socket, window: 65_535, more: HashMap::new(), initial: 65_535 };
        raw.send(&frame(SETTINGS, 0, 0, &payload)).await.expect("sent");
        raw
    }

    pub(crate) async fn send(&mut self, frames: &[u8]) -> std::io::Result<()> {
        self.socket.write_all(frames).await
    }

    /// The next frame; none once the connection is closed.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.socket.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.socket.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        if head[3] == SETTINGS && head[4] & ACK == 0 {
            for setting in
                payload.chunks(6).filter(|setting| setting[..2] == INITIAL_WINDOW_SIZE.to_be_bytes())
            {
                self.initial = u32::from_be_bytes(setting[2..].try_into().expect("four bytes")).into();
            }
            self.send(&frame(SETTINGS, ACK, 0, &[])).await.ok()?;
        }
        if head[3] == WINDOW_UPDATE {
            let more = i64::from(u32::from_be_bytes(payload[..4].try_into().expect("four bytes")));
            if stream == 0 { self.window += more } else { *self.more.entry(stream).or_default() += more }
        }
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// Waits until the other side's settings hold.
    pub(crate) async fn settle(&mut self) {
        while self.next().await.expect("settings").kind != SETTINGS {}
    }

    /// How many bytes may be sent on the streams of the connection together.
    pub(crate) fn connection_window(&self) -> i64 {
        self.window
    }

    /// How many bytes may be sent on a stream now.
    pub(crate) fn window(&self, stream: u32) -> i64 {
        self.window.min(self.initial + self.more.get(&stream).copied().unwrap_or(0))
    }

    /// Sends data that the windows have room for.
    pub(crate) async fn send_data(&mut self, stream: u32, data: &[u8]) -> std::io::Result<()> {
        let length = i64::try_from(data.len()).expect("a length");
        self.window -= length;
        *self.more.entry(stream).or_default() -= length;
        self.send(&frame(DATA, 0, stream, data)).await
    }

    /// Reads until the other side has closed.
    pub(crate) async fn closed(&mut self) {
        while self.next().await.is_some() {}
    }
}

/// A frame as it is sent.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that no table knows, as HPACK writes it (RFC 7541, section 6.2.2).
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0];
    for text in [name, value] {
        length(&mut header, text.len());
        header.extend(text.as_bytes());
    }
    header
}

/// A length in HPACK's prefix of seven bits.
fn length(out: &mut Vec<u8>, length: usize) {
    if length < 127 {
        out.push(u8::try_from(length).expect("seven bits"));
        return;
    }
    out.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        out.push(u8::try_from(rest % 128).expect("seven bits") | 128);
        rest /= 128;
    }
    out.push(u8::try_from(rest).expect("seven bits"));
}

/// The headers of a gRPC call.
pub(crate) fn call(path: &str, token: &str) -> Vec<u8> {
    [
        header(":method", "POST"),
        header(":scheme", "http"),
        header(":path", path),
        header(":authority", "localhost"),
        header("content-type", "application/grpc"),
        header("te", "trailers"),
        header("authorization", &format!("Bearer {token}")),
    ]
    .concat()
}

/// The headers of a plain request.
pub(crate) fn get(path: &str) -> Vec<u8> {
    [
        header(":method", "GET"),
        header(":scheme", "http"),
        header(":path", path),
        header(":authority", "localhost"),
    ]
    .concat()
}

/// An empty message as gRPC frames it.
pub(crate) const NOTHING: [u8; 5] = [0; 5];
