//! Records and the head: what is read is what the ledger says, in as few calls as can be.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::runtime::{Builder, Runtime};
use tollgate_core::{
    key::Env,
    limit::LimitScope,
    lookup::LookupId,
    pepper::PepperId,
    record::{Expected, Found, RecordError, State},
    sealed::SealError,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{Errand, ErrandId, Lookup, OpenError, Question, Reply, StoreError, Tidings};
use tollgate_ledger::{Change, Ledger, LimitSpec, Secret, Settings};
use tollgate_store_dynamodb::{
    Publisher, Store,
    layout::{PK, RECORD, SK, TEXT, Tables, record_pk},
};

use super::{
    PATIENT_MS, ask, granted, local,
    proxy::{Fault, Proxy},
    ring::ring,
    slow, store, time,
};

pub(super) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A ledger, a gate's store behind a proxy, and what they run on.
pub(super) struct Rig {
    runtime: Runtime,
    pub(super) publisher: Publisher,
    pub(super) proxy: Proxy,
    store: Arc<Store>,
    pub(super) tables: Tables,
}

impl Rig {
    pub(super) fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (tables, proxy) =
            runtime.block_on(async { (local::tables().await, Proxy::start().await) });
        let secret: Vec<u8> = (0..32).collect();
        let pepper = tollgate_core::pepper::Pepper { id: 0, secret: &secret };
        let peppers = tollgate_core::pepper::danger::published_peppers(&[pepper], 0).unwrap();
        let mut publisher =
            Publisher::new(&local::link(local::port()), &tables, Some(peppers)).unwrap();
        publisher.begin(NOW).unwrap();
        let store = store(proxy.port, &tables, time::slowed);
        Self { runtime, publisher, proxy, store, tables }
    }

    fn change(&mut self, change: &Change) -> Stamp {
        self.publisher.change(change, NOW).unwrap().stamp
    }

    pub(super) fn create(&mut self, number: u8, tenant: &str) -> Stamp {
        let (id, settings) = (id(number), settings(tenant));
        let secret = Secret::new(lookup(number), PepperId::new(0).unwrap());
        self.change(&Change::Create { id, name: None, settings, secret })
    }

    pub(super) fn connect(&self) {
        self.runtime.block_on(self.store.connect(PATIENT_MS)).unwrap();
    }

    fn ask(&self, question: Question, since: Stamp) -> Result<Reply, StoreError> {
        self.within(question, since, PATIENT_MS)
    }

    fn within(
        &self,
        question: Question,
        since: Stamp,
        deadline_ms: u32,
    ) -> Result<Reply, StoreError> {
        let errand = Errand { id: ErrandId(7), question, since, deadline_ms };
        let mut replies = self.runtime.block_on(self.store.answer(&[errand], ring()));
        assert_eq!((replies.len(), replies[0].0), (1, ErrandId(7)));
        replies.remove(0).1
    }

    fn head(&self, since: Stamp) -> Tidings {
        let reply = self.ask(Question::Head, since).unwrap();
        let Reply::Head(tidings) = reply else { panic!("{reply:?}") };
        tidings
    }

    /// What is said of a secret: its state, or that there is none, as of when, and with which head.
    pub(super) fn record(&self, number: u8) -> Result<(Option<State>, Stamp, Tidings), StoreError> {
        self.record_within(number, PATIENT_MS)
    }

    /// The same, with so much time for it.
    pub(super) fn record_within(
        &self,
        number: u8,
        deadline_ms: u32,
    ) -> Result<(Option<State>, Stamp, Tidings), StoreError> {
        let expected = Expected { lookup: lookup(number), env: Env::new("live").unwrap() };
        let question = Question::Record { expected, of: Lookup::Authority };
        let reply = self.within(question, Stamp::default(), deadline_ms)?;
        let Reply::Record(Some(fetched), Some(tidings)) = reply else { panic!("{reply:?}") };
        Ok(match fetched.found().unwrap() {
            Found::Present(record) => (Some(record.state), record.as_of, tidings),
            Found::Absent(absence) => (None, absence.as_of, tidings),
        })
    }
}

pub(super) fn id(number: u8) -> String {
    format!("key_{number:05}")
}

fn lookup(number: u8) -> LookupId {
    LookupId::new([number; 16])
}

fn settings(tenant: &str) -> Settings {
    let changed = Stamp::default();
    let limit = LimitSpec {
        name: "burst".into(),
        scope: LimitScope::Key,
        burst: 10,
        rate: 1,
        period_ms: 1_000,
        changed,
    };
    Settings { limits: vec![limit], ..Settings::of(tenant, "bob", "live") }
}

