//! A switched connection: bytes pass both ways until either side ends, is silent for too long, or is too old.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional},
    time::sleep_until,
};

use super::{
    super::{body::Progress, doors::Visit},
    within,
};

/// Joins both sides. The place of the client's connection is taken until this ends: `visit` holds it.
pub(super) async fn join(client: OnUpgrade, origin: OnUpgrade, visit: Visit) {
    let ages = visit.ages;
    let progress = Arc::new(Progress::default());
    progress.mark();
    let moved = Arc::clone(&progress);
    let joined = async move {
        let (client, origin) = tokio::try_join!(client, origin).map_err(io::Error::other)?;
        // Whatever passes, passes here.
        let mut client = Marked { io: TokioIo::new(client), moved };
        copy_bidirectional(&mut client, &mut TokioIo::new(origin)).await
    };
    tokio::select! {
        // How a tunnel ends is a matter of its two ends.
        _ = within(joined, visit.idle, &progress) => {}
        () = sleep_until(ages) => {}
    }
}

/// One side of a tunnel, which marks whatever moves.
struct Marked<IO> {
    io: IO,
    moved: Arc<Progress>,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Marked<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_read(cx, room))?;
        self.moved.mark();
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Marked<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.moved.mark();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
