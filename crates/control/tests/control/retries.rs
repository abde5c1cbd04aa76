//! The same request again.

use std::fs;

use serde_json::{Value, json};
use tollgate_ledger::Ledger;
use tollgate_store_sqlite::{Access, Store};

use crate::made::{NOW, Told, World, said};

fn named(world: &mut World, by: &str, name: &str, path: &str, body: &Value) -> Told {
    let fields =
        [("x-api-key", by), ("content-type", "application/json"), ("idempotency-key", name)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.ask(("POST", path), &fields, &body)
}

#[test]
fn a_request_that_is_sent_again_makes_no_other_key_and_shows_the_same_secret() {
    let mut world = World::new();
    let root = world.root();
    let first = named(&mut world, &root, "one", "/api/keys", &said("dev"));
    assert_eq!(first.status, 201, "{}", first.text);
    let before = world.store.stamp().unwrap();
    let again = named(&mut world, &root, "one", "/api/keys", &said("dev"));
    assert_eq!(again.status, 201);
    assert_eq!((&again.body["secret"], &again.body), (&first.body["secret"], &first.body));
    assert_eq!(again.field("location"), first.field("location"));
    assert_eq!(world.store.stamp().unwrap(), before, "something was changed");
    // Under another name it is another request.
    let other = named(&mut world, &root, "two", "/api/keys", &said("dev"));
    assert_ne!(other.body["secret"], first.body["secret"]);
    assert_ne!(other.body["key"]["id"], first.body["key"]["id"]);
}

#[test]
fn a_rotation_that_is_sent_again_adds_no_other_secret() {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let path = format!("/api/keys/{id}/rotate");
    let first = named(&mut world, &root, "turn", &path, &Value::Null);
    assert_eq!(first.status, 200, "{}", first.text);
    let again = named(&mut world, &root, "turn", &path, &Value::Null);
    assert_eq!(again.body["secret"], first.body["secret"]);
    assert_eq!(world.store.key(&id).unwrap().unwrap().secrets.len(), 2);
}

#[test]
fn another_request_under_the_same_name_is_refused() {
    let mut world = World::new();
    let root = world.root();
    assert_eq!(named(&mut world, &root, "one", "/api/keys", &said("dev")).status, 201);
    let before = world.store.stamp().unwrap();
    for (path, body) in [
        ("/api/keys", said("other")),
        ("/api/keys?tenant=acme", said("dev")),
        ("/api/keys?tenant=operators", said("dev")),
    ] {
        let told = named(&mut world, &root, "one", path, &body);
        assert_eq!((told.status, told.code()), (422, "retry_differs"), "{path}");
    }
    assert_eq!(world.store.stamp().unwrap(), before);
    for name in ["", "with blank", &"x".repeat(129), "é"] {
        let told = named(&mut world, &root, name, "/api/keys", &said("dev"));
        assert_eq!(told.status, 400, "{name:?}");
    }
}

#[test]
fn names_are_their_callers_own_and_known_for_a_day() {
    let mut world = World::new();
    let (root, other) = (world.root(), world.root());
    let first = named(&mut world, &root, "one", "/api/keys", &said("dev"));
    let theirs = named(&mut world, &other, "one", "/api/keys", &said("dev"));
    assert_ne!(first.body["secret"], theirs.body["secret"]);
    let day = tollgate_store_sqlite::RETRY_KEPT_MS;
    world.now = NOW.plus(day);
    let again = named(&mut world, &root, "one", "/api/keys", &said("dev"));
    assert_eq!(again.body["secret"], first.body["secret"]);
    world.now = NOW.plus(day + 1);
    let later = named(&mut world, &root, "one", "/api/keys", &said("dev"));
    assert_eq!(later.status, 201);
    assert_ne!(later.body["secret"], first.body["secret"]);
}

#[test]
fn a_secret_is_kept_nowhere() {
    let folder = std::env::temp_dir().join(format!("tollgate-control-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.db");
    let mut world = World::over(Store::open(&path, Access::Create).unwrap());
    let root = world.root();
    let told = named(
        &mut world,
        &root,
        "one",
        "/api/keys",
        &json!({
            "env": "live", "scopes": [], "limits": [],
        }),
    );
    let secret = told.body["secret"].as_str().unwrap().to_owned();
    let body = &secret["tg_live_".len()..];
    drop(world);
    let mut kept = vec![];
    for file in fs::read_dir(&folder).unwrap() {
        kept.extend(fs::read(file.unwrap().path()).unwrap());
    }
    fs::remove_dir_all(&folder).unwrap();
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(told.body["key"]["id"].as_str().unwrap()), "what is kept is not looked at");
    for part in [body, &body[..20], &body[20..40]] {
        assert!(!holds(part), "the secret is in the store");
    }
}
