//! What a caller says of a key, and what it is shown of one.

use serde_json::{Map, Value, json};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{KeyState, Settings};

use super::Desk;
use crate::{
    BODY_MAX, Filed,
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// What the control plane keeps of a key beside the ledger, among what a caller says.
const DETAILS: [&str; 3] = ["description", "metadata", "labels"];

impl Desk<'_> {
    /// The body as an object; nothing sent is an empty one.
    pub(super) fn object(&self, known: &[&str]) -> Result<Map<String, Value>, Refusal> {
        let body = self.request.body;
        if body.len() > BODY_MAX {
            return Err(Code::BodyTooLarge.into());
        }
        if body.is_empty() {
            return Ok(Map::new());
        }
        let kind = self.field("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim_ascii();
        let kinds = ["application/json", "application/merge-patch+json"];
        if !kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
            return Err(Code::MediaTypeUnsupported.into());
        }
        let Ok(Value::Object(map)) = serde_json::from_slice(body) else {
            return Err(Code::BodyMalformed.into());
        };
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(wrong(name, Fault::Unknown, "is not a field here")),
            None => Ok(map),
        }
    }
}

/// A field is not what it should be.
pub(super) fn wrong(field: &str, fault: Fault, rule: &'static str) -> Refusal {
    let mut findings = Findings::new();
    findings.push(Finding::at(field, fault, rule));
    Problem::found(Code::BodyInvalid, findings).into()
}

/// What is said of a key, taken apart.
pub(super) struct Said {
    pub(super) settings: Settings,
    pub(super) name: Option<String>,
    pub(super) details: Map<String, Value>,
}

/// Every field of a key that a caller may say.
pub(super) const FIELDS: [&str; 16] = [
    "owner",
    "env",
    "name",
    "description",
    "plan",
    "scopes",
    "limits",
    "quotas",
    "ips_allowed",
    "ips_denied",
    "countries_allowed",
    "countries_denied",
    "metadata",
    "labels",
    "not_before",
    "expires",
];

/// Takes apart what is said of a key of `tenant`.
pub(super) fn said(mut map: Map<String, Value>, tenant: &str) -> Result<Said, Refusal> {
    let name = match map.remove("name") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(wrong("name", Fault::WrongType, "must be a text")),
    };
    let mut details = Map::new();
    for field in DETAILS {
        if let Some(value) = map.remove(field) {
            details.insert(field.to_owned(), value);
        }
    }
    map.insert("tenant".to_owned(), tenant.into());
    let settings = serde_json::from_value(Value::Object(map));
    let settings: Settings = settings.map_err(|_| Refusal::from(Code::BodyInvalid))?;
    settings.check().map_err(|error| {
        let mut findings = Findings::new();
        findings.push(Finding::from(&error));
        Refusal::from(Problem::found(Code::BodyInvalid, findings))
    })?;
    Ok(Said { settings, name, details })
}

/// What is kept beside the ledger.
pub(super) fn details_of(filed: &Filed) -> Map<String, Value> {
    let text = filed.details.as_deref().unwrap_or("{}");
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// A key as it is shown: everything about it but its secrets, of which their numbers.
pub(super) fn view(filed: &Filed, now: UnixMillis) -> Value {
    let Filed { key, stopped, .. } = filed;
    let details = details_of(filed);
    let detail = |name: &str| details.get(name).cloned().unwrap_or_default();
    let state = match key.state {
        KeyState::Active => "active",
        KeyState::Disabled => "disabled",
        KeyState::Revoked => "revoked",
    };
    let secrets = key.secrets.iter().enumerate().map(|(at, secret)| {
        json!({
            "n": at.saturating_add(1), "lookup": secret.lookup.to_string(),
            "created": secret.created_ms, "ends": secret.ends_ms, "revoked": secret.revoked,
            "good": key.state != KeyState::Revoked && secret.lives(now),
        })
    });
    let mut shown = serde_json::to_value(&key.settings).unwrap_or_default();
    if let Value::Object(map) = &mut shown {
        for (name, value) in [
            ("id", json!(key.id)),
            ("name", json!(key.name)),
            ("description", detail("description")),
            ("metadata", detail("metadata")),
            ("labels", detail("labels")),
            ("creator", detail("creator")),
            ("reason", detail("reason")),
            ("state", json!(state)),
            ("owner_stopped", json!(stopped.owner)),
            ("tenant_stopped", json!(stopped.tenant)),
            ("created", json!(key.created_ms)),
            ("updated", detail("updated")),
            ("secrets", secrets.collect()),
        ] {
            map.insert(name.to_owned(), value);
        }
    }
    shown
}
