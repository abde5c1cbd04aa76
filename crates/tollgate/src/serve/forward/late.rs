//! Fields that come after a body: they pass by the rules for those before it, or not at all.

use std::sync::Arc;

use hyper::{
    HeaderMap,
    header::{CONNECTION, HeaderName, HeaderValue, TRAILER},
};
use tollgate_http::{
    credential::Sources,
    hygiene::{self, Hop, Inward, Outward},
};

use super::Journey;
use crate::serve::live::Live;

/// How many fields after one body are passed on: with more of them none is.
const FIELDS_MAX: usize = 32;

/// The rules for one message.
pub(crate) struct Late {
    live: Arc<Live>,
    /// What the `Connection` of its head said.
    connection: Vec<HeaderValue>,
    to: To,
}

enum To {
    Origin,
    Client { private: bool, cors_answered: bool },
}

impl Late {
    /// For a request with this head.
    pub(super) fn to_origin(head: &HeaderMap, live: &Arc<Live>) -> Self {
        Self::new(head, live, To::Origin)
    }

    /// For an answer with this head.
    pub(super) fn to_client(head: &HeaderMap, journey: &Journey<'_>) -> Self {
        let private = !journey.passage.cacheable;
        let cors_answered = journey.passage.cors_answered;
        Self::new(head, journey.live, To::Client { private, cors_answered })
    }

    fn new(head: &HeaderMap, live: &Arc<Live>, to: To) -> Self {
        let connection = head.get_all(CONNECTION).iter().cloned().collect();
        Self { live: Arc::clone(live), connection, to }
    }

    /// What of `trailers` passes; none if nothing does.
    pub(crate) fn passing(&self, trailers: &HeaderMap) -> Option<HeaderMap> {
        if trailers.len() > FIELDS_MAX {
            return None;
        }
        let mut to = HeaderMap::new();
        for (name, value) in trailers {
            if self.passes(name.as_str().as_bytes(), value.as_bytes()) {
                to.append(name.clone(), value.clone());
            }
        }
        Some(to).filter(|to| !to.is_empty())
    }

    /// What is left of the names that a head announces.
    pub(super) fn announced(&self, head: &HeaderMap) -> Option<HeaderValue> {
        let lists = head.get_all(TRAILER).iter().filter_map(|names| names.to_str().ok());
        let names = lists.flat_map(|names| names.split(',')).map(str::trim);
        let passing: Vec<_> = names
            .filter(|name| self.passes(name.as_bytes(), b""))
            .filter(|name| HeaderName::from_bytes(name.as_bytes()).is_ok())
            .take(FIELDS_MAX)
            .collect();
        let passing = Some(passing.join(", ")).filter(|names| !names.is_empty());
        passing.and_then(|names| HeaderValue::try_from(names).ok())
    }

    fn passes(&self, name: &[u8], value: &[u8]) -> bool {
        let Self { live, connection, to } = self;
        let said = connection.iter().map(|value| (&b"connection"[..], value.as_bytes()));
        let (true, Ok(hop)) = (hygiene::is_fit_for_trailer(name), Hop::read(said)) else {
            return false;
        };
        let (sources, brand) = (live.policy.sources(), live.policy.brand());
        let (trailers, websocket) = (false, false);
        match *to {
            To::Origin => {
                // SECURITY: whatever the head may hold, no key comes after a body: nobody has looked for one there.
                let own = sources.header.as_deref();
                let sources = Sources { forward: false, ..sources.clone() };
                let (hop, sources, brand) = (&hop, &sources, brand);
                let inward = Inward { hop, sources, brand, trusted: false, trailers, websocket };
                own.is_none_or(|own| !hygiene::is_read_as(name, own))
                    && hygiene::reaches_origin(name, value, &inward)
            }
            To::Client { private, cors_answered } => {
                let (hop, style) = (&hop, live.policy.style());
                let outward = Outward { hop, private, cors_answered, style, trailers, websocket };
                hygiene::reaches_client(name, value, &outward)
            }
        }
    }
}
