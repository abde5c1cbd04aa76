//! Bodies on their way through: never collected, never waited for without end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    HeaderMap,
    body::{Body, Frame, Incoming, SizeHint},
};
use tokio::time::Sleep;

use super::{
    flight::Flight,
    forward::{late::Late, second::Berth},
};
use crate::clock;

/// What a client is sent.
pub(crate) enum Payload {
    /// A text of ours.
    Text(Option<Bytes>),
    /// A message of ours, and what follows it.
    Message(Option<Bytes>, Option<HeaderMap>),
    /// What the origin sends.
    Stream(Paced),
}

/// A body that is passed on as it comes, and given up when its sender says nothing for too long.
///
/// Fields that come after it are left out, but for those that [`Late`] lets pass.
pub(crate) struct Paced {
    body: Incoming,
    idle: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    progress: Option<Arc<Progress>>,
    held: Option<Held>,
    late: Option<Box<Late>>,
}

/// The places that an answer has, at the gate and on a connection to the origin that others use too.
pub(crate) type Held = (Flight, Option<Berth>);

/// When something of a body last moved, and whether it was given up.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    moved_ms: AtomicU64,
    given_up: AtomicBool,
}

impl Progress {
    /// Something moved now.
    pub(crate) fn mark(&self) {
        self.moved_ms.store(clock::read().mono_ms, Ordering::Relaxed);
    }

    /// Whether the body was given up because its sender was silent.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// How long ago something last moved.
    pub(crate) fn quiet_ms(&self) -> u64 {
        clock::read().mono_ms.saturating_sub(self.moved_ms.load(Ordering::Relaxed))
    }
}

impl Paced {
    /// `body`, given up after it has been silent for `idle`.
    pub(crate) const fn new(body: Incoming, idle: Duration) -> Self {
        Self { body, idle, timer: None, progress: None, held: None, late: None }
    }

    /// Marks in `progress` whatever comes.
    pub(crate) fn marking(self, progress: Arc<Progress>) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Keeps `held` until the body has ended or is dropped.
    pub(crate) fn holding(self, held: Held) -> Self {
        Self { held: Some(held), ..self }
    }

    /// Lets of the fields after the body pass what `late` lets pass.
    pub(crate) fn ending_with(self, late: Option<Late>) -> Self {
        Self { late: late.map(Box::new), ..self }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        while let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.timer = None;
            if let Some(progress) = &self.progress {
                progress.mark();
            }
            match frame {
                Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
                Some(Ok(frame)) => {
                    if let Some(fields) = self.late(&frame) {
                        return Poll::Ready(Some(Ok(Frame::trailers(fields))));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(Gone::Broken(error)))),
                None => {
                    self.held = None;
                    return Poll::Ready(None);
                }
            }
        }
        let idle = self.idle;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
        ready!(timer.as_mut().poll(cx));
        if let Some(progress) = &self.progress {
            progress.given_up.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Some(Err(Gone::Silent)))
    }
}

impl Paced {
    /// What passes of the fields after the body; none if this is none of them.
    fn late(&self, frame: &Frame<Bytes>) -> Option<HeaderMap> {
        self.late.as_ref()?.passing(frame.trailers_ref()?)
    }
}

/// Why a body ended before its end.
#[derive(Debug)]
pub(crate) enum Gone {
    /// Its connection broke, or what came was no body.
    Broken(hyper::Error),
    /// Nothing came for too long.
    Silent,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Broken(_) => "the body broke off",
            Self::Silent => "nothing of the body came for too long",
        })
    }
}

impl std::error::Error for Gone {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::Silent => None,
        }
    }
}

impl From<Gone> for io::Error {
    fn from(gone: Gone) -> Self {
        Self::other(gone)
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Gone;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        self.poll_data(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Payload {
    /// A whole text.
    pub(crate) fn text(text: impl Into<Bytes>) -> Self {
        Self::Text(Some(text.into()).filter(|text| !text.is_empty()))
    }

    /// A message that `trailers` follow.
    pub(crate) const fn message(bytes: Bytes, trailers: HeaderMap) -> Self {
        Self::Message(Some(bytes), Some(trailers))
    }

    /// Nothing.
    pub(crate) const fn none() -> Self {
        Self::Text(None)
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Gone;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        match &mut *self {
            Self::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Message(bytes, trailers) => {
                let next = bytes.take().map(Frame::data);
                let next = next.or_else(|| trailers.take().map(Frame::trailers));
                Poll::Ready(next.map(Ok))
            }
            Self::Stream(paced) => paced.poll_data(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.is_none(),
            Self::Message(_, trailers) => trailers.is_none(),
            Self::Stream(paced) => paced.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Text(text) => {
                let len = text.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(len).unwrap_or(u64::MAX))
            }
            Self::Message(..) => SizeHint::default(),
            Self::Stream(paced) => paced.size_hint(),
        }
    }
}
