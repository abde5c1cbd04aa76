//! An example of each body: made of its shape, and said by hand where that would tell too little.

use serde_json::{Map, Value, json};

use crate::model::shape::{Kind, Need, Shape};

/// Texts that something with a spelling may be.
const WORDS: [&str; 4] = ["alice", "orders:read", "10.0.0.0/8", "DE"];

/// A body of this shape that is what it should be.
pub(crate) fn of(shape: &Shape) -> Value {
    let limit =
        json!({ "name": "burst", "scope": "key", "burst": 20, "rate": 10, "period_ms": 1_000 });
    match shape.name {
        "NewKey" => json!({
            "env": "live", "name": "nightly export", "scopes": ["orders:read"], "limits": [limit],
        }),
        "KeyPut" => json!({ "owner": "alice", "scopes": ["orders:read"], "limits": [limit] }),
        "KeyPatch" => json!({ "description": "The nightly export.", "labels": { "team": "ops" } }),
        "Rotation" => json!({ "grace_ms": 86_400_000 }),
        _ => Value::Object(least(shape)),
    }
}

/// What must be there; of a patch, its first field.
fn least(shape: &Shape) -> Map<String, Value> {
    let needed = |at: usize, need: Need| match shape.patch {
        true => at == 0,
        false => matches!(need, Need::Required | Need::Shown),
    };
    let given = shape.fields().filter(|field| !matches!(field.kind, Kind::Refused(_)));
    let given = given.enumerate().filter(|(at, field)| needed(*at, field.need));
    given.map(|(_, field)| (field.name.to_owned(), value(&field.kind))).collect()
}

fn value(kind: &Kind) -> Value {
    match kind {
        Kind::Text { .. } | Kind::Raw { .. } => "text".into(),
        Kind::Spelled(spelling) => {
            WORDS.into_iter().find(|word| (spelling.fits)(word)).unwrap_or_default().into()
        }
        Kind::Word(words) => words.first().copied().unwrap_or_default().into(),
        Kind::Flag => true.into(),
        Kind::Integer { min, .. } => (*min).into(),
        Kind::List { of, .. } => Value::Array(vec![value(of)]),
        Kind::Map(_) => json!({}),
        Kind::Object(shape) => Value::Object(least(shape)),
        Kind::Any | Kind::Refused(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        OPERATIONS,
        model::check,
        problem::{Findings, Pointer},
    };

    #[test]
    fn every_example_of_a_body_is_what_it_should_be() {
        for takes in OPERATIONS.iter().filter_map(|operation| operation.body) {
            let (example, mut findings) = (of(takes.shape), Findings::new());
            check(takes.shape, &example, &mut Pointer::root(), &mut findings);
            assert!(findings.is_empty(), "{}: {example}: {findings:?}", takes.shape.name);
        }
    }
}
