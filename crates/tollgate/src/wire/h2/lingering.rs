//! A stream at whose end the peer gets to read what it was sent last.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::refusal::Ending;

/// Throws away what its peer still sends once it has been shut down.
///
/// A client acknowledges all it is sent. Closed at once, what of that has not been read would make the peer's
/// system drop the last answer.
pub(crate) struct Lingering<IO> {
    io: IO,
    ending: Option<Ending>,
}

impl<IO> Lingering<IO> {
    pub(super) const fn new(io: IO) -> Self {
        Self { io, ending: None }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Lingering<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, out)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<IO> {
    crate::wire::writes_pass!();

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, ending } = &mut *self;
        ready!(ending.get_or_insert_with(|| Ending::quietly(true)).poll(io, cx));
        Poll::Ready(Ok(()))
    }
}
