//! One gate in one module: its buffer, its brand and peppers, one record, one head.
//!
//! The other side writes to the buffer and calls: `start` once, then `head`, `record` and `decide`.

mod exports;

use tollgate_core::{
    decision::{Known, Presented, Request, Step, Verdict, decide},
    head::{Entry, HEAD_ENTRIES_MAX, MaxStaleness, Merge, Reader, open as open_head},
    key::{ApiKey, Brand},
    lease::{Host, Purse},
    limit::{Numbers, Period},
    lookup::LookupId,
    pepper::{Genuine, Pepper, Peppers},
    record::{Expected, Found, LIMITS_MAX, PACKED_MAX, QUOTAS_MAX, Record, open as open_record},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

/// Entries of the head that this gate keeps.
const ENTRIES: usize = 256;
const PURSES: usize = LIMITS_MAX + QUOTAS_MAX;

/// What the gate keeps between calls.
struct Gate {
    brand: Brand,
    peppers: Peppers,
    head: Reader<[Entry; ENTRIES]>,
    /// What an answer is opened into.
    places: [Entry; HEAD_ENTRIES_MAX],
    packed: [u8; PACKED_MAX],
    purses: [Purse; PURSES],
    /// How many of the purses the record needs; none if there is no record.
    needed: Option<usize>,
}

impl Gate {
    fn new(secret: &[u8]) -> Option<Self> {
        let unused = Numbers::quota(1, Period::Total).ok()?;
        let purse = || Purse::new(unused, Stamp::default(), Host::Background, 0);
        Some(Self {
            brand: Brand::new("tg", &["live", "test"]).ok()?,
            peppers: Peppers::new(&[Pepper { id: 0, secret }], 0).ok()?,
            head: Reader::new([Entry::NONE; ENTRIES]),
            places: [Entry::NONE; HEAD_ENTRIES_MAX],
            packed: [0; PACKED_MAX],
            purses: core::array::from_fn(|_| purse()),
            needed: None,
        })
    }

    fn prove(&self, key: &[u8]) -> Option<Genuine> {
        let key = ApiKey::parse(key, &self.brand).ok()?;
        self.peppers.prove(&key).ok()
    }

    fn lookup(&self, key: &[u8]) -> Option<LookupId> {
        self.prove(key).map(|genuine| genuine.lookup())
    }

    /// Takes in a head.
    fn head(&mut self, text: &[u8], now: Reading) -> bool {
        let Ok(answer) = open_head(text, &self.peppers, &mut self.places) else { return false };
        matches!(self.head.merge(&answer, now, now), Merge::Adopted | Merge::Younger)
    }

    /// Takes in the record of `key`.
    fn record(&mut self, key: &[u8], text: &[u8]) -> bool {
        let Some(genuine) = self.prove(key) else { return false };
        let expected = Expected::from(&genuine);
        let found = open_record(text, &self.peppers, expected, &mut self.packed);
        let Ok(Found::Present(record)) = found else { return false };
        let limits = record.limits.iter().map(|limit| (limit.numbers, limit.changed));
        let quotas = record.quotas.iter().map(|quota| (quota.numbers, quota.changed));
        let mut needed = 0_usize;
        for (purse, (numbers, changed)) in self.purses.iter_mut().zip(limits.chain(quotas)) {
            *purse = Purse::new(numbers, changed, Host::Background, 0);
            needed = needed.saturating_add(1);
        }
        self.needed = Some(needed);
        true
    }

    /// Decides a request that presents `key`: 1 if it passes, 2 if something must be fetched, else 0.
    fn decide(&mut self, key: &[u8], now: Reading) -> u32 {
        let freshness = self.head.freshness(MaxStaleness::DEFAULT, now);
        let presented = match self.prove(key) {
            Some(genuine) => {
                let packed = self.needed.map(|_| self.packed.as_slice());
                Presented::Genuine(genuine, known(&self.head, packed))
            }
            None => Presented::Refused,
        };
        let request = Request { address: None, country: None, required: &[], cost: 1, limits: &[] };
        let purses = self.purses.get_mut(..self.needed.unwrap_or(0)).unwrap_or_default();
        match decide(presented, freshness, &request, purses, now) {
            Step::Verdict(Verdict::Allow(_)) => 1,
            Step::Verdict(Verdict::Deny(_)) => 0,
            Step::Await(_) => 2,
        }
    }
}

/// What is known of the key whose record is packed here.
fn known<'p>(head: &Reader<[Entry; ENTRIES]>, packed: Option<&'p [u8]>) -> Known<'p> {
    match (packed.and_then(Record::unpack), head.head()) {
        (Some(record), Some(head)) => head.check(record).into(),
        _ => Known::Nothing,
    }
}

/// A host with one clock gives it twice.
const fn reading(now_ms: u64) -> Reading {
    Reading { wall: UnixMillis(now_ms), mono_ms: now_ms }
}
