//! The demo origin: it answers with what it received, and with who is calling if it can verify that.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{
    Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tollgate_identity::{KeySet, Request as Asked, Room, Verifier};

use crate::{clock, serve::body::Payload};

/// What the demo origin needs to know to verify identities.
pub(super) struct Trust {
    /// The public keys as they are now.
    pub(super) keys: Box<dyn Fn() -> KeySet + Send + Sync>,
    pub(super) issuer: Box<str>,
    pub(super) audience: Box<str>,
}

/// Serves every connection to `door` until the runtime ends.
pub(super) async fn attend(door: TcpListener, trust: Trust) {
    let trust = Arc::new(trust);
    while let Ok((stream, _)) = door.accept().await {
        let trust = Arc::clone(&trust);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let shown = show(&request, &trust);
                async { Ok::<_, std::convert::Infallible>(shown) }
            });
            // How a connection ends is the gate's business.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn show(request: &Request<Incoming>, trust: &Trust) -> Response<Payload> {
    let mut received = Map::new();
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        received.insert(name.as_str().to_owned(), shortened(value).into());
    }
    let shown = json!({
        "origin": "this is what the origin received",
        "request": format!("{} {}", request.method(), request.uri()),
        "headers": received,
        "identity": identity(request, trust),
    });
    let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
    let mut response = Response::new(Payload::text(Bytes::from(format!("{text}\n"))));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Who is calling, as far as the header proves it.
fn identity(request: &Request<Incoming>, trust: &Trust) -> Value {
    let Some(token) = only(request.headers()) else {
        return json!({ "verified": false, "why": "there is not exactly one identity header" });
    };
    let verifier = match Verifier::new((trust.keys)(), &trust.issuer, &trust.audience) {
        Ok(verifier) => verifier,
        Err(error) => return json!({ "verified": false, "why": error.to_string() }),
    };
    let asked = Asked {
        method: request.method().as_str().as_bytes(),
        path: request.uri().path().as_bytes(),
    };
    let now = clock::read().wall;
    let mut room = Room::new();
    match verifier.verify(token.as_bytes(), asked, now, &mut room) {
        Ok(identity) => {
            let claims = identity.claims();
            json!({
                "verified": true,
                "owner": claims.owner.as_str(),
                "tenant": claims.tenant.as_str(),
                "key": claims.key.as_str(),
                "env": claims.env.to_string(),
                "scopes": claims.scopes.map(|scope| scope.as_str().to_owned()).collect::<Vec<_>>(),
                "plan": claims.plan.map(|plan| plan.as_str().to_owned()),
                "good_for_s": identity.exp().saturating_sub(now.0 / 1000),
            })
        }
        Err(refusal) => json!({ "verified": false, "why": refusal.code() }),
    }
}

fn only(fields: &HeaderMap) -> Option<&HeaderValue> {
    let mut values = fields.get_all("tollgate-identity").iter();
    values.next().filter(|_| values.next().is_none())
}

/// A token is long and says nothing to a reader: its beginning is enough to see that it is there.
fn shortened(value: String) -> String {
    match value.char_indices().nth(96) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()),
        None => value,
    }
}
