//! The management API, as commands ask it: one that serves elsewhere, or the same service on the store that is here.
//!
//! A command says what it wants once; where it is answered is for the target to say.

mod here;
mod pages;
mod refusal;

use std::fmt::Write;

use serde_json::Value;

use super::{
    Failure,
    site::Site,
    target::{self, Where},
};
use crate::remote::{AdminKey, Asking, Control};
use here::Here;
pub(super) use pages::{Pages, Wanted, odd};

/// What a body is.
const JSON: &str = "application/json";

/// The field that names a request.
const REPEATABLE: &str = "idempotency-key";

/// The field that says that there is more of an export.
const NEXT: &str = "tollgate-audit-next";

/// How often a request that has a name is sent at most.
const SENDS_MAX: u32 = 3;

/// One request, as a command means it.
#[derive(Debug)]
pub(super) struct Question {
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    fields: Vec<(&'static str, String)>,
    body: Option<Value>,
    /// Whether its fields were given as flags, and are called so where something is wrong.
    flags: bool,
}

/// What came back: of a question that was answered as it was meant.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    body: Vec<u8>,
    /// How long to wait, where that is said.
    retry_after: Option<String>,
    /// After what the next piece begins, where there is one.
    next: Option<String>,
}

/// Whoever answers.
pub(super) enum Api {
    There(Box<Control>),
    Here(Box<Here>),
}

impl Question {
    /// Asks to look at something.
    pub(super) fn get(path: &[&str]) -> Self {
        Self::of("GET", path)
    }

    /// A request. Each part of `path` is one segment behind `/api`, whatever it holds.
    pub(super) fn of(method: &'static str, path: &[&str]) -> Self {
        let mut whole = "/api".to_owned();
        for segment in path {
            whole.push('/');
            escape(segment, &mut whole);
        }
        Self { method, path: whole, query: vec![], fields: vec![], body: None, flags: false }
    }

    /// With a parameter, if there is one.
    pub(super) fn with(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        self.query.extend(value.map(|value| (name, value.into())));
        self
    }

    /// With a header field, if there is one.
    pub(super) fn field(mut self, name: &'static str, value: Option<String>) -> Self {
        self.fields.extend(value.map(|value| (name, value)));
        self
    }

    /// With a body.
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Its body was given as flags.
    pub(super) const fn by_flags(mut self) -> Self {
        self.flags = true;
        self
    }

    /// The parameter `name` from now on.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
    }

    fn query(&self) -> Option<String> {
        let mut whole = String::new();
        for (name, value) in &self.query {
            whole.push_str(if whole.is_empty() { "" } else { "&" });
            whole.push_str(name);
            whole.push('=');
            escape(value, &mut whole);
        }
        (!whole.is_empty()).then_some(whole)
    }

    fn changes(&self) -> bool {
        self.method != "GET"
    }
}

/// A name for a request that makes a secret: asked again, it makes nothing and is answered with the same secret.
pub(super) fn repeatable(question: Question) -> Result<Question, Failure> {
    let name = [here::name()?, here::name()?].concat();
    Ok(question.field(REPEATABLE, Some(name)))
}

/// Writes `text` so that no byte of it means anything in a path or a query.
fn escape(text: &str, whole: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(whole, "%{byte:02X}");
        }
    }
}

impl Reply {
    /// The document, or nothing where there is none.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| refusal::nonsense(self.status))
    }

    /// The body, as it came.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// After what the next piece begins, where there is one.
    pub(super) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

impl Api {
    /// Asks.
    ///
    /// # Errors
    ///
    /// When it is refused, or nobody answered: with what to do next.
    pub(super) fn ask(&mut self, question: &Question, site: &Site) -> Result<Reply, Failure> {
        let body = question.body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes();
        let mut fields = question.fields.clone();
        if question.body.is_some() {
            fields.push(("content-type", JSON.to_owned()));
        }
        let reply = match self {
            Self::There(control) => there(control, question, &fields, body, site)?,
            Self::Here(here) => here.answer(question, &fields, &body)?,
        };
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        Err(refusal::of(&reply, question, site))
    }
}

fn there(
    control: &Control,
    question: &Question,
    fields: &[(&'static str, String)],
    body: Vec<u8>,
    site: &Site,
) -> Result<Reply, Failure> {
    let path = match question.query() {
        Some(query) => [&question.path, "?", &query].concat(),
        None => question.path.clone(),
    };
    let named = question.fields.iter().any(|(name, _)| *name == REPEATABLE);
    let mut sends = 1;
    let answer = loop {
        let asking = Asking { method: question.method, path: &path, fields, body: body.clone() };
        match control.ask(asking) {
            // Whether it was done is not known, and asking again tells.
            Err(error) if error.was_sent() && named && sends < SENDS_MAX => {
                sends = sends.saturating_add(1);
            }
            answered => break answered,
        }
    };
    let answer = answer.map_err(|error| refusal::unanswered(error, question.changes(), site))?;
    let retry_after = answer.field("retry-after").map(str::to_owned);
    let next = answer.field(NEXT).map(str::to_owned);
    let (status, body) = answer.into_parts();
    Ok(Reply { status, body, retry_after, next })
}

impl Site {
    /// The management API: of the target, or the same on the store that is here.
    ///
    /// # Errors
    ///
    /// Where there is none: a ledger that is administered in another way.
    pub(super) fn api(&self) -> Result<Api, Failure> {
        match self.aims() {
            Where::Local => Ok(Api::Here(Box::new(Here::of(self)?))),
            Where::Cloudflare | Where::Dynamodb => {
                let message = "roles, templates, usage, the audit and verdicts are the management API's, which is not there \
                               yet: name a target that has it with [targets.NAME] and --target NAME, or work on a store with \
                               --target local";
                Err(Failure::refused("no_management_api", message))
            }
            Where::Api(_) => {
                let profile = self.profile()?;
                let key = target::admin_key(&self.source.environment, &profile.admin_key)?;
                Ok(Api::There(Box::new(self.control(key)?)))
            }
        }
    }

    fn control(&self, key: AdminKey) -> Result<Control, Failure> {
        let profile = self.profile()?;
        Ok(Control::new(profile.url.clone(), key, profile.ca.clone())?)
    }

    /// The management API, if the target is one that serves elsewhere: what a command does with a ledger is then asked
    /// of it.
    pub(super) fn elsewhere(&self) -> Result<Option<Api>, Failure> {
        match self.aims() {
            Where::Api(_) => self.api().map(Some),
            Where::Local | Where::Cloudflare | Where::Dynamodb => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Question;

    #[test]
    fn what_is_named_in_a_path_or_a_query_is_one_part_of_it() {
        let question = Question::get(&["keys", "key_1/../x?y#z"]).with("text", Some("a&b=c d"));
        assert_eq!(question.path, "/api/keys/key_1%2F..%2Fx%3Fy%23z");
        assert_eq!(question.query().as_deref(), Some("text=a%26b%3Dc%20d"));
        let question = Question::get(&["owners", "dev+1@acme.example"]);
        assert_eq!(question.path, "/api/owners/dev%2B1%40acme.example");
    }
}
