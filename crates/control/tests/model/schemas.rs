//! The schemas that the OpenAPI document is made of.

use serde_json::Value;
use tollgate_control::model::{lists, schemas, tables};

use crate::golden;

#[test]
fn the_schemas_are_what_callers_were_told() {
    let document = serde_json::json!({ "parameters": lists(), "schemas": schemas() });
    let sorted = sorted(&document);
    golden::check("schemas.json", &format!("{}\n", serde_json::to_string_pretty(&sorted).unwrap()));
}

/// The same with its members in order, whichever features a build has.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            members.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn every_shape_has_one_name_every_field_is_explained_and_every_reference_leads_somewhere() {
    let all = schemas();
    assert_eq!(all.as_object().unwrap().len(), tables::SHAPES.len(), "two shapes of one name");
    for shape in tables::SHAPES {
        assert!(shape.about.ends_with('.'), "{}", shape.name);
        for (at, field) in shape.fields().enumerate() {
            let refused = matches!(field.kind, tollgate_control::model::shape::Kind::Refused(_));
            assert!(refused || field.about.ends_with('.'), "{} of {}", field.name, shape.name);
            assert!(
                shape.fields().skip(at + 1).all(|other| other.name != field.name),
                "{}",
                field.name
            );
        }
    }
    references(&all, &all);
}

fn references(all: &Value, value: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(place)) = map.get("$ref") {
                let name = place.strip_prefix("#/components/schemas/").unwrap();
                assert!(all.get(name).is_some(), "{name}");
            }
            map.values().for_each(|value| references(all, value));
        }
        Value::Array(list) => list.iter().for_each(|value| references(all, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
