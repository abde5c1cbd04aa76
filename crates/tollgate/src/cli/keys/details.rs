//! What only the management API keeps of a key, and the bodies that it is asked with.

use clap::Args;
use serde_json::{Map, Value, json};
use tollgate_core::time::UnixMillis;

use super::arguments::Why;
use crate::cli::{
    Failure,
    settings::{Clear, Rights},
};

/// What people and programs say about a key, beside what gates look at.
#[derive(Args, Clone, Debug)]
#[group(multiple = true)]
pub(in crate::cli) struct Details {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A role whose scopes it has as well; repeat it for more
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// What keys are found by: NAME=VALUE; repeat it for more, NAME alone takes one away
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
    /// What is kept for whoever uses keys: NAME=TEXT; repeat it for more, NAME alone takes one away
    #[arg(long = "metadata", value_name = "NAME=TEXT")]
    metadata: Vec<String>,
}

impl Details {
    /// Whether anything of it was given.
    pub(super) fn given(&self) -> bool {
        let Self { description, roles, labels, metadata } = self;
        description.is_some() || !(roles.is_empty() && labels.is_empty() && metadata.is_empty())
    }

    /// Puts what was given into a body.
    pub(super) fn lay_into(&self, body: &mut Map<String, Value>) {
        let Self { description, roles, labels, metadata } = self;
        text(body, "description", description.as_deref());
        if !roles.is_empty() {
            body.insert("roles".to_owned(), json!(roles));
        }
        for (name, given) in [("labels", labels), ("metadata", metadata)] {
            if !given.is_empty() {
                body.insert(name.to_owned(), entries(given));
            }
        }
    }

    /// The same of a new key, from which nothing can be taken away.
    pub(super) fn of_a_new_key(&self, body: &mut Map<String, Value>) -> Result<(), Failure> {
        let mut pairs = self.labels.iter().chain(&self.metadata);
        if !pairs.all(|pair| pair.contains('=')) {
            let message = "a new key has nothing to take away: write NAME=VALUE";
            return Err(Failure::usage("value_missing", message));
        }
        self.lay_into(body);
        Ok(())
    }
}

/// `NAME=VALUE` sets, `NAME` alone takes away.
pub(in crate::cli) fn entries(given: &[String]) -> Value {
    let entry = |pair: &String| match pair.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.into()),
        None => (pair.clone(), Value::Null),
    };
    Value::Object(given.iter().map(entry).collect())
}

/// Puts a text into a body, if there is one.
pub(super) fn text(body: &mut Map<String, Value>, name: &str, given: Option<&str>) {
    if let Some(given) = given {
        body.insert(name.to_owned(), given.into());
    }
}

/// What rights say, as a body.
pub(super) fn rights(rights: &Rights, clear: &[Clear], now: UnixMillis) -> Map<String, Value> {
    let mut body = rights.body(now);
    for field in clear {
        let (name, value) = field.as_a_patch();
        body.insert(name.to_owned(), value);
    }
    body
}

impl Why {
    /// Nobody says why.
    pub(in crate::cli) const fn none() -> Self {
        Self { reason: None, note: None }
    }

    /// Whether anything of it was given.
    pub(in crate::cli) const fn given(&self) -> bool {
        self.reason.is_some() || self.note.is_some()
    }

    /// The body that says it; none if nothing was given.
    pub(in crate::cli) fn body(&self) -> Option<Value> {
        let reason = self.reason.as_deref().unwrap_or("unspecified");
        self.given().then(|| match &self.note {
            Some(note) => json!({ "code": reason, "note": note }),
            None => json!({ "code": reason }),
        })
    }
}
