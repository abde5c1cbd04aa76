//! The gate as a tower layer in front of a Lambda function that speaks HTTP: for teams without authorizers of API Gateway.
//!
//! Unlike an authorizer it is what the client speaks to, so every refusal has its own status and body, keys are taken from what
//! the function sees, and the path that is judged is the path that is seen.
//!
//! ```no_run
//! use lambda_http::{Body, Error, Request, Response, run, service_fn, tower::ServiceBuilder};
//! use tollgate_lambda::{Dynamo, Environment, Log};
//! use tollgate_lambda_layer::Protect;
//!
//! # async fn serve() -> Result<(), Error> {
//! let (environment, log) = (Environment::of_process(), Log::of_process());
//! let stores = Dynamo::new(&environment, log.clone())?;
//! let protect = Protect::new(&environment, None, stores, log)?;
//! let orders = service_fn(|request: Request| async move {
//!     let who = request.headers().get("tollgate-identity").cloned();
//!     Ok::<_, Error>(Response::new(Body::from(format!("{who:?}"))))
//! });
//! run(ServiceBuilder::new().layer(protect).service(orders)).await
//! # }
//! ```
#![forbid(unsafe_code)]

mod crossing;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use lambda_http::{
    Body, Request, RequestExt, Response,
    http::StatusCode,
    request::RequestContext,
    tower::{Layer, Service},
};
use tokio::sync::Mutex;
use tollgate_core::network::Address;
use tollgate_gate::{Judged, Passage, Question};
use tollgate_http::{
    answer::{Answer, Invalid, Trouble},
    path::{self, Target},
    reserved,
};
use tollgate_lambda::{Environment, Gate, Log, Patience, Place, Settings, StartError, Stores};

/// A layer that lets requests pass whose key may.
#[derive(Debug)]
pub struct Protect<T> {
    gate: Arc<Mutex<Gate<T>>>,
}

impl<T> Clone for Protect<T> {
    fn clone(&self) -> Self {
        Self { gate: Arc::clone(&self.gate) }
    }
}

impl<T: Stores> Protect<T> {
    /// What `environment` says, with `secrets` where it does not hold them, over `stores`.
    ///
    /// # Errors
    ///
    /// When something is missing or wrong. A function that goes on without this layer is not protected: end it.
    pub fn new(
        environment: &Environment,
        secrets: Option<&str>,
        stores: T,
        log: Log,
    ) -> Result<Self, StartError> {
        let settings = Settings::read(environment, secrets)?;
        Ok(Self { gate: Arc::new(Mutex::new(Gate::new(settings, stores, log)?)) })
    }
}

impl<T, S> Layer<S> for Protect<T> {
    type Service = Protected<T, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Protected { protect: self.clone(), inner }
    }
}

/// A service behind [`Protect`].
#[derive(Debug)]
pub struct Protected<T, S> {
    protect: Protect<T>,
    inner: S,
}

impl<T, S: Clone> Clone for Protected<T, S> {
    fn clone(&self) -> Self {
        Self { protect: self.protect.clone(), inner: self.inner.clone() }
    }
}

impl<T, S> Service<Request> for Protected<T, S>
where
    T: Stores,
    S: Service<Request, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready is the one that is called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let gate = Arc::clone(&self.protect.gate);
        Box::pin(async move {
            let mut gate = gate.lock().await;
            match pass(&mut gate, request).await {
                Ok((request, passed)) => {
                    let returned = inner.call(request).await?;
                    Ok(crossing::returned(gate.policy(), returned, &passed))
                }
                Err(answer) => Ok(rendered(answer)),
            }
        })
    }
}

/// What the answer to a request that passed needs to know of it.
struct Passed {
    extra: tollgate_gate::Extra,
    cacheable: bool,
    known: bool,
    cors_answered: bool,
}

/// The request as the function is to see it.
///
/// # Errors
///
/// The answer that its client gets instead.
async fn pass<T: Stores>(
    gate: &mut Gate<T>,
    request: Request,
) -> Result<(Request, Passed), Answer> {
    let target = target(&request);
    let (passage, seen) = judged(gate, &request, &target).await?;
    let passed = Passed {
        known: passage.identity.is_some(),
        cacheable: passage.cacheable,
        cors_answered: passage.cors_answered,
        extra: passage.extra,
    };
    let identity = passage.identity.map(|identity| identity.value().to_string());
    let unfit = || gate.policy().trouble(&blank(), Trouble::HeadTooLarge);
    let onward = crossing::onward(gate.policy(), request, seen, identity);
    onward.map(|onward| (onward, passed)).ok_or_else(unfit)
}

/// What passes, and path and query as they were judged.
async fn judged<T: Stores>(
    gate: &mut Gate<T>,
    request: &Request,
    target: &str,
) -> Result<(Passage, (String, Option<Vec<u8>>)), Answer> {
    let context = request.lambda_context_ref();
    let patience = Patience::until(context.map_or(0, |context| context.deadline));
    let id = context.map(|context| context.request_id.clone()).unwrap_or_default();
    let method = request.method().as_str();
    let fields = crossing::fields(request.headers());
    let bare = Question { id: &id, method, ..blank() };
    let Ok(Target::Path { path, query }) = path::target(method.as_bytes(), target.as_bytes(), None)
    else {
        return Err(gate.policy().invalid(&bare, Invalid::Target).answer);
    };
    let question = Question {
        id: &id,
        method,
        path: &path,
        query,
        fields: fields.iter().copied(),
        address: address(request),
        country: None,
    };
    if reserved::is_reserved(&path) {
        let policy = gate.policy();
        let published = policy.published(&question);
        return Err(published.unwrap_or_else(|trouble| policy.trouble(&question, trouble)));
    }
    match gate.judge(&question, patience).await.judged {
        Judged::Passes(passage) => Ok((passage, (path.to_string(), query.map(<[u8]>::to_vec)))),
        Judged::Denied(refusal) => Err(refusal.answer),
        Judged::Preflight(fields) => Err(Answer { status: 204, fields, body: String::new() }),
    }
}

/// A question of which nothing has been read yet.
fn blank<'q>() -> Question<'q, std::iter::Empty<crossing::Field<'q>>> {
    Question {
        id: "",
        method: "GET",
        path: "/",
        query: None,
        fields: std::iter::empty(),
        address: None,
        country: None,
    }
}

/// What the client asked for, without the stage.
fn target(request: &Request) -> String {
    // A REST API's path never has the stage.
    let mut place = Place::default();
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() {
        place.domain = context.domain_name.as_deref();
        place.api = context.apiid.as_deref();
        place.stage = context.stage.as_deref();
    }
    let path = place.path(request.raw_http_path());
    match request.uri().query() {
        Some(query) => [path, "?", query].concat(),
        None => path.to_owned(),
    }
}

/// The client's address, from the request's context only; not known where another service asks.
fn address(request: &Request) -> Option<Address> {
    let context = request.request_context_ref();
    let text = if let Some(RequestContext::ApiGatewayV2(context)) = context {
        context.http.source_ip.as_deref()
    } else if let Some(RequestContext::ApiGatewayV1(context)) = context {
        context.identity.source_ip.as_deref()
    } else {
        None
    };
    text?.parse().ok().map(Address::new)
}

fn rendered(answer: Answer) -> Response<Body> {
    let body = if answer.body.is_empty() { Body::Empty } else { Body::from(answer.body) };
    let mut response = Response::new(body);
    // Every status of ours is one; what is none is ours to answer for.
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    crossing::put(response.headers_mut(), answer.fields);
    response
}
