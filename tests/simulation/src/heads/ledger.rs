//! The ledger: tables, head and outbox in one database, and what is noted outside it.

use std::collections::{BTreeMap, VecDeque};

use tollgate_core::{
    head::{Entry, Head},
    stamp::Stamp,
};

use super::tables::{Change, Tables, Verdict};

/// For so long an authority that has answered a question does not put the same row out again.
const HEAL_EVERY_US: u64 = 5_000_000;

/// The ledger's database, and the authority that reads it.
#[derive(Clone, Debug)]
pub struct Ledger {
    database: Database,
    /// The epoch noted outside the database.
    noted: Stamp,
    running: bool,
    prepared: Option<Change>,
    healed: BTreeMap<usize, u64>,
    bound: usize,
}

/// What one transaction changes together, and what a backup holds.
#[derive(Clone, Debug)]
pub struct Database {
    tables: Tables,
    head: Head<Vec<Entry>>,
    commits: VecDeque<(u64, u64)>,
    outbox: BTreeMap<usize, u64>,
}

/// Whether an authority has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It answers.
    Running,
    /// Its epoch is below the one noted outside: epochs would be used twice.
    Refused,
}

impl Ledger {
    /// A running ledger at epoch 1 of incarnation 1, whose list is of `bound` entries.
    #[must_use]
    pub fn new(tables: Tables, bound: usize) -> Self {
        let stamp = Stamp { incarnation: 1, epoch: 1 };
        let there = (0..tables.secrets()).filter(|&secret| tables.verdict(secret).is_some());
        let outbox = there.map(|secret| (secret, 1)).collect();
        let head = Head::begin(stamp, vec![Entry::NONE; bound]);
        let database = Database { tables, head, commits: VecDeque::new(), outbox };
        Self {
            database,
            noted: stamp,
            running: true,
            prepared: None,
            healed: BTreeMap::new(),
            bound,
        }
    }

    /// The tables as committed.
    #[must_use]
    pub const fn tables(&self) -> &Tables {
        &self.database.tables
    }

    /// The head as committed.
    #[must_use]
    pub const fn head(&self) -> &Head<Vec<Entry>> {
        &self.database.head
    }

    /// Whether the authority answers.
    #[must_use]
    pub const fn running(&self) -> bool {
        self.running
    }

    /// Begins a transaction; nobody sees anything of it.
    pub fn prepare(&mut self, change: Change) {
        self.prepared = Some(change);
    }

    /// Commits what has been prepared: the change, its epoch, its entry and its rows for the outbox.
    pub fn commit(&mut self, now_us: u64) -> Option<(Change, Stamp)> {
        let change = self.prepared.take()?;
        let database = &mut self.database;
        if !database.tables.admit(change) {
            return None;
        }
        database.tables.apply(change);
        let stamp = database.head.record(change.subject());
        database.commits.push_back((now_us, stamp.epoch));
        database.outbox.extend(change.secrets().map(|secret| (secret, stamp.epoch)));
        Some((change, stamp))
    }

    /// Lets entries leave that were committed `age_us` ago or earlier.
    pub fn let_go(&mut self, age_us: u64, now_us: u64) {
        let database = &mut self.database;
        while let Some(&(at_us, epoch)) = database.commits.front()
            && at_us + age_us <= now_us
        {
            database.commits.pop_front();
            let epochs = database.head.entries().iter().map(|entry| entry.epoch);
            if let Some(left) = epochs.take_while(|&entry| entry <= epoch).last() {
                database.head.raise_floor(left);
            }
        }
    }

    /// A consistent read of the effective record.
    #[must_use]
    pub fn read(&self, secret: usize) -> (Stamp, Verdict) {
        (self.database.head.stamp(), self.database.tables.verdict(secret))
    }

    /// Puts a row that was asked for into the outbox, so that the store heals where it is used.
    pub fn heal(&mut self, secret: usize, now_us: u64) {
        let due = self.healed.get(&secret).is_none_or(|&at_us| at_us + HEAL_EVERY_US <= now_us);
        if due {
            self.healed.insert(secret, now_us);
            self.database.outbox.insert(secret, self.database.head.stamp().epoch);
        }
    }

    /// The row that is to be published next: that of the lowest epoch.
    #[must_use]
    pub fn to_publish(&self) -> Option<usize> {
        let rows = self.database.outbox.iter().map(|(&secret, &epoch)| (epoch, secret));
        rows.min().map(|(_, secret)| secret)
    }

    /// The row has been published as of `as_of`.
    pub fn published(&mut self, secret: usize, as_of: Stamp) {
        let done = as_of.incarnation == self.database.head.stamp().incarnation
            && self.database.outbox.get(&secret).is_some_and(|&epoch| epoch <= as_of.epoch);
        if done {
            self.database.outbox.remove(&secret);
        }
    }

    /// Notes the epoch outside the database.
    pub fn note(&mut self) {
        self.noted = self.noted.max(self.database.head.stamp());
    }

    /// The process dies; what was not committed is gone.
    pub fn crash(&mut self) {
        self.running = false;
        self.prepared = None;
        self.healed.clear();
    }

    /// Starts the authority, unless its database is behind what has been noted.
    pub fn start(&mut self) -> Start {
        self.running = self.database.head.stamp() >= self.noted;
        if self.running { Start::Running } else { Start::Refused }
    }

    /// A copy of the database.
    #[must_use]
    pub fn backup(&self) -> Database {
        self.database.clone()
    }

    /// Puts a copy of the database back as it is, as somebody may do who does not know better.
    pub fn put_back(&mut self, backup: Database) {
        self.crash();
        self.database = backup;
    }

    /// The restore command: a copy of the database under a new incarnation, before anything answers.
    pub fn restore(&mut self, backup: Database) {
        self.put_back(backup);
        let incarnation = self.noted.incarnation + 1;
        let stamp = Stamp { incarnation, epoch: self.database.head.stamp().epoch };
        let places = vec![Entry::NONE; self.bound];
        self.database.head = Head::begin(stamp, places);
        self.database.commits.clear();
        self.note();
    }
}
