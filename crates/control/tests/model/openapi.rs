//! The OpenAPI document, and what it says of each operation.

use std::collections::BTreeSet;

use serde_json::Value;
use tollgate_control::{Door, OPERATIONS, Operation, document};

use crate::{golden, schemas::sorted};

#[test]
fn the_document_is_what_callers_were_told() {
    let text = serde_json::to_string_pretty(&sorted(&document())).unwrap();
    golden::check("openapi.json", &format!("{text}\n"));
}

#[test]
fn the_document_has_every_operation_under_a_name_of_its_own_and_behind_its_door() {
    let document = document();
    let mut names = BTreeSet::new();
    for operation in OPERATIONS {
        let said = &document["paths"][operation.path][operation.method.to_lowercase()];
        assert!(names.insert(said["operationId"].as_str().unwrap().to_owned()), "{said}");
        let security = said["security"].as_array().unwrap();
        // Each way to show a key, with one of the scopes that are enough.
        let enough: Vec<Vec<&str>> = match operation.door {
            Door::Open => {
                assert!(security.is_empty(), "{said}");
                continue;
            }
            Door::Own => vec![vec![]],
            Door::Scope(scope) => vec![vec![scope]],
            Door::Either(scope, other) => vec![vec![scope], vec![other]],
        };
        for way in ["bearer", "key"] {
            let of = security.iter().filter_map(|one| one.get(way)?.as_array());
            let scopes: Vec<Vec<_>> =
                of.map(|scopes| scopes.iter().filter_map(Value::as_str).collect()).collect();
            assert_eq!(scopes, enough, "{said}");
        }
        assert!(said["responses"].get("401").is_some(), "{said}");
    }
    let paths = document["paths"].as_object().unwrap();
    let said: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(said, OPERATIONS.len(), "the document has what is no operation");
}

#[test]
fn what_was_made_leads_to_all_that_can_be_done_with_it() {
    let document = document();
    let answer = |path: &str| &document["paths"][path]["post"]["responses"]["201"];
    let kinds = [
        ("/api/keys", "{id}", 8, "$response.body#/key/id"),
        ("/api/api-keys", "{id}", 8, "$response.body#/key/id"),
        ("/api/auth/apikey/generate", "{id}", 8, "$response.body#/key/id"),
        ("/api/tenants", "{tenant}", 6, "$response.body#/id"),
        ("/api/owners", "{owner}", 6, "$response.body#/id"),
        ("/api/roles", "{name}", 4, "$response.body#/name"),
        ("/api/templates", "{name}", 4, "$response.body#/name"),
    ];
    for (path, name, count, told) in kinds {
        let links = answer(path)["links"].as_object().unwrap();
        assert_eq!(links.len(), count, "{path}: {links:?}");
        for link in links.values() {
            let at = |operation: &&Operation| link["operationId"] == operation.name;
            let to = OPERATIONS.iter().find(at).unwrap();
            assert!(to.path.contains(name), "{path} {link}");
            let parameter = format!("path.{}", name.trim_matches(['{', '}']));
            assert_eq!(link["parameters"][parameter], told, "{path} {link}");
            // Whoever made it in another tenant than its own means that one on.
            let of_tenant = link["parameters"].get("query.tenant").is_some();
            let asks = to.query.unwrap_or_default().iter().any(|field| field.name == "tenant");
            assert_eq!(of_tenant, asks, "{path} {link}");
        }
    }
    let linked = document["paths"].as_object().unwrap().values().flat_map(|path| {
        let answers = path.as_object().unwrap().values();
        answers.filter(|said| said.to_string().contains("\"links\""))
    });
    assert_eq!(linked.count(), kinds.len(), "only what makes something leads on");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    follow(&document, &document);
}

fn follow(document: &Value, value: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(place)) = map.get("$ref") {
                let pointer = place.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{place}");
            }
            map.values().for_each(|value| follow(document, value));
        }
        Value::Array(list) => list.iter().for_each(|value| follow(document, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
