//! Reading the arguments of a case.

use serde_json::Value;

use crate::BadCase;

/// The field `name` of a case's input.
///
/// # Errors
///
/// When it is not there.
pub fn field<'a>(input: &'a Value, name: &str) -> Result<&'a Value, BadCase> {
    input.get(name).ok_or_else(|| BadCase(format!("the case lacks {name}")))
}

/// An integer, given as a number or as a decimal string.
///
/// # Errors
///
/// When it is neither.
pub fn uint(input: &Value, name: &str) -> Result<u64, BadCase> {
    let value = field(input, name)?;
    let parsed = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    parsed.ok_or_else(|| BadCase(format!("{name} is no integer")))
}

/// A string.
///
/// # Errors
///
/// When it is none.
pub fn str<'a>(input: &'a Value, name: &str) -> Result<&'a str, BadCase> {
    field(input, name)?.as_str().ok_or_else(|| BadCase(format!("{name} is no string")))
}

/// Bytes in hexadecimal.
///
/// # Errors
///
/// When they are not.
pub fn hex(input: &Value, name: &str) -> Result<Vec<u8>, BadCase> {
    from_hex(str(input, name)?).ok_or_else(|| BadCase(format!("{name} is not hexadecimal")))
}

/// Text that may hold arbitrary bytes: a string, `{"hex"}`, `{"repeat","times"}`, or a list of these.
///
/// # Errors
///
/// When it is none of them.
pub fn text(input: &Value, name: &str) -> Result<Vec<u8>, BadCase> {
    let mut bytes = Vec::new();
    append(field(input, name)?, &mut bytes).ok_or_else(|| BadCase(format!("{name} is no text")))?;
    Ok(bytes)
}

fn append(value: &Value, bytes: &mut Vec<u8>) -> Option<()> {
    if let Some(text) = value.as_str() {
        bytes.extend_from_slice(text.as_bytes());
    } else if let Some(parts) = value.as_array() {
        for part in parts {
            append(part, bytes)?;
        }
    } else if let Some(digits) = value.get("hex") {
        bytes.extend(from_hex(digits.as_str()?)?);
    } else {
        let times = usize::try_from(value.get("times")?.as_u64()?).ok()?;
        bytes.extend(value.get("repeat")?.as_str()?.repeat(times).as_bytes());
    }
    Some(())
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let byte = |pair: &[u8; 2]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
