//! A process that dies at every step of a change: afterwards all of the change is there or nothing, and whoever asks
//! again is answered as if nothing had been.
//!
//! The steps are seen from SQLite's side, so what runs here is what serves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be"
)]

mod operations;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{Write, stdout},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
    types::ValueRef,
};
use tollgate_ledger::Ledger;
use tollgate_store_sql::statements as said;

use crate::{Access, Store};
use operations::{OPERATIONS, Operation, World};

/// The last moment before a step: that is where the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point {
    /// The transaction begins.
    Begins,
    /// Whoever asks is read once more.
    Caller,
    /// The name of the request is looked for.
    Retry,
    /// The entry of the head is put in.
    Entry,
    /// The ledger moves to its epoch.
    Epoch,
    /// The key's document is kept.
    Key,
    /// What it is listed by is.
    Listed,
    /// Its secret is.
    Secret,
    /// An owner is stopped.
    Stop,
    /// Replicas are to be told.
    Outbox,
    /// What only the control plane knows is kept.
    Details,
    /// The line of the audit is.
    Audit,
    /// The chain moves to it.
    Chain,
    /// The name of the request is kept.
    Named,
    /// The transaction is committed.
    Commits,
    /// It is committed: its epoch is noted outside the database.
    Notes,
    /// All is done: it is answered.
    Answers,
}

const POINTS: [Point; 17] = [
    Point::Begins,
    Point::Caller,
    Point::Retry,
    Point::Entry,
    Point::Epoch,
    Point::Key,
    Point::Listed,
    Point::Secret,
    Point::Stop,
    Point::Outbox,
    Point::Details,
    Point::Audit,
    Point::Chain,
    Point::Named,
    Point::Commits,
    Point::Notes,
    Point::Answers,
];

impl Point {
    /// The step that a statement is, if it is one.
    fn of(statement: &str) -> Option<Self> {
        let steps = [
            ("BEGIN IMMEDIATE", Self::Begins),
            (said::EFFECTIVE, Self::Caller),
            (said::RETRY, Self::Retry),
            (said::ENTRY_COMES, Self::Entry),
            (said::LEDGER_MOVES, Self::Epoch),
            (said::KEY_KEPT, Self::Key),
            ("-- TRIGGER listed_comes", Self::Listed),
            ("-- TRIGGER listed_changes", Self::Listed),
            (said::SECRET_KEPT, Self::Secret),
            (said::STOP, Self::Stop),
            (said::OUTBOX_PUT, Self::Outbox),
            (said::DETAILS_KEPT, Self::Details),
            (said::AUDIT_KEPT, Self::Audit),
            (said::CHAIN_MOVES, Self::Chain),
            (said::RETRY_KEPT, Self::Named),
            ("COMMIT", Self::Commits),
        ];
        steps.into_iter().find(|(text, _)| *text == statement.trim()).map(|(_, point)| point)
    }

