//! The streams of one connection: how many are open, since when none is, and how many were given up.

use std::{
    error::Error,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    header::HeaderValue,
    service::Service,
};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::{
    super::{Limits, Witness, violation::Violation},
    head::settle,
};

/// How many requests a client may give up before their answers have ended, if those are most of its requests.
///
/// Each was judged, and may have reached the origin: it costs us much, and the client nothing.
const ABANDONED_MAX: u64 = 100;

/// What is known of the streams of one connection, at both of its ends.
#[derive(Debug)]
pub(super) struct Streams(Mutex<Counted>);

#[derive(Clone, Copy, Debug)]
struct Counted {
    open: usize,
    /// When one was last opened or closed.
    since: Instant,
    asked: u64,
    abandoned: u64,
}

impl Streams {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Counted { open: 0, since: Instant::now(), asked: 0, abandoned: 0 }))
    }

    /// For how long none has been open; none while one is.
    pub(super) fn quiet(&self) -> Option<Duration> {
        let counted = self.lock();
        (counted.open == 0).then(|| counted.since.elapsed())
    }

    /// Whether the client asks only to give up.
    pub(super) fn is_flood(&self) -> bool {
        let Counted { asked, abandoned, .. } = *self.lock();
        abandoned > ABANDONED_MAX && abandoned.saturating_mul(2) > asked
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open stream.
struct Ticket {
    streams: Arc<Streams>,
    /// Whether its answer has ended.
    answered: bool,
}

impl Ticket {
    fn new(streams: &Arc<Streams>) -> Self {
        let mut counted = streams.lock();
        counted.open = counted.open.saturating_add(1);
        counted.asked = counted.asked.saturating_add(1);
        drop(counted);
        Self { streams: Arc::clone(streams), answered: false }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counted = self.streams.lock();
        counted.open = counted.open.saturating_sub(1);
        counted.since = Instant::now();
        if !self.answered {
            counted.abandoned = counted.abandoned.saturating_add(1);
        }
    }
}

/// A service that only sees requests that can be read in one way, and that are counted while they are open.
pub(crate) struct Judges<S> {
    service: S,
    limits: Limits,
    witness: Arc<dyn Witness>,
    streams: Arc<Streams>,
}

impl<S> Judges<S> {
    pub(super) const fn new(
        service: S,
        limits: Limits,
        witness: Arc<dyn Witness>,
        streams: Arc<Streams>,
    ) -> Self {
        Self { service, limits, witness, streams }
    }

    fn refusal<B>(&self, violation: Violation, method: &Method) -> Response<Told<B>> {
        let answer = violation.answer(&self.witness.refused(violation));
        let body = if method == Method::HEAD { String::new() } else { answer.body };
        let mut response = Response::new(Either::Right(Full::new(Bytes::from(body))));
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
        for (name, value) in answer.fields {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// What the service says, or what is said in its place.
type Told<B> = Either<B, Full<Bytes>>;

impl<S, B> Service<Request<Incoming>> for Judges<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Counting<Told<B>>>;
    type Error = S::Error;
    type Future = Answering<S::Future, B>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let ticket = Some(Ticket::new(&self.streams));
        let (mut head, body) = request.into_parts();
        match settle(&mut head, &self.limits) {
            Ok(()) => {
                let future = self.service.call(Request::from_parts(head, body));
                Answering { stage: Stage::Asked { future }, ticket }
            }
            Err(violation) => {
                let refusal = Some(self.refusal(violation, &head.method));
                Answering { stage: Stage::Refused { refusal }, ticket }
            }
        }
    }
}

pin_project! {
    /// An answer on its way.
    pub(crate) struct Answering<F, B> {
        #[pin]
        stage: Stage<F, B>,
        ticket: Option<Ticket>,
    }
}

pin_project! {
    #[project = StageProjected]
    enum Stage<F, B> {
        Asked { #[pin] future: F },
        Refused { refusal: Option<Response<Told<B>>> },
    }
}

impl<F, B, E> Future for Answering<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<Response<Counting<Told<B>>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.stage.project() {
            StageProjected::Asked { future } => ready!(future.poll(cx))?.map(Either::Left),
            StageProjected::Refused { refusal } => match refusal.take() {
                Some(refusal) => refusal,
                // Polled again after it was ready, which nobody does.
                None => return Poll::Pending,
            },
        };
        let ticket = this.ticket.take();
        Poll::Ready(Ok(response.map(|body| Counting::new(body, ticket))))
    }
}

pin_project! {
    /// The body of an answer: its end is the end of its stream.
    pub(crate) struct Counting<B> {
        #[pin]
        body: B,
        ticket: Option<Ticket>,
    }
}

impl<B: Body<Data = Bytes>> Counting<B> {
    fn new(body: B, mut ticket: Option<Ticket>) -> Self {
        if let Some(ticket) = ticket.as_mut().filter(|_| body.is_end_stream()) {
            ticket.answered = true;
        }
        Self { body, ticket }
    }
}

impl<B: Body<Data = Bytes>> Body for Counting<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        let ended = !matches!(frame, Some(Ok(_))) || this.body.is_end_stream();
        if let Some(ticket) = this.ticket.as_mut().filter(|_| ended) {
            ticket.answered = true;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
