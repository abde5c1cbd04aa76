//! A value against the shape that describes it: everything that is wrong with it, each with its place.

use serde_json::{Map, Value};

use super::shape::{Entries, Field, Kind, Need, Shape};
use crate::problem::{Fault, Findings, Pointer};

/// Checks `value`, which stands at `at`, and adds what is wrong with it.
pub fn check(shape: &Shape, value: &Value, at: &mut Pointer, findings: &mut Findings) {
    let Value::Object(map) = value else {
        return findings.add(at, Fault::WrongType, "must be an object");
    };
    for name in map.keys().filter(|name| shape.field(name).is_none()) {
        at.push(name);
        findings.add(at, Fault::Unknown, "is not a field here");
        at.pop();
    }
    for field in shape.fields() {
        at.push(field.name);
        check_field(shape, field, map, at, findings);
        at.pop();
    }
}

fn check_field(
    shape: &Shape,
    field: &Field,
    map: &Map<String, Value>,
    at: &mut Pointer,
    findings: &mut Findings,
) {
    let nullable = shape.patch || matches!(field.need, Need::Nullable | Need::Shown);
    let needed = !shape.patch && matches!(field.need, Need::Required | Need::Shown);
    match (map.get(field.name), field.kind) {
        (Some(_), Kind::Refused(why)) => findings.add(at, Fault::NotAllowed, why),
        (None, _) if needed => findings.add(at, Fault::Required, "must be given"),
        (None, _) => {}
        (Some(Value::Null), _) if shape.patch && field.need == Need::Required => {
            findings.add(at, Fault::Required, "must not be removed");
        }
        (Some(Value::Null), _) if nullable => {}
        (Some(Value::Object(entries)), Kind::Map(rules)) if shape.patch => {
            // Null removes an entry, so only the others are looked at; how many there are is known when it is merged.
            let kept = entries.iter().filter(|(_, value)| !value.is_null());
            check_entries(rules, kept, at, findings);
        }
        (Some(value), kind) => check_kind(&kind, value, at, findings),
    }
}

fn check_kind(kind: &Kind, value: &Value, at: &mut Pointer, findings: &mut Findings) {
    match *kind {
        Kind::Text { .. } | Kind::Raw { .. } | Kind::Spelled(_) | Kind::Word(_) => match value {
            Value::String(text) => {
                if let Err((fault, rule)) = check_text(kind, text) {
                    findings.add(at, fault, rule);
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => findings.add(at, Fault::WrongType, "must be a text"),
        },
        Kind::Any => {}
        Kind::Flag if value.is_boolean() => {}
        Kind::Flag => findings.add(at, Fault::WrongType, "must be true or false"),
        Kind::Integer { min, max } => check_integer((min, max), value, at, findings),
        Kind::List { of, max, distinct } => check_list((of, max, distinct), value, at, findings),
        Kind::Map(rules) => match value {
            Value::Object(entries) => check_entries(rules, entries.iter(), at, findings),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => findings.add(at, Fault::WrongType, "must be an object"),
        },
        Kind::Object(shape) => check(shape, value, at, findings),
        Kind::Refused(why) => findings.add(at, Fault::NotAllowed, why),
    }
}

/// What is wrong with a text, if anything is.
pub(super) fn check_text(kind: &Kind, text: &str) -> Result<(), (Fault, String)> {
    match *kind {
        Kind::Raw { max } if text.chars().count() <= max => Ok(()),
        Kind::Raw { max } => Err((Fault::TooLong, format!("must have at most {max} characters"))),
        Kind::Text { min, max } => {
            // No more of a long text is counted than decides.
            let count = text.chars().take(max.saturating_add(1)).count();
            if count < min {
                Err((Fault::TooShort, format!("must have at least {min} characters")))
            } else if count > max {
                Err((Fault::TooLong, format!("must have at most {max} characters")))
            } else if text.chars().all(shown) {
                Ok(())
            } else {
                let rule = "must have no control characters and none that turn the direction";
                Err((Fault::Malformed, rule.to_owned()))
            }
        }
        Kind::Spelled(spelling) => {
            if (spelling.fits)(text) {
                return Ok(());
            }
            let fault = if text.is_empty() {
                Fault::TooShort
            } else if text.len() > spelling.max {
                Fault::TooLong
            } else {
                Fault::Malformed
            };
            Err((fault, spelling.rule.to_owned()))
        }
        Kind::Word(words) if words.contains(&text) => Ok(()),
        Kind::Word(words) => Err((Fault::Malformed, format!("must be {}", said(words)))),
        Kind::Flag
        | Kind::Any
        | Kind::Integer { .. }
        | Kind::List { .. }
        | Kind::Map(_)
        | Kind::Object(_)
        | Kind::Refused(_) => Err((Fault::WrongType, "must be no text".to_owned())),
    }
}

/// Whether a character is one that people see where it stands: what is none could hide in a table.
pub(super) fn shown(symbol: char) -> bool {
    let turns = matches!(symbol, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !symbol.is_control() && !turns
}

/// Words as a choice.
fn said(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

fn check_integer((min, max): (u64, u64), value: &Value, at: &Pointer, findings: &mut Findings) {
    let rule = || format!("must be a whole number from {min} to {max}");
    let Value::Number(number) = value else {
        return findings.add(at, Fault::WrongType, rule());
    };
    match (number.as_u64(), number.as_f64()) {
        (Some(number), _) if (min..=max).contains(&number) => {}
        (Some(_), _) => findings.add(at, Fault::OutOfRange, rule()),
        (None, _) if number.is_i64() => findings.add(at, Fault::OutOfRange, rule()),
        // What has no fraction but no place among the whole numbers either was too large for one.
        (None, Some(real)) if real.fract() == 0.0 && real.abs() >= 1.8e19 => {
            findings.add(at, Fault::OutOfRange, rule());
        }
        (None, _) => findings.add(at, Fault::NotInteger, rule()),
    }
}

fn check_list(
    (of, max, distinct): (&Kind, usize, bool),
    value: &Value,
    at: &mut Pointer,
    findings: &mut Findings,
) {
    let Value::Array(list) = value else {
        return findings.add(at, Fault::WrongType, "must be a list");
    };
    if list.len() > max {
        return findings.add(at, Fault::TooMany, format!("must have at most {max} elements"));
    }
    for (place, element) in list.iter().enumerate() {
        at.push(&place.to_string());
        check_kind(of, element, at, findings);
        let first = list.iter().position(|other| other == element) == Some(place);
        if distinct && !first {
            findings.add(at, Fault::Duplicate, "must not repeat an earlier one");
        }
        at.pop();
    }
}

fn check_entries<'v>(
    rules: &Entries,
    entries: impl Iterator<Item = (&'v String, &'v Value)>,
    at: &mut Pointer,
    findings: &mut Findings,
) {
    let Entries { max, name: names, value: values, bytes_max } = rules;
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for (name, value) in entries {
        count = count.saturating_add(1);
        if count > *max {
            return findings.add(at, Fault::TooMany, format!("must have at most {max} entries"));
        }
        let text = value.as_str().map_or(0, str::len);
        bytes = bytes.saturating_add(name.len()).saturating_add(text);
        at.push(name);
        if let Err((fault, rule)) = check_text(names, name) {
            findings.add(at, fault, format!("has a name that {rule}"));
        }
        check_kind(values, value, at, findings);
        at.pop();
    }
    if bytes > *bytes_max {
        findings.add(at, Fault::TooLong, format!("must have at most {bytes_max} bytes in all"));
    }
}
