//! The OpenAPI 3.1 document and the page that shows it: made of the table that requests are matched against and of the
//! shapes that bodies are checked against, so that nothing is told which is not so.

mod example;
mod links;
mod page;

use std::{collections::BTreeSet, sync::OnceLock};

use serde_json::{Map, Value, json};

use crate::{
    Door, OPERATIONS, Operation, PATH,
    model::{
        schema_of, schemas,
        shape::{Field, Need, Shape},
    },
    problem::{Code, MEDIA_TYPE},
    routes::{ETAG_PATTERN, JSON, PATCH, RETRY_NAME_MAX, RETRY_NAME_PATTERN},
};

pub(crate) use page::{POLICY, page};

/// The document, as it is served.
pub(crate) fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| document().to_string())
}

/// The OpenAPI 3.1 document.
#[must_use]
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(operation.method.to_lowercase(), said(operation));
        }
    }
    let tags: BTreeSet<&str> = OPERATIONS.iter().map(tag).collect();
    let tags: Vec<Value> = tags.into_iter().map(|tag| json!({ "name": tag })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tollgate management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": refusals(),
            "headers": headers(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An admin key." },
                "key": {
                    "type": "apiKey", "in": "header", "name": "X-API-Key",
                    "description": "An admin key.",
                },
            },
        },
    })
}

const ABOUT: &str = "Keys, owners, tenants, usage and audit of a Tollgate deployment. Whoever asks shows an admin key; \
what it may do is said by its scopes. Every refusal is a problem (RFC 9457) with a stable `code`. Parameters and fields \
that an operation does not know are refused.";

/// What an operation is about.
fn tag(operation: &Operation) -> &'static str {
    operation.name.split('.').next().unwrap_or_default()
}

/// What it is called: its name, and its path where it is another one of the same name.
pub(crate) fn id(operation: &Operation) -> String {
    let first = OPERATIONS.iter().find(|other| other.name == operation.name);
    if first.is_some_and(|first| (first.path, first.method) == (operation.path, operation.method)) {
        return operation.name.to_owned();
    }
    [operation.name, "@", operation.path].concat()
}

fn said(operation: &Operation) -> Value {
    let mut said = Map::new();
    let mut put = |name: &str, value: Value| said.insert(name.to_owned(), value);
    put("operationId", id(operation).into());
    put("tags", json!([tag(operation)]));
    put("summary", operation.about.into());
    if let Some(of) = operation.alias_of {
        put("description", format!("Another path of `{} {of}`.", operation.method).into());
        put("x-alias-of", of.into());
    }
    put("security", security(operation.door));
    let parameters = parameters(operation);
    if !parameters.is_empty() {
        put("parameters", parameters.into());
    }
    if let Some(takes) = operation.body {
        let content = json!({
            "schema": reference("schemas", takes.shape.name),
            "example": example::of(takes.shape),
        });
        let mut kinds = Map::new();
        kinds.insert(JSON.to_owned(), content.clone());
        if takes.shape.patch {
            kinds.insert(PATCH.to_owned(), content);
        }
        put("requestBody", json!({ "required": takes.required, "content": kinds }));
    }
    put("responses", responses(operation));
    Value::Object(said)
}

fn security(door: Door) -> Value {
    let with = |scopes: &[&str]| [json!({ "bearer": scopes }), json!({ "key": scopes })];
    match door {
        Door::Open => json!([]),
        Door::Own => json!(with(&[])),
        Door::Scope(scope) => json!(with(&[scope])),
        Door::Either(scope, other) => json!([with(&[scope]), with(&[other])].concat()),
    }
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let names = operation.names();
    let path = names.filter_map(|name| PATH.iter().find(|field| field.name == name));
    let mut all: Vec<Value> = path.map(|field| parameter(field, "path")).collect();
    all.extend(operation.query.unwrap_or_default().iter().map(|field| parameter(field, "query")));
    if let Some(need) = operation.matches {
        all.push(json!({
            "name": "If-Match", "in": "header", "required": need == Need::Required,
            "description": "The version that is meant, as `ETag` told it, or `*` for whatever is there.",
            "schema": {
                "type": "string", "format": "tollgate-version", "minLength": 1, "maxLength": 43,
                "pattern": ETAG_PATTERN,
            },
        }));
    }
    if operation.retried {
        all.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A name of the request that cannot be guessed: the same again makes nothing twice, for a day.",
            "schema": {
                "type": "string", "minLength": 1, "maxLength": RETRY_NAME_MAX,
                "pattern": RETRY_NAME_PATTERN,
            },
        }));
    }
    all
}

