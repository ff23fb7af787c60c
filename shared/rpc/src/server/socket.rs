//! The socket of a connection: it gives up on a peer who takes nothing, and reads less often from one whose
//! calls are refused for their number.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// For how long nothing is read after a refusal: what comes meanwhile is read at once then, and answered at
/// once, which costs a fraction of one by one. Less than a caller waits who is let in.
const PAUSE: Duration = Duration::from_millis(10);

/// A stream that fails once a write has waited for longer than the limit.
pub(super) struct Socket {
    stream: TcpStream,
    limit: Duration,
    /// Made when a write first waits.
    timer: Option<Pin<Box<Sleep>>>,
    waits: bool,
    /// Whether a call was refused for the number of calls since that was last looked at.
    crowded: Arc<AtomicBool>,
    /// Made when a call is first refused.
    pause: Option<Pin<Box<Sleep>>>,
    pauses: bool,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, limit: Duration, crowded: Arc<AtomicBool>) -> Self {
        Self { stream, limit, timer: None, waits: false, crowded, pause: None, pauses: false }
    }

    /// Waits until it may be read.
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.pauses {
            if !self.crowded.load(Ordering::Relaxed) || !self.crowded.swap(false, Ordering::Relaxed) {
                return Poll::Ready(());
            }
            let until = Instant::now() + PAUSE;
            let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
            pause.as_mut().reset(until);
            self.pauses = true;
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
        }
        self.pauses = false;
        Poll::Ready(())
    }

    fn watched<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = false;
            return written;
        }
        let until = Instant::now() + self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if !self.waits {
            self.waits = true;
            timer.as_mut().reset(until);
        }
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_readable(cx));
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, data);
        self.watched(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.watched(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn is_readable(socket: &mut Socket) -> bool {
        poll_fn(|cx| Poll::Ready(socket.poll_readable(cx).is_ready())).await
    }

    #[tokio::test]
    async fn after_a_refusal_what_comes_is_read_a_moment_later_and_all_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut peer = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connected");
        let (stream, _) = listener.accept().await.expect("accepted");
        let crowded = Arc::<AtomicBool>::default();
        let mut socket = Socket::new(stream, Duration::from_secs(1), crowded.clone());
        assert!(is_readable(&mut socket).await, "nobody was refused");

        crowded.store(true, Ordering::Relaxed);
        assert!(!is_readable(&mut socket).await, "a call was refused");
        peer.write_all(b"one").await.expect("written");
        peer.write_all(b"two").await.expect("written");
        let mut buffer = [0; 16];
        assert_eq!(socket.read(&mut buffer).await.expect("read"), 6, "both");
        assert!(is_readable(&mut socket).await, "nobody was refused since");
    }
}
