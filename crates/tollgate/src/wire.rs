//! The wire: what a client must keep to before anybody reads its request.
//!
//! hyper takes heads that others read in another way: bare line feeds, a `Content-Length` besides a
//! `Transfer-Encoding`, a target with a fragment that it cuts off. Whoever stands before or behind the gate may see
//! other requests in the same bytes than we do, and pass one of them without a key. So the stream under hyper is a
//! [`StrictHead`]: it follows every request to its end and lets a head pass only when it is whole, can be read in one
//! way only, and all answers before it have left. What is refused gets a problem body and the end of its connection,
//! and hyper never sees it.
//!
//! ```text
//! // For each accepted stream; a TLS stream goes in the same way.
//! let mut connection = pin!(wire::connection(stream, service, limits, witness));
//! tokio::select! {
//!     _ = connection.as_mut() => return,
//!     () = stop.asked() => {}
//!     () = sleep(limits.age_max) => {}
//! }
//! connection.as_mut().graceful_shutdown();
//! let _ = timeout_at(ends, connection).await;
//! ```
//!
//! * `service` is any hyper service; its answers' bodies must be of [`Bytes`](bytes::Bytes).
//! * `witness` hears of every refusal, counts and logs it, and names the request.
//! * The two timeouts, and both bounds of a head, are kept here: hyper's own are off or wider.
//! * A 101 to a request that asked for an upgrade makes the stream transparent; nothing is to be told.
//! * At its end a connection throws away what its peer still sends, for two seconds at most, so that the peer reads
//!   the answer instead of a reset.
//! * What a client speaks is found out by [`opened`], or in the handshake of TLS. Over HTTP/2 there is nothing to be
//!   read in two ways in the bytes, but requests are held to the same rules, and streams have bounds of their own:
//!   [`multiplexed`] stands in the place of [`connection`] then.

/// The part of `AsyncWrite` in which a stream that is wrapped only for reading hands everything to its `io`.
macro_rules! writes_pass {
    () => {
        fn poll_write(
            mut self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::std::task::Context<'_>,
            bytes: &[u8],
        ) -> ::std::task::Poll<::std::io::Result<usize>> {
            ::std::pin::Pin::new(&mut self.io).poll_write(cx, bytes)
        }

        fn poll_write_vectored(
            mut self: ::std::pin::Pin<&mut Self>,
            cx: &mut ::std::task::Context<'_>,
            bytes: &[::std::io::IoSlice<'_>],
        ) -> ::std::task::Poll<::std::io::Result<usize>> {
            ::std::pin::Pin::new(&mut self.io).poll_write_vectored(cx, bytes)
        }

        fn is_write_vectored(&self) -> bool {
            self.io.is_write_vectored()
        }
    };
}
pub(crate) use writes_pass;

mod chunks;
mod framing;
mod h2;
mod head;
mod intake;
mod opening;
mod pace;
mod refusal;
mod strict;
mod syntax;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod turn;
mod violation;

use std::{error::Error, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
    server::conn::http1::{Builder, UpgradeableConnection},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use h2::multiplexed;
pub(crate) use opening::{Opened, Replayed, opened};
pub(crate) use refusal::written;
pub(crate) use strict::StrictHead;
pub(crate) use turn::Turns;
pub(crate) use violation::Violation;

/// What one connection may ask of us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a head may take from its first byte on.
    pub(crate) head: Duration,
    /// How long a connection may wait for a request.
    pub(crate) idle: Duration,
    /// The most bytes of a head.
    pub(crate) head_bytes_max: usize,
    /// The most fields of a head.
    pub(crate) fields_max: usize,
}

/// Who hears of refusals.
pub(crate) trait Witness: Send + Sync {
    /// A request was refused for its `violation`. Returns the id by which the answer names it.
    ///
    /// Called at most once for a connection of HTTP/1, and once for each request that is refused over HTTP/2.
    fn refused(&self, violation: Violation) -> String;
}

/// Serves the requests of `io` by `service`, none of them malformed.
pub(crate) fn connection<IO, S, B>(
    io: IO,
    service: S,
    limits: Limits,
    witness: Arc<dyn Witness>,
) -> UpgradeableConnection<TokioIo<StrictHead<IO>>, Turns<S>>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send,
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let turn = Arc::default();
    let stream = StrictHead::new(io, limits, Arc::clone(&turn), Arc::clone(&witness));
    Builder::new()
        .header_read_timeout(None)
        .max_headers(limits.fields_max)
        .max_buf_size(limits.head_bytes_max.max(HTTP_BUFFER_MIN))
        .serve_connection(TokioIo::new(stream), Turns::new(service, turn, witness))
        .with_upgrades()
}

/// A connection that can be asked to end.
pub(crate) trait Graceful: Future {
    /// Takes no further request, and ends when what is under way has.
    fn graceful_shutdown(self: Pin<&mut Self>);
}

impl<IO, S, B> Graceful for UpgradeableConnection<TokioIo<StrictHead<IO>>, Turns<S>>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

/// The least that hyper takes for a buffer.
const HTTP_BUFFER_MIN: usize = 8_192;
