//! Keys made, listed, read and changed through the control plane.

use serde_json::{Value, json};
use tollgate_control::BODY_MAX;
use tollgate_ledger::Ledger;

use crate::made::{EVERYTHING, NOW, World, limit, said, settings};

#[test]
fn a_key_is_made_and_its_secret_shown_once() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &["keys:*", "owners:write"]);
    let mut body = said("dev@acme.example");
    body["name"] = "ci".into();
    body["description"] = "what it is for".into();
    body["labels"] = json!({ "team": "blue" });
    let told = world.call(&admin, ("POST", "/api/keys"), &body);
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(told.field("cache-control"), Some("no-store"));
    let secret = told.body["secret"].as_str().unwrap();
    let id = told.body["key"]["id"].as_str().unwrap();
    assert_eq!(told.field("location"), Some(["/api/keys/", id].concat().as_str()));
    let read = world.call(&admin, ("GET", &format!("/api/keys/{id}")), &Value::Null);
    assert_eq!(read.status, 200);
    assert_eq!(read.body, told.body["key"]);
    assert_eq!(read.field("etag"), told.field("etag"));
    assert_eq!(read.field("cache-control"), Some("no-store"));
    for (field, value) in [
        ("tenant", json!("acme")),
        ("owner", json!("dev@acme.example")),
        ("name", json!("ci")),
        ("description", json!("what it is for")),
        ("labels", json!({ "team": "blue" })),
        ("state", json!("active")),
        ("created", json!(NOW.0)),
    ] {
        assert_eq!(read.body[field], value, "{field}");
    }
    assert!(!read.text.contains(secret), "the secret is shown again");
    // It is what a gate would find.
    let key = world.store.key(id).unwrap().unwrap();
    assert_eq!(key.settings.scopes, ["orders:read"]);
    assert_eq!((key.name.as_deref(), key.secrets.len()), (Some("ci"), 1));
}

#[test]
fn a_member_makes_and_changes_what_is_its_own_and_sees_the_rest() {
    let mut world = World::new();
    let root = world.root();
    let member = world.admin("acme", "dev@acme.example", &["keys:read", "keys:write"]);
    let (own, _) = world.created(&member, &said("dev@acme.example"));
    let theirs = world.call(&root, ("POST", "/api/keys?tenant=acme"), &said("other"));
    assert_eq!(theirs.status, 201, "{}", theirs.text);
    let theirs = theirs.body["key"]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.call(&member, ("POST", "/api/keys"), &said("other")).code(), "forbidden");
    for (id, status) in [(&own, 200), (&theirs, 403)] {
        let one = format!("/api/keys/{id}");
        let get = world.call(&member, ("GET", &one), &Value::Null);
        assert_eq!(get.status, 200, "{id}");
        let patched = world.call(&member, ("PATCH", &one), &json!({ "plan": "pro" }));
        assert_eq!(patched.status, status, "{id}: {}", patched.text);
        let rotate = world.call(&member, ("POST", &format!("{one}/rotate")), &Value::Null);
        assert_eq!(rotate.status, status, "{id}");
        let disable = world.call(&member, ("POST", &format!("{one}/disable")), &Value::Null);
        assert_eq!(disable.status, status, "{id}");
    }
    // Nor does it give away what is its own.
    let given =
        world.call(&member, ("PATCH", &format!("/api/keys/{own}")), &json!({ "owner": "other" }));
    assert_eq!(given.code(), "forbidden");
}

#[test]
fn nobody_gives_a_key_more_than_it_may_do_itself() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &["keys:*", "owners:write"]);
    let (_, stronger) = world.key_of(settings("acme", "admin", &["audit:read"]));
    for scope in ["audit:read", "tenants:write", "usage:*", "roles:write"] {
        let mut body = said("admin");
        body["scopes"] = json!([scope]);
        let told = world.call(&admin, ("POST", "/api/keys"), &body);
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{scope}");
    }
    for scope in ["keys:read", "keys:*", "orders:*", "*:*"] {
        let mut body = said("admin");
        body["scopes"] = json!([scope]);
        assert_eq!(world.call(&admin, ("POST", "/api/keys"), &body).status, 201, "{scope}");
    }
    // A new secret of a stronger key would be all that it may do.
    let one = format!("/api/keys/{}", stronger.id);
    for (asked, body) in [
        (("POST", format!("{one}/rotate")), Value::Null),
        (("POST", format!("/api/api-keys/{}/regenerate", stronger.id)), Value::Null),
        (("POST", format!("{one}/enable")), Value::Null),
        (("PATCH", one.clone()), json!({ "scopes": [] })),
    ] {
        let told = world.call(&admin, (asked.0, &asked.1), &body);
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{asked:?}");
    }
    // What takes away is for whoever may write.
    assert_eq!(world.call(&admin, ("DELETE", &one), &Value::Null).status, 200);
}

