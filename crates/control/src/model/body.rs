//! Bodies: from bytes to a JSON value, with everything that JSON leaves open closed.

use core::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::{
    message::BODY_MAX,
    problem::{Code, Fault, Finding, Findings, Pointer, Problem},
};

/// How many lists and objects may lie in each other.
pub const DEPTH_MAX: usize = 8;

/// Reads a body: its value, and what is doubled in it or lies too deep.
///
/// # Errors
///
/// When the body is too long or no JSON at all.
pub(super) fn parse(body: &[u8]) -> Result<(Value, Findings), Problem> {
    if body.len() > BODY_MAX {
        return Err(Problem::new(Code::BodyTooLarge));
    }
    let mut reading = Reading { at: Pointer::root(), findings: Findings::new() };
    let mut source = serde_json::Deserializer::from_slice(body);
    let value = Node(&mut reading).deserialize(&mut source);
    match value.and_then(|value| source.end().map(|()| value)) {
        Ok(value) => Ok((value, reading.findings)),
        Err(error) => {
            // Nothing of the body but how far it could be read.
            let detail = format!("is no JSON at line {} column {}", error.line(), error.column());
            let mut findings = Findings::new();
            findings.push(Finding::new(&Pointer::root(), Fault::Malformed, detail));
            Err(Problem::found(Code::BodyMalformed, findings))
        }
    }
}

struct Reading {
    at: Pointer,
    findings: Findings,
}

/// Reads one value, and keeps the first of what is there twice.
struct Node<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.0.at.depth() > DEPTH_MAX {
            IgnoredAny::deserialize_in(from)?;
            let detail = "must not lie in more than 8 lists and objects";
            self.0.findings.add(&self.0.at, Fault::TooDeep, detail);
            return Ok(Value::Null);
        }
        from.deserialize_any(self)
    }
}

/// Skips a value without holding it.
trait Skip {
    fn deserialize_in<'de, D: serde::Deserializer<'de>>(from: D) -> Result<(), D::Error>;
}

impl Skip for IgnoredAny {
    fn deserialize_in<'de, D: serde::Deserializer<'de>>(from: D) -> Result<(), D::Error> {
        from.deserialize_ignored_any(Self).map(drop)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        loop {
            self.0.at.push(&list.len().to_string());
            let element = from.next_element_seed(Node(self.0))?;
            self.0.at.pop();
            let Some(element) = element else { return Ok(Value::Array(list)) };
            list.push(element);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = from.next_key::<String>()? {
            self.0.at.push(&name);
            let value = from.next_value_seed(Node(self.0))?;
            if map.contains_key(&name) {
                self.0.findings.add(&self.0.at, Fault::Duplicate, "is there twice");
            } else {
                map.insert(name, value);
            }
            self.0.at.pop();
        }
        Ok(Value::Object(map))
    }
}
