//! One request judged: route, preflight, credential, proof, decision, identity, in this order.

use std::sync::Arc;

use tollgate_core::{
    decision::{Denial, ROUTE_LIMITS_MAX},
    network::{Address, Country},
    record::{LIMITS_MAX, QUOTAS_MAX, Record},
    time::UnixMillis,
};
use tollgate_engine::{Decision, Inquiry, Pass, Signed, Standing};
use tollgate_http::{
    Fields,
    answer::{self, Answer, Context, Invalid, Trouble},
    cors::{self, Cors},
    credential::{self, Found},
    rate, reserved,
    route::Rule,
};
use tollgate_identity::{Jti, Method, Path};

use crate::{JWKS_MAX_AGE_S, Policy};

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a, F> {
    /// By which name the request is in the log.
    pub id: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path, in its one spelling.
    pub path: &'a str,
    /// The query, as it is spelled.
    pub query: Option<&'a [u8]>,
    /// The fields, in the order received.
    pub fields: F,
    /// The client's address, as far as it can be believed.
    pub address: Option<Address>,
    /// Its country, likewise.
    pub country: Option<Country>,
}

/// What becomes of a request before anything is looked up, and the rule that it falls under.
#[derive(Debug)]
pub enum Asked<'p, T = Box<str>> {
    /// It is judged.
    Judged(Judged<T>, &'p Rule),
    /// Its key is genuine: the engine decides, and [`Policy::told`] says what comes of that.
    Inquire(Inquiry, &'p Rule),
}

/// What becomes of a request. `T` is what the host keeps a token as.
#[derive(Debug)]
pub enum Judged<T = Box<str>> {
    /// It goes on to the origin.
    Passes(Passage<T>),
    /// It does not.
    Denied(Refusal),
    /// The gate answers the preflight: status 204, with these fields.
    Preflight(Extra),
}

/// What a host can keep a token as: nothing else is asked of it than that it can be made of one.
pub trait Token: for<'t> TryFrom<&'t str> + TryFrom<String> {}

impl<T: for<'t> TryFrom<&'t str> + TryFrom<String>> Token for T {}

/// Fields that an answer gets.
pub type Extra = Vec<(&'static str, String)>;

/// A request that goes on.
#[derive(Debug)]
pub struct Passage<T = Box<str>> {
    /// Who passes; none where no key is needed.
    pub identity: Option<Identity<T>>,
    /// What the answer gets: limits, and whether pages may read it.
    pub extra: Extra,
    /// Whether the answer may be kept by shared caches.
    pub cacheable: bool,
    /// Whether the gate answers for CORS on this route.
    pub cors_answered: bool,
}

/// What the origin is told of who calls.
#[derive(Debug)]
pub enum Identity<T = Box<str>> {
    /// A token that is used again while it is good; the flag says that it is new, and worth
    /// [keeping](tollgate_engine::Engine::keep).
    Kept(Arc<Signed<T>>, bool),
    /// A token for this request only.
    Bound(T),
}

/// A request that does not go on.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub denial: Denial,
    /// What the log says of a key that was not proved.
    pub unproven: Option<&'static str>,
    /// What the client is told.
    pub answer: Answer,
}

impl<T> Identity<T> {
    /// The value of the header.
    #[must_use]
    pub fn value(&self) -> &T {
        match self {
            Self::Kept(signed, _) => signed.text(),
            Self::Bound(text) => text,
        }
    }
}

impl Policy {
    /// What becomes of a request, as far as that can be said without a record.
    pub fn ask<'q, T, F: Fields<'q>>(&self, question: &Question<'q, F>) -> Asked<'_, T> {
        let rule = self.rule(question);
        let asked = cors::preflight(question.method.as_bytes(), question.fields.clone());
        if let Some(asked) = asked {
            let wanted = self.rules.find(asked.method, question.path);
            match &wanted.cors {
                Cors::Refuse => {}
                Cors::Forward => {
                    return Asked::Judged(Judged::Passes(Passage::open(wanted)), wanted);
                }
                Cors::Answer(allowed) => {
                    return Asked::Judged(Judged::Preflight(cors::answer(allowed, asked)), wanted);
                }
            }
        }
        let mut judged = if rule.public {
            Judged::Passes(Passage::open(rule))
        } else {
            match self.inquiry(question, rule) {
                Ok(inquiry) => return Asked::Inquire(inquiry, rule),
                Err(refusal) => Judged::Denied(refusal),
            }
        };
        tell_pages(rule, question, &mut judged);
        Asked::Judged(judged, rule)
    }

    /// What comes of what the engine decided about a request; no decision is *unavailable*. `jti` draws 16 random
    /// bytes, for a token that is bound to the request.
    pub fn told<'q, T: Token, F: Fields<'q>>(
        &self,
        question: &Question<'q, F>,
        rule: &Rule,
        decision: Option<&Decision<T>>,
        jti: impl FnOnce() -> Option<Jti>,
        now: UnixMillis,
    ) -> Judged<T> {
        let mut judged = match decision {
            Some(Decision::Allow(pass)) => match self.passage(question, rule, pass, jti, now) {
                Some(passage) => Judged::Passes(passage),
                None => Judged::Denied(self.denied(question, Denial::Unavailable)),
            },
            Some(Decision::Deny(refused)) => {
                let left = left(refused.standing());
                let about = About { rule: Some(rule), record: refused.record(), left: &left };
                Judged::Denied(self.refusal(question, refused.denial(), about))
            }
            None => Judged::Denied(self.denied(question, Denial::Unavailable)),
        };
        tell_pages(rule, question, &mut judged);
        judged
    }

    /// The rule that a request falls under.
    #[must_use]
    pub fn rule<F>(&self, question: &Question<'_, F>) -> &Rule {
        self.rules.find(question.method, question.path)
    }

    /// The refusal of a request before a rule is known.
    pub fn denied<F>(&self, question: &Question<'_, F>, denial: Denial) -> Refusal {
        self.refusal(question, denial, About::NOTHING)
    }

    /// The refusal of a request that can be read in more than one way.
    pub fn invalid<F>(&self, question: &Question<'_, F>, cause: Invalid) -> Refusal {
        let instance = instance(question.id);
        let answer = answer::invalid(cause, &self.context(question, &instance, About::NOTHING));
        Refusal { denial: Denial::RequestInvalid, unproven: None, answer }
    }

    /// What the gate itself publishes at a reserved path: no origin ever sees such a request.
    ///
    /// # Errors
    ///
    /// When there is nothing there, or not for this method: see [`Policy::trouble`].
    pub fn published<F>(&self, question: &Question<'_, F>) -> Result<Answer, Trouble> {
        if question.path != reserved::JWKS {
            return Err(Trouble::NotFound);
        }
        let body = match question.method {
            "GET" => self.jwks().to_owned(),
            "HEAD" => String::new(),
            _ => return Err(Trouble::MethodNotAllowed),
        };
        let age = ["public, max-age=", &JWKS_MAX_AGE_S.to_string()].concat();
        let kind = String::from("application/json");
        Ok(Answer {
            status: 200,
            fields: vec![("content-type", kind), ("cache-control", age)],
            body,
        })
    }

    /// The answer to a request if something is wrong that has nothing to do with a key.
    pub fn trouble<F>(&self, question: &Question<'_, F>, trouble: Trouble) -> Answer {
        let instance = instance(question.id);
        answer::trouble(trouble, &self.context(question, &instance, About::NOTHING))
    }

    fn inquiry<'q, F: Fields<'q>>(
        &self,
        question: &Question<'q, F>,
        rule: &Rule,
    ) -> Result<Inquiry, Refusal> {
        let brand = self.prover.brand();
        let found = credential::find(
            question.fields.clone(),
            question.query,
            &self.sources,
            rule.key_from,
            brand,
        );
        let unproven =
            |code| Refusal { unproven: Some(code), ..self.denied(question, Denial::KeyInvalid) };
        let genuine = match found {
            Found::Missing => return Err(self.denied(question, Denial::CredentialMissing)),
            Found::Ambiguous(cause) => return Err(self.invalid(question, cause)),
            Found::Refused => return Err(unproven("not_a_key")),
            Found::Key(presented) => {
                self.prover.prove(&presented.text).map_err(|error| unproven(error.code()))?
            }
        };
        let demand = self.demand(rule);
        let demand = demand.ok_or_else(|| self.denied(question, Denial::Unavailable))?;
        let Question { address, country, .. } = *question;
        Ok(Inquiry { genuine, address, country, demand: Arc::clone(demand) })
    }

    /// Who passes, and what the answer says of limits; none if that cannot be said.
    fn passage<T: Token, F>(
        &self,
        question: &Question<'_, F>,
        rule: &Rule,
        pass: &Pass<T>,
        jti: impl FnOnce() -> Option<Jti>,
        now: UnixMillis,
    ) -> Option<Passage<T>> {
        let identity = if rule.bind {
            let method = Method::new(question.method).ok()?;
            let path = Path::new(question.path.as_bytes()).ok()?;
            let token = self.issuer.bound(pass, method, path, jti()?, now).ok()?;
            Identity::Bound(T::try_from(token).ok()?)
        } else {
            let (signed, new) = self.issuer.token(pass, now).ok()?;
            Identity::Kept(signed, new)
        };
        let left = left(pass.standing());
        Some(Passage {
            identity: Some(identity),
            extra: rate::fields(pass.bounds()?, &rule.limits, &left, self.style, now),
            cacheable: rule.cache,
            cors_answered: matches!(rule.cors, Cors::Answer(_)),
        })
    }

    fn refusal<F>(&self, question: &Question<'_, F>, denial: Denial, about: About<'_>) -> Refusal {
        let instance = instance(question.id);
        let answer = answer::denied(denial, &self.context(question, &instance, about));
        Refusal { denial, unproven: None, answer }
    }

    fn context<'a, F>(
        &'a self,
        question: &Question<'_, F>,
        instance: &'a str,
        about: About<'a>,
    ) -> Context<'a> {
        let About { rule, record, left } = about;
        Context {
            realm: &self.realm,
            request_id: instance,
            head: question.method == "HEAD",
            required: rule.map_or(&[], |rule| &rule.scopes),
            record,
            limits: rule.map_or(&[], |rule| &rule.limits),
            left,
            style: self.style,
        }
    }
}

