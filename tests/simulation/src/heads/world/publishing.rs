//! The ledger's side: changes, their publishing, and what leaves the list.

use super::{Cut, Event, World};
use crate::heads::tables::Change;

impl World {
    /// An operator begins a change; it is committed a little later, unless the ledger dies before.
    pub(super) fn prepare(&mut self) {
        let next = self.random.exponential(self.settings.changes_us);
        self.after(next, Event::Change);
        let change = self.any_change();
        if self.ledger.running() && self.ledger.tables().admit(change) {
            self.ledger.prepare(change);
            let takes = self.random.within(1_000, 30_000);
            self.after(takes, Event::Commit);
        }
    }

    pub(super) fn any_change(&mut self) -> Change {
        let tenants = self.settings.tenants;
        let all = self.ledger.tables().secrets();
        let off = self.random.happens(200);
        let secret = self.below(all);
        match self.random.below(100) {
            0..12 => Change::Create(secret),
            12 => Change::Revoke(secret),
            13 => Change::Forget(secret),
            14..50 => Change::Switch(self.below(all / 2), off),
            50..85 => Change::Owner(self.below(all / 4), off),
            _ => Change::Tenant(self.below(tenants), off),
        }
    }

    pub(super) fn commit(&mut self) {
        let entries = self.ledger.head().entries().len();
        if let Some((change, stamp)) = self.ledger.commit(self.now_us) {
            let (tables, subject) = (self.ledger.tables(), change.subject());
            self.truth.record(tables, stamp, subject, self.now_us);
            self.tally.changes += 1;
            self.tally.folds += u64::from(self.ledger.head().entries().len() + 1 < entries);
        }
    }

    /// The publisher writes one row after the other, the lowest epoch first; each is read when it is
    /// written, and written again if no confirmation comes.
    pub(super) fn publish(&mut self) {
        self.after(200_000, Event::Publish);
        // Whatever was on its way is sent again; the older writing may still arrive, and later.
        self.publishing = None;
        self.publish_row();
    }

    pub(super) fn publish_row(&mut self) {
        if let Some(secret) = self.ledger.to_publish().filter(|_| self.ledger.running()) {
            let (as_of, verdict) = self.ledger.read(secret);
            let text = self.seals.record(secret, as_of, verdict);
            let id = self.tally.steps;
            self.publishing = Some(id);
            self.travel(Some(Cut::Publisher), Event::Put { secret, id, as_of, text });
        }
    }

    pub(super) fn tidy(&mut self) {
        self.after(500_000, Event::Tidy);
        let floor = self.ledger.head().floor();
        self.ledger.let_go(self.settings.entry_age_us, self.now_us);
        self.tally.floors += u64::from(self.ledger.head().floor() > floor);
    }
}
