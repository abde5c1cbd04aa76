//! What crosses the gate: fields of the request on their way in, and of the answer on their way out.

use lambda_http::{
    Body, Request, Response,
    http::{
        HeaderMap, HeaderName, HeaderValue, Uri,
        header::{CACHE_CONTROL, VARY},
    },
};
use tollgate_gate::{Extra, Policy};
use tollgate_http::{
    credential,
    hygiene::{self, Hop, Inward, Outward, cache},
};

use super::Passed;

/// A field.
pub(crate) type Field<'a> = (&'a [u8], &'a [u8]);

/// Fields as everybody reads them.
pub(crate) fn fields(of: &HeaderMap) -> Vec<Field<'_>> {
    of.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())).collect()
}

/// The request as the function sees it: no key, no identity but ours, and the path that was judged. None if its head cannot be
/// read in one way.
pub(crate) fn onward(
    policy: &Policy,
    mut request: Request,
    (path, query): (String, Option<Vec<u8>>),
    identity: Option<String>,
) -> Option<Request> {
    let (sources, brand) = (policy.sources(), policy.brand());
    let given = request.headers().clone();
    let walk = fields(&given);
    let hop = Hop::read(walk.iter().copied()).ok()?;
    let inward =
        Inward { hop: &hop, sources, brand, trusted: false, trailers: false, websocket: false };
    let kept = given.iter().filter(|(name, value)| {
        hygiene::reaches_origin(name.as_str().as_bytes(), value.as_bytes(), &inward)
    });
    let mut kept: HeaderMap = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    // Last, so that nothing takes it away.
    if let Some(identity) = identity {
        let name = HeaderName::from_static(hygiene::IDENTITY_FIELD);
        kept.insert(name, HeaderValue::try_from(identity).ok()?);
    }
    *request.headers_mut() = kept;
    let target = match query {
        None => path,
        Some(query) => {
            let left = credential::query_without_key(&query, sources, brand);
            let left = std::str::from_utf8(&left).ok()?;
            if left.is_empty() && !query.is_empty() { path } else { [&path, "?", left].concat() }
        }
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    Some(request)
}

/// The function's answer as the client gets it.
pub(crate) fn returned(
    policy: &Policy,
    mut response: Response<Body>,
    passed: &Passed,
) -> Response<Body> {
    let given = response.headers().clone();
    let walk = fields(&given);
    let private = !passed.cacheable;
    // What names too many fields of its connection has none of them here: there is no connection.
    let hop = Hop::read(walk.iter().copied()).or_else(|_| Hop::read(std::iter::empty())).ok();
    let reaches = |name: &HeaderName, value: &HeaderValue| {
        hop.as_ref().is_some_and(|hop| {
            let outward = Outward {
                hop,
                private,
                cors_answered: passed.cors_answered,
                style: policy.style(),
                trailers: false,
                websocket: false,
            };
            hygiene::reaches_client(name.as_str().as_bytes(), value.as_bytes(), &outward)
        })
    };
    let kept = given.iter().filter(|(name, value)| reaches(name, value));
    let mut kept: HeaderMap = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    if private {
        let said = given.get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes);
        let nothing = !given.contains_key(CACHE_CONTROL);
        let forced = if nothing { String::from("private") } else { cache::forced(said) };
        if let Ok(forced) = HeaderValue::try_from(forced) {
            kept.insert(CACHE_CONTROL, forced);
        }
    }
    if passed.known
        && let Ok(vary) = HeaderValue::from_str(policy.vary())
    {
        kept.append(VARY, vary);
    }
    put(&mut kept, passed.extra.clone());
    *response.headers_mut() = kept;
    response
}

/// Adds fields whose values are ours.
pub(crate) fn put(to: &mut HeaderMap, fields: Extra) {
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            to.append(HeaderName::from_static(name), value);
        }
    }
}