#[test]
fn a_cold_request_takes_three_calls_and_a_head_after_a_freeze_one() {
    let mut rig = Rig::new();
    let made = rig.create(1, "acme");
    rig.connect();
    let before = rig.proxy.total();
    let (state, as_of, tidings) = rig.record(1).unwrap();
    assert_eq!((state, as_of, tidings.stamp), (Some(State::Active), made, made));
    assert_eq!(rig.proxy.total() - before, 1);
    rig.runtime.block_on(granted(&rig.store, "b", ask(1, 1, slow(10), 1)));
    assert_eq!(rig.proxy.total() - before, 3);
    rig.store.reconnect();
    let before = rig.proxy.total();
    assert_eq!(rig.head(made).stamp, made);
    assert_eq!(rig.proxy.total() - before, 1);
}

#[test]
fn an_old_record_is_as_new_as_what_was_known_before_it_was_read() {
    let mut rig = Rig::new();
    rig.create(1, "acme");
    for number in 2..72 {
        rig.create(number, "others");
        rig.change(&Change::Disable { id: id(number) });
    }
    rig.connect();
    let before = rig.proxy.total();
    let (state, as_of, tidings) = rig.record(1).unwrap();
    assert_eq!((state, as_of), (Some(State::Active), tidings.stamp));
    // An asker that knows nothing is told a floor above all that it need not be told.
    assert!(tidings.floor > 1 && tidings.floor == tidings.since, "{tidings:?}");
    assert!(tidings.entries.len() <= 64);
    assert_eq!(rig.proxy.total() - before, 1);
}

#[test]
fn what_is_decided_is_told_at_once_and_never_again_otherwise() {
    let tenant = || String::from("acme");
    let owner = || String::from("bob");
    for (change, back, stopped) in [
        (Change::Disable { id: id(1) }, Some(Change::Enable { id: id(1) }), State::Disabled),
        (Change::Revoke { id: id(1) }, None, State::Revoked),
        (Change::RevokeSecret { lookup: lookup(1) }, None, State::Revoked),
        (
            Change::StopTenant { tenant: tenant() },
            Some(Change::ResumeTenant { tenant: tenant() }),
            State::TenantDisabled,
        ),
        (
            Change::StopOwner { tenant: tenant(), owner: owner() },
            Some(Change::ResumeOwner { tenant: tenant(), owner: owner() }),
            State::OwnerDisabled,
        ),
    ] {
        let mut rig = Rig::new();
        rig.create(1, "acme");
        rig.connect();
        assert_eq!(rig.record(1).unwrap().0, Some(State::Active), "{change:?}");
        let stamp = rig.change(&change);
        let (state, as_of, tidings) = rig.record(1).unwrap();
        assert_eq!(state, Some(stopped), "{change:?}");
        assert!(as_of >= stamp && tidings.stamp >= stamp, "{change:?}: {as_of:?}");
        if let Some(back) = back {
            let stamp = rig.change(&back);
            let (state, as_of, _) = rig.record(1).unwrap();
            assert_eq!(state, Some(State::Active), "{back:?}");
            assert!(as_of >= stamp, "{back:?}: {as_of:?}");
        }
    }
}

#[test]
fn a_stop_whose_records_are_not_written_yet_is_told_from_the_documents() {
    let mut rig = Rig::new();
    rig.create(1, "acme");
    rig.create(2, "others");
    // One without peppers writes no records.
    let mut poor = Publisher::new(&local::link(local::port()), &rig.tables, None).unwrap();
    let stop = Change::StopTenant { tenant: "acme".into() };
    let stamp = poor.change(&stop, NOW).unwrap().stamp;
    rig.connect();
    let before = rig.proxy.count("TransactGetItems");
    let (state, as_of, tidings) = rig.record(1).unwrap();
    assert_eq!((state, as_of, tidings.stamp), (Some(State::TenantDisabled), stamp, stamp));
    assert!(rig.proxy.count("TransactGetItems") > before);
    // Whom it does not concern is not kept waiting by it.
    let before = rig.proxy.total();
    let (state, as_of, _) = rig.record(2).unwrap();
    assert_eq!((state, as_of.epoch), (Some(State::Active), stamp.epoch - 1));
    assert_eq!(rig.proxy.total() - before, 1);
    // Once they are written the item says it.
    while !rig.publisher.publish(100).unwrap().all {}
    rig.connect();
    let before = rig.proxy.count("TransactGetItems");
    assert_eq!(rig.record(1).unwrap().0, Some(State::TenantDisabled));
    assert_eq!(rig.proxy.count("TransactGetItems"), before);
}

