//! One connection to the origin, which remembers whether anything has been heard since something was last said.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use hyper::{Uri, http::Extensions};
use hyper_util::{
    client::legacy::{
        Error,
        connect::{Connected, Connection},
    },
    rt::TokioIo,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use super::dial::{self, Dial};

/// Connects as a [`Dial`] does.
#[derive(Clone)]
pub(super) struct Connector {
    inner: Dial,
    turns: Turns,
}

/// In which order requests began and connections were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<AtomicU64>);

/// When something began, among all that has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn(u64);

impl Turns {
    /// A request begins.
    pub(super) fn begin(&self) -> Turn {
        Turn(self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// What is made now comes after every request that has begun.
    pub(super) fn now(&self) -> Turn {
        Turn(self.0.load(Ordering::Relaxed))
    }
}

/// What is known of one connection.
#[derive(Clone, Debug)]
struct Known(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    made: Turn,
    /// Whether anything has come since something was last sent.
    heard: AtomicBool,
    /// Whether anything has ever come.
    served: AtomicBool,
}

/// Whether `error` is that of a connection which had been made before `begun` or has served another request since,
/// and on which nothing was heard of an answer: the origin has closed it while nobody needed it, and the request met
/// that.
pub(super) fn was_closing(error: &Error, begun: Turn) -> bool {
    let Some(connected) = error.connect_info() else { return false };
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    extras.get::<Known>().is_some_and(|Known(memory)| {
        let kept = memory.made <= begun || memory.served.load(Ordering::Relaxed);
        kept && !memory.heard.load(Ordering::Relaxed)
    })
}

impl Connector {
    /// Connects by `inner`; `turns` are those of the requests.
    pub(super) const fn new(inner: Dial, turns: Turns) -> Self {
        Self { inner, turns }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Line>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connecting, turns) = (self.inner.clone().connect(to), self.turns.clone());
        Box::pin(async move {
            let io = connecting.await?;
            let (heard, served) = (AtomicBool::new(false), AtomicBool::new(false));
            let memory = Memory { made: turns.now(), heard, served };
            Ok(TokioIo::new(Line { io, known: Known(Arc::new(memory)) }))
        })
    }
}

/// The connection itself.
pub(super) struct Line {
    io: dial::Line,
    known: Known,
}

impl Line {
    fn heard(&self, whether: bool) {
        self.known.0.heard.store(whether, Ordering::Relaxed);
    }
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.known.clone())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = room.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, room))?;
        if room.filled().len() > before {
            self.heard(true);
            self.known.0.served.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.heard(false);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bytes))?;
        self.heard(false);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
