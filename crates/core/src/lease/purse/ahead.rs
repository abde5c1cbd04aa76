//! What a host that runs nothing after its answer takes ahead of a quota, or of a slow limit.

use crate::time::Reading;

/// Of what is left at the authority, a holder takes at most one part in so many ahead.
const LEFT_PARTS: u32 = 1_024;

/// And one part in so many of what it has spent since it last lost any.
const SPENT_PARTS: i64 = 4;

/// For each token that died in the purse so many are spent before any is taken ahead again.
const PENANCE: i64 = 4;

/// So much of the authority's wish to be left alone is not waited for where it gave everything.
pub(super) const PATIENCE_MS: u32 = 1_000;

/// How many tokens are taken ahead: none while the authority is not asked too often, and then as many as make it seldom
/// enough.
///
/// What is in the purse of a host that is never called again is missed, so it is a small part of what is left, and of what
/// was spent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ahead {
    tokens: u32,
    /// What was spent since any were lost, less what is still to be spent for those.
    earned: i64,
    /// What was in the purse when it was last looked into, and after the last answer.
    held: u32,
    brought: u32,
    /// What the last answer said was left at the authority.
    left: u32,
    /// When it last asked for requests that waited, and how long after the time before.
    asked: Reading,
    between_ms: u64,
}

impl Ahead {
    /// How many tokens to ask for.
    pub(super) fn wanted(&self) -> u32 {
        let earned = u32::try_from(self.earned.max(0) / SPENT_PARTS).unwrap_or(u32::MAX);
        self.tokens.min(earned).min(self.left / LEFT_PARTS)
    }

    /// Counts what was spent since the last time: `lost` died in the purse, and it still has `had`.
    pub(super) fn look(&mut self, had: u32, lost: u32) {
        if lost > 0 {
            let owed = i64::from(lost).saturating_mul(PENANCE);
            self.earned = self.earned.min(0).saturating_sub(owed);
            self.tokens /= 2;
        }
        let spent = self.held.saturating_sub(lost).saturating_sub(had);
        self.earned = self.earned.saturating_add(i64::from(spent));
        self.held = had;
    }

    /// Requests wait, and it asks for them.
    pub(super) fn ask(&mut self, now: Reading) {
        self.between_ms = now.since(self.asked);
        self.asked = now;
    }

    /// What was taken ahead has lasted too long: `back` of it goes back, and no more is taken than was used.
    pub(super) fn hand_back(&mut self, back: u32) {
        self.tokens = self.tokens.min(self.brought.saturating_sub(self.held));
        self.held = self.held.saturating_sub(back);
    }

    /// Takes in an answer, after which the purse has `held`. `pause_ms` is how long the authority would be left alone if it
    /// gave everything that requests waited for.
    pub(super) fn told(&mut self, pause_ms: Option<u32>, held: u32, left: u32) {
        (self.held, self.brought, self.left) = (held, held, left);
        match pause_ms {
            Some(0) => self.tokens = self.tokens.saturating_sub(self.tokens.div_ceil(8)),
            Some(pause) if self.between_ms < u64::from(pause) => {
                self.tokens = self.wanted().saturating_mul(2).saturating_add(1);
            }
            Some(_) | None => {}
        }
    }
}
