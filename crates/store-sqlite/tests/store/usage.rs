//! What was counted is kept once, and read by hours.

use std::sync::Arc;

use tollgate_control::{Apart, Counted, Counting};
use tollgate_core::{
    key::{ApiKey, Brand, Draw, mint},
    lease::HolderId,
    pepper::{Genuine, PepperId},
    time::{Reading, UnixMillis},
    usage::{HOUR_MS, Kind},
};
use tollgate_engine::{Demand, Engine, Errand, Inquiry, Question, Reply};
use tollgate_ledger::{Change, Secret};
use tollgate_store_sqlite::{HEARD_KEPT_MS, Store, USAGE_KEPT_MS};

use crate::made::{Folder, NOW, ask, change, each, id, ring, settings};

/// What is read by whoever wants everything.
pub(crate) const ALL: Counting<'static> = Counting {
    from: 0,
    until: u64::MAX >> 1,
    kind: Kind::Code,
    tenant: None,
    owner: None,
    key: None,
    route: None,
    by: &Apart::ALL,
};

/// A gate, and what it has asked for and nobody answered.
pub(crate) struct Gate {
    pub(crate) engine: Engine<u32>,
    pub(crate) now: Reading,
    pub(crate) routes: Vec<Arc<Demand>>,
}

pub(crate) fn genuine(number: u32) -> Genuine {
    let mut bytes = [9; 19];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    let brand = Brand::new("tg", &["live"]).unwrap();
    let env = brand.envs().next().unwrap();
    let key = mint(brand.prefix(), env, &ring(), &Draw::new(&bytes).unwrap());
    ring().prove(&ApiKey::parse(key.as_str().as_bytes(), &brand).unwrap()).unwrap()
}

/// The key `key_<number>` of a tenant and an owner.
pub(crate) fn issue(store: &mut Store, number: u32, tenant: &str, owner: &str) {
    let secret = Secret::new(genuine(number).lookup(), PepperId::new(3).unwrap());
    let settings = settings(tenant, owner);
    change(store, &Change::Create { id: id(number), name: None, settings, secret });
}

impl Gate {
    pub(crate) fn new(holder: u8) -> Self {
        let settings = tollgate_engine::Settings {
            usage_every_ms: 10_000,
            ..tollgate_engine::Settings::EMBEDDED
        };
        Self {
            engine: Engine::new(settings, HolderId([holder; 16])),
            now: Reading { wall: NOW, mono_ms: 1 },
            routes: ["", "GET /orders"]
                .map(|route| Arc::new(Demand::new(&[], 1).unwrap().named(route)))
                .into(),
        }
    }

    /// A request with the key of that number.
    pub(crate) fn come(&mut self, store: &mut Store, number: u32, route: usize) {
        let demand = Arc::clone(&self.routes[route]);
        let inquiry = Inquiry { genuine: genuine(number), address: None, country: None, demand };
        let _arrival = self.engine.arrive(inquiry, || 0, self.now);
        loop {
            let errands: Vec<Errand> = self.engine.errands().collect();
            if errands.is_empty() {
                break;
            }
            for (id, reply) in store.answer(&errands, &ring(), self.now.wall) {
                self.engine.deliver(id, reply, self.now);
            }
        }
        assert!(self.engine.decisions().count() <= 1);
    }

    /// The batch that is to be kept now.
    pub(crate) fn batch(&mut self) -> Errand {
        assert!(self.engine.hand_over_usage(self.now));
        let errands: Vec<Errand> = self.engine.errands().collect();
        let usage = |errand: &Errand| matches!(errand.question, Question::Usage(_));
        errands.into_iter().find(usage).unwrap()
    }

    /// It is kept, and its answer is lost; says what was counted altogether so far.
    pub(crate) fn keep(store: &mut Store, batch: &Errand, now: UnixMillis) -> u64 {
        let reply = ask(store, batch.question.clone(), batch.since, now);
        assert!(matches!(reply, Ok(Reply::Usage)), "{reply:?}");
        read(store, &ALL).iter().map(|row| row.count).sum()
    }

    pub(crate) fn answered(&mut self, batch: &Errand) {
        self.engine.deliver(batch.id, Ok(Reply::Usage), self.now);
    }
}

pub(crate) fn read(store: &mut Store, wanted: &Counting<'_>) -> Vec<Counted> {
    let (mut rows, mut wanted) = (vec![], *wanted);
    loop {
        let hour = store.usage(&wanted).unwrap();
        let Some(last) = hour.last() else { return rows };
        wanted.from = last.hour + 1;
        rows.extend(hour);
    }
}

pub(crate) fn spelled(rows: &[Counted]) -> Vec<String> {
    let spelled = |row: &Counted| {
        let Counted { tenant, owner, key, route, word, count, .. } = row;
        format!("{tenant}/{owner}/{key}/{route}/{word} {count}")
    };
    rows.iter().map(spelled).collect()
}

#[test]
fn a_batch_counts_once_however_often_it_comes_and_so_does_an_older_one() {
    each(|mut store| {
        issue(&mut store, 1, "acme", "bob");
        let mut gate = Gate::new(1);
        gate.come(&mut store, 1, 1);
        let first = gate.batch();
        for _ in 0..3 {
            assert_eq!(Gate::keep(&mut store, &first, NOW), 1);
        }
        gate.answered(&first);
        gate.come(&mut store, 1, 1);
        gate.come(&mut store, 1, 1);
        let second = gate.batch();
        assert_eq!(Gate::keep(&mut store, &second, NOW), 3);
        // One that was under way all the time.
        assert_eq!(Gate::keep(&mut store, &first, NOW), 3);
        assert_eq!(Gate::keep(&mut store, &second, NOW), 3);
        // Another gate's first batch has the same number, and is another.
        let mut other = Gate::new(2);
        other.come(&mut store, 1, 1);
        let batch = other.batch();
        assert_eq!(Gate::keep(&mut store, &batch, NOW), 4);
        assert_eq!(spelled(&read(&mut store, &ALL)), ["acme/bob/key_1/GET /orders/allowed 4"]);
    });
}