#[test]
fn a_change_is_made_of_the_version_that_was_read() {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let one = format!("/api/keys/{id}");
    let read = world.call(&root, ("GET", &one), &Value::Null);
    let etag = read.field("etag").unwrap().to_owned();
    let ask = |world: &mut World, method: &str, etag: Option<&str>, body: &Value| {
        let mut fields = vec![("x-api-key", root.as_str()), ("content-type", "application/json")];
        fields.extend(etag.map(|etag| ("if-match", etag)));
        world.ask((method, &one), &fields, &body.to_string())
    };
    let put = json!({ "owner": "dev", "scopes": ["orders:write"], "limits": [limit(5)] });
    assert_eq!(ask(&mut world, "PUT", None, &put).code(), "precondition_required");
    let first = ask(&mut world, "PUT", Some(&etag), &put);
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(first.body["scopes"], json!(["orders:write"]));
    assert_eq!(first.body["limits"][0]["burst"], 5);
    // The second writer had read the same.
    for (method, body) in
        [("PUT", put.clone()), ("PATCH", json!({ "plan": "pro" })), ("DELETE", Value::Null)]
    {
        let body = if body.is_null() { json!({ "code": "policy" }) } else { body };
        let told = ask(&mut world, method, Some(&etag), &body);
        assert_eq!((told.status, told.code()), (412, "version_differs"), "{method}");
    }
    for action in ["rotate", "disable", "enable"] {
        let fields = [("x-api-key", root.as_str()), ("if-match", etag.as_str())];
        let told = world.ask(("POST", &format!("{one}/{action}")), &fields, "");
        assert_eq!(told.code(), "version_differs", "{action}");
    }
    let any = ask(&mut world, "PUT", Some("*"), &put);
    assert_eq!(any.status, 200, "{}", any.text);
    // What people know of it is its version too.
    let before = any.field("etag").unwrap().to_owned();
    let named = ask(&mut world, "PATCH", None, &json!({ "description": "more" }));
    assert_eq!(named.body["description"], "more");
    assert_ne!(named.field("etag").unwrap(), before);
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let mut world = World::new();
    let root = world.root();
    let mut body = said("dev");
    body["name"] = "one".into();
    body["plan"] = "pro".into();
    body["metadata"] = json!({ "a": "1", "b": "2" });
    let (id, _) = world.created(&root, &body);
    let one = format!("/api/keys/{id}");
    let patch = json!({ "name": "two", "plan": null, "metadata": { "a": null, "c": "3" } });
    let told = world.call(&root, ("PATCH", &one), &patch);
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.body["name"], "two");
    assert_eq!(told.body["plan"], Value::Null);
    assert_eq!(told.body["metadata"], json!({ "b": "2", "c": "3" }));
    assert_eq!(told.body["scopes"], json!(["orders:read"]));
    assert_eq!(
        told.body["creator"],
        world.call(&root, ("GET", &one), &Value::Null).body["creator"]
    );
    for (field, value) in
        [("env", json!("test")), ("tenant", json!("globex")), ("id", json!("key_2"))]
    {
        let told = world.call(&root, ("PATCH", &one), &json!({ field: value }));
        assert_eq!(told.status, 422, "{field}: {}", told.text);
    }
}

