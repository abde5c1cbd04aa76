//! When checkpoints of the audit are signed, and what is said of them.

use std::{collections::HashSet, time::Duration};

use anyhow::anyhow;
use serde_json::json;
use tollgate_control::{Books, Damage, Haste, Service};
use tollgate_store_sqlite::Store;

use super::log::{Level, Log};
use crate::{clock, secrets::Secrets};

/// How often is asked which chains need a checkpoint, in milliseconds: they are due after 30 s, and at least one a minute is
/// promised.
const EVERY_MS: u64 = 20_000;

/// The most damages that are remembered, so that each is told once.
const DAMAGES_MAX: usize = 256;

/// Refuses a signing key under the name of another that has signed the audit: nobody could tell what which of them signed.
///
/// # Errors
///
/// When there is one. A store that cannot be read says so elsewhere.
pub(super) fn names(secrets: &Secrets, store: &mut Store) -> anyhow::Result<()> {
    let Ok(known) = store.signers() else { return Ok(()) };
    for signing in secrets.signing_keys() {
        let (kid, x) = (&signing.kid, signing.key()?.public());
        if known.iter().any(|known| known.kid == *kid && known.x != x) {
            return Err(anyhow!(
                "secrets.path: another signing key {kid} has signed the audit, and no name is used twice: \
                 `tollgate signing-keys rotate --now` makes a key with a name of its own, then \
                 `tollgate signing-keys retire {kid} --force`"
            ));
        }
    }
    Ok(())
}

/// The rounds of one thread.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// When the next one begins, by the clock that never steps back; 0: at once.
    next_ms: u64,
    /// After which chain it begins.
    after: Option<String>,
    /// What is damaged, as far as that was told.
    told: HashSet<Damage>,
    /// Why nothing is signed, as far as that was told.
    failing: Option<&'static str>,
}

impl Rounds {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// For how long there is nothing to do.
    pub(super) fn wait(&self) -> Duration {
        Duration::from_millis(self.next_ms.saturating_sub(clock::read().mono_ms))
    }

    /// Whether it is time for one.
    pub(super) fn begin(&mut self, haste: Haste) -> bool {
        if haste == Haste::AtOnce {
            self.after = None;
            return true;
        }
        self.wait().is_zero()
    }

    /// Signs what is due of some chains; where the host ends, of all of them.
    pub(super) fn sign(
        &mut self,
        service: &Service<'_>,
        store: &mut Store,
        log: &Log,
        haste: Haste,
    ) {
        loop {
            let now = clock::read();
            self.next_ms = now.mono_ms.saturating_add(EVERY_MS);
            match service.checkpoints(store, self.after.as_deref(), haste, now.wall) {
                Ok(round) => {
                    self.failing = None;
                    for damage in round.damaged {
                        self.tell(damage, log);
                    }
                    self.after = round.next;
                }
                Err(error) => {
                    let code = error.code();
                    if self.failing.replace(code) != Some(code) {
                        let about = json!({ "code": code, "reason": error.to_string() });
                        log.say(Level::Error, "audit_unsigned", about);
                    }
                    self.after = None;
                    return;
                }
            }
            if self.after.is_none() {
                return;
            }
            if haste == Haste::WhenDue {
                // Whoever asks something meanwhile is answered first.
                self.next_ms = 0;
                return;
            }
        }
    }

    fn tell(&mut self, damage: Damage, log: &Log) {
        if self.told.len() >= DAMAGES_MAX {
            self.told.clear();
        }
        let about = json!({ "tenant": damage.tenant, "after": damage.after });
        if self.told.insert(damage) {
            log.say(Level::Error, "audit_damaged", about);
        }
    }
}