#[test]
fn a_no_says_as_of_when_and_ends_when_the_key_is_made() {
    let mut rig = Rig::new();
    let head = rig.create(1, "acme");
    let (state, as_of, _) = rig.record(9).unwrap();
    assert_eq!((state, as_of), (None, head));
    let made = rig.create(9, "acme");
    let (state, as_of, tidings) = rig.record(9).unwrap();
    assert_eq!((state, as_of, tidings.stamp), (Some(State::Active), made, made));
}

#[test]
fn whoever_is_behind_is_told_everything_that_it_has_missed() {
    let mut rig = Rig::new();
    let mut stamps = vec![rig.create(1, "acme")];
    let mut all = vec![];
    for number in 0..70 {
        let stamp = rig.create(2 + number, "acme");
        all.push(rig.change(&Change::Disable { id: id(2 + number) }).epoch);
        stamps.push(stamp);
    }
    let stamp = rig.head(Stamp::default()).stamp;
    for asker in [stamps[0], stamps[1], stamps[30], stamps[69], stamp] {
        let tidings = rig.head(asker);
        let missed: Vec<u64> = all.iter().copied().filter(|&epoch| epoch > asker.epoch).collect();
        let told: Vec<u64> = tidings.entries.iter().map(|entry| entry.epoch).collect();
        assert_eq!((told, tidings.since), (missed, asker.epoch), "{asker:?}");
        assert_eq!(tidings.stamp, stamp);
    }
    // Of another incarnation, or ahead: all that stands in the item, above a floor that is true.
    for asker in [Stamp::default(), Stamp { incarnation: 9, epoch: 1 }] {
        let tidings = rig.head(asker);
        assert_eq!(tidings.floor, tidings.since, "{asker:?}");
        let told: Vec<u64> = tidings.entries.iter().map(|entry| entry.epoch).collect();
        let due: Vec<u64> = all.iter().copied().filter(|&epoch| epoch > tidings.floor).collect();
        assert_eq!(told, due, "{asker:?}");
    }
}

#[test]
fn a_read_survives_what_happens_on_the_way_and_an_empty_answer_is_no_absence() {
    const LEFT_OUT: &str = r#"{"Responses":{},"UnprocessedKeys":{}}"#;
    let mut rig = Rig::new();
    let made = rig.create(1, "acme");
    rig.connect();
    for (times, fault) in [
        (1, Fault::Refused(400, "ProvisionedThroughputExceededException")),
        (2, Fault::Refused(400, "ThrottlingException")),
        (2, Fault::Refused(500, "InternalServerError")),
        (1, Fault::DroppedBefore),
        (2, Fault::DroppedAfter),
        (1, Fault::Late(2_000)),
        (1, Fault::SlowlyAnswered(2_000)),
        (1, Fault::Answered("")),
    ] {
        let what = format!("{times} × {fault:?}");
        let seen = rig.proxy.count("BatchGetItem");
        rig.proxy.plan(move |asked, before| {
            let met = asked == "BatchGetItem" && before < seen + times;
            if met { fault.clone() } else { Fault::None }
        });
        let (state, as_of, _) = rig.record(1).unwrap();
        assert_eq!((state, as_of), (Some(State::Active), made), "{what}");
    }
    for empty in ["{}", LEFT_OUT] {
        rig.proxy.plan(move |_, _| Fault::Answered(empty));
        // However long it is asked for.
        let missing = StoreError::Damaged(OpenError::Other("head_missing"));
        let told = rig.runtime.block_on(rig.store.connect(100));
        assert_eq!(told, Err(missing), "{empty}");
        let expected = Expected { lookup: lookup(1), env: Env::new("live").unwrap() };
        let question = Question::Record { expected, of: Lookup::Authority };
        assert!(rig.within(question, Stamp::default(), 100).is_err(), "{empty}");
    }
}

#[test]
fn a_record_that_was_not_sealed_by_us_is_not_used() {
    let mut rig = Rig::new();
    rig.create(1, "acme");
    rig.connect();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    rig.runtime.block_on(async {
        let put = local::client().update_item().table_name(&rig.tables.ledger);
        let put = put.key(PK, text(&record_pk(lookup(1)))).key(SK, text(RECORD));
        let put = put.update_expression("SET #t = :t").expression_attribute_names("#t", TEXT);
        put.expression_attribute_values(":t", text("{}")).send().await.unwrap();
    });
    let malformed = RecordError::Sealed(SealError::Malformed);
    let damaged = StoreError::Damaged(OpenError::Record(malformed));
    assert_eq!(rig.record(1).map(drop), Err(damaged));
}
