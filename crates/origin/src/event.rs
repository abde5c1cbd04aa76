//! API Gateway: the identity that the authorizer has put into the context of an event.
//!
//! A Lambda proxy integration maps no header, so what a client sends in `Tollgate-Identity` arrives there as it was
//! sent. Here nothing but `requestContext.authorizer` is read.

use std::{fmt, iter::empty, sync::Arc};

use serde_json::Value;
use tollgate_identity::Refusal;

use crate::{
    ConfigError, Identity, Problem, Reason, Settings,
    problem::Asked,
    verifier::{Inner, Question},
};

/// Verifies identities of events of API Gateway, REST and HTTP APIs alike. It reads no header, and a
/// [`Verifier`](crate::Verifier) reads no event.
#[derive(Clone)]
pub struct ApiGateway {
    inner: Arc<Inner>,
    base_path: Arc<str>,
}

impl ApiGateway {
    /// A verifier by these settings. Nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// When a setting cannot be meant; public paths are for requests and not for events.
    pub fn new(settings: Settings) -> Result<Self, ConfigError> {
        let (inner, base_path) = settings.build_for_events()?;
        Ok(Self { inner: Arc::new(inner), base_path: base_path.into() })
    }

    /// The identity in the context of the event's authorizer, or the answer to it.
    ///
    /// # Errors
    ///
    /// The answer that is to be given: [`Problem::into_proxied`] makes what a function returns.
    pub async fn admit(&self, event: &Value) -> Result<Identity, Problem> {
        let (method, path) = target_of(event, &self.base_path);
        let asked = Asked::new(Arc::clone(&self.inner), empty(), method.as_bytes());
        let judged = match token_of(event) {
            Ok(token) => {
                let (method, path) = (method.as_bytes(), path.as_bytes());
                self.inner.judge_waiting(Question { token, method, path }).await
            }
            Err(reason) => Err(reason),
        };
        judged.map(|told| Identity::new(told, asked.clone())).map_err(|reason| asked.refuse(reason))
    }

    /// The same for an event as it was sent.
    ///
    /// # Errors
    ///
    /// The same; what is no JSON has no identity.
    pub async fn admit_bytes(&self, event: &[u8]) -> Result<Identity, Problem> {
        self.admit(&serde_json::from_slice(event).unwrap_or_default()).await
    }
}

impl fmt::Debug for ApiGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiGateway").finish_non_exhaustive()
    }
}

/// The token in the context of the authorizer, of a REST or an HTTP API.
fn token_of(event: &Value) -> Result<&[u8], Reason> {
    let authorizer = member(member(Some(event), "requestContext"), "authorizer");
    let nested = member(authorizer, "lambda");
    match member(nested.or(authorizer), "identity") {
        None => Err(Reason::Missing),
        Some(Value::String(token)) if token.is_empty() => Err(Reason::Missing),
        Some(Value::String(token)) if token.is_ascii() => Ok(token.as_bytes()),
        Some(_) => Err(Reason::Refused(Refusal::Malformed)),
    }
}

/// Method and path as the gate has signed them; what is not there matches no binding.
fn target_of<'a>(event: &'a Value, base_path: &'a str) -> (&'a str, &'a str) {
    let event = Some(event);
    let context = member(event, "requestContext");
    let http = member(context, "http");
    let (method, path) = match http {
        Some(_) => (member(http, "method"), member(event, "rawPath")),
        None => (member(event, "httpMethod"), member(event, "path")),
    };
    let (method, path) = (text(method).unwrap_or_default(), text(path).unwrap_or_default());
    // An HTTP API's path starts with its stage, a REST API's does not.
    let has_stage = http.is_some() || text(member(event, "version")) == Some("1.0");
    let stage = text(member(context, "stage")).filter(|stage| has_stage && *stage != "$default");
    let base = Some(base_path.trim_matches('/')).filter(|base| !base.is_empty());
    let before = if is_own_domain(context) { stage } else { base };
    (method, before.map_or(path, |before| without(path, before)))
}

/// Whether the request came under the domain that every API has: only there the stage is in the path.
fn is_own_domain(context: Option<&Value>) -> bool {
    let Some(domain) = text(member(context, "domainName")) else { return true };
    let rest = text(member(context, "apiId")).and_then(|api| domain.strip_prefix(api));
    rest.is_some_and(|rest| rest.starts_with(".execute-api."))
}

/// The path without what it begins with, if that is this and does not only begin like it.
fn without<'a>(path: &'a str, before: &str) -> &'a str {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(before));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) | None => path,
    }
}

/// A member of an object; one that is null is as one that is not there.
fn member<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    value?.get(name).filter(|member| !member.is_null())
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str()
}