#[test]
fn pages_are_whole_and_in_order_while_keys_come_and_go() {
    let mut world = World::new();
    let root = world.root();
    let admin = world.admin("acme", "admin", &["keys:*", "owners:write"]);
    let ids: Vec<String> = (0..25).map(|_| world.created(&admin, &said("dev")).0).collect();
    world.created(&root, &said("dev"));
    let (mut seen, mut after): (Vec<String>, _) = (vec![], String::new());
    loop {
        let target = format!("/api/keys?limit=4{after}");
        let page = world.call(&admin, ("GET", &target), &Value::Null);
        assert_eq!(page.status, 200, "{}", page.text);
        let keys = page.body["keys"].as_array().unwrap();
        assert!(!keys.is_empty() && keys.len() <= 4);
        assert!(keys.iter().all(|key| key["tenant"] == "acme"));
        seen.extend(keys.iter().map(|key| key["id"].as_str().unwrap().to_owned()));
        // Somebody writes meanwhile.
        world.created(&admin, &said("meanwhile"));
        match page.body["next"].as_str() {
            Some(next) => after = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "one twice, or out of order");
    assert!(ids.iter().all(|id| seen.contains(id)), "one is missing");
    for target in ["?limit=0", "?limit=201", "?limit=x", "?limit=+1", "?tenant=globex", "?cursor=x"]
    {
        let told = world.call(&admin, ("GET", &format!("/api/keys{target}")), &Value::Null);
        assert!(matches!(told.status, 400 | 404), "{target}");
    }
    // An operator sees all, if it says so.
    let all = world.call(&root, ("GET", "/api/keys?tenant=*&limit=200"), &Value::Null);
    let tenants = all.body["keys"].as_array().unwrap().iter().map(|key| key["tenant"].clone());
    let tenants: std::collections::BTreeSet<_> = tenants.map(|name| name.to_string()).collect();
    assert_eq!(tenants.len(), 2);
}

#[test]
fn a_body_is_no_longer_than_is_read() {
    let mut world = World::new();
    let root = world.root();
    let fields = [("x-api-key", root.as_str()), ("content-type", "application/json")];
    let long = " ".repeat(BODY_MAX + 1);
    let told = world.ask(("POST", "/api/keys"), &fields, &long);
    assert_eq!((told.status, told.code()), (413, "body_too_large"));
}

#[test]
fn what_a_caller_says_is_within_the_bounds_of_a_key() {
    let mut world = World::new();
    let root = world.root();
    for (field, value) in [
        ("owner", json!("a b")),
        ("env", json!("staging")),
        ("env", json!("LIVE")),
        ("scopes", json!(["orders"])),
        ("scopes", json!("orders:read")),
        ("limits", json!([{ "name": "burst" }])),
        ("limits", Value::Null),
        ("expires", json!(-1)),
        ("name", json!("")),
    ] {
        let mut body = said("dev");
        body[field] = value.clone();
        let told = world.call(&root, ("POST", "/api/keys"), &body);
        assert_eq!(told.status, 422, "{field} {value}: {}", told.text);
    }
}

#[test]
fn the_aliases_are_the_same_operations() {
    let mut world = World::new();
    let root = world.admin("acme", "admin", &EVERYTHING);
    for path in ["/api/api-keys", "/api/auth/apikey/generate"] {
        let told = world.call(&root, ("POST", path), &said("admin"));
        assert_eq!(told.status, 201, "{path}: {}", told.text);
        let id = told.body["key"]["id"].as_str().unwrap().to_owned();
        let (ours, theirs) = (format!("/api/keys/{id}"), format!("/api/api-keys/{id}"));
        let read =
            |world: &mut World, path: &str| world.call(&root, ("GET", path), &Value::Null).text;
        assert_eq!(read(&mut world, &ours), read(&mut world, &theirs));
        let again = world.call(&root, ("POST", &format!("{theirs}/regenerate")), &Value::Null);
        assert_eq!(again.status, 200);
        assert_eq!(again.body["key"]["secrets"][0]["state"], "ended", "no grace");
        assert_eq!(world.call(&root, ("DELETE", &theirs), &Value::Null).body["state"], "revoked");
    }
}

/// Each filter and each order, and pages of them that are whole.
#[test]
fn lists_are_filtered_and_sorted() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    for number in 0..6_u32 {
        let mut body = said(if number < 3 { "one" } else { "two" });
        body["name"] = format!("name {}", 9 - number).into();
        body["env"] = if number % 2 == 0 { "live" } else { "test" }.into();
        body["labels"] = json!({ "team": if number < 2 { "blue" } else { "red" } });
        body["expires"] = json!(NOW.0 + 1_000 + u64::from(number));
        world.now = NOW.plus(u64::from(number));
        let (id, _) = world.created(&admin, &body);
        if number == 5 {
            world.call(&admin, ("POST", &format!("/api/keys/{id}/disable")), &Value::Null);
        }
    }
    let mut names = |query: &str| -> Vec<String> {
        let (mut found, mut cursor) = (vec![], String::new());
        loop {
            let target = format!("/api/keys?{query}&limit=2{cursor}");
            let page = world.call(&admin, ("GET", &target), &Value::Null);
            assert_eq!(page.status, 200, "{query}: {}", page.text);
            for key in page.body["keys"].as_array().unwrap() {
                found.extend(key["name"].as_str().map(|name| name.replace("name ", "")));
            }
            match page.body["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    };
    for (query, expected) in [
        ("sort=created", "9 8 7 6 5 4"),
        ("sort=-created", "4 5 6 7 8 9"),
        ("sort=name", "4 5 6 7 8 9"),
        ("sort=-name", "9 8 7 6 5 4"),
        ("sort=expires&owner=two", "6 5 4"),
        ("sort=name&env=test", "4 6 8"),
        ("sort=name&label=team:blue", "8 9"),
        ("sort=name&state=disabled", "4"),
        ("sort=name&text=NAME%207", "7"),
        ("sort=name&scope=orders:read&owner=one", "7 8 9"),
        ("sort=name&scope=users:read", ""),
    ] {
        assert_eq!(names(query).join(" "), expected, "{query}");
    }
    let expiring = format!("sort=name&expiring_before={}", NOW.0 + 1_002);
    assert_eq!(names(&expiring).join(" "), "8 9");
    // In the order of ids each is found once as well.
    let mut all = names("owner=one");
    all.sort();
    assert_eq!(all.join(" "), "7 8 9");
}
