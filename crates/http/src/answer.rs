//! What the gate itself answers: the one place where a denial becomes a status, fields and a body.

mod date;
mod face;

use tollgate_core::{bucket::Wait, decision::Denial, record::Record};

use crate::{
    hygiene::{PROBLEM_FIELD, STATUS_FIELD, cache::NO_STORE},
    rate::{self, Policy, Style},
    route::RouteLimit,
    text::{push_json, push_number, push_quoted},
};
use face::{Challenge, Face};

/// An answer that is not the origin's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The fields, names in lower case.
    pub fields: Vec<(&'static str, String)>,
    /// The body; empty for `HEAD`.
    pub body: String,
}

/// What an answer tells besides the denial.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What is protected, for challenges; empty where a head is refused before that is known, whose 400 has none.
    pub realm: &'a str,
    /// The id of the request, by which an operator finds it in the log.
    pub request_id: &'a str,
    /// Whether the request is a `HEAD`.
    pub head: bool,
    /// The scopes that the route requires.
    pub required: &'a [Box<str>],
    /// The key's record, where one was found.
    pub record: Option<Record<'a>>,
    /// The limits of the route's own.
    pub limits: &'a [RouteLimit],
    /// What may still be spent of each limit of the record, then of each quota, then of each limit of the route.
    pub left: &'a [u32],
    /// Which fields about limits are written.
    pub style: Style,
}

/// What stands in the way of an answer besides denials: never about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is nothing at this path of the gate's own.
    NotFound,
    /// The gate's own path does not know the method.
    MethodNotAllowed,
    /// The request's fields are too many or too large.
    HeadTooLarge,
    /// The request's head took too long.
    RequestTimeout,
    /// The origin could not be reached, or answered what is no answer.
    OriginUnreachable,
    /// The origin took too long.
    OriginTimeout,
}

/// Why a request is [`Denial::RequestInvalid`]: always for how it is written, never for whose key it presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Its head can be read in more than one way.
    Head,
    /// Its target can, or is none.
    Target,
    /// It presents two keys of ours that differ.
    TwoKeys,
    /// A place of a key is given twice, with different values.
    Repeated,
    /// A place of a key holds a comma.
    List,
    /// It has a header that is read as the identity's by some.
    Alias,
}

/// The type of a problem that its status says all about.
const ABOUT_BLANK: &str = "about:blank";
/// The type of a problem about limits and quotas.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// The answer to a request that is refused.
///
/// # Security
///
/// What is told of a key that is not proved is the same whatever is wrong with it, and no byte of what was
/// presented is an argument here.
#[must_use]
pub fn denied(denial: Denial, context: &Context<'_>) -> Answer {
    answer(denial, face::of(denial), context)
}

/// The answer to a request that can be read in more than one way, which says in which respect.
///
/// # Security
///
/// As for [`denied`]: how a request is written is all that a cause may depend on.
#[must_use]
pub fn invalid(cause: Invalid, context: &Context<'_>) -> Answer {
    let denial = Denial::RequestInvalid;
    answer(denial, Face { detail: face::invalid(cause), ..face::of(denial) }, context)
}

fn answer(denial: Denial, face: Face, context: &Context<'_>) -> Answer {
    let mut fields = vec![];
    // Who refuses a head before anything is read of it knows no realm, and a 400 needs none.
    let unread = denial == Denial::RequestInvalid && context.realm.is_empty();
    if face.challenge != Challenge::None && !unread {
        fields.push(("www-authenticate", challenge(face.challenge, context)));
    }
    if denial == Denial::Unavailable {
        fields.push(("retry-after", String::from("1")));
    }
    let spent = spent(denial, context);
    if let Some((place, wait)) = spent {
        if let Some(seconds) = rate::retry_after_s(wait) {
            fields.push(("retry-after", number(seconds)));
        }
        if let Some(record) = &context.record {
            fields.extend(rate::refused(
                record,
                context.limits,
                place,
                wait,
                context.left,
                context.style,
            ));
        }
    }
    let expired = expired(denial, context);
    let problem = Problem {
        kind: if spent.is_some() { QUOTA_EXCEEDED } else { ABOUT_BLANK },
        code: denial.code(),
        detail: expired.as_deref().unwrap_or(face.detail),
        violated: spent.map(|(place, _)| {
            let record = context.record.as_ref()?;
            rate::policies(record, context.limits).nth(place)
        }),
        face,
    };
    problem.answer(fields, context)
}

