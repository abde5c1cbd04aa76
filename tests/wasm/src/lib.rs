//! The conformance cases as WebAssembly: the same function that the native tests call, for
//! `conformance.mjs` to feed the same rows to.
//!
//! A case goes in as JSON, `{"op": …, "in": …}`, and comes out as `{"out": …}`, or as `{"bad": …}` if
//! it could not be put to the code. Both texts lie in buffers of this module.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Makes room for `len` bytes of input, and says where.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    let mut buffer = held(&INPUT);
    buffer.clear();
    buffer.resize(len, 0);
    buffer.as_mut_ptr()
}

/// Answers the case in the input, and says how long the answer is.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn apply() -> usize {
    let answer = answer(&held(&INPUT)).to_string().into_bytes();
    let mut buffer = held(&OUTPUT);
    *buffer = answer;
    buffer.len()
}

/// Where the answer lies.
#[expect(unsafe_code, reason = "an export has to keep its name")]
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    held(&OUTPUT).as_ptr()
}

fn answer(case: &[u8]) -> Value {
    let case: Value = match serde_json::from_slice(case) {
        Ok(case) => case,
        Err(error) => return json!({"bad": error.to_string()}),
    };
    let op = case.get("op").and_then(Value::as_str).unwrap_or_default();
    match tollgate_conformance::apply(op, case.get("in").unwrap_or(&Value::Null)) {
        Ok(out) => json!({"out": out}),
        Err(bad) => json!({"bad": bad.0}),
    }
}

fn held(buffer: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}
