//! A key as commands show it: never with a secret.

use std::io::{self, Write};

use serde_json::{Value, json};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{Key, KeyState, Secret};

use crate::{
    cli::output::facts,
    written::{instant_text, limit_text, quota_text},
};

/// The key for programs. Fields are added, and never renamed or removed.
pub(in crate::cli) fn document(key: &Key, now: UnixMillis) -> Value {
    let secrets = key.secrets.iter().map(|secret| {
        json!({
            "lookup": hex(secret),
            "pepper": secret.pepper,
            "created_ms": secret.created_ms,
            "ends_ms": secret.ends_ms,
            "revoked": secret.revoked,
            "lives": secret.lives(now),
        })
    });
    json!({
        "id": key.id,
        "name": key.name,
        "state": state(key.state),
        "created_ms": key.created_ms,
        "settings": key.settings,
        "secrets": secrets.collect::<Vec<_>>(),
    })
}

/// The key for people.
pub(in crate::cli) fn lines(out: &mut dyn Write, key: &Key, now: UnixMillis) -> io::Result<()> {
    let settings = &key.settings;
    let mut lines = vec![
        ("key", key.id.clone()),
        ("state", state(key.state).to_owned()),
        ("tenant", settings.tenant.clone()),
        ("owner", settings.owner.clone()),
        ("env", settings.env.clone()),
    ];
    let mut add = |name: &'static str, what: String| {
        if !what.is_empty() {
            lines.push((name, what));
        }
    };
    add("name", key.name.clone().unwrap_or_default());
    add("plan", settings.plan.clone().unwrap_or_default());
    add("scopes", or(settings.scopes.join(" "), "none: it grants nothing"));
    add("limits", or(joined(settings.limits.iter().map(limit_text)), "none: unlimited"));
    add("quotas", joined(settings.quotas.iter().map(quota_text)));
    add("from", settings.ips_allowed.join(" "));
    add("not from", settings.ips_denied.join(" "));
    add("countries", settings.countries_allowed.join(" "));
    add("not in", settings.countries_denied.join(" "));
    let instant = |ms: Option<u64>| ms.map(|ms| instant_text(UnixMillis(ms))).unwrap_or_default();
    add("valid from", instant(settings.not_before));
    add("expires", instant(settings.expires));
    for secret in &key.secrets {
        add("secret", format!("{}, pepper {}, {}", hex(secret), secret.pepper, fate(secret, now)));
    }
    facts(out, &lines)
}

/// The state as programs read it.
pub(super) const fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Disabled => "disabled",
        KeyState::Revoked => "revoked",
    }
}

fn fate(secret: &Secret, now: UnixMillis) -> String {
    match secret.ends_ms {
        _ if secret.revoked => "revoked".to_owned(),
        Some(ends_ms) if secret.lives(now) => {
            format!("good until {}", instant_text(UnixMillis(ends_ms)))
        }
        Some(ends_ms) => format!("ended {}", instant_text(UnixMillis(ends_ms))),
        None => "good".to_owned(),
    }
}

fn hex(secret: &Secret) -> String {
    secret.lookup.to_hex().map(char::from).iter().collect()
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}
