//! HTTP/2: many requests at once on one connection, each of them judged as if it were alone on one.
//!
//! The library below reads frames, refuses what is malformed by the standard (fields that belong to one
//! connection, names in upper case, a body that is not as long as announced) and keeps to the bounds that stand
//! here. What it takes and HTTP/1.1 would not is refused by [`head::settle`].

mod head;
mod lingering;
mod streams;

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
    server::conn::http2::{Builder, Connection},
    service::Service,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, Sleep, sleep_until},
};

use super::{Graceful, Limits, Witness};
use lingering::Lingering;
use streams::{Judges, Streams};

/// How many requests are open on one connection at most.
pub(crate) const STREAMS_MAX: u32 = 128;
/// How many streams that their client reset before we looked at them are borne with.
const RESETS_MAX: usize = 32;
/// How many streams that we had to reset are borne with.
const ERRORS_MAX: usize = 64;
/// How much of the body of one request is taken in before somebody reads it.
const STREAM_WINDOW: u32 = 256 << 10;
/// How much of all bodies of one connection.
const CONNECTION_WINDOW: u32 = 1 << 20;
/// How much of one answer waits for its client to read it.
const SEND_BYTES_MAX: usize = 64 << 10;
/// The longest frame that is taken.
const FRAME_BYTES_MAX: u32 = 16 << 10;
/// How many bytes of fields both sides remember, to refer to them.
const TABLE_BYTES_MAX: u32 = 4 << 10;
/// For how long a client that asks for nothing more is waited for once it knows that the connection ends.
const FAREWELL: Duration = Duration::from_secs(2);

pin_project! {
    /// A connection of HTTP/2 that is served.
    ///
    /// Ends when its client leaves, has had nothing open for too long, or does nothing but give up requests.
    pub(crate) struct Multiplexed<IO, S, B>
    where
        S: Service<Request<Incoming>, Response = Response<B>>,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        #[pin]
        connection: Connection<TokioIo<Lingering<IO>>, Judges<S>, TokioExecutor>,
        streams: Arc<Streams>,
        idle: Duration,
        ends: bool,
        timer: Pin<Box<Sleep>>,
    }
}

/// Serves the requests of `io`, whose client speaks HTTP/2, by `service`, none of them malformed.
pub(crate) fn multiplexed<IO, S, B>(
    io: IO,
    service: S,
    limits: Limits,
    witness: Arc<dyn Witness>,
) -> Multiplexed<IO, S, B>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let streams = Arc::new(Streams::new());
    let judges = Judges::new(service, limits, witness, Arc::clone(&streams));
    let connection = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(ERRORS_MAX)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .header_table_size(TABLE_BYTES_MAX)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        // A client that is gone without a word is noticed.
        .keep_alive_interval(limits.idle)
        .keep_alive_timeout(limits.head)
        .serve_connection(TokioIo::new(Lingering::new(io)), judges);
    let timer = Box::pin(sleep_until(after(limits.idle)));
    Multiplexed { connection, streams, idle: limits.idle, ends: false, timer }
}

/// So long from now: by the runtime's clock, by which nothing is decided.
fn after(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

impl<IO, S, B> Graceful for Multiplexed<IO, S, B>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        let this = self.project();
        if !*this.ends {
            *this.ends = true;
            this.connection.graceful_shutdown();
            this.timer.as_mut().reset(after(FAREWELL));
        }
    }
}

impl<IO, S, B> Future for Multiplexed<IO, S, B>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let this = self.as_mut().project();
            // How a connection ends is the peer's business.
            if this.connection.poll(cx).is_ready() || this.streams.is_flood() {
                return Poll::Ready(());
            }
            if this.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let patience = if *this.ends { FAREWELL } else { *this.idle };
            let quiet = this.streams.quiet();
            match patience.checked_sub(quiet.unwrap_or_default()) {
                Some(rest) if !rest.is_zero() => this.timer.as_mut().reset(after(rest)),
                _ if *this.ends => return Poll::Ready(()),
                _ => self.as_mut().graceful_shutdown(),
            }
        }
    }
}
