//! Opening: what is checked before anything is answered.

use std::{
    error::Error,
    fmt,
    fs::OpenOptions,
    io::{self, ErrorKind},
    path::Path,
    thread,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tollgate_core::stamp::Stamp;
use tollgate_store_sql::{listing, schema, statements};

use crate::{fault::Fault, note, sql::Within};

/// The version of the schema that lists of keys came with.
const LISTED_FROM: usize = 10;
/// So long the lock is free between two steps that bring a store up to date.
const BETWEEN_STEPS: Duration = Duration::from_millis(5);
/// So often a waiting connection looks again.
const LOOK_EVERY: Duration = Duration::from_micros(500);
/// So often an answer looks for the lock: for about 35 ms, which is below every deadline there is.
const ANSWER_LOOKS_MAX: i32 = 70;
/// So often a change looks for the lock: for about two seconds.
const CHANGE_LOOKS_MAX: i32 = 4_000;

/// Whether a store that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It must be there.
    ReadWrite,
    /// It is made if it is not there.
    Create,
}

/// Why a store did not open.
#[derive(Debug)]
pub enum OpenFailure {
    /// There is no such file.
    Missing,
    /// It is another program's database, or none.
    NotAStore,
    /// It was written by a newer version of this program.
    Newer {
        /// The version of its schema.
        version: i64,
    },
    /// It is an older copy: changes that were made since are not in it.
    Older {
        /// How far it has come.
        found: Stamp,
        /// How far the ledger had come.
        noted: Stamp,
    },
    /// What is noted outside the database cannot be read.
    Note(io::Error),
    /// A file cannot be made or opened.
    File(io::Error),
    /// The database cannot be opened.
    Failed {
        /// What to conclude.
        conclusion: tollgate_ledger::Conclusion,
        /// What SQLite said.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl OpenFailure {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "store_missing",
            Self::NotAStore => "not_a_store",
            Self::Newer { .. } => "store_newer",
            Self::Older { .. } => "store_older",
            Self::Note(_) => "store_note",
            Self::File(_) => "store_file",
            Self::Failed { conclusion, .. } => conclusion.code(),
        }
    }
}

impl fmt::Display for OpenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no store here"),
            Self::NotAStore => f.write_str("the file is not a store of ours: look at its path"),
            Self::Newer { version } => {
                write!(f, "a newer program wrote this store (schema {version}): use that one")
            }
            Self::Older { found, noted } => write!(
                f,
                "the store is an older copy, at {}/{} when {}/{} is noted: run restore, after which \
                 what changed in between is lost",
                found.incarnation, found.epoch, noted.incarnation, noted.epoch
            ),
            Self::Note(_) => f.write_str(
                "the note of the epoch beside the store cannot be read: look at its mode; remove it \
                 only if you know that the store is the newest there is",
            ),
            Self::File(_) => f.write_str("the store's file cannot be opened: look at its path and mode"),
            Self::Failed { conclusion, .. } => conclusion.fmt(f),
        }
    }
}

impl Error for OpenFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Missing | Self::NotAStore | Self::Newer { .. } | Self::Older { .. } => None,
            Self::Note(error) | Self::File(error) => Some(error),
            Self::Failed { source, .. } => Some(source.as_ref()),
        }
    }
}

impl From<Fault> for OpenFailure {
    fn from(fault: Fault) -> Self {
        Self::Failed { conclusion: fault.conclusion, source: fault.into_source() }
    }
}

impl From<tollgate_store_sql::Fault> for OpenFailure {
    fn from(fault: tollgate_store_sql::Fault) -> Self {
        Self::Failed { conclusion: fault.conclusion, source: fault.source }
    }
}

impl From<rusqlite::Error> for OpenFailure {
    fn from(error: rusqlite::Error) -> Self {
        Fault::from(error).into()
    }
}

/// A connection to the file at `path`, whose schema is this program's: to be [compared](compare) and [settled](settle).
pub(crate) fn file(path: &Path, access: Access) -> Result<Connection, OpenFailure> {
    if access == Access::Create {
        let made = note::private(OpenOptions::new().write(true).create_new(true)).open(path);
        match made {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(OpenFailure::File(error)),
        }
    } else if !path.try_exists().map_err(OpenFailure::File)? {
        return Err(OpenFailure::Missing);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    prepare(&mut connection, access)?;
    Ok(connection)
}

/// Makes a file that may be used one that is written ahead: readers and a writer do not wait for each other.
pub(crate) fn settle(connection: &mut Connection) -> Result<(), OpenFailure> {
    // SQLite does not wait by itself when two connections make this change at once.
    let mut looks = 0;
    while connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0))? != "wal" {
        let changed = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()));
        if let Err(error) = changed
            && !(error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                && look_again(looks, CHANGE_LOOKS_MAX))
        {
            return Err(error.into());
        }
        looks = looks.saturating_add(1);
    }
    Ok(hurried(connection)?)
}

