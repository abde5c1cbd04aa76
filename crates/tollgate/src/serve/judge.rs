//! One request judged: route, preflight, credential, proof, decision, identity, in this order.
//!
//! The proxy and the decision endpoint ask here and nowhere else, so both say the same of the same request.

use std::sync::Arc;

use hyper::{
    HeaderMap, Method, Response, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use tollgate_core::{
    decision::{Denial, ROUTE_LIMITS_MAX},
    network::{Address, Country},
    record::{LIMITS_MAX, QUOTAS_MAX, Record},
    time::UnixMillis,
};
use tollgate_engine::{Inquiry, Standing};
use tollgate_http::{
    Fields,
    answer::{self, Answer, Context, Invalid, Trouble},
    cors::{self, Cors},
    credential::{self, Found},
    rate,
    route::Rule,
};
use tollgate_identity::{Jti, Method as BoundMethod, Path as BoundPath};

use super::{
    access::Note,
    body::Payload,
    gate::{Decision, Gate, Pass},
    ids::{RequestId, instance},
    live::Live,
};
use crate::clock;

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

/// What becomes of a request.
pub(crate) enum Judged {
    /// It goes on to the origin.
    Passes(Passage),
    /// It does not.
    Denied(Refusal),
    /// The gate answers the preflight: status 204, with these fields.
    Preflight(Extra),
}

/// Fields that an answer gets.
pub(crate) type Extra = Vec<(&'static str, String)>;

/// A request that goes on.
pub(crate) struct Passage {
    /// Who passes; none where no key is needed.
    pub(crate) identity: Option<HeaderValue>,
    /// What the answer gets: limits, and whether pages may read it.
    pub(crate) extra: Extra,
    /// Whether the answer may be kept by shared caches.
    pub(crate) cacheable: bool,
    /// Whether the gate answers for CORS on this route.
    pub(crate) cors_answered: bool,
}

/// A request that does not go on.
pub(crate) struct Refusal {
    pub(crate) denial: Denial,
    pub(crate) answer: Answer,
}

impl Question<'_> {
    /// The answer to this request if something is wrong that has nothing to do with a key.
    pub(crate) fn trouble(&self, live: &Live, trouble: Trouble) -> Answer {
        let instance = instance(self.id);
        let answer = answer::trouble(trouble, &self.context(live, &instance, None, None, &[]));
        self.note.refused(live, self, None, answer::code(trouble), answer.status);
        answer
    }

    /// The answer to this request if it is denied before a rule is known.
    pub(crate) fn denied(&self, gate: &Gate, live: &Live, denial: Denial) -> Refusal {
        self.refusal(gate, live, denial, None, None, &[])
    }

    /// The refusal of a request that can be read in more than one way.
    pub(crate) fn invalid(
        &self,
        gate: &Gate,
        live: &Live,
        rule: Option<&Rule>,
        cause: Invalid,
    ) -> Refusal {
        let denial = Denial::RequestInvalid;
        gate.metrics.deny(denial);
        let instance = instance(self.id);
        let answer = answer::invalid(cause, &self.context(live, &instance, rule, None, &[]));
        self.note.refused(live, self, rule, denial.code(), answer.status);
        Refusal { denial, answer }
    }

    fn refusal(
        &self,
        gate: &Gate,
        live: &Live,
        denial: Denial,
        rule: Option<&Rule>,
        record: Option<Record<'_>>,
        left: &[u32],
    ) -> Refusal {
        gate.metrics.deny(denial);
        let instance = instance(self.id);
        let context = self.context(live, &instance, rule, record, left);
        let answer = answer::denied(denial, &context);
        self.note.refused(live, self, rule, denial.code(), answer.status);
        Refusal { denial, answer }
    }

    fn context<'a>(
        &self,
        live: &'a Live,
        instance: &'a str,
        rule: Option<&'a Rule>,
        record: Option<Record<'a>>,
        left: &'a [u32],
    ) -> Context<'a> {
        Context {
            realm: &live.realm,
            request_id: instance,
            head: self.method == Method::HEAD,
            required: rule.map_or(&[], |rule| &rule.scopes),
            record,
            limits: rule.map_or(&[], |rule| &rule.limits),
            left,
            style: live.style,
        }
    }
}

