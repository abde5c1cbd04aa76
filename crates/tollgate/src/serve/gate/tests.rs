//! What goes wrong beside the engine, and that none of it is ever an allow.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be, and breaks things on purpose"
)]

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc,
    },
    time::Duration,
};

use serde_json::Value;
use tollgate_core::{decision::Denial, key::ApiKey, pepper::Peppers, time::UnixMillis};
use tollgate_engine::{Decision, Demand, Errand, Inquiry, OpenError, Settings, StoreError};
use tollgate_ledger::Settings as KeySettings;
use tollgate_store_sqlite::Store;

use super::*;
use crate::{
    clock,
    config::{Environment, Source},
    issuing,
    secrets::Secrets,
    serve::{
        log::Level,
        stamps::Stamps,
        stores::{Authority, Inboxes, Replies},
    },
};

/// How long anything may take before a test gives up on it.
const DEADLINE: Duration = Duration::from_secs(10);

/// What the store does next.
#[derive(Clone, Default)]
struct Mood(Arc<AtomicU8>);

const FINE: u8 = 0;
const PANICS: u8 = 1;
const SILENT: u8 = 2;
const SHUT: u8 = 3;
const DAMAGED: u8 = 4;
const REPAIRED: u8 = 5;

/// A store that has moods.
struct Moody {
    mood: Mood,
    store: Store,
}

impl Authority for Moody {
    fn answer(&mut self, errands: &[Errand], peppers: &Peppers, now: UnixMillis) -> Replies {
        match self.mood.0.load(Ordering::Relaxed) {
            PANICS => panic!("on purpose"),
            SILENT => Replies::new(),
            DAMAGED => {
                let damaged = || Err(StoreError::Damaged(OpenError::Other("store_damaged")));
                errands.iter().map(|errand| (errand.id, damaged())).collect()
            }
            _ => self.store.answer(errands, peppers, now),
        }
    }

    fn tidy(&mut self, _now: UnixMillis) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn repaired(&mut self) -> u64 {
        if self.mood.0.load(Ordering::Relaxed) == REPAIRED { 3 } else { 0 }
    }
}

