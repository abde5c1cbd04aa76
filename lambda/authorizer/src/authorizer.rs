//! One event answered.

use serde_json::json;
use tollgate_core::{decision::Denial, network::Address};
use tollgate_gate::{Judged, Question};
use tollgate_http::{
    Fields,
    answer::{self, Invalid, Trouble},
    hygiene, path,
    path::Target,
    reserved,
};
use tollgate_lambda::{About, Environment, Gate, Log, Patience, StartError, Stores};

use crate::{
    Answer, Event, Failure, Kind, Settings,
    settings::{Covers, Form},
};

/// The authorizer of one environment.
#[derive(Debug)]
pub struct Authorizer<S> {
    settings: Settings,
    gate: Gate<S>,
    log: Log,
    events: u64,
}

impl<S: Stores> Authorizer<S> {
    /// What `environment` says, with `secrets` where it does not hold them, over `stores`.
    ///
    /// # Errors
    ///
    /// When something is missing or wrong: nothing passes then.
    pub fn new(
        environment: &Environment,
        secrets: Option<&str>,
        stores: S,
        log: Log,
    ) -> Result<Self, StartError> {
        let settings = Settings::read(environment)?;
        let read = tollgate_lambda::Settings::read(environment, secrets)?;
        let gate = Gate::new(read, stores, log.clone())?;
        settings.check(gate.policy())?;
        Ok(Self { settings, gate, log, events: 0 })
    }

    /// Opens the connection to the store, if that is to be done before the first event.
    pub async fn connect(&self) {
        if self.settings.connect {
            self.gate.connect().await;
        }
    }

    /// What API Gateway is told about an event, within `patience`.
    pub async fn answer(&mut self, text: &str, patience: Patience) -> Answer {
        let mut event = match Event::read(text, &self.settings.event) {
            Ok(event) => event,
            Err(part) => {
                let facts = json!({ "part": part.0 });
                self.log.say_request(About::Failed, "error", "event_malformed", facts);
                return Answer::Failed(Failure::Malformed);
            }
        };
        self.settings.restrict(&mut event);
        self.events = self.events.wrapping_add(1);
        let id = event.request.clone().filter(|id| is_name(id));
        let id =
            id.unwrap_or_else(|| tollgate_gate::name(self.events).map(char::from).iter().collect());
        self.judged(&event, &id, patience).await
    }

    async fn judged(&mut self, event: &Event, id: &str, patience: Patience) -> Answer {
        let bare = question(event, id, "/", None);
        let policy = self.gate.policy();
        if event.too_large {
            let told = policy.trouble(&bare, Trouble::HeadTooLarge);
            return self.refused(event, answer::code(Trouble::HeadTooLarge), &told);
        }
        let target = spelled(event);
        let read = path::target(event.method.as_bytes(), target.as_bytes(), None);
        let Ok(Target::Path { path, query }) = read else {
            return self.invalid(event, id, Invalid::Target);
        };
        // What is named in a policy must be what was asked for, and nothing that a pattern could mean besides.
        let simple = event.kind == Kind::Http2 && self.settings.form == Form::Simple;
        let unnamed = event.arn.exact().is_none() && self.settings.covers == Covers::Method;
        if unnamed && !simple {
            return self.invalid(event, id, Invalid::Target);
        }
        if event.fields.iter().any(|(name, _)| hygiene::is_identity(name.as_bytes())) {
            return self.invalid(event, id, Invalid::Alias);
        }
        if reserved::is_reserved(&path) {
            let told = policy.trouble(&bare, Trouble::NotFound);
            return self.refused(event, answer::code(Trouble::NotFound), &told);
        }
        let question = question(event, id, &path, query);
        // What is bound is what the origin sees, and that is how the client spelled it.
        if policy.rule(&question).bind && event.path != *path {
            return self.invalid(event, id, Invalid::Target);
        }
        let outcome = self.gate.judge(&question, patience).await;
        if let Judged::Denied(refusal) = &outcome.judged {
            let code = refusal.unproven.unwrap_or(refusal.denial.code());
            let (about, level) = match (refusal.denial, refusal.unproven) {
                (Denial::Unavailable, _) => (About::Failed, "error"),
                (_, Some(_)) => (About::Unproven, "info"),
                (_, None) => (About::Proven, "info"),
            };
            let facts = json!({ "request": id, "code": code });
            self.log.say_request(about, level, "refused", facts);
        }
        Answer::of(event, &self.settings, &outcome.judged, outcome.decision.as_ref())
    }

    fn invalid(&self, event: &Event, id: &str, cause: Invalid) -> Answer {
        let refusal = self.gate.policy().invalid(&question(event, id, "/", None), cause);
        self.refused(event, refusal.denial.code(), &refusal.answer)
    }

    fn refused(&self, event: &Event, code: &str, told: &answer::Answer) -> Answer {
        self.log.say_request(About::Unproven, "info", "refused", json!({ "code": code }));
        Answer::refused(event, &self.settings, code, told)
    }
}

fn question<'q>(
    event: &'q Event,
    id: &'q str,
    path: &'q str,
    query: Option<&'q [u8]>,
) -> Question<'q, impl Fields<'q>> {
    Question {
        id,
        method: &event.method,
        path,
        query,
        fields: event.walk(),
        address: event.address.map(Address::new),
        country: None,
    }
}

/// The target as a client would write it.
fn spelled(event: &Event) -> String {
    match &event.query {
        Some(query) => [&event.path, "?", query].concat(),
        None => event.path.clone(),
    }
}

/// Whether a request's name is one that can stand in an answer as it is.
fn is_name(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    !id.is_empty() && id.len() <= 128 && id.bytes().all(plain)
}
