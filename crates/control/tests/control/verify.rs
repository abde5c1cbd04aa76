//! The gate's verdict as data.

use serde_json::{Value, json};

use crate::made::{NOW, World, settings};

#[test]
fn a_verdict_is_the_gates() {
    let mut world = World::new();
    let root = world.root();
    let (good, _) = world.key_of(settings("acme", "dev", &["orders:*"]));
    let mut near = settings("acme", "dev", &[]);
    near.ips_allowed = vec!["192.0.2.0/24".to_owned()];
    near.countries_denied = vec!["NZ".to_owned()];
    let (near, _) = world.key_of(near);
    let mut early = settings("acme", "dev", &[]);
    early.not_before = Some(NOW.0 + 1);
    let (early, _) = world.key_of(early);
    for (key, more, code) in [
        (&good, json!({}), None),
        (&good, json!({ "scopes": ["orders:read"] }), None),
        (&good, json!({ "scopes": ["orders:read", "users:read"] }), Some("scope_missing")),
        (&near, json!({ "ip": "192.0.2.7", "country": "DE" }), None),
        (&near, json!({ "ip": "192.0.2.7", "country": "NZ" }), Some("country_denied")),
        (&near, json!({ "ip": "192.0.2.7" }), Some("country_denied")),
        (&near, json!({ "ip": "198.51.100.1", "country": "DE" }), Some("ip_denied")),
        (&near, json!({}), Some("ip_denied")),
        (&early, json!({}), Some("key_not_yet_valid")),
        (&"tg_live_x".to_owned(), json!({}), Some("key_invalid")),
    ] {
        let mut body = more.clone();
        body["key"] = json!(key);
        let told = world.call(&root, ("POST", "/api/keys/validate"), &body);
        assert_eq!(told.status, 200, "{more}: {}", told.text);
        assert_eq!(told.body["valid"], code.is_none(), "{more}");
        assert_eq!(told.body["code"], json!(code), "{more}");
        assert!(!told.text.contains(key.as_str()), "{more}");
    }
    for (body, place, code) in [
        (json!({}), "/key", "required"),
        (json!({ "key": 1 }), "/key", "wrong_type"),
        (json!({ "key": good, "ip": "x" }), "/ip", "malformed"),
        (json!({ "key": good, "ip": "192.0.2.0/24" }), "/ip", "malformed"),
        (json!({ "key": good, "country": "nz" }), "/country", "malformed"),
        (json!({ "key": good, "cost": -1 }), "/cost", "out_of_range"),
        (json!({ "key": good, "cost": 4_294_967_296_u64 }), "/cost", "out_of_range"),
        (json!({ "key": good, "cost": 1.0 }), "/cost", "not_integer"),
        (json!({ "key": good, "dry_run": 1 }), "/dry_run", "wrong_type"),
        (json!({ "key": good, "scopes": ["x"] }), "/scopes/0", "malformed"),
        (json!({ "key": good, "scopes": vec!["a:b"; 17] }), "/scopes", "too_many"),
        (json!({ "key": "x".repeat(1_025) }), "/key", "too_long"),
        (json!({ "key": good, "surprise": 1 }), "/surprise", "unknown"),
    ] {
        let told = world.call(&root, ("POST", "/api/keys/validate"), &body);
        assert_eq!(told.status, 422, "{body}: {}", told.text);
        assert_eq!(told.body["errors"][0]["pointer"], place, "{body}");
        assert_eq!(told.body["errors"][0]["code"], code, "{body}");
        assert!(!told.text.contains(good.as_str()), "{body}");
    }
    // Which of two that stand there would be meant is not guessed.
    let fields = [("x-api-key", root.as_str()), ("content-type", "application/json")];
    let twice = format!("{{\"key\":\"{good}\",\"dry_run\":true,\"dry_run\":false}}");
    let told = world.ask(("POST", "/api/keys/validate"), &fields, &twice);
    assert_eq!((told.status, &told.body["errors"][0]["code"]), (422, &json!("duplicate")));
}

#[test]
fn another_tenants_key_is_as_good_as_none() {
    let mut world = World::new();
    let (theirs, _) = world.key_of(settings("acme", "dev", &[]));
    let admin = world.admin("globex", "admin", &["keys:*"]);
    let ask = |world: &mut World, key: &str| {
        world.call(&admin, ("POST", "/api/keys/validate"), &json!({ "key": key }))
    };
    let (real, none) = (ask(&mut world, &theirs), ask(&mut world, "tg_live_x"));
    assert_eq!(real.body["code"], "key_invalid");
    assert_eq!((real.body["key"].clone(), &real.text), (Value::Null, &none.text));
}
