//! The schemas of the OpenAPI document (JSON Schema 2020-12), from the shapes that bodies are checked against.

use serde_json::{Map, Value, json};

use super::{
    query,
    shape::{Entries, Field, Kind, Need, Shape},
    tables,
};

/// Where a document keeps its schemas.
const PLACE: &str = "#/components/schemas/";

/// What no character of a text may be.
pub(super) const SHOWN: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$";

/// Every schema, by its name.
#[must_use]
pub fn schemas() -> Value {
    let all = tables::SHAPES.iter().map(|shape| (shape.name.to_owned(), schema(shape)));
    Value::Object(all.collect())
}

/// The schema of one shape: other shapes in it are referred to.
#[must_use]
pub fn schema(shape: &Shape) -> Value {
    let given = || shape.fields().filter(|field| !matches!(field.kind, Kind::Refused(_)));
    let properties: Map<String, Value> =
        given().map(|field| (field.name.to_owned(), property(shape, field))).collect();
    let needed = |field: &&Field| matches!(field.need, Need::Required | Need::Shown);
    let required: Vec<&str> =
        given().filter(needed).filter(|_| !shape.patch).map(|field| field.name).collect();
    let mut schema = Map::new();
    put(&mut schema, "type", "object");
    put(&mut schema, "description", shape.about);
    put(&mut schema, "properties", properties);
    if !required.is_empty() {
        put(&mut schema, "required", required);
    }
    put(&mut schema, "additionalProperties", false);
    Value::Object(schema)
}

/// The parameters of a list, as an OpenAPI document says them.
fn parameters(table: &[Field]) -> Value {
    let parameter = |field: &Field| {
        json!({
            "name": field.name,
            "in": "query",
            "required": false,
            "description": field.about,
            "schema": schema_of(&field.kind),
        })
    };
    table.iter().map(parameter).collect()
}

/// The schema of what may stand in a field that no patch is.
pub(crate) fn schema_of(said: &Kind) -> Value {
    kind(said, false)
}

/// The parameters of every list, by the name of what is listed.
#[must_use]
pub fn lists() -> Value {
    json!({ "keys": parameters(&query::KEYS), "others": parameters(&query::OTHERS) })
}

fn property(shape: &Shape, field: &Field) -> Value {
    let mut schema = kind(&field.kind, shape.patch);
    // A patch removes what need not be there.
    let removed = shape.patch && field.need != Need::Required;
    let nullable = removed || matches!(field.need, Need::Nullable | Need::Shown);
    if nullable {
        schema = or_null(schema);
    }
    if let Value::Object(schema) = &mut schema {
        put(schema, "description", field.about);
    }
    schema
}

/// The same, or null.
fn or_null(mut schema: Value) -> Value {
    let word = schema.get("type").and_then(Value::as_str).map(str::to_owned);
    match (&mut schema, word) {
        (Value::Object(map), Some(word)) => {
            put(map, "type", json!([word, "null"]));
            if let Some(Value::Array(words)) = map.get_mut("enum") {
                words.push(Value::Null);
            }
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn kind(said: &Kind, patch: bool) -> Value {
    match *said {
        Kind::Text { min, max } => {
            json!({ "type": "string", "minLength": min, "maxLength": max, "pattern": SHOWN })
        }
        Kind::Raw { max } => json!({ "type": "string", "maxLength": max }),
        Kind::Spelled(spelling) => {
            let mut schema = json!({
                "type": "string",
                "minLength": spelling.min,
                "maxLength": spelling.max,
                "format": spelling.format,
            });
            if let (Some(pattern), Value::Object(schema)) = (spelling.pattern, &mut schema) {
                put(schema, "pattern", pattern);
            }
            schema
        }
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::List { of, max, distinct } => {
            let mut schema = json!({ "type": "array", "items": kind(of, false), "maxItems": max });
            if let (true, Value::Object(schema)) = (distinct, &mut schema) {
                put(schema, "uniqueItems", true);
            }
            schema
        }
        Kind::Map(Entries { max, name, value, .. }) => {
            let value = kind(value, false);
            json!({
                "type": "object",
                "maxProperties": max,
                "propertyNames": kind(name, false),
                "additionalProperties": if patch { or_null(value) } else { value },
            })
        }
        Kind::Object(shape) => json!({ "$ref": format!("{PLACE}{}", shape.name) }),
        Kind::Any => json!({}),
        Kind::Refused(_) => json!(false),
    }
}

fn put(map: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    map.insert(name.to_owned(), value.into());
}