#[test]
fn what_was_counted_is_read_by_hour_tenant_owner_key_and_route() {
    each(|mut store| {
        for (number, tenant, owner) in [(1, "acme", "bob"), (2, "acme", "eve"), (3, "zinc", "bob")]
        {
            issue(&mut store, number, tenant, owner);
        }
        let mut gate = Gate::new(1);
        let (hour, later) = (NOW.0 / HOUR_MS, NOW.0 / HOUR_MS + 1);
        for turn in [0, HOUR_MS] {
            gate.now = Reading { wall: NOW.plus(turn), mono_ms: 1 + turn };
            for (number, route) in [(1, 0), (1, 1), (2, 1), (3, 1), (9, 0)] {
                gate.come(&mut store, number, route);
            }
        }
        let batch = gate.batch();
        assert_eq!(Gate::keep(&mut store, &batch, NOW), 10);
        let bounds = Counting { from: hour, until: later, ..ALL };
        let bob = "acme/bob/key_1//allowed 1";
        let orders = "acme/bob/key_1/GET /orders/allowed 1";
        let eve = "acme/eve/key_2/GET /orders/allowed 1";
        let zinc = "zinc/bob/key_3/GET /orders/allowed 1";
        let nobody = "////key_invalid 1";
        let rows: [(Counting<'_>, &[&str]); 8] = [
            (bounds, &[nobody, bob, orders, eve, zinc]),
            (Counting { from: later, until: later + 1, ..ALL }, &[nobody, bob, orders, eve, zinc]),
            (Counting { from: later + 1, ..ALL }, &[]),
            (Counting { tenant: Some("acme"), ..bounds }, &[bob, orders, eve]),
            (Counting { tenant: Some("acme"), owner: Some("bob"), ..bounds }, &[bob, orders]),
            (Counting { tenant: Some(""), ..bounds }, &[nobody]),
            (Counting { key: Some("key_3"), ..bounds }, &[zinc]),
            (Counting { route: Some(""), ..bounds }, &[nobody, bob]),
        ];
        for (wanted, expected) in rows {
            assert_eq!(spelled(&read(&mut store, &wanted)), expected, "{wanted:?}");
        }
        // Each time it is one hour, and what is not told apart is added up.
        let acme = Counting { tenant: Some("acme"), by: &[], ..ALL };
        for (by, expected) in [
            (&[][..], &["acme//// 3"][..]),
            (&[Apart::Owner], &["acme/bob/// 2", "acme/eve/// 1"]),
            (&[Apart::Key], &["acme//key_1// 2", "acme//key_2// 1"]),
            (&[Apart::Route, Apart::Word], &["acme////allowed 1", "acme///GET /orders/allowed 2"]),
        ] {
            for from in [hour, later] {
                let rows = store.usage(&Counting { from, by, ..acme }).unwrap();
                assert_eq!(spelled(&rows), expected);
                assert_eq!(rows.iter().map(|row| row.rows).sum::<u64>(), 3);
                assert!(rows.iter().all(|row| row.hour == from));
            }
        }
    });
}

#[test]
fn what_was_counted_and_who_was_heard_is_forgotten_in_its_time_and_not_before() {
    each(|mut store| {
        issue(&mut store, 1, "acme", "bob");
        let mut gate = Gate::new(1);
        gate.come(&mut store, 1, 1);
        let batch = gate.batch();
        assert_eq!(Gate::keep(&mut store, &batch, NOW), 1);
        store.sweep(NOW.plus(HEARD_KEPT_MS)).unwrap();
        // A holder that is heard again is known for as long again.
        assert_eq!(Gate::keep(&mut store, &batch, NOW.plus(HEARD_KEPT_MS)), 1);
        store.sweep(NOW.plus(2 * HEARD_KEPT_MS)).unwrap();
        assert_eq!(Gate::keep(&mut store, &batch, NOW.plus(1)), 1);
        store.sweep(NOW.plus(2 * HEARD_KEPT_MS + 2)).unwrap();
        assert_eq!(Gate::keep(&mut store, &batch, NOW), 2, "which is why it is kept for so long");
        store.sweep(NOW.plus(USAGE_KEPT_MS)).unwrap();
        assert_eq!(read(&mut store, &ALL).len(), 1);
        store.sweep(NOW.plus(USAGE_KEPT_MS + HOUR_MS)).unwrap();
        assert_eq!(read(&mut store, &ALL).len(), 0);
    });
}

#[test]
fn a_batch_that_cannot_be_kept_whole_is_not_kept_at_all() {
    let folder = Folder::new();
    let mut store = folder.store();
    issue(&mut store, 1, "acme", "bob");
    let mut gate = Gate::new(1);
    gate.come(&mut store, 1, 0);
    gate.come(&mut store, 1, 1);
    let batch = gate.batch();
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON usage WHEN NEW.route <> ''
        BEGIN SELECT RAISE(ABORT, 'no'); END";
    raw.execute_batch(trap).unwrap();
    assert!(ask(&mut store, batch.question.clone(), batch.since, NOW).is_err());
    assert_eq!(read(&mut store, &ALL).len(), 0);
    raw.execute_batch("DROP TRIGGER trap").unwrap();
    assert_eq!(Gate::keep(&mut store, &batch, NOW), 2, "the same batch again counts");
}
