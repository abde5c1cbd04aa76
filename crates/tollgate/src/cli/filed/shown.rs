//! Tenants, owners, roles and templates, as people read them.

use std::io::{self, Write};

use serde_json::Value;
use tollgate_core::time::UnixMillis;

use super::Kind;
use crate::{
    cli::{keys::Shown, output::facts, paint::Paint},
    written::{duration_text, instant_text},
};

/// The rows of a list: its head first. The second column is the state, where there is one.
pub(super) fn rows(kind: Kind, found: &[Value], now: UnixMillis) -> Vec<Vec<String>> {
    let head: &[&str] = match kind {
        Kind::Tenant => &["tenant", "state", "name"],
        Kind::Owner => &["owner", "state", "kind", "name"],
        Kind::Role => &["role", "scopes", "description"],
        Kind::Template => &["template", "overridable", "description"],
    };
    let row = |one: &Value| {
        let one = Shown::of(one, now);
        let named = |name: &&str| match *name {
            "tenant" | "owner" => one.text("id").unwrap_or_default(),
            "role" | "template" => one.text("name").unwrap_or_default(),
            "state" => one.holder_state(),
            "scopes" | "overridable" => one.texts(name),
            name => one.text(name).unwrap_or_default(),
        };
        head.iter().map(named).collect()
    };
    let head = head.iter().map(|name| (*name).to_owned()).collect();
    std::iter::once(head).chain(found.iter().map(row)).collect()
}

/// One of them, in lines.
pub(super) fn lines(out: &mut dyn Write, one: &Value, paint: Paint) -> io::Result<()> {
    let mut lines = vec![];
    flat("", one, &mut lines);
    // What it is called and how it stands, then the rest by name.
    let first = ["id", "name", "state", "reason.code", "reason.note"];
    lines.sort_by_key(|(name, _): &(String, String)| {
        first.iter().position(|known| known == name).unwrap_or(first.len())
    });
    let lines: Vec<_> = lines
        .iter()
        .map(|(name, what)| match name.as_str() {
            "state" => (name.as_str(), paint.state(what)),
            _ => (name.as_str(), what.clone()),
        })
        .collect();
    // Names of parts are long: they have a column of their own.
    let widest = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    if widest <= 12 {
        return facts(out, &lines);
    }
    lines.iter().try_for_each(|(name, what)| writeln!(out, "{name:<widest$} {what}"))
}

/// What there is of a document, part by part: what is empty is left out.
fn flat(path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flat(&path, value, lines);
            }
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let texts = items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
            flat(path, &Value::String(texts), lines);
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let number = at.saturating_add(1);
                let written = spelled(item).unwrap_or_else(|| plain(&item.to_string()));
                lines.push((format!("{path} {number}"), written));
            }
        }
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => lines.push((path.to_owned(), plain(text))),
        Value::Number(number) => {
            let written = match (path, number.as_u64()) {
                ("created" | "updated" | "stopped_since", Some(ms)) => instant_text(UnixMillis(ms)),
                (path, Some(ms)) if path.ends_with("_ms") => duration_text(ms),
                _ => number.to_string(),
            };
            lines.push((path.trim_end_matches("_ms").to_owned(), written));
        }
        Value::Bool(flag) => lines.push((path.to_owned(), flag.to_string())),
        Value::Null => {}
    }
}

/// A limit or a quota, as it is written on a command line.
fn spelled(item: &Value) -> Option<String> {
    let text = |name: &str| Some(plain(item.get(name)?.as_str()?));
    let number = |name: &str| item.get(name)?.as_u64();
    let named = format!("{}:{}", text("name")?, text("scope")?);
    match number("count") {
        Some(count) => Some(format!("{named}={count}/{}", text("period")?)),
        None => {
            let period = duration_text(number("period_ms")?);
            Some(format!("{named}={},{}/{period}", number("burst")?, number("rate")?))
        }
    }
}

/// What somebody wrote, without what would steer a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