/// What is known of a request that is refused.
#[derive(Clone, Copy)]
struct About<'a> {
    rule: Option<&'a Rule>,
    record: Option<Record<'a>>,
    left: &'a [u32],
}

impl About<'_> {
    const NOTHING: Self = Self { rule: None, record: None, left: &[] };
}

impl<T> Passage<T> {
    /// Of a request that needs no key.
    #[must_use]
    pub const fn open(rule: &Rule) -> Self {
        Self {
            identity: None,
            extra: Extra::new(),
            cacheable: true,
            cors_answered: matches!(rule.cors, Cors::Answer(_)),
        }
    }
}

/// The name of a request: its number as 16 hexadecimal digits.
#[must_use]
pub fn name(number: u64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 16];
    for (place, digit) in text.iter_mut().rev().enumerate() {
        let shift = u32::try_from(place).unwrap_or(0).saturating_mul(4);
        let nibble = usize::try_from(number >> shift & 15).unwrap_or(0);
        *digit = DIGITS.get(nibble).copied().unwrap_or(b'0');
    }
    text
}

/// How an answer names a request.
#[must_use]
pub fn instance(id: &str) -> String {
    ["urn:tollgate:request:", id].concat()
}

/// Adds what pages of other origins may read, where the gate answers for that.
fn tell_pages<'q, T, F: Fields<'q>>(
    rule: &Rule,
    question: &Question<'q, F>,
    judged: &mut Judged<T>,
) {
    let Cors::Answer(allowed) = &rule.cors else { return };
    let fields = cors::fields(allowed, question.fields.clone());
    match judged {
        Judged::Passes(passage) => passage.extra.extend(fields),
        Judged::Denied(refusal) => refusal.answer.fields.extend(fields),
        Judged::Preflight(_) => {}
    }
}

/// What is left of every limit and quota of a record, and of every limit of a route.
fn left(standing: &Standing) -> [u32; LIMITS_MAX + QUOTAS_MAX + ROUTE_LIMITS_MAX] {
    std::array::from_fn(|place| standing.left(place))
}
