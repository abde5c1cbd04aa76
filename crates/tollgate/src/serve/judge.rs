//! One request judged: what [`tollgate_gate`] asks is brought to the engine, and what comes of it is counted and noted.
//!
//! The proxy and the decision endpoint ask here and nowhere else, so both say the same of the same request.

use std::sync::Arc;

use hyper::{
    HeaderMap, Method, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use tollgate_core::{
    decision::Denial,
    network::{Address, Country},
};
use tollgate_gate::{Asked, Extra, Identity, Refusal};
use tollgate_http::{
    Fields,
    answer::{self, Answer, Invalid, Trouble},
    route::Rule,
};
use tollgate_identity::Jti;

use super::{
    access::Note,
    awaited::Of,
    body::Payload,
    gate::{Decision, Gate, Pass},
    ids::RequestId,
    live::Live,
};
use crate::clock;

/// What becomes of a request.
pub(crate) type Judged = tollgate_gate::Judged<HeaderValue>;

/// A request that goes on.
pub(crate) type Passage = tollgate_gate::Passage<HeaderValue>;

/// The fields of a head, as everybody reads them.
pub(crate) fn fields(map: &HeaderMap) -> impl Fields<'_> {
    Walk { map, rest: map.iter(), gone: 0 }
}

/// A walk over fields that can be taken up again: a clone goes on where this one is.
struct Walk<'a> {
    map: &'a HeaderMap,
    rest: header::Iter<'a, HeaderValue>,
    gone: usize,
}

impl Clone for Walk<'_> {
    fn clone(&self) -> Self {
        let Self { map, gone, .. } = *self;
        let mut rest = map.iter();
        for _ in 0..gone {
            rest.next();
        }
        Self { map, rest, gone }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.rest.next()?;
        self.gone = self.gone.saturating_add(1);
        Some((name.as_str().as_bytes(), value.as_bytes()))
    }
}

/// What is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) id: RequestId,
    pub(crate) method: &'a Method,
    /// In its one spelling; empty until it has been read.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a [u8]>,
    pub(crate) head: &'a HeaderMap,
    /// The client's address, as far as it can be believed.
    pub(crate) address: Option<Address>,
    /// Its country, likewise.
    pub(crate) country: Option<Country>,
    /// What the log is to say of it.
    pub(crate) note: &'a Note,
}

impl Question<'_> {
    /// The same without what only this host knows.
    fn bare(&self) -> tollgate_gate::Question<'_, impl Fields<'_>> {
        let Self { path, query, address, country, .. } = *self;
        let (id, method, fields) = (self.id.as_str(), self.method.as_str(), fields(self.head));
        tollgate_gate::Question { id, method, path, query, fields, address, country }
    }

    /// The rule that this request falls under.
    pub(crate) fn rule<'l>(&self, live: &'l Live) -> &'l Rule {
        live.policy.rule(&self.bare())
    }

    /// What the gate itself publishes at this path.
    ///
    /// # Errors
    ///
    /// When there is nothing there, or not for this method.
    pub(crate) fn published(&self, live: &Live) -> Result<Answer, Trouble> {
        live.policy.published(&self.bare())
    }

    /// The answer to this request if something is wrong that has nothing to do with a key.
    pub(crate) fn trouble(&self, live: &Live, trouble: Trouble) -> Answer {
        let answer = live.policy.trouble(&self.bare(), trouble);
        self.note.refused(live, self, None, answer::code(trouble), answer.status);
        answer
    }

    /// The answer to this request if it is denied before a rule is known.
    pub(crate) fn denied(&self, gate: &Gate, live: &Live, denial: Denial) -> Refusal {
        let refusal = live.policy.denied(&self.bare(), denial);
        self.tell(gate, live, None, &refusal);
        refusal
    }

    /// The refusal of a request that can be read in more than one way.
    pub(crate) fn invalid(&self, gate: &Gate, live: &Live, cause: Invalid) -> Refusal {
        let refusal = live.policy.invalid(&self.bare(), cause);
        self.tell(gate, live, None, &refusal);
        refusal
    }

    /// Counts and notes that it is refused.
    fn tell(&self, gate: &Gate, live: &Live, rule: Option<&Rule>, refusal: &Refusal) {
        gate.metrics.deny(refusal.denial);
        if let Some(code) = refusal.unproven {
            gate.metrics.unproven(code);
        }
        self.note.refused(live, self, rule, refusal.denial.code(), refusal.answer.status);
    }
}

/// Judges a request by what is in force.
pub(crate) async fn judge(gate: &Gate, live: &Live, question: &Question<'_>) -> Judged {
    judge_for(gate, live, question).await.0
}

/// The same, and by what the origin's answer is counted: of a request without a key there is nothing.
pub(crate) async fn judge_for(
    gate: &Gate,
    live: &Live,
    question: &Question<'_>,
) -> (Judged, Option<Of>) {
    let begun = clock::micros();
    let bare = question.bare();
    let (inquiry, rule) = match live.policy.ask(&bare) {
        Asked::Inquire(inquiry, rule) => (inquiry, rule),
        Asked::Judged(judged, rule) => {
            match &judged {
                Judged::Passes(_) => {
                    gate.metrics.pass();
                    question.note.passed(live, question, rule, "public");
                }
                Judged::Denied(refusal) => question.tell(gate, live, Some(rule), refusal),
                Judged::Preflight(_) => {}
            }
            return (judged, None);
        }
    };
    let of = (inquiry.genuine.lookup(), Arc::clone(&inquiry.demand));
    let decision = gate.decide(inquiry).await;
    let (now, micros) = clock::read_with_micros();
    gate.metrics.took(micros.saturating_sub(begun));
    let judged = live.policy.told(&bare, rule, decision.as_ref(), jti, now.wall);
    match (&judged, decision) {
        (Judged::Passes(passage), Some(Decision::Allow(pass))) => {
            keep(gate, &pass, passage);
            gate.metrics.allow();
            question.note.passed(live, question, rule, "allowed");
            question.note.decided(Decision::Allow(pass));
        }
        (Judged::Denied(refusal), decision) => {
            question.tell(gate, live, Some(rule), refusal);
            if let Some(denied @ Decision::Deny(_)) = decision {
                question.note.decided(denied);
            }
        }
        // Nothing passes but what was allowed, and a preflight is no matter of keys.
        (Judged::Passes(_) | Judged::Preflight(_), _) => {}
    }
    (judged, Some(of))
}

/// Keeps a token that was signed for what was decided, so that it is used again.
fn keep(gate: &Gate, pass: &Pass, passage: &Passage) {
    if let Some(Identity::Kept(signed, true)) = &passage.identity {
        gate.keep(pass, Arc::clone(signed));
    }
}

/// What makes a token one of its kind; none if there is no randomness to be had.
fn jti() -> Option<Jti> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Jti::new(bytes).ok()
}

/// An answer of the gate's own, for the wire.
pub(crate) fn rendered(answer: Answer) -> Response<Payload> {
    let mut response = Response::new(Payload::text(answer.body));
    // Every status of ours is one; what is none is ours to answer for.
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    put(response.headers_mut(), answer.fields);
    response
}

/// What nearly every answer says of limits: names that are not read anew for each.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Adds fields whose values are ours.
pub(crate) fn put(to: &mut HeaderMap, fields: Extra) {
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            let name = match name {
                "ratelimit-policy" => POLICY,
                "ratelimit" => LEFT,
                other => HeaderName::from_static(other),
            };
            to.append(name, value);
        }
    }
}
