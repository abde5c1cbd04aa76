//! A store that cannot be written: what is in it still serves, and what is asked of it is refused loudly.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be"
)]

use std::{env, fs, path::PathBuf, process, sync::Arc};

use rusqlite::{Connection, OpenFlags};
use tollgate_core::{
    key::Env,
    lease::{Ask, Deadline, HolderId},
    limit::Numbers,
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers},
    record::Expected,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{Errand, ErrandId, Lookup, Question, Reply, StoreError};
use tollgate_ledger::{Change, Ledger, LedgerError, Receipt, Secret, Settings};

use crate::{
    Access, Store,
    ballast::{self, BALLAST_BYTES},
};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("tollgate-faults-{name}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("store.db")
    }

    fn store(&self) -> Store {
        Store::open(&self.file(), Access::Create).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn lookup(number: u8) -> LookupId {
    LookupId::new([number; 16])
}

fn create(store: &mut Store, number: u8) -> Result<Receipt, LedgerError> {
    let settings = Settings {
        scopes: (0..20).map(|scope| format!("resource-{scope}:read")).collect(),
        ..Settings::of("acme", "bob", "live")
    };
    let secret = Secret::new(lookup(number), PepperId::new(0).unwrap());
    let id = format!("key_{number}");
    store.change(&Change::Create { id, name: None, settings, secret }, NOW)
}

fn ring() -> Peppers {
    let secret: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(byte)).collect();
    Peppers::new(&[Pepper { id: 0, secret: &secret }], 0).unwrap()
}

fn ask(store: &mut Store, questions: Vec<Question>) -> Vec<Result<Reply, StoreError>> {
    let errand =
        |question| Errand { id: ErrandId(1), question, since: Stamp::default(), deadline_ms: 50 };
    let errands: Vec<Errand> = questions.into_iter().map(errand).collect();
    store.answer(&errands, &ring(), NOW).into_iter().map(|(_, reply)| reply).collect()
}

fn lease(bucket: &str) -> Question {
    let ask = Ask {
        holder: HolderId([7; 16]),
        seq: 1,
        numbers: Numbers::steady(20, 1, 1_000).unwrap(),
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting: 15,
        cost: 1,
        want: 0,
        keep: 0,
        back: 0,
    };
    Question::Lease { bucket: Arc::from(bucket), ask }
}

/// The reads go on: the head, a record, and an absence.
fn serves(store: &mut Store, number: u8) {
    let record = |number| {
        let expected = Expected { lookup: lookup(number), env: Env::new("live").unwrap() };
        Question::Record { expected, of: Lookup::Authority }
    };
    for reply in ask(store, vec![Question::Head, record(number), record(255)]) {
        reply.unwrap();
    }
}

fn refused(result: Result<Receipt, LedgerError>) -> &'static str {
    let LedgerError::Failed { conclusion, .. } = result.unwrap_err() else {
        panic!("a full store is not the caller's fault");
    };
    conclusion.code()
}

