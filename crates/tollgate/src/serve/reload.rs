//! Putting a new configuration in force without failing a request.
//!
//! On SIGHUP the configuration, the secrets and the certificate are read again, and the ledger is told the numbers of the
//! routes' limits; when the secrets' file changes, or the time of
//! another signing key comes, only the secrets are. What is wrong is logged, and what was in force stays. Secrets that cannot be
//! taken are tried again at every look, until they can.

use std::{
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tollgate_core::limit::Limit;
use tollgate_store_sqlite::Store;

use super::{gate::Gate, live::Live, log::Level, running, stamps::Stamps};
use crate::{
    clock,
    config::{
        Config, Source,
        fixed::{Fixed, changed, fixed},
    },
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
    store: Arc<Mutex<Store>>,
    /// What runs until the next start, whatever is read meanwhile.
    started: Fixed,
    /// The secrets' file just before what is in force was read from it.
    seen: Option<Seen>,
    /// Why the last reload failed, if it did: it is told once.
    failed: Option<String>,
}

/// What tells one content of a file from another: its inode, when it and its content last changed, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    inode: u64,
    times: [i64; 4],
    len: u64,
}

impl Seen {
    /// Whatever is at `path` now.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let found = path.metadata().ok()?;
        let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
        Some(Self { inode: found.ino(), times, len: found.len() })
    }

    /// What is at `path`, and then what is read there: a change that comes in between is seen at the next look.
    pub(crate) fn before<T>(path: &Path, read: impl FnOnce(&Path) -> T) -> (Option<Self>, T) {
        let seen = Self::at(path);
        (seen, read(path))
    }
}

/// Starts to keep `gate` current, until the runtime ends.
pub(crate) fn keep_current(
    gate: Arc<Gate>,
    tls: Option<Arc<Tls>>,
    store: Arc<Mutex<Store>>,
    (source, config): (Source, Config),
    seen: Option<Seen>,
) -> anyhow::Result<()> {
    let mut hangups = signal(SignalKind::hangup()).context("signals cannot be waited for")?;
    let started = fixed(&config);
    let mut current = Current { source, config, tls, store, started, seen, failed: None };
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
        let now = clock::read().wall;
        let due = gate.live().next_change.is_some_and(|change| change <= now);
        let why = match (told, Seen::at(&self.config.secrets) != self.seen, due) {
            (true, _, _) => "SIGHUP",
            (false, true, _) => "secrets_changed",
            (false, false, true) => "signing_key_due",
            (false, false, false) => return,
        };
        match self.load(gate, told) {
            Ok(needs_restart) => {
                self.failed = None;
                gate.metrics.reloads.add();
                let about = json!({ "why": why, "needs_restart": needs_restart });
                gate.log.say(Level::Info, "reloaded", about);
                if !needs_restart.is_empty() {
                    let about = json!({ "fields": needs_restart });
                    gate.log.say(Level::Warn, "needs_restart", about);
                }
            }
            Err(error) => {
                gate.metrics.reloads_failed.add();
                let error = Some(format!("{error:#}"));
                if told || self.failed != error {
                    let about = json!({ "why": why, "error": error });
                    gate.log.say(Level::Error, "reload_failed", about);
                }
                self.failed = error;
            }
        }
    }

    /// Puts what is read in force; says which changes only a restart makes.
    fn load(&mut self, gate: &Gate, all: bool) -> anyhow::Result<Vec<&'static str>> {
        let mut read = if all { self.source.load()? } else { self.config.clone() };
        let needs_restart = if all { changed(&self.started, &fixed(&read)) } else { vec![] };
        // SECURITY: whether it may be false hangs on where the gate listens, which it goes on doing.
        read.gate.checking = gate.live().checking;
        let (seen, secrets) =
            Seen::before(&read.secrets, |path| Secrets::load(path, &self.source.environment));
        let secrets = secrets?;
        let (before, now) = (gate.live(), clock::read().wall);
        let stamps = if all { self.stamps(&read)? } else { before.stamps.clone() };
        let live = Live::new(&read, &secrets, stamps, Some(&before), now)?;
        if let Some(tls) = self.tls.as_ref().filter(|_| all) {
            tls.reload()?;
        }
        gate.replace(live);
        self.seen = seen;
        self.config = read;
        Ok(needs_restart)
    }

    /// Tells the ledger what the limits of the routes in `read` are, and asks when they last changed.
    fn stamps(&self, read: &Config) -> anyhow::Result<Stamps> {
        let now = clock::read().wall;
        let ledger =
            |limits: &[Limit<'_>]| Ok(running::beside(&self.store)?.route_limits(limits, now)?);
        Stamps::ask(&read.rules, ledger)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use std::{env, fs, process};

    use super::*;

    #[test]
    fn a_change_between_the_look_and_the_read_is_seen_at_the_next_look() {
        let path = env::temp_dir().join(format!("tollgate-seen-{}", process::id()));
        fs::write(&path, "before").unwrap();
        let write = |path: &Path| {
            let fresh = path.with_extension("fresh");
            fs::write(&fresh, "behind").unwrap();
            fs::rename(fresh, path).unwrap();
        };
        let (seen, ()) = Seen::before(&path, write);
        assert!(seen.is_some() && seen != Seen::at(&path), "the change is taken for what was read");
        let (seen, ()) = Seen::before(&path, |_| ());
        assert_eq!(seen, Seen::at(&path));
        fs::remove_file(&path).unwrap();
        assert_eq!(Seen::at(&path), None);
    }
}