/// A connection to the memory of this name, which lives while anybody is connected to it.
pub(crate) fn memory(name: &str) -> Result<Connection, OpenFailure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut connection = Connection::open_with_flags(format!("file:/{name}?vfs=memdb"), flags)?;
    prepare(&mut connection, Access::Create)?;
    hurried(&mut connection)?;
    Ok(connection)
}

/// What is noted outside the database at `path`.
///
/// Read before the database is: what is noted was committed before, so a store that others change in the meantime
/// is never taken for an older copy.
pub(crate) fn noted(path: &Path) -> Result<Option<Stamp>, OpenFailure> {
    note::read(path).map_err(OpenFailure::Note)
}

/// Refuses, when an older copy of the store has been put in its place.
pub(crate) fn compare(noted: Option<Stamp>, found: Stamp) -> Result<(), OpenFailure> {
    match noted {
        Some(noted) if found < noted => Err(OpenFailure::Older { found, noted }),
        Some(_) | None => Ok(()),
    }
}

/// Waits for the lock as long as an answer can.
pub(crate) fn hurried(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(|looks| look_again(looks, ANSWER_LOOKS_MAX)))
}

/// Waits for the lock as long as a change can.
pub(crate) fn patient(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(|looks| look_again(looks, CHANGE_LOOKS_MAX)))
}

/// SQLite's own timeout looks again after up to 100 ms, which is longer than an answer may take.
fn look_again(looks: i32, most: i32) -> bool {
    if looks >= most {
        return false;
    }
    thread::sleep(LOOK_EVERY);
    true
}

/// Sets what every connection needs, and brings the schema up to date.
fn prepare(connection: &mut Connection, access: Access) -> Result<(), OpenFailure> {
    patient(connection)?;
    let lists = statements::lists::ORDERS.len().saturating_add(statements::lists::FEW.len());
    let cached = statements::ALL.len().saturating_add(lists.saturating_mul(2));
    connection.set_prepared_statement_cache_capacity(cached);
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
    )?;
    // One read: another process may be making the store at this moment.
    let look = connection.transaction()?;
    let known = version(&look, access)?;
    look.finish()?;
    if known < schema::VERSION {
        migrate(connection, access)?;
    }
    while listing::is_behind(&mut Within(connection))? && bring(connection)? {
        // Whoever waits for the lock looks often enough to have it meanwhile.
        thread::sleep(BETWEEN_STEPS);
    }
    Ok(())
}

/// One step towards the lists of keys; says whether there are more.
fn bring(connection: &mut Connection) -> Result<bool, OpenFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have made it while this one waited.
    let more = listing::bring(&mut Within(&transaction))?;
    transaction.commit()?;
    Ok(more)
}

/// The version of the schema, if it is one of ours, or an empty file that may become one.
fn version(connection: &Connection, access: Access) -> Result<i64, OpenFailure> {
    let ask = |what: &str| connection.query_row(what, [], |row| row.get::<_, i64>(0));
    let application = ask("PRAGMA application_id")?;
    let version = ask("PRAGMA user_version")?;
    let tables = ask("SELECT count(*) FROM sqlite_schema")?;
    match (application, version) {
        (schema::APPLICATION_ID, version) if version > schema::VERSION => {
            Err(OpenFailure::Newer { version })
        }
        (schema::APPLICATION_ID, 1..) => Ok(version),
        (0, 0) if tables == 0 && access == Access::Create => Ok(0),
        (_, _) => Err(OpenFailure::NotAStore),
    }
}

fn migrate(connection: &mut Connection, access: Access) -> Result<(), OpenFailure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited.
    let from = usize::try_from(version(&transaction, access)?).unwrap_or(usize::MAX);
    for statement in schema::MIGRATIONS.get(from..).unwrap_or(&[]).iter().copied().flatten() {
        transaction.execute_batch(statement)?;
    }
    // A small store has its lists at once.
    if from < LISTED_FROM {
        listing::bring(&mut Within(&transaction))?;
    }
    transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use crate::Store;

    /// No test can pull the plug, so what makes a commit survive that is looked at itself.
    #[test]
    fn a_commit_waits_for_the_disk() {
        let store = Store::memory().unwrap();
        let ask =
            |what: &str| store.connection.query_row(what, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(ask("PRAGMA synchronous"), 2, "not FULL");
        assert_eq!(ask("PRAGMA foreign_keys"), 1);
        assert_eq!(ask("PRAGMA trusted_schema"), 0);
    }
}
