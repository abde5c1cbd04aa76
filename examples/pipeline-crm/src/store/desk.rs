//! Where one workspace is served: every statement is told whose rows it is about.

use rusqlite::{CachedStatement, Error, Row, ToSql, Transaction};

use crate::workspace::Workspace;

/// What stands in each statement for the workspace.
const WORKSPACE: &str = ":workspace";

/// A transaction in one workspace.
///
/// INVARIANT: there is no other way to the database. Each statement has `:workspace` bound to the workspace of the
/// caller; one that does not ask for it is an error before it runs, so a query that forgets whose rows it wants shows
/// nobody's, in the first test that runs it.
#[derive(Debug)]
pub struct Desk<'t> {
    transaction: &'t Transaction<'t>,
    workspace: &'t Workspace,
}

/// A parameter's name, such as `:id`, and its value.
type Value<'v> = (&'v str, &'v dyn ToSql);

impl<'t> Desk<'t> {
    pub(super) fn new(transaction: &'t Transaction<'t>, workspace: &'t Workspace) -> Self {
        Self { transaction, workspace }
    }

    /// All rows, each as `read` makes it. Whoever asks says in the statement how many there can be.
    ///
    /// # Errors
    ///
    /// SQLite's, and a statement that is not about the workspace.
    pub fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.statement(sql, values)?;
        statement.raw_query().mapped(read).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`rows`](Self::rows).
    pub fn row<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        let mut statement = self.statement(sql, values)?;
        let mut rows = statement.raw_query();
        rows.next()?.map(read).transpose()
    }

    /// Changes rows, and says how many.
    ///
    /// # Errors
    ///
    /// As for [`rows`](Self::rows).
    pub fn change(&self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<usize> {
        self.statement(sql, values)?.raw_execute()
    }

    fn statement(&self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<CachedStatement<'t>> {
        let mut statement = self.transaction.prepare_cached(sql)?;
        let workspace: Value<'_> = (WORKSPACE, &self.workspace.as_str());
        for (name, value) in values.iter().chain([&workspace]) {
            let at = statement.parameter_index(name)?;
            let at = at.ok_or_else(|| Error::InvalidParameterName((*name).into()))?;
            statement.raw_bind_parameter(at, value)?;
        }
        // A parameter that is left out would be null, which compares with nothing.
        let given = values.len().saturating_add(1);
        if statement.parameter_count() != given {
            return Err(Error::InvalidParameterCount(given, statement.parameter_count()));
        }
        Ok(statement)
    }
}
