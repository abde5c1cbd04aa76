//! The storage of the object that asks, as a database.

use std::{error::Error, fmt};

use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_ledger::Conclusion;
use tollgate_store_sql::{Column, Fault, Given, Row, Sql};

use crate::Outside;

/// The database of whoever called.
pub(crate) struct Database<'o, O>(pub(crate) &'o mut O);

/// What the other side says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default)]
    rows: Vec<Vec<Value>>,
    #[serde(default)]
    error: Option<String>,
}

/// The words of whatever went wrong over there.
#[derive(Debug)]
struct Words(String);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Words {}

impl<O: Outside> Sql for Database<'_, O> {
    fn rows(&mut self, statement: &'static str, given: &[Given<'_>]) -> Result<Vec<Row>, Fault> {
        let given: Vec<Value> = given.iter().map(spelled).collect();
        let asked = json!([statement, given]).to_string();
        let said = self.0.sql(asked.as_bytes());
        let said: Said = serde_json::from_slice(&said)
            .map_err(|_| fault(Conclusion::Unreachable, "the storage says nothing".to_owned()))?;
        if let Some(error) = said.error {
            return Err(fault(conclude(&error), error));
        }
        said.rows.into_iter().map(row).collect()
    }
}

/// A parameter: bytes as one object with their hexadecimal digits.
fn spelled(given: &Given<'_>) -> Value {
    match given {
        Given::Null => Value::Null,
        Given::Number(number) => json!(number),
        Given::Text(text) => json!(text),
        Given::Bytes(bytes) => {
            let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
            let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
            json!({ "bytes": digits.collect::<String>() })
        }
    }
}

fn row(columns: Vec<Value>) -> Result<Row, Fault> {
    let column = |value| match value {
        Value::Null => Ok(Column::Null),
        Value::String(text) => Ok(Column::Text(text)),
        Value::Number(number) => {
            number.as_u64().map(Column::Number).ok_or_else(|| Fault::damaged("a number"))
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(Fault::damaged("a column")),
    };
    columns.into_iter().map(column).collect::<Result<_, _>>().map(Row)
}

fn conclude(error: &str) -> Conclusion {
    let says = |word| error.contains(word);
    if says("SQLITE_FULL") {
        Conclusion::Full
    } else if says("SQLITE_CORRUPT") || says("SQLITE_NOTADB") || says("SQLITE_CONSTRAINT") {
        Conclusion::Damaged
    } else {
        Conclusion::Unreachable
    }
}

fn fault(conclusion: Conclusion, words: String) -> Fault {
    Fault { conclusion, source: Box::new(Words(words)) }
}
