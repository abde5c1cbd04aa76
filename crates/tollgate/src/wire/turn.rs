//! Whose turn it is on a connection: the client's, to ask, or ours, to answer.
//!
//! [`StrictHead`](super::StrictHead) lets a head pass only when all answers before it have left. Only the service
//! knows when an answer has ended, so [`Turns`] stands around it and tells.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Frame, Incoming, SizeHint},
    service::Service,
};
use pin_project_lite::pin_project;

use super::{Witness, refusal, violation::Violation};

/// Whose turn it is, known to both ends of one connection.
#[derive(Debug, Default)]
pub(super) struct Turn {
    state: AtomicU8,
    broken: OnceLock<Violation>,
}

/// All answers have left: a request may come.
const IDLE: u8 = 0;
/// A request is being answered.
const ASKED: u8 = 1;
/// The same, and it asked for another protocol.
const ASKED_UPGRADE: u8 = 2;
/// The answer has been handed over, but may not have left yet.
const ENDED: u8 = 3;
/// From here on another protocol is spoken.
const SWITCHED: u8 = 4;

impl Turn {
    pub(super) fn is_idle(&self) -> bool {
        self.state.load(Ordering::Acquire) == IDLE
    }

    pub(super) fn has_switched(&self) -> bool {
        self.state.load(Ordering::Acquire) == SWITCHED
    }

    /// A request passes.
    pub(super) fn ask(&self, upgrade: bool) {
        self.state.store(if upgrade { ASKED_UPGRADE } else { ASKED }, Ordering::Release);
    }

    /// What was handed over has left. Says whether that ended an answer.
    pub(super) fn leave(&self) -> bool {
        self.state.compare_exchange(ENDED, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The request that is being answered turned out to be malformed.
    pub(super) fn break_off(&self, violation: Violation) {
        let _ = self.broken.set(violation);
    }

    pub(super) fn end(&self) {
        let ended = |state| matches!(state, ASKED | ASKED_UPGRADE).then_some(ENDED);
        let _ = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, ended);
    }

    fn switch(&self) {
        let _ = self.state.compare_exchange(
            ASKED_UPGRADE,
            SWITCHED,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
    }
}

/// A service that tells the other end of its connection when an answer has ended.
///
/// A request whose body turns out to be malformed before its answer has begun is answered as any other malformed
/// request is, whatever the service made of it.
pub(crate) struct Turns<S> {
    service: S,
    turn: Arc<Turn>,
    witness: Arc<dyn Witness>,
}

impl<S> Turns<S> {
    pub(super) const fn new(service: S, turn: Arc<Turn>, witness: Arc<dyn Witness>) -> Self {
        Self { service, turn, witness }
    }
}

impl<S, B> Service<Request<Incoming>> for Turns<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    B: Body<Data = Bytes>,
{
    type Response = Response<Answer<B>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (turn, witness) = (Arc::clone(&self.turn), Arc::clone(&self.witness));
        Answering { future: self.service.call(request), turn, witness }
    }
}

pin_project! {
    /// An answer on its way.
    pub(crate) struct Answering<F> {
        #[pin]
        future: F,
        turn: Arc<Turn>,
        witness: Arc<dyn Witness>,
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Answer<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = ready!(this.future.poll(cx));
        let ends = Ends(Arc::clone(this.turn));
        if let Some(&violation) = this.turn.broken.get() {
            let answer = violation.answer(&this.witness.refused(violation));
            let ours = |body| Answer { body: Part::Ours { body: Some(body) }, ends };
            return Poll::Ready(Ok(refusal::response(answer, ours)));
        }
        let response = answered?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            this.turn.switch();
        }
        Poll::Ready(Ok(response.map(|body| Answer { body: Part::Theirs { body }, ends })))
    }
}

pin_project! {
    /// The body of an answer: its end is the end of our turn.
    pub(crate) struct Answer<B> {
        #[pin]
        body: Part<B>,
        ends: Ends,
    }
}

pin_project! {
    #[project = PartProjected]
    enum Part<B> {
        Theirs { #[pin] body: B },
        Ours { body: Option<Bytes> },
    }
}

struct Ends(Arc<Turn>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<B: Body<Data = Bytes>> Body for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().body.project() {
            PartProjected::Theirs { body } => body.poll_frame(cx),
            PartProjected::Ours { body } => {
                Poll::Ready(body.take().map(|text| Ok(Frame::data(text))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Part::Theirs { body } => body.is_end_stream(),
            Part::Ours { body } => body.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Part::Theirs { body } => body.size_hint(),
            Part::Ours { body } => {
                let bytes = body.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(bytes).unwrap_or(u64::MAX))
            }
        }
    }
}
