//! What a run is made of: engines, keys, faults, and what is counted.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::{
    head::MaxStaleness,
    lease::HolderId,
    limit::{LimitScope, Numbers, Period},
};
use tollgate_engine::{Engine, Settings};
use tollgate_testkit::Random;

use crate::book::{Bound, Card};

/// How many keys there are; and one number beyond is tried that is none.
pub(crate) const KEYS: u32 = 8;
/// What one of them may do in all.
pub(crate) const TOTAL: u64 = 60;
pub(crate) const MAX_STALENESS_MS: u64 = 3_000;
pub(crate) const RUN_MS: u64 = 30_000;

/// How often something happens, in a thousand messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) refused: u64,
    pub(crate) slow: u64,
    pub(crate) freezes: bool,
    pub(crate) crashes: bool,
    pub(crate) outages: bool,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) engines: usize,
    pub(crate) faults: Faults,
    pub(crate) replica: bool,
    pub(crate) changes: bool,
    /// The one key that is used, if it is one only.
    pub(crate) only: Option<u32>,
    /// Whether there is room for every record.
    pub(crate) room: bool,
}

impl Plan {
    pub(crate) const fn of(seed: u64) -> Self {
        let faults = crate::CALM;
        Self { seed, engines: 3, faults, replica: false, changes: true, only: None, room: true }
    }
}

/// What happened.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) allowed: u64,
    pub(crate) flagged: u64,
    pub(crate) denied: u64,
    pub(crate) unavailable: u64,
    pub(crate) revoked: u64,
    pub(crate) freezes: u64,
    /// Requests of warm keys without a limit, each of which was decided at once.
    pub(crate) warm: u64,
    /// Admissions of the key that has a total.
    pub(crate) of_total: u64,
    pub(crate) longest_after_revocation: u64,
}

/// One engine with its clocks.
pub(crate) struct Host {
    pub(crate) engine: Engine<u64>,
    /// Counts processes: what is for one that died reaches nobody.
    pub(crate) life: u64,
    pub(crate) ahead_ms: u64,
    pub(crate) stood_ms: u64,
    pub(crate) frozen_until: u64,
    /// When its timer fires.
    pub(crate) wake_at: u64,
    pub(crate) waiting: BTreeMap<u64, (u32, u64)>,
    /// Keys that were let through since nothing about them changed.
    pub(crate) warm: BTreeSet<u32>,
}

pub(crate) fn host(plan: Plan, random: &mut Random) -> Host {
    let settings = Settings {
        max_staleness: MaxStaleness::new(MAX_STALENESS_MS).unwrap(),
        replica: plan.replica,
        records_bytes_max: if plan.room { 1 << 20 } else { 1_600 },
        absences_max: 4,
        purses_max: 8,
        parked_max: 1_000,
        fetches_max: 16,
        ..Settings::EMBEDDED
    };
    Host {
        engine: Engine::new(settings, HolderId(random.bytes())),
        life: 0,
        ahead_ms: random.below(100_000),
        stood_ms: 0,
        frozen_until: 0,
        wake_at: u64::MAX,
        waiting: BTreeMap::new(),
        warm: BTreeSet::new(),
    }
}

/// Some keys have no limit; the others have one each, one of them with a second that is shared.
pub(crate) fn card(number: u32) -> Card {
    let owner = Bound { scope: LimitScope::Owner, ..Bound::key("shared", 40, 6, 1_000) };
    let total = Bound {
        numbers: Numbers::quota(TOTAL, Period::Total).unwrap(),
        ..Bound::key("total", 1, 1, 1)
    };
    let (limits, quotas) = match number {
        1 => (vec![], vec![total]),
        3 => (vec![Bound::key("narrow", 5, 2, 1_000)], vec![]),
        5 => (vec![Bound::key("wide", 60, 5, 1_000), owner], vec![]),
        6 => (vec![Bound::key("steady", 1_000, 1_000, 1_000)], vec![]),
        7 => (vec![owner], vec![]),
        _ => (vec![], vec![]),
    };
    Card { limits, quotas, ..Card::of(number) }
}

pub(crate) fn unlimited(number: u32) -> bool {
    number < KEYS && card(number).limits.is_empty() && card(number).quotas.is_empty()
}
