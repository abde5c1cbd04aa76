//! From what was made to what can be done with it.

use serde_json::{Map, Value, json};

use super::id;
use crate::{OPERATIONS, Operation};

/// Links from the answer of an operation that makes something to every operation that is about that and nothing beside it.
pub(super) fn of(operation: &Operation) -> Map<String, Value> {
    let of = operation.alias_of.unwrap_or(operation.path);
    let about = OPERATIONS.iter().filter(|other| operation.located && is_about(of, other));
    about.map(|other| (other.name.to_owned(), link(operation, other))).collect()
}

/// Whether there is one name in its path, right behind where such things are made.
fn is_about(of: &str, other: &Operation) -> bool {
    let behind = other.path.strip_prefix(of);
    behind.is_some_and(|rest| rest.starts_with("/{")) && other.names().count() == 1
}

fn link(made: &Operation, other: &Operation) -> Value {
    let mut parameters = Map::new();
    for name in other.names() {
        parameters.insert(["path.", name].concat(), told(made, name).into());
    }
    if other.query.unwrap_or_default().iter().any(|field| field.name == "tenant") {
        parameters.insert("query.tenant".to_owned(), "$request.query.tenant".into());
    }
    json!({ "operationId": id(other), "description": other.about, "parameters": parameters })
}

/// Where an answer tells what stands for a name in paths: a key is told beside its secret.
fn told(made: &Operation, name: &str) -> String {
    let beside = made.gives.is_some_and(|shape| shape.fields().any(|field| field.name == "key"));
    let within = if beside { "/key" } else { "" };
    let field = if name == "name" { name } else { "id" };
    format!("$response.body#{within}/{field}")
}
