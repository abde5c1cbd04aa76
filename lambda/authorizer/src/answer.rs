//! What API Gateway is told.

use serde_json::{Map, Value, json};
use tollgate_engine::Decision;
use tollgate_gate::{Extra, Judged, Passage};
use tollgate_http::answer::Answer as Told;

use crate::{
    Event, Kind, Settings,
    settings::{Covers, Form, Unauthorized},
};

/// The most bytes of the names and values of a context: API Gateway takes no larger answer than 8 kB.
pub const CONTEXT_BYTES_MAX: usize = 7_168;

/// Who calls where no key is needed, or none was good.
const NOBODY: &str = "anonymous";

/// An answer of the function.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A policy, or an answer that is yes or no.
    Said(Value),
    /// An error, of which API Gateway makes a status by its message.
    Failed(Failure),
}

/// How a function fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The caller proved nothing that is good: exactly this message becomes a 401.
    Unauthorized,
    /// Ours: every other message becomes a 500, or the status that the API's gateway responses give it.
    Unavailable,
    /// The event cannot be read.
    Malformed,
}

impl Failure {
    /// The message.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::Unavailable => "Unavailable",
            Self::Malformed => "Malformed event",
        }
    }
}

impl Answer {
    /// What comes of what was judged.
    #[must_use]
    pub fn of(
        event: &Event,
        settings: &Settings,
        judged: &Judged,
        decision: Option<&Decision>,
    ) -> Self {
        match judged {
            Judged::Passes(passage) => allowed(event, settings, passage, decision),
            Judged::Denied(refusal) => {
                Self::refused(event, settings, refusal.denial.code(), &refusal.answer)
            }
            // Nobody but an origin, or the API itself, can answer a preflight.
            Judged::Preflight(_) => Self::Failed(Failure::Unavailable),
        }
    }

    /// The refusal by the name of `code` that a client is to be told as `told` says, as far as this kind of API can.
    #[must_use]
    pub fn refused(event: &Event, settings: &Settings, code: &str, told: &Told) -> Self {
        let simple = event.is_simple(settings);
        match told.status {
            401 if !simple && settings.unauthorized == Unauthorized::Error => {
                Self::Failed(Failure::Unauthorized)
            }
            // A Deny would become a 403, which says that it is the caller's doing.
            500.. => Self::Failed(Failure::Unavailable),
            _ => {
                let context = Context::of_refusal(code, told);
                let resource = event.arn.exact().unwrap_or("*");
                said(simple, false, NOBODY, resource, context, None)
            }
        }
    }
}

impl Event {
    /// Whether the answer is yes or no, and no policy.
    fn is_simple(&self, settings: &Settings) -> bool {
        self.kind == Kind::Http2 && settings.form == Form::Simple
    }
}

fn allowed(
    event: &Event,
    settings: &Settings,
    passage: &Passage,
    decision: Option<&Decision>,
) -> Answer {
    let simple = event.is_simple(settings);
    let whole = (settings.covers == Covers::Stage).then(|| event.arn.whole_stage()).flatten();
    let resource = whole.as_deref().or_else(|| event.arn.exact());
    let mut context = Context::default();
    let mut caller = String::from(NOBODY);
    if let Some(identity) = &passage.identity {
        let Some(Decision::Allow(pass)) = decision else {
            return Answer::Failed(Failure::Unavailable);
        };
        let Some(record) = pass.record() else { return Answer::Failed(Failure::Unavailable) };
        caller = record.key.as_str().to_owned();
        let scopes: Vec<&str> = record.scopes.iter().map(|scope| scope.as_str()).collect();
        context.put("identity", identity.value());
        context.put("keyId", record.key.as_str());
        context.put("owner", record.owner.as_str());
        context.put("tenant", record.tenant.as_str());
        context.put("scopes", &scopes.join(" "));
        context.put("plan", record.plan.map_or("", |plan| plan.as_str()));
    }
    context.put_limits(&passage.extra);
    // A resource that a policy cannot name was refused before anything was asked.
    match resource {
        _ if context.is_too_large() => Answer::Failed(Failure::Unavailable),
        None if !simple => Answer::Failed(Failure::Unavailable),
        resource => {
            let usage = settings.usage_key.then_some(caller.as_str());
            said(simple, true, &caller, resource.unwrap_or_default(), context, usage)
        }
    }
}

fn said(
    simple: bool,
    allow: bool,
    principal: &str,
    resource: &str,
    context: Context,
    usage: Option<&str>,
) -> Answer {
    if simple {
        return Answer::Said(json!({ "isAuthorized": allow, "context": context.0 }));
    }
    let effect = if allow { "Allow" } else { "Deny" };
    let statement =
        json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource });
    let mut policy = json!({
        "principalId": principal,
        "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        "context": context.0,
    });
    if let (Some(usage), Some(members)) = (usage, policy.as_object_mut()) {
        members.insert(String::from("usageIdentifierKey"), json!(usage));
    }
    Answer::Said(policy)
}

/// Strings and numbers by their names: nothing nested, as API Gateway wants it.
#[derive(Default)]
struct Context(Map<String, Value>);

impl Context {
    /// What gateway responses can be made of.
    fn of_refusal(code: &str, told: &Told) -> Self {
        let mut context = Self::default();
        context.0.insert(String::from("status"), json!(told.status));
        context.put("code", code);
        context.put("body", told.body.trim_end());
        for (name, value) in &told.fields {
            match *name {
                "www-authenticate" => context.put("challenge", value),
                "retry-after" => context.put("retryAfter", value),
                _ => {}
            }
        }
        context.put_limits(&told.fields);
        context
    }

    /// A name without a value is left out: a mapping of it is then empty.
    fn put(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), json!(value));
        }
    }

    fn put_limits(&mut self, fields: &Extra) {
        for (name, value) in fields {
            match *name {
                "ratelimit" => self.put("rateLimit", value),
                "ratelimit-policy" => self.put("rateLimitPolicy", value),
                _ => {}
            }
        }
    }

    fn is_too_large(&self) -> bool {
        let bytes = |(name, value): (&String, &Value)| {
            name.len().saturating_add(value.as_str().map_or(8, str::len))
        };
        self.0.iter().map(bytes).fold(0, usize::saturating_add) > CONTEXT_BYTES_MAX
    }
}
