//! The fields that are read at the start only: a gate that serves goes on with what they said then.

use super::{Cache, Config, Connections, Decide, Gate, Tls, fields::Field};

/// Their names. The reference says so of each.
pub(crate) const AT_START: [&str; 24] = [
    "store.path",
    "gate.listen",
    "gate.max_staleness_ms",
    "gate.store_deadline_ms",
    "gate.checking",
    "origin",
    "connections.max",
    "connections.requests_max",
    "connections.max_age_s",
    "connections.head_timeout_ms",
    "connections.idle_timeout_ms",
    "connections.head_bytes_max",
    "connections.fields_max",
    "connections.drain_s",
    "cache.records_bytes",
    "cache.absences",
    "cache.purses",
    "decide.listen",
    "decide.trusted",
    "admin.listen",
    "control.listen",
    "control.operators",
    "control.cors_origins",
    "tls",
];

/// What those fields say, in the order of [`AT_START`].
pub(crate) type Fixed = [String; AT_START.len()];

/// What the fields say that are read at the start only. Of `[origin]` it is whether there is one, and `[tls]` counts as
/// one field: what is in its files is read again.
pub(crate) fn fixed(config: &Config) -> Fixed {
    let Config { store, gate, origin, connections, cache, decide, admin, control, tls, .. } =
        config;
    let Gate { listen, max_staleness_ms, store_deadline_ms, checking, .. } = gate;
    let Connections {
        max,
        requests_max,
        max_age,
        head_timeout,
        idle_timeout,
        head_bytes_max,
        fields_max,
        drain,
    } = connections;
    let Cache { records_bytes, absences, purses } = cache;
    let decide = decide.as_ref().map(|Decide { listen, trusted }| (listen, trusted));
    let tls = tls.as_ref().map(|Tls { certificate, key }| (certificate, key));
    [
        format!("{store:?}"),
        format!("{listen}"),
        format!("{max_staleness_ms}"),
        format!("{store_deadline_ms}"),
        format!("{checking}"),
        format!("{}", origin.is_some()),
        format!("{max}"),
        format!("{requests_max}"),
        format!("{max_age:?}"),
        format!("{head_timeout:?}"),
        format!("{idle_timeout:?}"),
        format!("{head_bytes_max}"),
        format!("{fields_max}"),
        format!("{drain:?}"),
        format!("{records_bytes}"),
        format!("{absences}"),
        format!("{purses}"),
        format!("{:?}", decide.map(|(listen, _)| listen)),
        format!("{:?}", decide.map(|(_, trusted)| trusted)),
        format!("{admin:?}"),
        format!("{:?}", control.as_ref().map(|control| control.listen)),
        format!("{:?}", control.as_ref().map(|control| &control.operators)),
        format!("{:?}", control.as_ref().map(|control| &control.origins)),
        format!("{tls:?}"),
    ]
}

/// The fields that are not what they were.
pub(crate) fn changed(before: &Fixed, after: &Fixed) -> Vec<&'static str> {
    let pairs = AT_START.iter().zip(before.iter().zip(after));
    pairs.filter(|(_, (before, after))| before != after).map(|(name, _)| *name).collect()
}

/// Whether a field is read at the start only.
pub(super) fn is_at_start(field: &Field) -> bool {
    let Field { table, name, .. } = field;
    AT_START.iter().any(|known| match known.split_once('.') {
        Some(known) => known == (*table, *name),
        // What `[origin]` says is put in force by a reload; only whether there is one is not.
        None => *known == "tls" && *known == *table,
    })
}
