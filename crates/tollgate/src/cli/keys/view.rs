//! A key as commands show it: never with a secret.

use std::io::{self, Write};

use serde_json::{Value, json};
use tollgate_control::model::{Details, Reason};
use tollgate_core::{decision::Denial, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{KeyState, Secret};

use super::shown::plain;
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

/// The same with what the management API keeps of it: where its scopes come from, and why it is not active.
pub(super) fn with_details(standing: &Standing, kept: &Details) -> Value {
    let mut whole = document(standing);
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("roles".to_owned(), json!(kept.roles));
        fields.insert("template".to_owned(), json!(kept.template));
        fields.insert("reason".to_owned(), json!(reason(standing, kept)));
    }
    whole
}

/// Why the key is not active, where somebody has said so.
fn reason<'d>(standing: &Standing, kept: &'d Details) -> Option<&'d Reason> {
    kept.reason.as_ref().filter(|_| standing.key.state != KeyState::Active)
}

/// The key for people, with what the management API keeps of it.
pub(in crate::cli) fn lines(
    out: &mut dyn Write,
    standing: &Standing,
    kept: &Details,
) -> io::Result<()> {
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
    if let Some(Reason { code, note }) = reason(standing, kept) {
        let note = note.as_ref().map(|note| format!(": {}", plain(note)));
        add("reason", format!("{code}{}", note.unwrap_or_default()));
    }
    add("name", key.name.clone().unwrap_or_default());
    add("plan", settings.plan.clone().unwrap_or_default());
    add("template", kept.template.clone().unwrap_or_default());
    add("scopes", or(settings.scopes.join(" "), "none: it grants nothing"));
    add("roles", kept.roles.join(" "));
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