fn buckets(store: &Store) -> i64 {
    store.connection.query_row("SELECT count(*) FROM buckets", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_full_store_serves_what_it_has_and_refuses_the_rest_whole() {
    let folder = Folder::new("full");
    let mut store = folder.store();
    create(&mut store, 1).unwrap();
    assert!(ask(&mut store, vec![lease("b")])[0].is_ok());
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = |store: &Store, pages: i64| {
        let most = format!("PRAGMA max_page_count = {pages}");
        store.connection.query_row(&most, [], |row| row.get::<_, i64>(0)).unwrap();
    };
    limit(&store, pages);
    let full =
        (2..200).find_map(|number| create(&mut store, number).err().map(|error| (number, error)));
    let (number, error) = full.unwrap();
    assert_eq!(error.code(), "store_full");
    let stamp = store.stamp().unwrap();
    serves(&mut store, 1);
    assert!(store.key(&format!("key_{number}")).unwrap().is_none(), "half a key was kept");
    assert_eq!(refused(create(&mut store, number)), "store_full");
    assert_eq!(store.stamp().unwrap(), stamp, "an epoch was used up");

    // Leases that do not fit are all refused, and none of them is kept.
    let many = (0..200).map(|number| lease(&format!("{number}/{}", "b".repeat(60)))).collect();
    let replies = ask(&mut store, many);
    assert!(replies.iter().all(|reply| matches!(reply, Err(StoreError::Refused))));
    assert_eq!((replies.len(), buckets(&store)), (200, 1));
    serves(&mut store, 1);

    limit(&store, pages * 100);
    assert_eq!(create(&mut store, number).unwrap().stamp.epoch, stamp.epoch + 1);
    assert!(ask(&mut store, vec![lease("c")])[0].is_ok());
}

/// It is full whatever is given up: here the database itself may not grow.
#[test]
fn a_change_that_takes_away_is_tried_as_long_as_there_is_ballast_and_no_other_is() {
    let folder = Folder::new("ballast");
    let mut store = folder.store();
    create(&mut store, 1).unwrap();
    let held = || ballast::held(&folder.file());
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = |store: &Store, pages: i64| {
        let most = format!("PRAGMA max_page_count = {pages}");
        store.connection.query_row(&most, [], |row| row.get::<_, i64>(0)).unwrap();
    };
    limit(&store, pages);
    // Every change needs more room than there is.
    let grows = "CREATE TEMP TRIGGER grows AFTER UPDATE ON ledger BEGIN \
                 INSERT INTO buckets VALUES (hex(randomblob(8)), zeroblob(100000), 0); END";
    store.connection.execute_batch(grows).unwrap();
    assert_eq!(refused(create(&mut store, 2)), "store_full");
    assert_eq!(held(), BALLAST_BYTES, "a creation has used ballast");
    let gone = |store: &mut Store| store.change(&Change::Revoke { id: "key_1".into() }, NOW);
    assert_eq!(refused(gone(&mut store)), "store_full");
    assert_eq!(held(), 0, "it was not tried as often as it could be");
    // Nothing is left to give up: it is refused at once, and nothing of it has happened.
    assert_eq!(refused(gone(&mut store)), "store_full");
    assert_eq!(store.stamp().unwrap().epoch, 2);
    limit(&store, pages.saturating_mul(100));
    gone(&mut store).unwrap();
    assert_eq!(store.keep_ballast(), Some(BALLAST_BYTES));
}

#[test]
fn a_store_that_cannot_be_written_serves_what_it_has() {
    let folder = Folder::new("read-only");
    let mut store = folder.store();
    create(&mut store, 1).unwrap();
    ask(&mut store, vec![lease("b")])[0].as_ref().unwrap();
    let write = OpenFlags::SQLITE_OPEN_READ_WRITE;
    for (flags, switch) in [(write, "ON"), (OpenFlags::SQLITE_OPEN_READ_ONLY, "OFF")] {
        store.connection = Connection::open_with_flags(folder.file(), flags).unwrap();
        store.connection.execute_batch(&format!("PRAGMA query_only = {switch}")).unwrap();
        serves(&mut store, 1);
        assert_eq!(refused(create(&mut store, 2)), "store_read_only");
        assert!(matches!(ask(&mut store, vec![lease("c")])[0], Err(StoreError::Refused)));
        assert!(matches!(store.sweep(NOW.plus(60_000)), Err(StoreError::Refused)));
        serves(&mut store, 1);
    }
    store.connection = Connection::open_with_flags(folder.file(), write).unwrap();
    create(&mut store, 2).unwrap();
}

#[test]
fn a_locked_store_serves_what_it_has_and_goes_on_when_it_is_free() {
    let folder = Folder::new("locked");
    let mut store = folder.store();
    create(&mut store, 1).unwrap();
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE ledger SET floor = floor").unwrap();
    serves(&mut store, 1);
    assert_eq!(refused(create(&mut store, 2)), "store_locked");
    assert!(matches!(ask(&mut store, vec![lease("b")])[0], Err(StoreError::Refused)));
    serves(&mut store, 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert!(ask(&mut store, vec![lease("b")])[0].is_ok());
    create(&mut store, 2).unwrap();
}