/// Judges a request by what is in force.
pub(crate) async fn judge(gate: &Gate, live: &Live, question: &Question<'_>) -> Judged {
    let rule = live.rules.find(question.method.as_str(), question.path);
    let asked = cors::preflight(question.method.as_str().as_bytes(), fields(question.head));
    if let Some(asked) = asked {
        let wanted = live.rules.find(asked.method, question.path);
        match &wanted.cors {
            Cors::Refuse => {}
            Cors::Forward => return passes(gate, live, question, wanted),
            Cors::Answer(allowed) => return Judged::Preflight(cors::answer(allowed, asked)),
        }
    }
    let mut judged = if rule.public {
        passes(gate, live, question, rule)
    } else {
        match keyed(gate, live, question, rule).await {
            Ok(passage) => Judged::Passes(passage),
            Err(refusal) => Judged::Denied(refusal),
        }
    };
    if let Cors::Answer(allowed) = &rule.cors {
        let fields = cors::fields(allowed, fields(question.head));
        match &mut judged {
            Judged::Passes(passage) => passage.extra.extend(fields),
            Judged::Denied(refusal) => refusal.answer.fields.extend(fields),
            Judged::Preflight(_) => {}
        }
    }
    judged
}

fn passes(gate: &Gate, live: &Live, question: &Question<'_>, rule: &Rule) -> Judged {
    gate.metrics.pass();
    question.note.passed(live, question, rule, "public");
    Judged::Passes(Passage::open(rule))
}

impl Passage {
    /// Of a request that needs no key.
    pub(crate) fn open(rule: &Rule) -> Self {
        Self {
            identity: None,
            extra: Extra::new(),
            cacheable: true,
            cors_answered: matches!(rule.cors, Cors::Answer(_)),
        }
    }
}

/// Judges a request that needs a key.
async fn keyed(
    gate: &Gate,
    live: &Live,
    question: &Question<'_>,
    rule: &Rule,
) -> Result<Passage, Refusal> {
    let begun = clock::micros();
    let brand = live.prover.brand();
    let found = credential::find(
        fields(question.head),
        question.query,
        &live.sources,
        rule.key_from,
        brand,
    );
    let denied = |denial| question.refusal(gate, live, denial, Some(rule), None, &[]);
    let genuine = match found {
        Found::Missing => return Err(denied(Denial::CredentialMissing)),
        Found::Ambiguous(cause) => {
            return Err(question.invalid(gate, live, Some(rule), cause));
        }
        Found::Refused => {
            gate.metrics.unproven("not_a_key");
            return Err(denied(Denial::KeyInvalid));
        }
        Found::Key(presented) => live.prover.prove(&presented.text).map_err(|unproven| {
            gate.metrics.unproven(unproven.code());
            denied(Denial::KeyInvalid)
        })?,
    };
    let unavailable = || denied(Denial::Unavailable);
    let inquiry = Inquiry {
        genuine,
        address: question.address,
        country: question.country,
        demand: Arc::clone(live.demand(rule).ok_or_else(unavailable)?),
    };
    let decision = gate.decide(inquiry).await;
    let (now, micros) = clock::read_with_micros();
    gate.metrics.took(micros.saturating_sub(begun));
    match decision {
        Some(Decision::Allow(pass)) => {
            let passage =
                allowed(gate, live, question, rule, &pass, now.wall).ok_or_else(unavailable)?;
            gate.metrics.allow();
            question.note.passed(live, question, rule, "allowed");
            question.note.decided(Decision::Allow(pass));
            Ok(passage)
        }
        Some(Decision::Deny(refused)) => {
            let left = left(refused.standing());
            let (denial, record) = (refused.denial(), refused.record());
            let refusal = question.refusal(gate, live, denial, Some(rule), record, &left);
            question.note.decided(Decision::Deny(refused));
            Err(refusal)
        }
        None => Err(unavailable()),
    }
}

/// Who passes, and what the answer says of limits; none if that cannot be said.
fn allowed(
    gate: &Gate,
    live: &Live,
    question: &Question<'_>,
    rule: &Rule,
    pass: &Pass,
    now: UnixMillis,
) -> Option<Passage> {
    let identity = if rule.bind {
        let jti = jti()?;
        let method = BoundMethod::new(question.method.as_str()).ok()?;
        let path = BoundPath::new(question.path.as_bytes()).ok()?;
        HeaderValue::try_from(live.issuer.bound(pass, method, path, jti, now).ok()?).ok()?
    } else {
        let (signed, new) = live.issuer.token(pass, now).ok()?;
        if new {
            gate.keep(pass, Arc::clone(&signed));
        }
        signed.text().clone()
    };
    let left = left(pass.standing());
    Some(Passage {
        identity: Some(identity),
        extra: rate::fields(pass.bounds()?, &rule.limits, &left, live.style, now),
        cacheable: rule.cache,
        cors_answered: matches!(rule.cors, Cors::Answer(_)),
    })
}

/// What makes a token one of its kind; none if there is no randomness to be had.
fn jti() -> Option<Jti> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Jti::new(bytes).ok()
}

/// What is left of every limit and quota of a record, and of every limit of a route.
fn left(standing: &Standing) -> [u32; LIMITS_MAX + QUOTAS_MAX + ROUTE_LIMITS_MAX] {
    std::array::from_fn(|place| standing.left(place))
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
