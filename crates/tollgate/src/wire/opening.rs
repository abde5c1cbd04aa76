//! The first bytes of a connection: which version of HTTP its client speaks, having been told nothing.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    time::timeout,
};

use super::Limits;

/// What a client of HTTP/2 says before anything else. No request of HTTP/1 starts with its first three bytes.
const PREFACE: &[u8; PREFACE_BYTES] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PREFACE_BYTES: usize = 24;

/// A connection whose client has begun to speak.
pub(crate) struct Opened<IO> {
    /// Everything that the client says, from its first byte on.
    pub(crate) stream: Replayed<IO>,
    /// Whether it speaks HTTP/2.
    pub(crate) is_second: bool,
    /// What is left of what it may ask of us.
    pub(crate) limits: Limits,
}

/// Listens to the client until its version is known; none if it is gone, or silent for too long.
pub(crate) async fn opened<IO: AsyncRead + Unpin>(io: IO, limits: Limits) -> Option<Opened<IO>> {
    let mut stream = Replayed { io, said: [0; PREFACE_BYTES], given: 0, heard: 0 };
    if timeout(limits.idle, stream.hear()).await.ok()?.ok()? == 0 {
        return None;
    }
    let rest = async {
        while stream.is_preface_so_far() && stream.heard < PREFACE_BYTES {
            if stream.hear().await? == 0 {
                break;
            }
        }
        Ok::<_, io::Error>(())
    };
    let in_time = timeout(limits.head, rest).await;
    let mut limits = limits;
    match in_time {
        Ok(heard) => heard.ok()?,
        // Its time for a head is over: that is said in the only language it may understand.
        Err(_) => limits.head = Duration::ZERO,
    }
    let is_second = stream.is_preface_so_far() && stream.heard == PREFACE_BYTES;
    Some(Opened { stream, is_second, limits })
}

/// A stream of which the first bytes have been looked at.
pub(crate) struct Replayed<IO> {
    io: IO,
    said: [u8; PREFACE_BYTES],
    given: usize,
    heard: usize,
}

impl<IO> Replayed<IO> {
    /// A stream of which nothing has been looked at.
    pub(crate) const fn new(io: IO) -> Self {
        Self { io, said: [0; PREFACE_BYTES], given: 0, heard: 0 }
    }

    fn is_preface_so_far(&self) -> bool {
        let heard = self.said.get(..self.heard).unwrap_or_default();
        PREFACE.starts_with(heard)
    }
}

impl<IO: AsyncRead + Unpin> Replayed<IO> {
    async fn hear(&mut self) -> io::Result<usize> {
        let room = self.said.get_mut(self.heard..).unwrap_or_default();
        let count = self.io.read(room).await?;
        self.heard = self.heard.saturating_add(count);
        Ok(count)
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Replayed<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.given == self.heard {
            return Pin::new(&mut self.io).poll_read(cx, out);
        }
        let held = self.said.get(self.given..self.heard).unwrap_or_default();
        let count = held.len().min(out.remaining());
        out.put_slice(held.get(..count).unwrap_or_default());
        self.given = self.given.saturating_add(count);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Replayed<IO> {
    crate::wire::writes_pass!();

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
