//! A key as the management API shows it, for people.

use std::io::{self, Write};

use serde_json::Value;
use tollgate_core::time::UnixMillis;

use crate::{
    cli::{output::facts, paint::Paint},
    written::{duration_text, instant_text},
};

/// A document of the API, and when it is looked at.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Shown<'a> {
    value: &'a Value,
    now: UnixMillis,
}

impl<'a> Shown<'a> {
    pub(in crate::cli) const fn of(value: &'a Value, now: UnixMillis) -> Self {
        Self { value, now }
    }

    pub(in crate::cli) fn text(self, name: &str) -> Option<String> {
        Some(plain(self.value.get(name)?.as_str()?))
    }

    fn ms(self, name: &str) -> Option<u64> {
        self.value.get(name)?.as_u64()
    }

    pub(in crate::cli) fn instant(self, name: &str) -> Option<String> {
        self.ms(name).map(|ms| instant_text(UnixMillis(ms)))
    }

    fn is(self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn list(self, name: &str) -> &'a [Value] {
        self.value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The texts of a list, with blanks between them.
    pub(in crate::cli) fn texts(self, name: &str) -> String {
        let texts = self.list(name).iter().filter_map(Value::as_str).map(plain);
        texts.collect::<Vec<_>>().join(" ")
    }

    /// The entries of a map, with blanks between them.
    pub(in crate::cli) fn entries(self, name: &str) -> String {
        let entries = self.value.get(name).and_then(Value::as_object).into_iter().flatten();
        let entry = |(name, value): (&String, &Value)| {
            format!("{}={}", plain(name), plain(value.as_str().unwrap_or_default()))
        };
        entries.map(entry).collect::<Vec<_>>().join(" ")
    }

    /// Whether an owner or a tenant is stopped.
    pub(in crate::cli) fn holder_state(self) -> String {
        match self.text("state").as_deref() {
            Some("disabled") => "stopped".to_owned(),
            state => state.unwrap_or_default().to_owned(),
        }
    }

    /// What a gate makes of a key, in a word or two.
    pub(in crate::cli) fn state(self) -> String {
        let (ended, later) = (self.ms("expires"), self.ms("not_before"));
        match self.text("state").as_deref() {
            Some("active") | None if self.is("tenant_stopped") => "tenant stopped".to_owned(),
            Some("active") | None if self.is("owner_stopped") => "owner stopped".to_owned(),
            Some("active") if ended.is_some_and(|at| at <= self.now.0) => "expired".to_owned(),
            Some("active") if later.is_some_and(|at| at > self.now.0) => "not yet valid".to_owned(),
            state => state.unwrap_or("unknown").to_owned(),
        }
    }

    fn limits(self) -> String {
        let limits = self.list("limits").iter().map(|limit| {
            let limit = Shown::of(limit, self.now);
            let (name, scope) = (limit.text("name"), limit.text("scope"));
            let number = |name| limit.ms(name).unwrap_or_default();
            let period = duration_text(number("period_ms"));
            let (name, scope) = (name.unwrap_or_default(), scope.unwrap_or_default());
            format!("{name}:{scope}={},{}/{period}", number("burst"), number("rate"))
        });
        limits.collect::<Vec<_>>().join(" ")
    }

    fn quotas(self) -> String {
        let quotas = self.list("quotas").iter().map(|quota| {
            let quota = Shown::of(quota, self.now);
            let text = |name| quota.text(name).unwrap_or_default();
            let count = quota.ms("count").unwrap_or_default();
            format!("{}:{}={count}/{}", text("name"), text("scope"), text("period"))
        });
        quotas.collect::<Vec<_>>().join(" ")
    }

    fn secrets(self) -> impl Iterator<Item = String> {
        self.list("secrets").iter().map(move |secret| {
            let secret = Shown::of(secret, self.now);
            let state = secret.text("state").unwrap_or_default();
            let mut line = format!("number {}, {state}", secret.ms("number").unwrap_or_default());
            for (name, word) in [("ends", "until"), ("last_used", "last used about")] {
                if let Some(at) = secret.instant(name) {
                    line.push_str(&format!(", {word} {at}"));
                }
            }
            line
        })
    }
}

/// What somebody wrote, without what would steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The key for people.
pub(in crate::cli) fn lines(out: &mut dyn Write, key: &Shown<'_>, paint: Paint) -> io::Result<()> {
    let mut lines =
        vec![("key", key.text("id").unwrap_or_default()), ("state", paint.state(&key.state()))];
    let mut add = |name: &'static str, what: Option<String>| {
        lines.extend(what.filter(|what| !what.is_empty()).map(|what| (name, what)));
    };
    let or = |text: String, otherwise: &str| {
        Some(if text.is_empty() { otherwise.to_owned() } else { text })
    };
    if let Some(reason) = key.value.get("reason").filter(|reason| reason.is_object()) {
        let reason = Shown::of(reason, key.now);
        let note = reason.text("note").map(|note| format!(": {note}")).unwrap_or_default();
        add("reason", reason.text("code").map(|code| code + &note));
    }
    for name in ["tenant", "owner", "env", "version", "name", "description", "plan", "template"] {
        add(name, key.text(name));
    }
    add("scopes", or(key.texts("granted"), "none: it grants nothing"));
    add("roles", Some(key.texts("roles")));
    add("limits", or(key.limits(), "none: unlimited"));
    add("quotas", Some(key.quotas()));
    add("from", Some(key.texts("ips_allowed")));
    add("not from", Some(key.texts("ips_denied")));
    add("countries", Some(key.texts("countries_allowed")));
    add("not in", Some(key.texts("countries_denied")));
    add("labels", Some(key.entries("labels")));
    add("metadata", Some(key.entries("metadata")));
    for (name, field) in [
        ("valid from", "not_before"),
        ("expires", "expires"),
        ("rotate by", "rotate_by"),
        ("last used", "last_used"),
        ("created", "created"),
    ] {
        add(name, key.instant(field));
    }
    add("made by", key.text("creator"));
    key.secrets().for_each(|secret| add("secret", Some(secret)));
    facts(out, &lines)
}
