//! A key as commands show it: never with a secret.

use std::io::{self, Write};

use serde_json::{Value, json};
use tollgate_core::{decision::Denial, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{KeyState, Secret};

use crate::{
    cli::{
        output::facts,
        standing::{self, Refusal, Standing},
    },
    written::{instant_text, limit_text, quota_text},
};

/// The key for programs. Fields are added, and never renamed or removed.
pub(in crate::cli) fn document(standing: &Standing) -> Value {
    let Standing { key, stopped, .. } = standing;
    let secrets = key.secrets.iter().zip(&standing.secrets).map(|(secret, refusal)| {
        json!({
            "lookup": hex(secret),
            "pepper": secret.pepper,
            "created_ms": secret.created_ms,
            "ends_ms": secret.ends_ms,
            "revoked": secret.revoked,
            "lives": standing.lives(secret.lookup),
            "refusal": standing::document(refusal.as_ref()),
        })
    });
    json!({
        "id": key.id,
        "name": key.name,
        "state": state(key.state),
        "refusal": standing::document(standing.refusal()),
        "stopped": { "owner": stopped.owner, "tenant": stopped.tenant },
        "created_ms": key.created_ms,
        "version": version(key.changed),
        "settings": key.settings,
        "secrets": secrets.collect::<Vec<_>>(),
    })
}

/// The key for people.
pub(in crate::cli) fn lines(out: &mut dyn Write, standing: &Standing) -> io::Result<()> {
    let key = &standing.key;
    let settings = &key.settings;
    let mut lines = vec![
        ("key", key.id.clone()),
        ("state", state(key.state).to_owned()),
        ("at a gate", verdict(standing.refusal())),
        ("tenant", settings.tenant.clone()),
        ("owner", settings.owner.clone()),
        ("env", settings.env.clone()),
        ("version", version(key.changed)),
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
    for (secret, refusal) in key.secrets.iter().zip(&standing.secrets) {
        let fate = fate(secret, refusal.as_ref());
        add("secret", format!("{}, pepper {}, {fate}", hex(secret), secret.pepper));
    }
    facts(out, &lines)
}

/// A key's version: when it last changed, in the ledger's own time.
fn version(Stamp { incarnation, epoch }: Stamp) -> String {
    format!("{incarnation}.{epoch}")
}

/// The state as programs read it.
pub(super) const fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Disabled => "disabled",
        KeyState::Revoked => "revoked",
    }
}

/// What a gate does, and why.
pub(in crate::cli) fn verdict(refusal: Option<&Refusal>) -> String {
    match refusal {
        None => "accepted".to_owned(),
        Some(Refusal { denial, reason, .. }) => format!("refused as {}: {reason}", denial.code()),
    }
}

fn fate(secret: &Secret, refusal: Option<&Refusal>) -> String {
    let ends = secret.ends_ms.map(|ends_ms| instant_text(UnixMillis(ends_ms)));
    match (refusal, ends) {
        (None, None) => "good".to_owned(),
        (None, Some(ends)) => format!("good until {ends}"),
        (Some(refusal), Some(ends)) if refusal.denial == Denial::KeyExpired => {
            format!("ended {ends}")
        }
        (Some(refusal), _) => refusal.word.clone(),
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