/// The answer to a request that cannot be served for a reason that has nothing to do with a key.
#[must_use]
pub fn trouble(trouble: Trouble, context: &Context<'_>) -> Answer {
    let (face, code) = face::of_trouble(trouble);
    let mut fields = vec![];
    if trouble == Trouble::MethodNotAllowed {
        fields.push(("allow", String::from("GET, HEAD")));
    }
    Problem { kind: ABOUT_BLANK, code, detail: face.detail, violated: None, face }
        .answer(fields, context)
}

/// The stable name of a trouble, as its answer has it.
#[must_use]
pub const fn code(trouble: Trouble) -> &'static str {
    face::of_trouble(trouble).1
}

/// The status of a denial.
#[must_use]
pub const fn status(denial: Denial) -> u16 {
    face::of(denial).status
}

/// The place of the limit or quota that a denial names, and how long it makes one wait.
fn spent(denial: Denial, context: &Context<'_>) -> Option<(usize, Wait)> {
    let record = context.record.as_ref();
    let (limits, quotas) =
        record.map_or((0, 0), |record| (record.limits.len(), record.quotas.len()));
    if let Denial::RateLimited { limit, wait } = denial {
        // The route's limits follow those of the record here, and its quotas there.
        let skipped = if limit < limits { 0 } else { quotas };
        return Some((limit.saturating_add(skipped), wait));
    }
    if let Denial::QuotaExhausted { quota, wait } = denial {
        return Some((limits.saturating_add(quota), wait));
    }
    None
}

/// When the key expired and what to do about it.
fn expired(denial: Denial, context: &Context<'_>) -> Option<String> {
    let record = context.record.as_ref().filter(|_| denial == Denial::KeyExpired)?;
    let mut detail = String::from("The key expired at ");
    date::push(&mut detail, record.expires?);
    detail.push_str(". Ask whoever issued it for a new one.");
    Some(detail)
}

fn challenge(challenge: Challenge, context: &Context<'_>) -> String {
    let mut value = String::from("Bearer realm=\"");
    push_quoted(&mut value, context.realm);
    value.push('"');
    let error = match challenge {
        Challenge::None | Challenge::Plain => return value,
        Challenge::Error(error) => error,
        Challenge::Scopes => "insufficient_scope",
    };
    value.push_str(", error=\"");
    value.push_str(error);
    value.push('"');
    if challenge == Challenge::Scopes {
        value.push_str(", scope=\"");
        for (place, scope) in context.required.iter().enumerate() {
            value.push_str(if place > 0 { " " } else { "" });
            push_quoted(&mut value, scope);
        }
        value.push('"');
    }
    value
}

fn number(number: u64) -> String {
    let mut text = String::new();
    push_number(&mut text, number);
    text
}

/// A problem of RFC 9457.
struct Problem<'a> {
    kind: &'static str,
    code: &'static str,
    detail: &'a str,
    /// For a problem about limits: the one that is violated, if it is known.
    violated: Option<Option<Policy<'a>>>,
    face: Face,
}

impl Problem<'_> {
    fn answer(&self, mut fields: Vec<(&'static str, String)>, context: &Context<'_>) -> Answer {
        fields.push(("content-type", String::from("application/problem+json")));
        fields.push(("cache-control", String::from(NO_STORE)));
        let body = if context.head { String::new() } else { self.body(context.request_id) };
        Answer { status: self.face.status, fields, body }
    }

    fn body(&self, instance: &str) -> String {
        let mut body = String::new();
        for (name, text) in [("{\"type\":", self.kind), (",\"title\":", self.face.title)] {
            body.push_str(name);
            push_json(&mut body, text);
        }
        body.push_str(",\"status\":");
        push_number(&mut body, self.face.status.into());
        let texts = [
            (",\"detail\":", self.detail),
            (",\"instance\":", instance),
            (",\"code\":", self.code),
        ];
        for (name, text) in texts {
            body.push_str(name);
            push_json(&mut body, text);
        }
        if let Some(violated) = self.violated {
            body.push_str(",\"violated-policies\":[");
            if let Some(policy) = violated {
                // No character of an identifier needs an escape.
                body.push('"');
                policy.push_name(&mut body);
                body.push('"');
            }
            body.push(']');
        }
        body.push_str("}\n");
        body
    }
}

impl Answer {
    /// The same for a proxy that passes on 401 and 403 only, and makes a 500 of every other refusal: a 403
    /// that says in [`STATUS_FIELD`] which status was meant. Such a proxy drops bodies as well, so
    /// [`PROBLEM_FIELD`] has the body, which is one line of ASCII.
    #[must_use]
    pub fn for_auth_request(mut self) -> Self {
        self.fields.push((STATUS_FIELD, number(self.status.into())));
        self.fields.push((PROBLEM_FIELD, self.body.trim_end().to_owned()));
        if !matches!(self.status, 401 | 403) {
            self.status = 403;
        }
        self
    }
}
