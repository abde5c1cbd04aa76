//! What the table of operations says, held to what is answered: each answer of every test is looked at.

use std::collections::BTreeSet;

use serde_json::Value;
use tollgate_control::{
    OPERATIONS, Operation, PATH, Response,
    model::{check, tables},
    problem::{Findings, Pointer},
};

#[test]
fn every_operation_says_what_it_is_what_it_asks_for_and_what_it_gives() {
    let mut seen = BTreeSet::new();
    for operation in OPERATIONS {
        let Operation { name, method, path, about, query, body, gives, texts, .. } = *operation;
        let of = format!("{method} {path}");
        assert!(seen.insert((method, path)), "{of} is there twice");
        assert!(about.ends_with('.'), "{of}: .about(\"A sentence.\") is missing");
        let query = query.unwrap_or_else(|| panic!("{of}: .asks(..) is missing"));
        assert!(gives.is_some() || !texts.is_empty(), "{of}: .gives(..) is missing");
        assert!(name.contains('.') && path.starts_with("/api/"), "{of}");
        for (at, field) in query.iter().enumerate() {
            assert!(field.about.ends_with('.'), "{of}: {}", field.name);
            let once = query.iter().skip(at + 1).all(|other| other.name != field.name);
            assert!(once, "{of}: {} is there twice", field.name);
        }
        for name in operation.names() {
            assert!(PATH.iter().any(|field| field.name == name), "{of}: {name} is not in PATH");
        }
        for shape in gives.into_iter().chain(body.map(|takes| takes.shape)) {
            let known = tables::SHAPES.iter().any(|known| known.name == shape.name);
            assert!(known, "{of}: {} is not in SHAPES", shape.name);
        }
    }
}

#[test]
fn an_alias_is_what_it_is_another_path_of() {
    for alias in OPERATIONS {
        let Some(path) = alias.alias_of else { continue };
        let main = OPERATIONS.iter().find(|main| main.path == path && main.method == alias.method);
        let main = main.unwrap_or_else(|| panic!("{} is an alias of nothing", alias.path));
        assert_eq!((alias.name, alias.door, alias.about), (main.name, main.door, main.about));
    }
}

/// Holds an answer to the row of its operation: its status, its fields, and its body.
pub(crate) fn hold((method, path): (&str, &str), response: &Response) {
    let same = |named: &str, part: &str| named.starts_with('{') || named == part;
    let fits = |operation: &&Operation| {
        let (named, parts) = (operation.path.split('/'), path.split('/'));
        named.clone().count() == parts.clone().count()
            && named.zip(parts).all(|(named, part)| same(named, part))
    };
    // What is said literally goes before what may be anything.
    let names = |operation: &Operation| operation.names().count();
    let fewest = OPERATIONS.iter().filter(fits).map(names).min();
    let mut here = OPERATIONS.iter().filter(fits).filter(|here| Some(names(here)) == fewest);
    let Some(operation) = here.find(|operation| operation.method == method) else { return };
    let of = format!("{method} {} answers {}", operation.path, response.status);
    let kind = response.field("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let shape = if response.status < 300 {
        assert_eq!(response.status, operation.status, "{of}");
        let told = ["etag", "location"].map(|name| response.field(name).is_some());
        assert_eq!(told, [operation.tells_version, operation.located], "{of}: its fields");
        if operation.texts.contains(&kind) {
            return;
        }
        assert_eq!(kind, "application/json", "{of}");
        operation.gives.unwrap_or_else(|| panic!("{of}: no JSON is said to come back"))
    } else {
        assert_eq!(kind, "application/problem+json", "{of}");
        let told = operation.refusals().any(|status| status == response.status);
        assert!(told, "{of}, which its row does not say: .refuses(&[..])");
        &tables::PROBLEM
    };
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let mut findings = Findings::new();
    check(shape, &body, &mut Pointer::root(), &mut findings);
    assert!(findings.is_empty(), "{of}: not a {}: {:?}\n{body}", shape.name, findings.into_list());
}
