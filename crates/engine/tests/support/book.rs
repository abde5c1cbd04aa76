//! An authority for tests: keys that are genuine, a ledger with its head, and the buckets.

use std::{cell::RefCell, collections::BTreeMap};

use tollgate_core::{
    head::{Answer as HeadAnswer, Entry, HEAD_ENTRIES_MAX, Head, Name, Subject},
    id::Id,
    key::{ApiKey, Brand, Draw, mint},
    lease::{Account, Answer, Ask, Slot, Standard},
    limit::{Limit, LimitScope, Numbers},
    lookup::LookupId,
    pepper::{Genuine, Pepper, Peppers},
    record::{self, Absence, Draft, Expected, State},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{Errand, Fetched, Question, Reply, Tidings};

/// When time begins in every test.
pub(crate) const WALL: u64 = 1_800_000_000_000;

/// A ring of one pepper.
pub(crate) fn ring() -> Peppers {
    Peppers::new(&[Pepper { id: 3, secret: b"not a secret, but no progression" }], 3).unwrap()
}

pub(crate) fn brand() -> Brand {
    Brand::new("tg", &["live"]).unwrap()
}

/// The text of one of many keys.
pub(crate) fn text(number: u32) -> String {
    let mut bytes = [9; 19];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    let (brand, ring) = (brand(), ring());
    let env = brand.envs().next().unwrap();
    mint(brand.prefix(), env, &ring, &Draw::new(&bytes).unwrap()).as_str().to_owned()
}

thread_local! {
    /// Those that were proved already.
    static PROVED: RefCell<BTreeMap<u32, Genuine>> = const { RefCell::new(BTreeMap::new()) };
}

/// The same, proved.
pub(crate) fn genuine(number: u32) -> Genuine {
    let prove =
        || ring().prove(&ApiKey::parse(text(number).as_bytes(), &brand()).unwrap()).unwrap();
    PROVED.with_borrow_mut(|proved| *proved.entry(number).or_insert_with(prove))
}

/// A limit as a test names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) name: &'static str,
    pub(crate) scope: LimitScope,
    pub(crate) numbers: Numbers,
    pub(crate) changed: Stamp,
}

impl Bound {
    pub(crate) fn key(name: &'static str, burst: u64, rate: u64, period_ms: u64) -> Self {
        let numbers = Numbers::steady(burst, rate, period_ms).unwrap();
        Self { name, scope: LimitScope::Key, numbers, changed: Stamp { incarnation: 1, epoch: 1 } }
    }

    pub(crate) fn limit(&self) -> Limit<'static> {
        let Self { name, scope, numbers, changed } = *self;
        Limit { name: Id::new(name).unwrap(), scope, numbers, changed }
    }
}

/// What the ledger says of a key.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) key: String,
    pub(crate) tenant: String,
    pub(crate) owner: String,
    pub(crate) state: State,
    pub(crate) scopes: Vec<String>,
    pub(crate) limits: Vec<Bound>,
    pub(crate) quotas: Vec<Bound>,
    pub(crate) ips_denied: Vec<&'static str>,
}

impl Card {
    pub(crate) fn of(number: u32) -> Self {
        Self {
            key: format!("key_{number}"),
            tenant: "acme".to_owned(),
            owner: "ops@acme.example".to_owned(),
            state: State::Active,
            scopes: vec!["orders:read".to_owned()],
            limits: vec![],
            quotas: vec![],
            ips_denied: vec![],
        }
    }

    pub(crate) fn limited(number: u32, limits: &[Bound]) -> Self {
        Self { limits: limits.to_vec(), ..Self::of(number) }
    }

    /// The sealed text of its record.
    pub(crate) fn seal(&self, expected: Expected, as_of: Stamp, peppers: &Peppers) -> Vec<u8> {
        let scopes: Vec<_> = self.scopes.iter().map(String::as_str).collect();
        let limits: Vec<_> = self.limits.iter().map(Bound::limit).collect();
        let quotas: Vec<_> = self.quotas.iter().map(Bound::limit).collect();
        let draft = Draft {
            as_of,
            lookup: expected.lookup,
            key: &self.key,
            tenant: &self.tenant,
            owner: &self.owner,
            env: expected.env,
            state: self.state,
            not_before: None,
            expires: None,
            plan: Some("pro"),
            scopes: &scopes,
            limits: &limits,
            quotas: &quotas,
            ips_allowed: &[],
            ips_denied: &self.ips_denied,
            countries_allowed: &[],
            countries_denied: &[],
        };
        let mut out = vec![0; record::TEXT_MAX];
        record::seal(&draft, peppers, peppers.issuing(), &mut out).unwrap().to_vec()
    }
}

