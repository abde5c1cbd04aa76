//! One bucket: what its authority keeps, and the truth about it.

use tollgate_core::{
    lease::{Account, STATE_HEADER_MAX, STATE_HOLDER_MAX, Slot},
    limit::{Numbers, Refill},
};

use super::{super::oracle::Oracle, settings::WorldSettings};

/// One bucket, the bucket that judges every admission, and the one that shows what could have been.
pub(super) struct Bucket {
    pub(super) account: Option<Account>,
    pub(super) slots: Vec<Slot>,
    /// Counts the writes, where the state is an item of a database.
    pub(super) version: u64,
    pub(super) oracle: Oracle,
    pub(super) exact: Oracle,
}

impl Bucket {
    pub(super) fn new(numbers: Numbers, settings: &WorldSettings, start_ms: u64) -> Self {
        Self {
            account: None,
            slots: vec![Slot::VACANT; settings.slots],
            version: 0,
            oracle: oracle(numbers, settings, start_ms),
            exact: Oracle::new(numbers, start_ms),
        }
    }

    /// I1: credit and what is out do not exceed the burst.
    pub(super) fn check(&self, seed: u64) {
        let Some(account) = &self.account else { return };
        let (numbers, _) = account.limit();
        let out = self.slots.iter().flat_map(Slot::outstanding);
        let out: u64 = out.map(|(tokens, _)| u64::from(tokens)).sum();
        let room = u64::from(numbers.burst()).saturating_sub(out) * u64::from(numbers.unit());
        assert!(account.credit() <= room, "credit and what is out exceed the burst (seed {seed})");
    }

    /// The authority's process dies and another takes over from what is stored.
    pub(super) fn store_and_load(&mut self) {
        let mut buffer = vec![0; STATE_HEADER_MAX + self.slots.len() * STATE_HOLDER_MAX];
        let account = self.account.as_ref().expect("an account that was asked");
        let len = account.encode(&self.slots, &mut buffer).expect("room enough");
        let mut slots = vec![Slot::VACANT; self.slots.len()];
        let read = Account::decode(&buffer[..len], &mut slots).expect("what was written");
        assert_eq!((read.credit(), read.instant()), (account.credit(), account.instant()));
        assert_eq!(read.limit(), account.limit());
        let taken = |slots: &[Slot]| {
            slots.iter().filter(|slot| slot.holder().is_some()).copied().collect::<Vec<_>>()
        };
        assert_eq!(taken(&slots), taken(&self.slots));
        self.account = Some(read);
        self.slots = slots;
    }
}

/// The exact bucket that admissions are judged by: across changes, one with the largest burst and
/// the largest rate (a quota's count is raised as it goes); where writers' clocks run ahead, with what that brings forward.
fn oracle(numbers: Numbers, settings: &WorldSettings, start_ms: u64) -> Oracle {
    let all = settings.changes.iter().copied().chain([numbers]);
    let burst = all.clone().map(Numbers::burst).max().unwrap_or(0);
    let fastest = all.filter_map(|n| match n.refill() {
        Refill::Steady { rate, period_ms } => Some((u64::from(rate), u64::from(period_ms))),
        Refill::Each(_) => None,
    });
    let ahead = settings.faults.writers_ahead_ms;
    match fastest.reduce(|a, b| if a.0 * b.1 >= b.0 * a.1 { a } else { b }) {
        None => Oracle::new(numbers, start_ms),
        Some((rate, period_ms)) => {
            let largest = Numbers::steady(u64::from(burst), rate, period_ms).expect("in bounds");
            let brought = (ahead * rate).div_ceil(period_ms);
            Oracle::new(largest, start_ms).with_allowance(brought)
        }
    }
}