    /// Whether what was asked for has happened by then.
    const fn is_after_the_commit(self) -> bool {
        matches!(self, Self::Notes | Self::Answers)
    }
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("tollgate-crashes-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A copy of a store that is closed.
    fn copy(&self, of: &Path, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(&path).unwrap();
        for file in ["store.db", "store.db.epoch"] {
            fs::copy(of.join(file), path.join(file)).unwrap();
        }
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn open(folder: &Path) -> Store {
    Store::open(&folder.join("store.db"), Access::Create).unwrap()
}

/// Says that the point is reached, and ends the process as a power cut would end it.
fn die() -> ! {
    println!("\nreached");
    stdout().flush().unwrap();
    process::abort()
}

/// Makes the connection die at a step of the next change.
fn arm(connection: &mut Connection, point: Point) {
    let mut begun = false;
    let watch = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(_, text) = event {
            let step = Point::of(text);
            begun |= step == Some(Point::Begins);
            // Before the change itself begins the same is asked for, to let whoever asks in.
            if begun && step == Some(point) {
                die();
            }
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(watch)).unwrap();
    if point == Point::Notes {
        connection.wal_hook(Some(|_: &mut rusqlite::hooks::Wal, _| die())).unwrap();
    }
}

/// The process that dies, if this is it.
fn child() -> Option<(PathBuf, usize, Option<usize>)> {
    let told = env::args().find_map(|argument| Some(argument.strip_prefix("dies=")?.to_owned()))?;
    let mut words = told.split('=');
    let path = PathBuf::from(words.next()?);
    Some((path, words.next()?.parse().ok()?, words.next()?.parse().ok()))
}

/// Starts the process that dies, and says whether it reached the point.
fn kill(store: &Path, operation: usize, point: Option<usize>) -> bool {
    let point = point.map_or_else(|| "never".to_owned(), |point| point.to_string());
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "crashes::a_change_is_there_whole_or_not_at_all_wherever_it_ends"]);
    command.args(["--nocapture", &format!("dies={}={operation}={point}", store.display())]);
    let ended = command.stderr(Stdio::null()).output().unwrap();
    let reached = String::from_utf8_lossy(&ended.stdout).lines().any(|line| line == "reached");
    assert_eq!(ended.status.signal().is_some(), reached, "{}", ended.status);
    reached
}

/// What every table has.
fn tables(folder: &Path) -> BTreeMap<String, String> {
    let raw = Connection::open(folder.join("store.db")).unwrap();
    let mut names = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let rows = |name: String| {
        let mut rows = raw.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = rows.column_count();
        let mut found = rows.query([]).unwrap();
        let mut all = String::new();
        while let Some(row) = found.next().unwrap() {
            let row: Vec<ValueRef<'_>> =
                (0..columns).map(|column| row.get_ref(column).unwrap()).collect();
            all.push_str(&format!("{row:?}\n"));
        }
        (name, all)
    };
    names.map(rows).collect()
}

/// The tables that differ.
fn differ(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> BTreeSet<String> {
    assert_eq!(one.len(), other.len());
    one.iter().filter(|(name, rows)| other[*name] != **rows).map(|(name, _)| name.clone()).collect()
}

fn sound(folder: &Path) {
    let raw = Connection::open(folder.join("store.db")).unwrap();
    let whole: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let loose = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(raw.query_row(loose, [], |row| row.get::<_, u64>(0)).unwrap(), 0);
}

#[test]
fn a_change_is_there_whole_or_not_at_all_wherever_it_ends() {
    if let Some((folder, operation, point)) = child() {
        let mut world = World::of(open(&folder));
        let point = point.map(|point| POINTS[point]);
        if let Some(point) = point {
            arm(&mut world.store.connection, point);
        }
        let told = world.ask(&OPERATIONS[operation]);
        if point == Some(Point::Answers) {
            die();
        }
        assert!(told.status < 300, "{}", told.text);
        return;
    }
    let folder = Folder::new();
    let base = folder.0.join("base");
    fs::create_dir_all(&base).unwrap();
    World::of(open(&base)).begin();
    let before = tables(&base);
    let mut reached = BTreeSet::new();
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let undisturbed = folder.copy(&base, &format!("{number}-whole"));
        assert!(!kill(&undisturbed, number, None));
        let whole = differ(&before, &tables(&undisturbed));
        for table in operation.changes {
            assert!(whole.contains(*table), "{}: {table} is as it was: {whole:?}", operation.name);
        }
        for (at, &point) in POINTS.iter().enumerate() {
            let store = folder.copy(&base, &format!("{number}-{at}"));
            if kill(&store, number, Some(at)) {
                reached.insert(point);
                let name = format!("{} ends before {point:?}", operation.name);
                check(&store, operation, point, (&before, &whole), &name);
            }
        }
    }
    let missed: Vec<&Point> = POINTS.iter().filter(|point| !reached.contains(point)).collect();
    assert!(missed.is_empty(), "no process has died before {missed:?}");
}

/// What is left of a change that ended before a point, and what becomes of it.
fn check(
    folder: &Path,
    operation: &Operation,
    point: Point,
    (before, whole): (&BTreeMap<String, String>, &BTreeSet<String>),
    name: &str,
) {
    // The restart: an older copy would be refused here, and so would be what is damaged.
    let mut world = World::of(open(folder));
    let left = differ(before, &tables(folder));
    match point.is_after_the_commit() {
        true => assert_eq!(&left, whole, "{name}"),
        false => assert!(left.is_empty(), "{name}: something is left: {left:?}"),
    }
    sound(folder);
    world.audited(name);
    let stamp = world.store.stamp().unwrap();
    // The same request again, by whoever was not answered.
    let told = world.ask(operation);
    assert!(told.status < 300, "{name}: {}", told.text);
    (operation.then)(&mut world, &told, name);
    world.audited(name);
    sound(folder);
    // Epochs go on one by one, and nothing is told twice under one.
    let after = world.store.stamp().unwrap();
    let again = u64::from(!point.is_after_the_commit() || !operation.is_made_once());
    assert_eq!(after.epoch, stamp.epoch.saturating_add(again), "{name}");
    let outbox = "SELECT count(*) FROM outbox WHERE epoch > (SELECT epoch FROM ledger)";
    let raw = Connection::open(folder.join("store.db")).unwrap();
    assert_eq!(raw.query_row(outbox, [], |row| row.get::<_, u64>(0)).unwrap(), 0, "{name}");
}