fn parameter(field: &Field, place: &str) -> Value {
    json!({
        "name": field.name,
        "in": place,
        "required": field.need == Need::Required,
        "description": field.about,
        "schema": schema_of(&field.kind),
    })
}

fn responses(operation: &Operation) -> Value {
    let mut headers = Map::new();
    for (name, told) in [("ETag", operation.tells_version), ("Location", operation.located)] {
        if told {
            headers.insert(name.to_owned(), reference("headers", name));
        }
    }
    let mut content = Map::new();
    if let Some(shape) = operation.gives {
        content.insert(JSON.to_owned(), json!({ "schema": reference("schemas", shape.name) }));
    }
    for media in operation.texts {
        content.insert((*media).to_owned(), json!({ "schema": { "type": "string" } }));
    }
    let mut done = Map::new();
    done.insert("description".to_owned(), described(operation.gives).into());
    if !headers.is_empty() {
        done.insert("headers".to_owned(), headers.into());
    }
    done.insert("content".to_owned(), content.into());
    let links = links::of(operation);
    if !links.is_empty() {
        done.insert("links".to_owned(), links.into());
    }
    let mut all = Map::new();
    all.insert(operation.status.to_string(), done.into());
    for status in operation.refusals() {
        all.insert(status.to_string(), reference("responses", &component(status)));
    }
    Value::Object(all)
}

fn described(gives: Option<&'static Shape>) -> &'static str {
    gives.map_or("What was asked for.", |shape| shape.about)
}

fn reference(of: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{of}/{name}") })
}

/// What the answers of a status are called.
fn component(status: u16) -> String {
    format!("Refused{status}")
}

/// Every refusal that there is, by its status.
fn refusals() -> Value {
    let statuses: BTreeSet<u16> = OPERATIONS.iter().flat_map(Operation::refusals).collect();
    let all = statuses.into_iter().map(|status| (component(status), refusal(status)));
    Value::Object(all.collect())
}

fn refusal(status: u16) -> Value {
    let codes = Code::ALL.iter().filter(|code| code.status() == status);
    let mut words: Vec<String> = codes.map(|code| format!("`{}`", code.as_str())).collect();
    if matches!(status, 401 | 403) {
        words.push("or what a gate refuses the key with that asks".to_owned());
    }
    let mut headers = Map::new();
    let told: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        429 | 503 => &["Retry-After"],
        _ => &[],
    };
    for name in told {
        headers.insert((*name).to_owned(), reference("headers", name));
    }
    let mut said = json!({
        "description": format!("Refused: {}.", words.join(", ")),
        "content": { MEDIA_TYPE: { "schema": reference("schemas", "Problem") } },
    });
    if let (false, Value::Object(said)) = (headers.is_empty(), &mut said) {
        said.insert("headers".to_owned(), headers.into());
    }
    said
}

fn headers() -> Value {
    let header = |about: &str, schema: Value| json!({ "description": about, "required": true, "schema": schema });
    json!({
        "ETag": header("The version.", json!({ "type": "string", "pattern": ETAG_PATTERN })),
        "Location": header("Where what was made is.", json!({ "type": "string" })),
        "Retry-After": header("Seconds to wait.", json!({ "type": "integer", "minimum": 1 })),
        "WWW-Authenticate": header("How to show a key.", json!({ "type": "string" })),
    })
}