/// Where the log of a test goes.
struct Lines(mpsc::Sender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A gate over a moody store with two keys.
struct World {
    gate: Arc<Gate>,
    mood: Mood,
    keys: [Vec<u8>; 2],
    told: Mutex<mpsc::Receiver<Vec<u8>>>,
    /// What is held by nobody is never attended to.
    _inboxes: Option<Inboxes>,
}

fn world(attended: bool) -> World {
    let file = PathBuf::from("tollgate.toml");
    let source = Source { file, environment: Environment::default(), store: None };
    let config = source.parse("[origin]\nurl = \"http://127.0.0.1:9\"\n").unwrap();
    let now = clock::read().wall;
    let secrets = Secrets::create("EdDSA", now).unwrap();
    let live = Live::new(&config, &secrets, Stamps::default(), None, now).unwrap();
    let mut store = Store::memory().unwrap();
    let keys = [(), ()].map(|()| {
        let with = (config.keys.prefix, &secrets.peppers().unwrap());
        let issued = issuing::create(&mut store, with, None, unlimited(), now).ok().unwrap();
        issued.secret.as_str().as_bytes().to_vec()
    });
    let settings = Settings {
        max_staleness: config.gate.max_staleness,
        store_deadline_ms: 200,
        parked_max: 100,
        fetches_max: 100,
        ..Settings::EMBEDDED
    };
    let (stores, inboxes) = Stores::new();
    let (lines, told) = mpsc::channel();
    let log = Log::to(Lines(lines), Level::Error).unwrap();
    let gate = Arc::new(Gate::new(settings, live, stores, log));
    let mood = Mood::default();
    let inboxes = if attended {
        let (store, mood) = (Arc::new(Mutex::new(store)), mood.clone());
        let open = move || {
            if mood.0.load(Ordering::Relaxed) == SHUT {
                return Err(StoreError::Refused);
            }
            let store = store.lock().unwrap().beside().map_err(|_| StoreError::Unreachable)?;
            Ok(Moody { mood: mood.clone(), store })
        };
        inboxes.attend(&Arc::downgrade(&gate), open).unwrap();
        None
    } else {
        Some(inboxes)
    };
    tokio::spawn(Gate::keep_time(Arc::downgrade(&gate)));
    World { gate, mood, keys, told: Mutex::new(told), _inboxes: inboxes }
}

fn unlimited() -> KeySettings {
    KeySettings::of("acme", "owner_1", "live")
}

impl World {
    /// `Ok` if the key passes, else why it does not.
    async fn ask(&self, key: usize) -> Result<(), Denial> {
        let live = self.gate.live();
        let key = ApiKey::parse(&self.keys[key], live.policy.brand()).unwrap();
        let genuine = live.policy.prover().peppers().prove(&key).unwrap();
        let demand = Arc::new(Demand::new(&[], 1).unwrap());
        let inquiry = Inquiry { genuine, address: None, country: None, demand };
        let decided = tokio::time::timeout(DEADLINE, self.gate.decide(inquiry)).await.unwrap();
        match decided {
            Some(Decision::Allow(_)) => Ok(()),
            Some(Decision::Deny(refused)) => Err(refused.denial()),
            None => Err(Denial::Unavailable),
        }
    }

    /// What is logged, those of `event` only, once all of it is written.
    fn logged(&self, event: &str) -> Vec<Value> {
        self.gate.log.flush();
        let told = self.told.lock().unwrap();
        let lines = told.try_iter().map(|line| serde_json::from_slice(&line).unwrap());
        lines.filter(|line: &Value| line["event"] == event).collect()
    }

    /// Asks until the key passes.
    async fn recovers(&self, key: usize) {
        let begun = clock::read();
        while self.ask(key).await.is_err() {
            assert!(clock::read().since(begun) < 10_000, "it has not recovered");
        }
    }
}

/// A store in `mood` leaves a key that is not known *unavailable*, and nothing worse happens.
async fn check(mood: u8) {
    let world = world(true);
    world.recovers(0).await;
    world.mood.0.store(mood, Ordering::Relaxed);
    assert_eq!(world.ask(1).await, Err(Denial::Unavailable));
    // What is known is decided from what is held.
    assert_eq!(world.ask(0).await, Ok(()));
    world.mood.0.store(FINE, Ordering::Relaxed);
    world.recovers(1).await;
}

#[tokio::test]
async fn a_store_that_panics_is_no_allow_and_is_opened_anew() {
    check(PANICS).await;
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_allow() {
    check(SILENT).await;
}

#[tokio::test]
async fn a_store_that_does_not_open_is_no_allow() {
    let world = world(true);
    // It was open at the start: what panicked is opened anew.
    world.mood.0.store(PANICS, Ordering::Relaxed);
    assert_eq!(world.ask(0).await, Err(Denial::Unavailable));
    world.mood.0.store(SHUT, Ordering::Relaxed);
    assert_eq!(world.ask(0).await, Err(Denial::Unavailable));
    world.mood.0.store(FINE, Ordering::Relaxed);
    world.recovers(0).await;
}

#[tokio::test]
async fn a_thread_that_is_gone_or_never_comes_is_no_allow() {
    let idle = world(false);
    assert_eq!(idle.ask(0).await, Err(Denial::Unavailable));
    let World { gate, mood, keys, told, .. } = world(false);
    let gone = World { gate, mood, keys, told, _inboxes: None };
    assert_eq!(gone.ask(0).await, Err(Denial::Unavailable));
}

#[tokio::test]
async fn a_panic_within_a_step_is_no_allow_and_leaves_nothing_behind() {
    let world = world(true);
    world.recovers(0).await;
    assert_eq!(world.gate.step(|_, _| -> u8 { panic!("on purpose") }), None);
    let counts = world.gate.counts().unwrap();
    assert_eq!((counts.records, counts.allowed), (0, 0), "the engine was not replaced");
    world.recovers(0).await;
}

#[tokio::test]
async fn who_waits_while_the_engine_breaks_is_told() {
    let world = world(false);
    let asked = world.ask(0);
    tokio::pin!(asked);
    // It has arrived, and waits.
    assert!(tokio::time::timeout(Duration::from_millis(1), asked.as_mut()).await.is_err());
    world.gate.step(|_, _| -> () { panic!("on purpose") });
    assert_eq!(asked.await, Err(Denial::Unavailable));
}

#[tokio::test]
async fn a_lock_that_was_poisoned_is_no_allow_and_recovers() {
    let world = world(true);
    world.recovers(0).await;
    let gate = Arc::clone(&world.gate);
    let poisoned = std::thread::spawn(move || {
        let _held = gate.engine.lock();
        panic!("on purpose");
    });
    assert!(poisoned.join().is_err() && world.gate.engine.is_poisoned());
    world.recovers(0).await;
    assert_eq!(world.gate.counts().unwrap().record_hits, 0, "the engine was not replaced");
}

#[tokio::test]
async fn what_the_store_gives_and_cannot_be_is_told_by_the_name_that_it_is_kept_under() {
    let world = world(true);
    world.recovers(0).await;
    world.mood.0.store(DAMAGED, Ordering::Relaxed);
    assert_eq!(world.ask(1).await, Err(Denial::Unavailable));
    let told = world.logged("store_damaged");
    let line = told.iter().find(|line| line["of"] == "record").unwrap();
    let live = world.gate.live();
    let key = ApiKey::parse(&world.keys[1], live.policy.brand()).unwrap();
    let lookup = live.policy.prover().peppers().prove(&key).unwrap().lookup().to_string();
    assert_eq!((&line["level"], &line["code"]), (&"error".into(), &"store_damaged".into()));
    assert_eq!(line["name"], lookup);
}

#[tokio::test]
async fn a_clock_that_was_ahead_is_told_of_once_a_second_however_many_ask() {
    let world = world(true);
    world.mood.0.store(REPAIRED, Ordering::Relaxed);
    let begun = clock::read();
    let mut told = vec![];
    while told.is_empty() {
        let _ = world.ask(0).await;
        told.extend(world.logged("clock_was_ahead"));
        assert!(clock::read().since(begun) < 10_000, "it is not told");
    }
    for _ in 0..20 {
        world.gate.step(|engine, _| engine.forget_all());
        let _ = world.ask(0).await;
    }
    told.extend(world.logged("clock_was_ahead"));
    let seconds = usize::try_from(clock::read().since(begun) / 1_000).unwrap();
    let expected: (Value, Value) = ("error".into(), 3.into());
    assert_eq!((&told[0]["level"], &told[0]["buckets_repaired"]), (&expected.0, &expected.1));
    // Two threads ask the store, each of which tells what it finds.
    assert!(told.len() <= 2 * (seconds + 1), "{told:?}");
}
