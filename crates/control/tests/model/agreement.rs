//! The schemas say what the reader does: what one takes the other does, and what one refuses too.

use serde_json::Value;
use tollgate_control::{
    model::{
        Body, Document, KeyPut, NewKey, Owner, Reason, Role, Rotation, Template, Tenant,
        Validation, check, schemas, shape::Shape,
    },
    problem::{Findings, Pointer},
};
use tollgate_testkit::{Random, full};

use crate::samples;

/// What our schemas use of JSON Schema, but for patterns and formats: a reader of its own, which knows no shape.
fn valid(all: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(rules) = schema else { return schema == &Value::Bool(true) };
    rules.iter().all(|(rule, what)| match rule.as_str() {
        "$ref" => {
            let name = what.as_str().unwrap().rsplit('/').next().unwrap();
            valid(all, &all[name], value)
        }
        "anyOf" => what.as_array().unwrap().iter().any(|schema| valid(all, schema, value)),
        "type" => match what.as_array() {
            Some(words) => words.iter().any(|word| is(word, value)),
            None => is(what, value),
        },
        "enum" => what.as_array().unwrap().contains(value),
        "minimum" => value.as_u64().is_none_or(|number| number >= what.as_u64().unwrap()),
        "maximum" => value.as_u64().is_none_or(|number| number <= what.as_u64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= size(what)),
        "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= size(what)),
        "maxItems" => value.as_array().is_none_or(|list| list.len() <= size(what)),
        "uniqueItems" => value.as_array().is_none_or(|list| {
            list.iter()
                .enumerate()
                .all(|(at, one)| list.iter().skip(at + 1).all(|other| other != one))
        }),
        "items" => value.as_array().is_none_or(|list| list.iter().all(|one| valid(all, what, one))),
        "maxProperties" => value.as_object().is_none_or(|map| map.len() <= size(what)),
        "propertyNames" => value.as_object().is_none_or(|map| {
            map.keys().all(|name| valid(all, what, &Value::String(name.clone())))
        }),
        "required" => value.as_object().is_none_or(|map| {
            what.as_array().unwrap().iter().all(|name| map.contains_key(name.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|map| {
            map.iter()
                .all(|(name, value)| what.get(name).is_none_or(|schema| valid(all, schema, value)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|map| {
            let known = |name: &String| {
                rules.get("properties").is_some_and(|known| known.get(name).is_some())
            };
            map.iter().all(|(name, value)| known(name) || valid(all, what, value))
        }),
        "description" | "pattern" | "format" => true,
        other => panic!("a schema says {other}"),
    })
}

fn is(word: &Value, value: &Value) -> bool {
    match word.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("a type is {other}"),
    }
}

fn size(what: &Value) -> usize {
    usize::try_from(what.as_u64().unwrap()).unwrap()
}

fn reads(shape: &Shape, value: &Value) -> bool {
    let mut findings = Findings::new();
    check(shape, value, &mut Pointer::root(), &mut findings);
    findings.is_empty()
}

#[test]
fn what_a_schema_takes_is_read_and_what_it_refuses_is_refused() {
    let all = schemas();
    let mut random = Random::new(61);
    let rounds = if full() { 1_000 } else { 60 };
    let shapes = [
        NewKey::SHAPE,
        KeyPut::PUT,
        KeyPut::PATCH,
        Tenant::SHAPE,
        Tenant::PUT,
        Tenant::PATCH,
        Owner::SHAPE,
        Owner::PUT,
        Owner::PATCH,
        Role::SHAPE,
        Role::PUT,
        Role::PATCH,
        Template::SHAPE,
        Template::PUT,
        Template::PATCH,
        Reason::SHAPE,
        Rotation::SHAPE,
        Validation::SHAPE,
    ];
    let (mut taken, mut refused) = (0, 0);
    for shape in shapes {
        let schema = &all[shape.name];
        for _ in 0..rounds {
            let value = samples::body(shape, &mut random);
            assert!(valid(&all, schema, &value) && reads(shape, &value), "{} {value}", shape.name);
            let changed = changed(&value, &mut random);
            let (said, read) = (valid(&all, schema, &changed), reads(shape, &changed));
            assert_eq!(said, read, "{} {changed}", shape.name);
            taken += usize::from(read);
            refused += usize::from(!read);
        }
    }
    assert!(taken > 100 && refused > 300, "{taken} {refused}");
}

/// The same with one place that is null, is gone, is of another type, or has something of the same type besides.
fn changed(value: &Value, random: &mut Random) -> Value {
    let mut places = vec![];
    samples::places(value, "", &mut places);
    let (place, old) = places[random.place(places.len())].clone();
    let mut changed = value.clone();
    match random.below(4) {
        0 => *changed.pointer_mut(&place).unwrap() = Value::Null,
        1 => *changed.pointer_mut(&place).unwrap() = samples::wrong(&old),
        2 => {
            let inner = changed.pointer_mut(&place).unwrap();
            match inner {
                Value::Object(map) => {
                    map.insert("n".to_owned(), Value::Null);
                }
                Value::Array(list) => list.extend(list.clone()),
                Value::String(text) => *text = text.repeat(600),
                Value::Number(number) => *inner = Value::from(number.as_u64().unwrap() / 2),
                Value::Null | Value::Bool(_) => {}
            }
        }
        _ => {
            let name = place.rsplit('/').next().unwrap().replace("~1", "/").replace("~0", "~");
            let parent = place.rsplit_once('/').map_or("", |(parent, _)| parent);
            if let Some(Value::Object(map)) = changed.pointer_mut(parent) {
                map.remove(&name);
            }
        }
    }
    changed
}
