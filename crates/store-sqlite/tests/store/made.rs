//! What tests start from: stores, keys, errands, holders.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tollgate_core::{
    key::Env,
    lease::{Answer, Ask, Deadline, HolderId, Host, Lease, Purse, Queue, Received, Spend},
    limit::{LimitScope, Numbers},
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers},
    record::{Expected, Found, PACKED_MAX, State, open},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};
use tollgate_engine::{Errand, ErrandId, Lookup, Question, Reply, StoreError, Tidings};
use tollgate_ledger::{Change, Ledger, LimitSpec, Receipt, Secret, Settings};
use tollgate_store_sqlite::{Access, Store};

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
pub(crate) const DAY_MS: u64 = 86_400_000;

/// A folder that goes away with the test.
pub(crate) struct Folder(PathBuf);

static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl Folder {
    pub(crate) fn new() -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("tollgate-store-{}-{number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn store(&self) -> Store {
        create(&self.file("store.db"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn create(path: &Path) -> Store {
    Store::open(path, Access::Create).unwrap()
}

/// Runs `test` on a store in a file and on one in memory.
pub(crate) fn each(test: impl Fn(Store)) {
    let folder = Folder::new();
    test(folder.store());
    test(Store::memory().unwrap());
}

pub(crate) fn ring() -> Peppers {
    let secret: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(byte)).collect();
    Peppers::new(&[Pepper { id: 3, secret: &secret }], 3).unwrap()
}

pub(crate) fn lookup(number: u32) -> LookupId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    LookupId::new(bytes)
}

pub(crate) fn secret(number: u32) -> Secret {
    Secret::new(lookup(number), PepperId::new(3).unwrap())
}

pub(crate) fn settings(tenant: &str, owner: &str) -> Settings {
    Settings::of(tenant, owner, "live")
}

pub(crate) fn limit(name: &str, scope: LimitScope, burst: u64) -> LimitSpec {
    let changed = Stamp::default();
    LimitSpec { name: name.to_owned(), scope, burst, rate: 5, period_ms: 1_000, changed }
}

/// A key of tenant `acme` and owner `bob` whose first secret has the same number.
pub(crate) fn creation(number: u32) -> Change {
    created_for(number, settings("acme", "bob"))
}

pub(crate) fn created_for(number: u32, settings: Settings) -> Change {
    Change::Create { id: id(number), name: None, settings, secret: secret(number) }
}

pub(crate) fn id(number: u32) -> String {
    format!("key_{number}")
}

pub(crate) fn change(store: &mut Store, change: &Change) -> Receipt {
    store.change(change, NOW).unwrap()
}

/// The reply to one question.
pub(crate) fn ask(
    store: &mut Store,
    question: Question,
    since: Stamp,
    now: UnixMillis,
) -> Result<Reply, StoreError> {
    let errand = Errand { id: ErrandId(7), question, since, deadline_ms: 50 };
    let mut replies = store.answer(&[errand], &ring(), now);
    assert_eq!(replies.len(), 1);
    let (id, reply) = replies.remove(0);
    assert_eq!(id, ErrandId(7));
    reply
}

pub(crate) fn wanted(number: u32) -> Question {
    let expected = Expected { lookup: lookup(number), env: Env::new("live").unwrap() };
    Question::Record { expected, of: Lookup::Authority }
}

/// The head, told to somebody who knows it up to `since`.
pub(crate) fn tidings(store: &mut Store, since: Stamp) -> Tidings {
    let reply = ask(store, Question::Head, since, NOW).unwrap();
    let Reply::Head(tidings) = reply else { panic!("a head was asked for: {reply:?}") };
    tidings
}

/// The state and the stamp of a secret's record; none for an absence.
pub(crate) fn state(store: &mut Store, number: u32) -> Option<(State, Stamp)> {
    let text = store.record(lookup(number), &ring()).unwrap();
    let expected = Expected { lookup: lookup(number), env: Env::new("live").unwrap() };
    match open(&text, &ring(), expected, &mut [0; PACKED_MAX]).unwrap() {
        Found::Present(record) => Some((record.state, record.as_of)),
        Found::Absent(_) => None,
    }
}

pub(crate) fn plain_ask(holder: u8, seq: u64, numbers: Numbers, waiting: u32) -> Ask {
    Ask {
        holder: HolderId([holder; 16]),
        seq,
        numbers,
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting,
        cost: waiting.min(1),
        want: 0,
        keep: 0,
        back: 0,
    }
}

pub(crate) fn lease_of(bucket: &str, ask: Ask) -> Question {
    Question::Lease { bucket: Arc::from(bucket), ask }
}

/// What the bucket grants to those who wait.
pub(crate) fn exchange(
    store: &mut Store,
    bucket: &str,
    message: Ask,
    now: UnixMillis,
) -> Result<Lease, StoreError> {
    let reply = ask(store, lease_of(bucket, message), Stamp::default(), now)?;
    let Reply::Lease(Answer::Lease(lease), Some(_)) = reply else {
        panic!("a lease was asked for: {reply:?}");
    };
    Ok(lease)
}

/// This test program once more, running one test in a process of its own, with a task.
pub(crate) fn another(test: &str, task: &str, path: &Path, number: u32) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command.arg(format!("{task}={}={number}", path.display()));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// The task of this process, if it is [`another`].
pub(crate) fn told(task: &str) -> Option<(PathBuf, u32)> {
    env::args().find_map(|argument| {
        let told = argument.strip_prefix(task)?.strip_prefix('=')?;
        let (path, number) = told.rsplit_once('=')?;
        Some((PathBuf::from(path), number.parse().ok()?))
    })
}

/// A process that spends from one bucket with the core's own purse.
pub(crate) struct Holder {
    id: HolderId,
    pub(crate) purse: Purse,
}

impl Holder {
    pub(crate) fn new(id: [u8; 16], numbers: Numbers) -> Self {
        let changed = Stamp { incarnation: 1, epoch: 1 };
        Self { id: HolderId(id), purse: Purse::new(numbers, changed, Host::Background, 0) }
    }

    /// One request of `cost` tokens: whether it is admitted. A store that is locked is asked again with the same
    /// message, as the purse would.
    pub(crate) fn admit(
        &mut self,
        store: &mut Store,
        bucket: &str,
        cost: u32,
        now: UnixMillis,
    ) -> bool {
        let reading = Reading { wall: now, mono_ms: now.0 };
        for _ in 0..3 {
            match self.purse.spend(cost, reading) {
                Spend::Taken => return true,
                Spend::Refused(_) => return false,
                Spend::Ask => {}
            }
            let queue = Queue { tokens: cost, largest: cost };
            let Some(message) = self.purse.ask(self.id, queue, reading) else { return false };
            let question = lease_of(bucket, message);
            let reply = loop {
                match ask(store, question.clone(), Stamp::default(), now) {
                    Err(StoreError::Refused) => {}
                    other => break other.unwrap(),
                }
            };
            let Reply::Lease(answer, _) = reply else { panic!("no lease: {reply:?}") };
            assert_eq!(self.purse.receive(&answer, reading), Received::Accepted);
        }
        false
    }
}
