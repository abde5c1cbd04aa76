//! Random bodies, from the same shapes that they are read by.

use serde_json::{Map, Value, json};
use tollgate_control::model::shape::{Entries, Kind, Need, Shape};
use tollgate_testkit::Random;

/// A body of a shape: right in every field, though perhaps not in all of them together.
pub(crate) fn body(shape: &Shape, random: &mut Random) -> Value {
    let mut map = Map::new();
    for field in shape.fields() {
        let removed = shape.patch && field.need != Need::Required;
        let nullable = removed || matches!(field.need, Need::Nullable | Need::Shown);
        let needed = !shape.patch && matches!(field.need, Need::Required | Need::Shown);
        if matches!(field.kind, Kind::Refused(_)) || (!needed && random.happens(400)) {
            continue;
        }
        let value = if nullable && random.happens(150) {
            Value::Null
        } else {
            sample(&field.kind, shape.patch, random)
        };
        map.insert(field.name.to_owned(), value);
    }
    Value::Object(map)
}

fn sample(kind: &Kind, patch: bool, random: &mut Random) -> Value {
    match *kind {
        Kind::Text { min, max }
        | Kind::Spelled(&tollgate_control::model::shape::Spelling {
            format: "tollgate-name",
            min,
            max,
            ..
        }) => text(random, min, max).into(),
        Kind::Raw { max } => text(random, 0, max).into(),
        Kind::Spelled(spelling) => spelled(spelling.format, random).into(),
        Kind::Word(words) => random.one_of(words).into(),
        Kind::Flag => random.happens(500).into(),
        Kind::Integer { min, max } => match random.below(4) {
            0 => min.into(),
            1 => max.into(),
            _ => random.within(min, max).into(),
        },
        Kind::List { of, max, distinct } => {
            let mut list: Vec<Value> = vec![];
            for _ in 0..random.below(u64::try_from(max.min(5)).unwrap() + 1) {
                let element = sample(of, false, random);
                if !distinct || !list.contains(&element) {
                    list.push(element);
                }
            }
            list.into()
        }
        Kind::Map(rules) => entries(rules, patch, random),
        Kind::Object(shape) => body(shape, random),
        Kind::Any | Kind::Refused(_) => Value::Null,
    }
}

fn entries(rules: &Entries, patch: bool, random: &mut Random) -> Value {
    let mut map = Map::new();
    for _ in 0..random.below(4) {
        let name = sample(&rules.name, false, random).as_str().unwrap().to_owned();
        let value = if patch && random.happens(300) {
            Value::Null
        } else {
            sample(&rules.value, false, random)
        };
        map.insert(name, value);
    }
    Value::Object(map)
}

fn text(random: &mut Random, min: usize, max: usize) -> String {
    const SYMBOLS: [&str; 10] = ["a", "Z", "0", " ", "/", "~", "\"", "\\", "'", "{"];
    let len = random
        .within(u64::try_from(min).unwrap(), u64::try_from(max.clamp(min, min + 12)).unwrap());
    (0..len).map(|_| random.one_of(&SYMBOLS)).collect()
}

fn spelled(format: &str, random: &mut Random) -> String {
    let word = |random: &mut Random| random.one_of(&["a", "b9", "x_y", "p.q", "r-s"]).to_owned();
    match format {
        "tollgate-id" | "tollgate-new-id" => {
            random.one_of(&["bob", "a@b.c", "@x", "A+b", "reader", "writer"]).to_owned()
        }
        "tollgate-limit-name" => format!("{}{}", word(random), random.below(1_000_000)),
        "tollgate-name-part" => random.one_of(&["svc-", "p", "é"]).to_owned(),
        "tollgate-env" => random.one_of(&["live", "test", "a"]).to_owned(),
        "tollgate-scope" => format!("{}:{}", random.one_of(&["*", "a", "b-c"]), word(random)),
        "tollgate-block" => random
            .one_of(&["0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32", "::/0", "2001:db8::/32"])
            .to_owned(),
        "tollgate-address" => random.one_of(&["192.0.2.1", "2001:db8::1", "::"]).to_owned(),
        "tollgate-country" => random.one_of(&["NZ", "T1", "DE", "AA"]).to_owned(),
        "tollgate-label" => word(random),
        "tollgate-cursor" => "0".to_owned(),
        _ => panic!("no samples of {format}"),
    }
}

/// A value that stands nowhere in a body, of no type that is due.
pub(crate) fn wrong(value: &Value) -> Value {
    match value {
        Value::Object(_) => json!([]),
        Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Null => json!({ "x": {} }),
        Value::Bool(_) => json!(0),
    }
}

/// The places of all values within one, with what is there.
pub(crate) fn places(value: &Value, at: &str, into: &mut Vec<(String, Value)>) {
    into.push((at.to_owned(), value.clone()));
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{name}"), into);
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                places(value, &format!("{at}/{place}"), into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
