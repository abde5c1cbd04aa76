//! What a verifier remembers, each within a bound: tokens that were good, and tokens that were used.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard},
};

use tollgate_core::time::UnixMillis;
use tollgate_identity::Refusal;

use crate::{
    identity::{Binding, Told},
    keys::Mark,
    problem::Reason,
};

/// Tokens without binding that were verified: the signature is not computed again while the key is the same.
///
/// Times are judged at every use. When it is full the oldest goes, which is nearly the first to expire.
#[derive(Debug)]
pub(crate) struct Remembered {
    most: usize,
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    tokens: HashMap<Arc<[u8]>, (u64, Known)>,
    order: BTreeMap<u64, Arc<[u8]>>,
    next: u64,
}

/// A token that was verified, and the key that it was verified with.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) mark: Arc<Mark>,
    pub(crate) told: Arc<Told>,
}

impl Remembered {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, held: RwLock::default() }
    }

    pub(crate) fn find(&self, token: &[u8]) -> Option<Known> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.tokens.get(token).map(|(_, known)| known.clone())
    }

    pub(crate) fn keep(&self, token: &[u8], known: Known) {
        if self.most == 0 || known.told.binding.is_some() {
            return;
        }
        let token: Arc<[u8]> = token.into();
        let mut held = self.held();
        held.forget(&token);
        let at = held.next;
        held.next = at.wrapping_add(1);
        held.order.insert(at, Arc::clone(&token));
        held.tokens.insert(token, (at, known));
        while held.tokens.len() > self.most {
            let Some((_, oldest)) = held.order.pop_first() else { return };
            held.tokens.remove(&oldest);
        }
    }

    pub(crate) fn forget(&self, token: &[u8]) {
        self.held().forget(token);
    }

    fn held(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn forget(&mut self, token: &[u8]) {
        if let Some((at, _)) = self.tokens.remove(token) {
            self.order.remove(&at);
        }
    }
}

/// Bound tokens that were used, until they could not be used any more.
///
/// When it is full of tokens that still could, further ones are refused: none is used twice for want of room.
#[derive(Debug)]
pub(crate) struct Used {
    most: usize,
    held: Mutex<Until>,
}

#[derive(Debug, Default)]
struct Until {
    ends: HashMap<[u8; 16], u64>,
    /// The latest time that was ever seen.
    latest: u64,
    /// No token of these ends earlier.
    first: u64,
}

impl Used {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// Takes the one use of a token that could be used until before `ends`, in milliseconds.
    pub(crate) fn take(&self, binding: &Binding, ends: u64, now: UnixMillis) -> Result<(), Reason> {
        if self.most == 0 {
            return Ok(());
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.latest = held.latest.max(now.0);
        if ends <= held.latest {
            // The clock was set back: this one may have been forgotten already.
            return Err(Reason::Refused(Refusal::Expired));
        }
        if held.ends.contains_key(&binding.jti) {
            return Err(Reason::Replayed);
        }
        if held.ends.len() >= self.most && held.first <= held.latest {
            held.clear_out();
        }
        if held.ends.len() >= self.most {
            return Err(Reason::ReplayFull);
        }
        held.first = if held.ends.is_empty() { ends } else { held.first.min(ends) };
        held.ends.insert(binding.jti, ends);
        Ok(())
    }
}

impl Until {
    fn clear_out(&mut self) {
        let latest = self.latest;
        self.ends.retain(|_, end| *end > latest);
        self.first = self.ends.values().copied().min().unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
mod tests;
