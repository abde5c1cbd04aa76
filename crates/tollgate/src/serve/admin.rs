//! The administrative listener: is it alive, is it ready, what has it counted. Off the data port.

use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
};

use super::{body::Payload, gate::Gate};

/// Answers one question; exact paths only, and nothing about who or which version this is.
pub(crate) fn answer(
    gate: &Gate,
    request: &Request<Incoming>,
    stopping: bool,
) -> Response<Payload> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".into());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match request.uri().path() {
        "/healthz" => text(StatusCode::OK, "ok\n".into()),
        "/readyz" if !stopping && gate.is_able() => text(StatusCode::OK, "ready\n".into()),
        "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n".into()),
        "/metrics" => metrics(gate),
        _ => text(StatusCode::NOT_FOUND, "not found\n".into()),
    }
}

fn metrics(gate: &Gate) -> Response<Payload> {
    let counts = gate.counts().unwrap_or_default();
    let mut page = text(StatusCode::OK, gate.metrics.render(&counts));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    page.headers_mut().insert(CONTENT_TYPE, kind);
    page
}

fn text(status: StatusCode, text: String) -> Response<Payload> {
    let mut response = Response::new(Payload::text(text));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
