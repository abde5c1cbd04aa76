//! From our answer to Envoy's: what it does to the request, and what it tells the client.

use hyper::HeaderMap;
use tollgate_core::key::Brand;
use tollgate_http::{
    answer::Answer,
    credential::{self, Sources},
    hygiene::{IDENTITY_FIELD, cache},
};

use super::messages::{
    Allowed, AppendAction, CheckResponse, Denied, HeaderOption, HeaderValue as Field, HttpResponse,
    HttpStatus, Status,
};
use crate::serve::{
    decide::removed, forward::REQUEST_ID, ids::RequestId, judge::Passage, live::Live,
};

/// A status of `google.rpc.Code`.
const OK: i32 = 0;
const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

/// The request passes.
pub(super) fn allowed(
    live: &Live,
    head: &HeaderMap,
    target: &str,
    passage: Passage,
) -> CheckResponse {
    let identity = passage.identity.as_ref().and_then(|identity| identity.value().to_str().ok());
    let written = identity.is_some();
    let mut to_client = options(passage.extra);
    if written {
        to_client.push(option("vary", live.policy.vary().into()));
    }
    if !passage.cacheable {
        // Nobody knows what the origin will say of caches, so that it cannot be narrowed.
        to_client.push(option("cache-control", cache::NO_STORE.into()));
    }
    let headers = identity.map(|identity| option(IDENTITY_FIELD, identity.into()));
    CheckResponse {
        status: Some(Status { code: OK }),
        http_response: Some(HttpResponse::Ok(Allowed {
            headers: headers.into_iter().collect(),
            headers_to_remove: removed(live, head, written).into_iter().map(Into::into).collect(),
            response_headers_to_add: to_client,
            query_parameters_to_remove: parameters(
                target,
                live.policy.sources(),
                live.policy.brand(),
            ),
        })),
    }
}

/// The request does not pass: its client is given `answer`.
pub(super) fn refused(answer: Answer, id: RequestId) -> CheckResponse {
    let status = answer.status;
    let mut headers = options(answer.fields);
    if let Ok(id) = id.value().to_str() {
        headers.push(option(REQUEST_ID.as_str(), id.into()));
    }
    CheckResponse {
        status: Some(Status { code: code(status) }),
        http_response: Some(HttpResponse::Denied(Denied {
            status: Some(HttpStatus { code: status.into() }),
            headers,
            body: answer.body,
        })),
    }
}

/// The code of a refusal. Never [`OK`], whatever the status is.
const fn code(status: u16) -> i32 {
    match status {
        400 => INVALID_ARGUMENT,
        401 => UNAUTHENTICATED,
        404 => NOT_FOUND,
        429 => RESOURCE_EXHAUSTED,
        503 => UNAVAILABLE,
        _ => PERMISSION_DENIED,
    }
}

fn options(fields: Vec<(&'static str, String)>) -> Vec<HeaderOption> {
    fields.into_iter().map(|(name, value)| option(name, value)).collect()
}

/// A field in the place of whatever is there; of `Vary`, every line counts.
fn option(name: &str, value: String) -> HeaderOption {
    let action = if name == "vary" {
        AppendAction::AppendIfExistsOrAdd
    } else {
        AppendAction::OverwriteIfExistsOrAdd
    };
    let header = Field { key: name.into(), value, raw_value: vec![] };
    HeaderOption { header: Some(header), append_action: action.into() }
}

/// The names, as they are spelled, of the parameters that the origin must not see.
pub(super) fn parameters(target: &str, sources: &Sources, brand: &Brand) -> Vec<String> {
    let Some((_, query)) = target.split_once('?') else { return vec![] };
    let holds = |piece: &&str| {
        credential::query_without_key(piece.as_bytes(), sources, brand) != piece.as_bytes()
    };
    let names = query.split('&').filter(holds).filter_map(|piece| piece.split('=').next());
    names.map(ToOwned::to_owned).collect()
}
