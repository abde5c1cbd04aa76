//! A connection as the database of the steps that every SQLite shares.

use rusqlite::{
    Connection, Error, ToSql, params_from_iter,
    types::{ToSqlOutput, Value, ValueRef},
};
use tollgate_store_sql::{Column, Given, Row, Sql};

use crate::fault::Fault;

/// A connection, within whatever transaction it is in.
#[derive(Debug)]
pub(crate) struct Within<'c>(pub(crate) &'c Connection);

impl Sql for Within<'_> {
    fn rows(
        &mut self,
        statement: &'static str,
        given: &[Given<'_>],
    ) -> Result<Vec<Row>, tollgate_store_sql::Fault> {
        Ok(rows(self.0, statement, given)?)
    }
}

fn rows(connection: &Connection, statement: &str, given: &[Given<'_>]) -> Result<Vec<Row>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let columns = statement.column_count();
    let mut found = statement.query(params_from_iter(given.iter().map(Parameter)))?;
    let mut rows = vec![];
    while let Some(row) = found.next()? {
        let columns = (0..columns).map(|place| column(row.get_ref(place)?));
        rows.push(Row(columns.collect::<Result<_, Fault>>()?));
    }
    Ok(rows)
}

/// What a statement is given, as SQLite takes it.
struct Parameter<'g>(&'g Given<'g>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self.0 {
            Given::Null => ToSqlOutput::Owned(Value::Null),
            Given::Number(number) => {
                let number = i64::try_from(number);
                let number = number.map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
                ToSqlOutput::Owned(Value::Integer(number))
            }
            Given::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Given::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn column(value: ValueRef<'_>) -> Result<Column, Fault> {
    Ok(match value {
        ValueRef::Null => Column::Null,
        ValueRef::Integer(number) => {
            Column::Number(u64::try_from(number).map_err(|_| Fault::damaged("a number"))?)
        }
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| Fault::damaged("a text"))?;
            Column::Text(text.to_owned())
        }
        ValueRef::Real(_) | ValueRef::Blob(_) => return Err(Fault::damaged("a column")),
    })
}
