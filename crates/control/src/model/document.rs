//! Documents: read whole, put in the place of another, or merged into one.

use core::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{body::parse, check::check, shape::Shape};
use crate::problem::{Code, Fault, Findings, Pointer, Problem};

/// What a body is read as.
pub trait Body: DeserializeOwned {
    /// What it looks like: all that the type needs to be read.
    const SHAPE: &'static Shape;

    /// Adds what is wrong with values that are right each by itself.
    fn together(&self, _findings: &mut Findings) {}
}

/// What can be replaced and merged into.
pub trait Document: Body + Serialize {
    /// What it looks like where it takes another's place.
    const PUT: &'static Shape;

    /// What a patch of it looks like.
    const PATCH: &'static Shape;

    /// The field that its path names, so that no body does: it never changes.
    const NAME: Option<&'static str>;
}

/// Reads a body.
///
/// # Errors
///
/// When it is too long, no JSON, or not what it should be: with everything that is wrong.
pub fn read<T: Body>(body: &[u8]) -> Result<T, Problem> {
    let (value, findings) = checked(T::SHAPE, body)?;
    built(value, findings)
}

/// Reads a body that is kept nowhere: the object that it says, by its shape.
///
/// # Errors
///
/// As [`read`].
pub fn read_as(shape: &Shape, body: &[u8]) -> Result<Map<String, Value>, Problem> {
    match checked(shape, body)? {
        (Value::Object(map), findings) if findings.is_empty() => Ok(map),
        (_, findings) => Err(Problem::found(Code::BodyInvalid, findings)),
    }
}

/// Reads a body that takes the place of the document of this name.
///
/// # Errors
///
/// As [`read`].
pub fn read_put<T: Document>(name: &str, body: &[u8]) -> Result<T, Problem> {
    let (value, findings) = checked(T::PUT, body)?;
    built(named::<T>(value, name), findings)
}

/// A merge patch (RFC 7396): each of its fields is what it should be by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch<T> {
    fields: Map<String, Value>,
    of: PhantomData<T>,
}

impl<T: Document> Patch<T> {
    /// Reads a patch.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let (value, findings) = checked(T::PATCH, body)?;
        match value {
            Value::Object(fields) if findings.is_empty() => Ok(Self { fields, of: PhantomData }),
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Problem::found(Code::BodyInvalid, findings)),
        }
    }

    /// What `to` is with the patch merged into it.
    ///
    /// # Errors
    ///
    /// When that is not what a body in its place might be.
    pub fn applied(&self, to: &T) -> Result<T, Problem> {
        let mut target = serde_json::to_value(to).unwrap_or_default();
        let name = T::NAME.and_then(|name| target.as_object_mut()?.remove(name));
        merge(&mut target, &self.fields);
        let mut findings = Findings::new();
        check(T::PUT, &target, &mut Pointer::root(), &mut findings);
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        built(named::<T>(target, name), findings)
    }
}

/// The value of a body, and what is wrong with it.
fn checked(shape: &Shape, body: &[u8]) -> Result<(Value, Findings), Problem> {
    let (value, mut findings) = parse(body)?;
    check(shape, &value, &mut Pointer::root(), &mut findings);
    Ok((value, findings))
}

/// What a checked value says.
fn built<T: Body>(value: Value, mut findings: Findings) -> Result<T, Problem> {
    let invalid = |findings| Problem::found(Code::BodyInvalid, findings);
    if !findings.is_empty() {
        return Err(invalid(findings));
    }
    // A shape that let something through which its type cannot hold must not let it through here.
    let Ok(read) = serde_json::from_value::<T>(value) else {
        findings.add(&Pointer::root(), Fault::Malformed, "cannot be read");
        return Err(invalid(findings));
    };
    read.together(&mut findings);
    if findings.is_empty() { Ok(read) } else { Err(invalid(findings)) }
}

fn named<T: Document>(mut value: Value, name: &str) -> Value {
    if let (Some(field), Value::Object(map)) = (T::NAME, &mut value) {
        map.insert(field.to_owned(), name.into());
    }
    value
}

/// RFC 7396: null removes, an object is merged, everything else replaces.
fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                map.remove(name);
            }
            Value::Object(inner) => merge(map.entry(name.clone()).or_insert(Value::Null), inner),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                map.insert(name.clone(), value.clone());
            }
        }
    }
}
