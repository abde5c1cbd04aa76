//! `scope.*`: docs/spec/record.md.

use serde_json::{Value, json};
use tollgate_core::scope::{Scope, first_missing};

use crate::{BadCase, input, record::strings};

/// The result of `scope.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "parse" => {
            let text = input::text(input, "text")?;
            let scope = core::str::from_utf8(&text).ok().and_then(|text| Scope::new(text).ok());
            Ok(match scope {
                Some(scope) => json!({"resource": scope.resource(), "action": scope.action()}),
                None => json!({"error": "scope_invalid"}),
            })
        }
        "check" => {
            let (held, required) = (scopes(input, "held")?, scopes(input, "required")?);
            let missing = first_missing(held.iter().copied(), &required);
            let missing = missing.and_then(|at| required.get(at)).map(|scope| scope.as_str());
            Ok(json!({"missing": missing}))
        }
        _ => Err(BadCase(format!("no operation scope.{op}"))),
    }
}

/// The well-formed scopes of a list.
pub(crate) fn scopes<'v>(input: &'v Value, name: &str) -> Result<Vec<Scope<'v>>, BadCase> {
    let list = strings(input::field(input, name)?).unwrap_or_default();
    let scopes = list.into_iter().map(|text| Scope::new(text).ok()).collect::<Option<_>>();
    scopes.ok_or_else(|| BadCase(format!("{name} holds what is no scope")))
}
