//! `openapi.json` says what the routes do: the same operations, and a schema that every answer of these tests fits.

use std::{collections::BTreeSet, sync::LazyLock};

use pipeline_crm::{
    app::OPERATIONS,
    input::{BODY_MAX, PAGE_MAX},
    metrics::OWNERS_MAX,
    money::MINOR_MAX,
    opportunities::TITLE_MAX,
    stages::{NAME_MAX, STAGES_MAX},
};
use serde_json::{Value, json};

use crate::site::Answer;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap());

/// Checks what was asked and what came back: an answer is of a status that is documented, with a body that fits; and
/// what was done was asked as it is documented.
pub(crate) fn check(method: &str, target: &str, body: &[u8], answer: &Answer) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let status = answer.status.to_string();
    let Some(operation) = operation(method, path) else {
        return fits(&schema("Problem"), &answer.body, &status);
    };
    let response = resolved(&operation["responses"][&status]);
    let about = format!("{method} {target} {status}: {}", answer.body);
    assert!(response.is_object(), "not documented: {about}");
    let content = response["content"].as_object().unwrap();
    let kind = answer.fields["content-type"].to_str().unwrap();
    fits(&content[kind]["schema"], &answer.body, &about);
    for name in response["headers"].as_object().into_iter().flat_map(|fields| fields.keys()) {
        assert!(answer.fields.contains_key(name), "no {name}: {about}");
    }
    if answer.status >= 300 {
        return;
    }
    let content = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !content.is_null() {
        fits(content, &serde_json::from_slice(body).unwrap(), &about);
    }
    let known: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
    for name in query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name) {
        assert!(known.iter().any(|one| one["in"] == "query" && one["name"] == name), "{about}");
    }
}

/// The operation of a path that was asked for, if it is one.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let same = |template: &str| {
        let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some("{id}"), Some(id)) if !id.is_empty() => {}
                (Some(one), Some(other)) if one == other => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let mut found = paths.filter(|(template, _)| same(template));
    found.find_map(|(_, operations)| operations.get(method.to_lowercase()))
}

fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => value,
    }
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Whether a value fits a schema, by the words that the document uses. One that is not known here fails.
fn fits(schema: &Value, value: &Value, about: &str) {
    let schema = resolved(schema);
    let bad = |word: &str| panic!("{value} does not fit {word} of {schema}: {about}");
    for (word, wanted) in schema.as_object().unwrap() {
        let number = || wanted.as_i64().unwrap();
        let held = match word.as_str() {
            "description" | "format" | "default" => true,
            "type" => match wanted.as_array() {
                Some(kinds) => kinds.iter().any(|kind| is(kind, value)),
                None => is(wanted, value),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|value| value >= number()),
            "maximum" => value.as_i64().is_none_or(|value| value <= number()),
            "minLength" => len(value) >= number(),
            "maxLength" => len(value) <= number(),
            "maxItems" => len(value) <= number(),
            "minProperties" => len(value) >= number(),
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(wanted, item, about);
                }
                true
            }
            "required" => wanted
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, schema) in wanted.as_object().unwrap() {
                    value.get(name).into_iter().for_each(|value| fits(schema, value, about));
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(*wanted, false);
                let known = schema["properties"].as_object().unwrap();
                value.as_object().unwrap().keys().all(|name| known.contains_key(name))
            }
            other => panic!("a schema with {other} is not known here"),
        };
        if !held {
            bad(word);
        }
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "null" => value.is_null(),
        other => panic!("a type {other} is not known here"),
    }
}

/// In characters, items or fields; nothing has no length to be wrong.
fn len(value: &Value) -> i64 {
    let len = value.as_str().map(|text| text.chars().count());
    let len = len.or(value.as_array().map(Vec::len)).or(value.as_object().map(|all| all.len()));
    len.unwrap_or(0).try_into().unwrap()
}

#[test]
fn the_document_and_the_routes_have_the_same_operations() {
    let routed: BTreeSet<_> = OPERATIONS
        .iter()
        .map(|one| (one.method.to_lowercase(), one.path.to_owned(), one.scope.to_owned()))
        .collect();
    assert_eq!(routed.len(), OPERATIONS.len());
    let mut documented = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let security = operation["security"].as_array().unwrap();
            let [only] = security.as_slice() else { panic!("{security:?}") };
            let [scope] = only["key"].as_array().unwrap().as_slice() else { panic!("{only}") };
            documented.insert((method.clone(), path.clone(), scope.as_str().unwrap().to_owned()));
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{operation}");
            // What can become of every operation.
            for status in ["401", "403", "429", "503"] {
                assert!(resolved(&operation["responses"][status]).is_object(), "{method} {path}");
            }
        }
    }
    assert_eq!(documented, routed);
}

#[test]
fn the_bounds_of_the_document_are_those_of_the_code() {
    let schemas = &DOCUMENT["components"]["schemas"];
    for (place, bound) in [
        ("/Money/properties/minor/maximum", MINOR_MAX),
        ("/NewOpportunity/properties/title/maxLength", TITLE_MAX.try_into().unwrap()),
        ("/NewOpportunity/properties/customer/maxLength", TITLE_MAX.try_into().unwrap()),
        ("/NewStage/properties/name/maxLength", NAME_MAX.try_into().unwrap()),
        ("/OpportunityPage/properties/opportunities/maxItems", PAGE_MAX.into()),
        ("/Stages/properties/stages/maxItems", STAGES_MAX.try_into().unwrap()),
        ("/StageOrder/properties/stages/maxItems", STAGES_MAX.try_into().unwrap()),
        ("/Performance/properties/owners/maxItems", OWNERS_MAX.into()),
    ] {
        assert_eq!(schemas.pointer(place), Some(&json!(bound)), "{place}");
    }
    let limit = DOCUMENT["paths"]["/opportunities"]["get"]["parameters"].as_array().unwrap();
    let limit = limit.iter().find(|one| one["name"] == "limit").unwrap();
    assert_eq!(limit["schema"]["maximum"], PAGE_MAX);
    let large = DOCUMENT["components"]["responses"]["TooLarge"]["description"].as_str().unwrap();
    assert!(large.replace(',', "").contains(&BODY_MAX.to_string()), "{large}");
}

#[test]
fn what_does_not_fit_a_schema_is_noticed() {
    let good = json!({"minor": 1, "currency": "EUR"});
    fits(&schema("Money"), &good, "");
    for bad in [
        json!({"minor": 1}),
        json!({"minor": -1, "currency": "EUR"}),
        json!({"minor": 1.5, "currency": "EUR"}),
        json!({"minor": 1, "currency": "XXX"}),
        json!({"minor": 1, "currency": "EUR", "more": 1}),
        json!({"minor": null, "currency": "EUR"}),
        json!([]),
    ] {
        let noticed = std::panic::catch_unwind(|| fits(&schema("Money"), &bad, ""));
        assert!(noticed.is_err(), "{bad}");
    }
}
