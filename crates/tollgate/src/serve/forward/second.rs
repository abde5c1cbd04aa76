//! An origin of HTTP/2, spoken to in it without asking first: many requests share a connection.

use std::{
    error::Error,
    future::poll_fn,
    io::{self, ErrorKind},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http2::{Builder, Connection, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{sync::Mutex as Turnstile, time::timeout};
use tollgate_http::answer::Trouble;

use super::{
    super::body::Payload,
    dial::{self, Dial},
    line::{Turn, Turns},
    trouble,
};
use crate::config::{Origin, Server};

/// How many requests are put on one connection, unless the origin takes fewer.
const STREAMS_MAX: usize = 100;
/// How many are put on the first one, whose origin has yet to say how many it takes. All but one wait until it has.
const STREAMS_FIRST: usize = 16;
/// How many are sent before it has said so, on any.
const STREAMS_UNASKED: usize = 1;
/// How many connections are tried for a request that none of them takes any more.
const TRIES_MAX: usize = 4;
/// How many connections there are at most.
const LINES_MAX: usize = 1_024;
/// How much of one answer is taken in before its client reads it.
const STREAM_WINDOW: u32 = 64 << 10;
/// How much of all answers on one connection: no client that does not read keeps another from its answer.
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;
/// The longest head of an answer.
const HEAD_BYTES_MAX: u32 = 64 << 10;
/// How much of one request waits for the origin to read it.
const SEND_BYTES_MAX: usize = 64 << 10;

type Sender = SendRequest<Payload>;
type Driven = Connection<TokioIo<dial::Line>, Payload, TokioExecutor>;

/// The connections.
pub(super) struct Second {
    dial: Dial,
    to: Uri,
    /// For how long one is kept that nobody needs.
    idle: Duration,
    lines: Arc<Mutex<Vec<Line>>>,
    most: Arc<AtomicUsize>,
    turns: Turns,
    /// Held by whoever connects: the others wait, and take what comes of it.
    connecting: Turnstile<()>,
    failed: Mutex<Failed>,
}

/// How often connecting has failed, and how it did last.
#[derive(Clone, Copy)]
struct Failed {
    count: u64,
    last: Trouble,
}

struct Line {
    sender: Sender,
    known: Arc<Known>,
}

/// What is known of one connection.
struct Known {
    made: Turn,
    /// How many requests are on it.
    load: AtomicUsize,
    /// How many may be, as the origin last said on any connection.
    most: Arc<AtomicUsize>,
    /// Whether one has been put on it lately.
    used: AtomicBool,
}

/// The place of a request on its connection, until its answer has ended.
pub(crate) struct Berth(Arc<Known>);

impl Drop for Berth {
    fn drop(&mut self) {
        self.0.load.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Line {
    fn is_free(&self) -> bool {
        let Known { load, most, .. } = &*self.known;
        load.load(Ordering::Relaxed) < most.load(Ordering::Relaxed)
    }

    fn take(&self) -> (Sender, Berth) {
        self.known.load.fetch_add(1, Ordering::Relaxed);
        self.known.used.store(true, Ordering::Relaxed);
        (self.sender.clone(), Berth(Arc::clone(&self.known)))
    }
}

impl Second {
    /// Those to `origin`; nothing is connected yet.
    pub(super) fn new(origin: &Origin, dial: Dial) -> anyhow::Result<Self> {
        let Server { tls, authority } = &origin.server;
        let to = format!("{}://{authority}/", dial::scheme(*tls)).parse();
        let to = to.context("the origin's authority")?;
        Ok(Self {
            dial,
            to,
            idle: origin.idle_timeout,
            lines: Arc::default(),
            most: Arc::new(AtomicUsize::new(STREAMS_FIRST)),
            turns: Turns::default(),
            connecting: Turnstile::default(),
            failed: Mutex::new(Failed { count: 0, last: Trouble::OriginUnreachable }),
        })
    }

    /// Sends `request`; if that met a connection which the origin was closing, once more on a later one: the same
    /// if the origin never got it, and what `again` gives if it did not say anything.
    ///
    /// # Errors
    ///
    /// When the origin gives no answer.
    pub(super) async fn send(
        &self,
        request: Request<Payload>,
        again: impl FnOnce() -> Option<Request<Payload>>,
    ) -> Result<(Response<Incoming>, Berth), Trouble> {
        let (mut request, mut again) = (request, Some(again));
        let (mut after, mut failed) = (None, Trouble::OriginUnreachable);
        for _ in 0..TRIES_MAX {
            let begun = self.turns.begin();
            let (mut sender, berth) = self.line(after).await?;
            let mut error = match sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, berth)),
                Err(error) => error,
            };
            failed = trouble(error.error());
            let unsent = error.take_message();
            let closing = berth.0.made <= begun && was_closing(error.error());
            // Once at most; what was never sent has had no try.
            let repeated = || again.take_if(|_| closing).and_then(|again| again());
            request = unsent.or_else(repeated).ok_or(failed)?;
            after = Some(begun);
        }
        Err(failed)
    }

    /// A connection with room, made later than `after`.
    async fn line(&self, after: Option<Turn>) -> Result<(Sender, Berth), Trouble> {
        if let Some(taken) = self.take(after) {
            return Ok(taken);
        }
        let before = self.failed().count;
        let _connecting = self.connecting.lock().await;
        if let Some(taken) = self.take(after) {
            return Ok(taken);
        }
        let Failed { count, last } = *self.failed();
        if count != before {
            return Err(last);
        }
        self.connect().await.inspect_err(|&last| {
            let mut failed = self.failed();
            *failed = Failed { count: failed.count.wrapping_add(1), last };
        })
    }

    fn take(&self, after: Option<Turn>) -> Option<(Sender, Berth)> {
        let mut lines = locked(&self.lines);
        lines.retain(|line| !line.sender.is_closed());
        let later = |line: &&Line| after.is_none_or(|after| line.known.made > after);
        lines.iter().filter(later).find(|line| line.is_free()).map(Line::take)
    }

    async fn connect(&self) -> Result<(Sender, Berth), Trouble> {
        if locked(&self.lines).len() >= LINES_MAX {
            return Err(Trouble::OriginUnreachable);
        }
        let connected = self.dial.clone().connect(self.to.clone()).await;
        let stream = TokioIo::new(connected.map_err(|error| trouble(&error))?);
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_max_send_streams(STREAMS_UNASKED)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEAD_BYTES_MAX)
            .max_send_buf_size(SEND_BYTES_MAX);
        let shaken = builder.handshake(stream).await;
        let (sender, connection) = shaken.map_err(|error| trouble(&error))?;
        let known = Arc::new(Known {
            made: self.turns.now(),
            load: AtomicUsize::new(0),
            most: Arc::clone(&self.most),
            used: AtomicBool::new(true),
        });
        let line = Line { sender, known: Arc::clone(&known) };
        let taken = line.take();
        locked(&self.lines).push(line);
        tokio::spawn(tend(connection, known, Arc::downgrade(&self.lines), self.idle));
        Ok(taken)
    }

    fn failed(&self) -> MutexGuard<'_, Failed> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn locked(lines: &Mutex<Vec<Line>>) -> MutexGuard<'_, Vec<Line>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drives a connection until it ends, and forgets it once nobody has needed it for `idle`.
async fn tend(
    connection: Driven,
    known: Arc<Known>,
    lines: Weak<Mutex<Vec<Line>>>,
    idle: Duration,
) {
    let mut connection = pin!(connection);
    loop {
        let driven = poll_fn(|cx| {
            let ended = connection.as_mut().poll(cx);
            let most = connection.current_max_send_streams().min(STREAMS_MAX);
            // What it has not said yet is not known. Where there is room for one, the others wait for that.
            if most > STREAMS_UNASKED {
                known.most.store(most, Ordering::Relaxed);
            }
            ended
        });
        if timeout(idle, driven).await.is_ok() {
            return;
        }
        let Some(lines) = lines.upgrade() else { continue };
        let mut lines = locked(&lines);
        if !known.used.swap(false, Ordering::Relaxed) && known.load.load(Ordering::Relaxed) == 0 {
            // Whoever has been given it is done, so it ends by itself.
            lines.retain(|line| !Arc::ptr_eq(&line.known, &known));
        }
    }
}

/// Whether `error` says that the origin was closing the connection, and did nothing about the request or said
/// nothing of it.
fn was_closing(error: &hyper::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let reason = error.reason();
            let gone = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
            let refused = error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (gone || refused);
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return BROKEN.contains(&error.kind());
        }
        cause = error.source();
    }
    false
}

/// What is heard of a connection that the other side has closed.
const BROKEN: [ErrorKind; 4] = [
    ErrorKind::BrokenPipe,
    ErrorKind::ConnectionAborted,
    ErrorKind::ConnectionReset,
    ErrorKind::UnexpectedEof,
];
