//! What everybody may read: what operations there are.

use tollgate_http::hygiene::cache::NO_STORE;

use crate::{Response, openapi};

/// The OpenAPI document.
pub(super) fn openapi() -> Response {
    told("application/json", openapi::text())
}

/// The page that shows it.
pub(super) fn docs() -> Response {
    let mut response = told("text/html; charset=utf-8", openapi::page());
    response.fields.extend([
        ("content-security-policy", openapi::POLICY.to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ]);
    response
}

fn told(kind: &str, text: &str) -> Response {
    let fields = vec![("content-type", kind.to_owned()), ("cache-control", NO_STORE.to_owned())];
    Response {
        status: 200,
        fields,
        body: text.as_bytes().to_vec(),
        code: None,
        trouble: None,
        by: None,
    }
}
