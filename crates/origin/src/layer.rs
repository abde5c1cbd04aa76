//! The layer of tower: for axum, hyper, tonic and whatever else speaks `http::Request`.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, Version};
use http_body::Body;
use http_body_util::{Either, Full};
use pin_project_lite::pin_project;
use tokio::{sync::futures::OwnedNotified, time::Timeout};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Identity, Problem, Reason, Verifier,
    identity::{Admitted, Told},
    verifier::{Judged, Question, token_of},
};

/// Puts a [`Guard`] in front of a service.
#[derive(Clone, Debug)]
pub struct GuardLayer {
    verifier: Verifier,
}

/// Serves nobody whose identity the gate has not signed for this origin.
///
/// What is served has its identity among the request's extensions: [`Identity::of`] finds it.
#[derive(Clone, Debug)]
pub struct Guard<S> {
    inner: S,
    verifier: Verifier,
}

impl GuardLayer {
    pub(crate) const fn new(verifier: Verifier) -> Self {
        Self { verifier }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, verifier: self.verifier.clone() }
    }
}

impl<S, B, R> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: Body<Data = Bytes>,
{
    type Response = Response<Either<Full<Bytes>, R>>;
    type Error = S::Error;
    type Future = Admission<S, B, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let stage = match self.verifier.judge(&request) {
            Ok(Stood::Anybody) => {
                let asked = self.verifier.asked(fields(request.headers()), method(&request));
                request.extensions_mut().insert(Admitted::Anybody(asked));
                Stage::Serving { answer: self.inner.call(request) }
            }
            Ok(Stood::Judged(Judged::Known(told))) => {
                self.verifier.admit_as(told, &mut request);
                Stage::Serving { answer: self.inner.call(request) }
            }
            Ok(Stood::Judged(Judged::Wait(wait))) => {
                // The one that said it is ready is the one to call.
                let next = self.inner.clone();
                let inner = mem::replace(&mut self.inner, next);
                let held = (inner, self.verifier.clone(), request);
                Stage::Waiting { wait, held: Some(Box::new(held)) }
            }
            Err(reason) => Stage::Refused { problem: Some(self.verifier.refuse(reason, &request)) },
        };
        Admission { stage }
    }
}

pin_project! {
    /// The answer of a service behind a [`Guard`], or the guard's own.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Admission<S, B, F> {
        #[pin]
        stage: Stage<S, B, F>,
    }
}

pin_project! {
    #[project = At]
    enum Stage<S, B, F> {
        /// Keys are under way.
        Waiting { #[pin] wait: Timeout<OwnedNotified>, held: Option<Box<(S, Verifier, Request<B>)>> },
        /// The service answers.
        Serving { #[pin] answer: F },
        /// Nobody is served.
        Refused { problem: Option<Problem> },
    }
}

impl<S, B, R> Future for Admission<S, B, S::Future>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body<Data = Bytes>,
{
    type Output = Result<Response<Either<Full<Bytes>, R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            let next = match stage.as_mut().project() {
                At::Serving { answer } => {
                    return Poll::Ready(Ok(ready!(answer.poll(cx))?.map(Either::Right)));
                }
                At::Refused { problem } => {
                    let problem = problem.take().unwrap_or_else(Problem::internal);
                    return Poll::Ready(Ok(problem.into_response().map(Either::Left)));
                }
                At::Waiting { wait, held } => {
                    // In time or not: what is there then is what counts.
                    drop(ready!(wait.poll(cx)));
                    match held.take() {
                        Some(held) => at_last(*held),
                        None => Stage::Refused { problem: None },
                    }
                }
            };
            stage.set(next);
        }
    }
}

/// What becomes of a request after it has waited.
fn at_last<S, B>(held: (S, Verifier, Request<B>)) -> Stage<S, B, S::Future>
where
    S: Service<Request<B>>,
{
    let (mut inner, verifier, mut request) = held;
    let judged = token_of(fields(request.headers()))
        .and_then(|token| verifier.0.judge_at_last(question(token, &request)));
    match judged {
        Ok(told) => {
            verifier.admit_as(told, &mut request);
            Stage::Serving { answer: inner.call(request) }
        }
        Err(reason) => Stage::Refused { problem: Some(verifier.refuse(reason, &request)) },
    }
}

/// Where a request stands.
enum Stood {
    /// Its path is public.
    Anybody,
    /// Its token was looked at.
    Judged(Judged),
}

impl Verifier {
    fn judge<B>(&self, request: &Request<B>) -> Result<Stood, Reason> {
        if self.0.is_public(path(request)) {
            return Ok(Stood::Anybody);
        }
        let token = token_of(fields(request.headers()))?;
        self.0.judge(question(token, request)).map(Stood::Judged)
    }

    fn admit_as<B>(&self, told: Arc<Told>, request: &mut Request<B>) {
        let asked = self.asked(fields(request.headers()), method(request));
        request.extensions_mut().insert(Admitted::Known(Identity::new(told, asked)));
    }

    fn refuse<B>(&self, reason: Reason, request: &Request<B>) -> Problem {
        self.asked(fields(request.headers()), method(request)).refuse(reason)
    }
}

fn question<'a, B>(token: &'a [u8], request: &'a Request<B>) -> Question<'a> {
    Question { token, method: method(request), path: path(request).as_bytes() }
}

fn fields(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

fn method<B>(request: &Request<B>) -> &[u8] {
    request.method().as_str().as_bytes()
}

/// The path as it was sent; empty, which is no path of a binding, where the target is more than that.
///
/// HTTP/2 names host and path apart. In HTTP/1 a target with a host in it is another text than its path.
fn path<B>(request: &Request<B>) -> &str {
    let uri = target(request);
    let is_more = request.version() < Version::HTTP_2 && uri.authority().is_some();
    if is_more { "" } else { uri.path() }
}

#[cfg(feature = "axum")]
fn target<B>(request: &Request<B>) -> &Uri {
    // A nested router has taken its own part off.
    crate::axum::original(request.extensions()).unwrap_or_else(|| request.uri())
}

#[cfg(not(feature = "axum"))]
fn target<B>(request: &Request<B>) -> &Uri {
    request.uri()
}
