//! Putting a new configuration in force without failing a request.
//!
//! On SIGHUP the configuration, the secrets and the certificate are read again; when the secrets' file changes, or the time of
//! another signing key comes, only the secrets are. What is wrong is logged, and what was in force stays.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{gate::Gate, live::Live, log::Level};
use crate::{
    clock,
    config::{Config, Source},
    secrets::Secrets,
    wire::tls::Tls,
};

/// How often the secrets' file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is in force, and where it comes from.
struct Current {
    source: Source,
    config: Config,
    tls: Option<Arc<Tls>>,
    seen: Option<Seen>,
}

/// What tells one content of a file from another.
type Seen = (SystemTime, u64);

/// Starts to keep `gate` current, until the runtime ends.
pub(crate) fn keep_current(
    gate: Arc<Gate>,
    tls: Option<Arc<Tls>>,
    source: Source,
    config: Config,
) -> anyhow::Result<()> {
    let mut hangups = signal(SignalKind::hangup()).context("signals cannot be waited for")?;
    let seen = look(&config.secrets);
    let mut current = Current { source, config, tls, seen };
    tokio::spawn(async move {
        loop {
            let told = tokio::select! {
                told = hangups.recv() => told.is_some(),
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let kept = Arc::clone(&gate);
            // Reading files and making keys is work for a thread that nobody waits on.
            let renewed = tokio::task::spawn_blocking(move || {
                current.renew(&kept, told);
                current
            });
            match renewed.await {
                Ok(renewed) => current = renewed,
                Err(_) => {
                    gate.log.say(Level::Error, "reload_ended", json!({}));
                    return;
                }
            }
        }
    });
    Ok(())
}

impl Current {
    fn renew(&mut self, gate: &Gate, told: bool) {
        let seen = look(&self.config.secrets);
        let now = clock::read().wall;
        let due = gate.live().next_change.is_some_and(|change| change <= now);
        let why = match (told, seen != self.seen, due) {
            (true, _, _) => "SIGHUP",
            (false, true, _) => "secrets_changed",
            (false, false, true) => "signing_key_due",
            (false, false, false) => return,
        };
        self.seen = seen;
        match self.load(gate, told) {
            Ok(needs_restart) => {
                gate.metrics.reloads.add();
                let about = json!({ "why": why, "needs_restart": needs_restart });
                gate.log.say(Level::Info, "reloaded", about);
            }
            Err(error) => {
                gate.metrics.reloads_failed.add();
                let about = json!({ "why": why, "error": format!("{error:#}") });
                gate.log.say(Level::Error, "reload_failed", about);
            }
        }
    }

    /// Puts what is read in force; says which changes only a restart makes.
    fn load(&mut self, gate: &Gate, all: bool) -> anyhow::Result<Vec<&'static str>> {
        let read = if all { self.source.load()? } else { self.config.clone() };
        let secrets = Secrets::load(&read.secrets, &self.source.environment)?;
        let live = Live::new(&read, &secrets, Some(&gate.live()), clock::read().wall)?;
        if let Some(tls) = self.tls.as_ref().filter(|_| all) {
            tls.reload()?;
        }
        let needs_restart = fixed(&self.config, &read);
        gate.replace(live);
        self.seen = look(&read.secrets);
        self.config = read;
        Ok(needs_restart)
    }
}

/// The tables that are read at the start only, and that have changed.
fn fixed(before: &Config, after: &Config) -> Vec<&'static str> {
    let tables = |config: &Config| {
        let Config { store, gate, connections, cache, decide, admin, tls, .. } = config;
        let staleness = (gate.max_staleness_ms, gate.store_deadline_ms);
        [
            ("store", format!("{store:?}")),
            ("gate", format!("{:?} {staleness:?}", gate.listen)),
            ("connections", format!("{connections:?}")),
            ("cache", format!("{cache:?}")),
            ("decide", format!("{decide:?}")),
            ("admin", format!("{admin:?}")),
            ("tls", format!("{tls:?}")),
        ]
    };
    let pairs = tables(before).into_iter().zip(tables(after));
    pairs.filter(|(before, after)| before != after).map(|((table, _), _)| table).collect()
}

fn look(path: &Path) -> Option<Seen> {
    let found = path.metadata().ok()?;
    Some((found.modified().ok()?, found.len()))
}
