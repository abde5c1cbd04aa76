//! Answers conformance cases: the operations of `docs/spec`, over the real code.
//!
//! One function, [`apply`], serves the vectors, the differential test against the independent
//! reference, and the WebAssembly run. Each domain has a module; an operation's name starts with it.

mod audit;
pub mod bucket;
pub mod decision;
mod engine;
pub mod head;
mod identity;
pub mod input;
pub mod key;
pub mod lease;
pub mod network;
pub mod record;
pub mod scope;

use serde_json::Value;

/// Why a case could not be put to the code at all: the case itself is wrong.
#[derive(Debug)]
pub struct BadCase(pub String);

/// The result of the operation `op` on `input`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape. A refusal is a result, not an
/// error.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op.split_once('.').unwrap_or((op, "")) {
        ("audit", op) => audit::apply(op, input),
        ("bucket", op) => bucket::apply(op, input),
        ("lease", op) => lease::apply(op, input),
        ("decision", op) => decision::apply(op, input),
        ("engine", op) => engine::apply(op, input),
        ("head", op) => head::apply(op, input),
        ("record", op) => record::apply(op, input),
        ("scope", op) => scope::apply(op, input),
        ("net", op) => network::apply(op, input),
        ("identity", op) => identity::apply(op, input),
        ("key", op) => key::key(op, input),
        ("mac", op) => key::mac(op, input),
        ("pepper", op) => key::pepper(op, input),
        _ => Err(BadCase(format!("no operation {op}"))),
    }
}
