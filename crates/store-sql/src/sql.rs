//! What a database does for this crate.

use std::{error::Error, fmt};

use tollgate_control::BooksError;
use tollgate_ledger::{Conclusion, LedgerError};

/// A database, within one transaction of the caller's: every statement sees those before it, and all of them are
/// kept or none.
///
/// # If an implementation is wrong
///
/// * It keeps some statements of a step and not others: a revocation may have no entry in the head. Not safe.
/// * It answers from another moment than the step's: as above.
/// * It fails where it could go on: the step has not happened, and an operator sees it.
pub trait Sql {
    /// Runs one statement, and gives the rows that it has.
    ///
    /// # Errors
    ///
    /// When it cannot be run: the caller keeps nothing of its step then.
    fn rows(&mut self, statement: &'static str, given: &[Given<'_>]) -> Result<Vec<Row>, Fault>;
}

/// What a statement is given for one of its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// Nothing.
    Null,
    /// A number, at most 2⁶³−1.
    Number(u64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl From<u64> for Given<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<u64>> for Given<'_> {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Null, Self::Number)
    }
}

impl<'a> From<&'a str> for Given<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Given<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8; 16]> for Given<'a> {
    fn from(bytes: &'a [u8; 16]) -> Self {
        Self::Bytes(bytes)
    }
}

/// One column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Nothing.
    Null,
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(pub Vec<Column>);

impl Row {
    /// The number in a column.
    pub(crate) fn number(&self, column: usize) -> Result<u64, Fault> {
        match self.0.get(column) {
            Some(Column::Number(number)) => Ok(*number),
            Some(Column::Null | Column::Text(_)) | None => Err(Fault::damaged("a number")),
        }
    }

    /// The number in a column, if there is one.
    pub(crate) fn optional(&self, column: usize) -> Result<Option<u64>, Fault> {
        match self.0.get(column) {
            Some(Column::Null) => Ok(None),
            Some(_) | None => self.number(column).map(Some),
        }
    }

    /// The text in a column, if there is one.
    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<&str>, Fault> {
        match self.0.get(column) {
            Some(Column::Null) => Ok(None),
            Some(_) | None => self.text(column).map(Some),
        }
    }

    /// Whether a column says so.
    pub(crate) fn flag(&self, column: usize) -> Result<bool, Fault> {
        Ok(self.number(column)? != 0)
    }

    /// The text in a column.
    pub(crate) fn text(&self, column: usize) -> Result<&str, Fault> {
        match self.0.get(column) {
            Some(Column::Text(text)) => Ok(text),
            Some(Column::Null | Column::Number(_)) | None => Err(Fault::damaged("a text")),
        }
    }
}

/// The store failed.
#[derive(Debug)]
pub struct Fault {
    /// What an operator should conclude.
    pub conclusion: Conclusion,
    /// What the database said.
    pub source: Box<dyn Error + Send + Sync>,
}

/// A row says what no row of ours says.
#[derive(Debug)]
struct Nonsense(&'static str);

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rows of {} make no sense", self.0)
    }
}

impl Error for Nonsense {}

impl Fault {
    /// The rows of `table` are not what was written.
    #[must_use]
    pub fn damaged(table: &'static str) -> Self {
        Self { conclusion: Conclusion::Damaged, source: Box::new(Nonsense(table)) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.conclusion.fmt(f)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        Self::Failed { conclusion: fault.conclusion, source: fault.source }
    }
}

impl From<Fault> for BooksError {
    fn from(fault: Fault) -> Self {
        Self::Ledger(fault.into())
    }
}
