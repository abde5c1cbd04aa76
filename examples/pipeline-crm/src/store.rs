//! The database: one thread that has it, and a desk that one workspace is served at.

mod desk;
mod schema;

use std::{path::Path, thread};

use anyhow::Context;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::{problem::Problem, workspace::Workspace};
pub use desk::Desk;

/// So many questions may wait for the thread; whoever comes then is told to come again.
const WAITING_MAX: usize = 64;

/// What the thread is asked.
type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The way to the thread that has the database. Requests wait for it without keeping a thread of their own.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
}

/// The thread. It ends when the last [`Store`] is gone, after what was asked by then.
#[derive(Debug)]
pub struct Keeper(thread::JoinHandle<()>);

impl Store {
    /// Opens the file, makes its tables if they are not there, and starts the thread.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or is another program's.
    pub fn open(file: &Path) -> anyhow::Result<(Self, Keeper)> {
        let at = || file.display().to_string();
        let connection = Connection::open(file).with_context(at)?;
        schema::prepare(&connection).with_context(at)?;
        Self::keep(connection)
    }

    /// The same in memory, forgotten with the process.
    ///
    /// # Errors
    ///
    /// SQLite has no memory, or there is no thread.
    pub fn memory() -> anyhow::Result<(Self, Keeper)> {
        let connection = Connection::open_in_memory()?;
        schema::prepare(&connection)?;
        Self::keep(connection)
    }

    fn keep(mut connection: Connection) -> anyhow::Result<(Self, Keeper)> {
        let (jobs, mut asked) = mpsc::channel::<Job>(WAITING_MAX);
        let work = move || {
            while let Some(job) = asked.blocking_recv() {
                job(&mut connection);
            }
        };
        let thread = thread::Builder::new().name("database".into()).spawn(work);
        Ok((Self { jobs }, Keeper(thread.context("no thread for the database")?)))
    }

    /// Asks for something in one workspace, as of one moment.
    ///
    /// # Errors
    ///
    /// What the question says, [`Problem::Busy`], or that the database is broken.
    pub async fn read<T: Send + 'static>(
        &self,
        workspace: Workspace,
        ask: impl FnOnce(&Desk<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.put(workspace, TransactionBehavior::Deferred, ask).await
    }

    /// Changes something in one workspace: all of it, or nothing.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read); nothing is changed then.
    pub async fn change<T: Send + 'static>(
        &self,
        workspace: Workspace,
        ask: impl FnOnce(&Desk<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.put(workspace, TransactionBehavior::Immediate, ask).await
    }

    async fn put<T: Send + 'static>(
        &self,
        workspace: Workspace,
        behavior: TransactionBehavior,
        ask: impl FnOnce(&Desk<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let answer = serve(connection, &workspace, behavior, ask);
            // Whoever asked may have gone; what was changed stays changed.
            drop(tell.send(answer));
        });
        self.jobs.try_send(job).map_err(|_| Problem::Busy)?;
        told.await.unwrap_or(Err(Problem::Busy))
    }
}

impl Keeper {
    /// Waits for the end of the thread, and so for the file to be closed.
    pub fn wait(self) {
        if self.0.join().is_err() {
            eprintln!("pipeline-crm: the thread of the database has panicked");
        }
    }
}

fn serve<T>(
    connection: &mut Connection,
    workspace: &Workspace,
    behavior: TransactionBehavior,
    ask: impl FnOnce(&Desk<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    // What is not committed is rolled back.
    let answer = ask(&Desk::new(&transaction, workspace))?;
    transaction.commit()?;
    Ok(answer)
}

/// A new id: what it is of, and 16 random bytes. It tells nothing of how many there are.
pub(crate) fn new_id(of: &str) -> Result<String, Problem> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|_| Problem::Busy)?;
    Ok(random.iter().fold(format!("{of}_"), |id, byte| format!("{id}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use rusqlite::{Connection, Error, named_params};

    use super::{Desk, Workspace, schema};

    /// Checks what becomes of a statement at acme's desk.
    fn check(sql: &str, refused: bool) {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::prepare(&connection).unwrap();
        let transaction = connection.transaction().unwrap();
        let acme = Workspace::of_tests("acme");
        let desk = Desk::new(&transaction, &acme);
        let found = desk.rows(sql, named_params! {":id": "a"}, |row| row.get::<_, i64>(0));
        let wrong =
            matches!(found, Err(Error::InvalidParameterName(_) | Error::InvalidParameterCount(..)));
        assert_eq!((wrong, found.is_ok()), (refused, !refused), "{sql}: {found:?}");
    }

    #[test]
    fn a_statement_that_forgets_the_workspace_is_refused() {
        check("SELECT count(*) FROM stages WHERE workspace = :workspace AND id = :id", false);
        check("SELECT count(*) FROM stages WHERE id = :id", true);
        check("SELECT count(*) FROM stages WHERE workspace = :workspaces AND id = :id", true);
        check("SELECT count(*) FROM stages WHERE workspace = ?1 AND id = :id", true);
        check("SELECT count(*) FROM stages WHERE workspace = :workspace", true);
        check("SELECT :more FROM stages WHERE workspace = :workspace AND id = :id", true);
    }

    #[test]
    fn another_programs_file_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(schema::prepare(&connection).is_err());
        let tables = "SELECT group_concat(name) FROM sqlite_schema";
        let tables = connection.query_row(tables, (), |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(tables, "theirs");
    }

    #[test]
    fn a_row_refers_to_none_of_another_workspace() {
        let connection = Connection::open_in_memory().unwrap();
        schema::prepare(&connection).unwrap();
        let stage = "INSERT INTO stages VALUES ('acme', 's', 'S', 'open', 0)";
        connection.execute(stage, ()).unwrap();
        for (workspace, good) in [("globex", false), ("acme", true)] {
            let opportunity = "INSERT INTO opportunities (workspace, id, version, title, customer, minor, currency,
                 stage, created_by, created_ms, updated_ms) VALUES (?1, 'o', 1, 't', 'c', 1, 'EUR', 's', 'x', 1, 1)";
            assert_eq!(connection.execute(opportunity, [workspace]).is_ok(), good, "{workspace}");
        }
    }
}