/// Ledger, head and buckets.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) peppers: Peppers,
    pub(crate) head: Head<Vec<Entry>>,
    pub(crate) cards: BTreeMap<LookupId, Card>,
    pub(crate) buckets: BTreeMap<String, (Account, Vec<Slot>)>,
    /// How old every head that it tells of is.
    pub(crate) age_ms: u64,
    /// Whether answers about leases and records bring the head.
    pub(crate) tells: bool,
}

impl Book {
    pub(crate) fn new() -> Self {
        let stamp = Stamp { incarnation: 1, epoch: 10 };
        Self {
            peppers: ring(),
            head: Head::begin(stamp, vec![Entry::NONE; HEAD_ENTRIES_MAX]),
            cards: BTreeMap::new(),
            buckets: BTreeMap::new(),
            age_ms: 0,
            tells: true,
        }
    }

    /// Creates a key.
    pub(crate) fn issue(&mut self, number: u32, card: Card) {
        self.cards.insert(genuine(number).lookup(), card);
        self.head.record(None);
    }

    /// Changes a key, and says when.
    pub(crate) fn change(&mut self, number: u32, change: impl FnOnce(&mut Card)) -> Stamp {
        let card = self.cards.get_mut(&genuine(number).lookup()).unwrap();
        change(card);
        let tenant = Name::new(Id::new(&card.tenant).unwrap());
        let key = Name::new(Id::new(&card.key).unwrap());
        self.head.record(Some(Subject::Key { tenant, key }))
    }

    pub(crate) fn revoke(&mut self, number: u32) -> Stamp {
        self.change(number, |card| card.state = State::Revoked)
    }

    pub(crate) fn tidings(&self, since: Stamp) -> Tidings {
        let HeadAnswer { stamp, floor, since, age_ms, entries } =
            self.head.answer(since, self.age_ms);
        Tidings { stamp, floor, since, age_ms, entries: entries.to_vec() }
    }

    /// What is read of a lookup id now.
    pub(crate) fn read(&self, expected: Expected) -> Fetched {
        self.read_as_of(expected, self.head.stamp())
    }

    /// The same, stamped as if it had been read then.
    pub(crate) fn read_as_of(&self, expected: Expected, as_of: Stamp) -> Fetched {
        let text = match self.cards.get(&expected.lookup) {
            Some(card) => card.seal(expected, as_of, &self.peppers),
            None => {
                let absence = Absence { as_of, lookup: expected.lookup };
                let mut out = vec![0; record::TEXT_MAX];
                let pepper = self.peppers.issuing();
                record::seal_absence(absence, &self.peppers, pepper, &mut out).unwrap().to_vec()
            }
        };
        Fetched::open(&text, expected, &self.peppers).unwrap()
    }

    pub(crate) fn exchange(&mut self, bucket: &str, ask: &Ask, now: UnixMillis) -> Answer {
        let fresh = || (Account::new(ask, now), vec![Slot::VACANT; 16]);
        let (account, slots) = self.buckets.entry(bucket.to_owned()).or_insert_with(fresh);
        let answer = account.exchange(slots, ask, now, &Standard::default()).answer();
        let out: u64 =
            slots.iter().flat_map(Slot::outstanding).map(|(out, _)| u64::from(out)).sum();
        let (numbers, _) = account.limit();
        let room = u64::from(numbers.burst()).saturating_sub(out) * u64::from(numbers.unit());
        assert!(account.credit() <= room, "credit and what is out exceed the burst");
        answer
    }

    /// What the authority says to an errand.
    pub(crate) fn answer(&mut self, errand: &Errand, now: UnixMillis) -> Reply {
        let tidings = self.tidings(errand.since);
        let beside = self.tells.then(|| tidings.clone());
        match &errand.question {
            Question::Head => Reply::Head(tidings),
            Question::Record { expected, .. } => Reply::Record(Some(self.read(*expected)), beside),
            Question::Lease { bucket, ask } => {
                Reply::Lease(self.exchange(bucket, ask, now), beside)
            }
            Question::Usage(_) => Reply::Usage,
        }
    }
}
