//! Who is let in, for every operation that there is.

use serde_json::{Value, json};
use tollgate_control::{Door, FAILURES_MAX, OPERATIONS, Operation};
use tollgate_core::{
    key::{Draw, Env, mint},
    pepper::{Pepper, Peppers},
};
use tollgate_ledger::{Change, Ledger, Settings};

use crate::made::{EVERYTHING, NOW, OPERATORS, World, said, settings};

/// The operations that are not for everybody.
fn guarded() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(|operation| operation.door != Door::Open)
}

#[test]
fn what_everybody_may_read_is_the_same_for_everybody() {
    let mut world = World::new();
    let key = world.root();
    let open = OPERATIONS.iter().filter(|operation| operation.door == Door::Open);
    let open: Vec<_> = open.map(|operation| operation.path).collect();
    assert_eq!(open, ["/api/openapi.json", "/api/docs"]);
    for path in open {
        let told = world.ask(("GET", path), &[], "");
        assert_eq!(told.status, 200, "{path}");
        let forged = world.ask(("GET", path), &[("x-api-key", "tg_live_x")], "");
        assert_eq!(
            (told.text.clone(), told.text),
            (forged.text, world.call(&key, ("GET", path), &Value::Null).text)
        );
        assert_eq!(world.ask(("GET", &format!("{path}?a=1")), &[], "").status, 400);
        assert_eq!(world.ask(("POST", path), &[], "").status, 405);
    }
    let page = world.ask(("GET", "/api/docs"), &[], "");
    let policy = page.field("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for word in ["<script", "http:", "https:", "src=", "url(", "@import", "onload"] {
        assert!(!page.text.contains(word), "{word}");
    }
    for operation in OPERATIONS {
        assert!(
            page.text.contains(&format!("<code>{} {}</code>", operation.method, operation.path))
        );
    }
}

/// The path of an operation with something in the place of each name.
fn path(operation: &Operation, id: &str) -> String {
    let path = operation.path.replace("{id}", id).replace("{n}", "1");
    path.replace("{tenant}", "acme").replace("{owner}", "dev@acme.example").replace("{name}", "a")
}

/// A body that would be right, and a version.
fn body(operation: &Operation) -> Value {
    match (operation.name, operation.method) {
        ("keys.create", _) => said("dev@acme.example"),
        ("keys.replace", _) => {
            json!({ "owner": "dev@acme.example", "scopes": [], "limits": [] })
        }
        ("keys.update", _) => json!({ "plan": "pro" }),
        ("keys.validate", _) => json!({ "key": "tg_live_x" }),
        ("tenants.create", _) => json!({ "id": "initech" }),
        ("owners.create", _) => json!({ "id": "bob", "kind": "user" }),
        ("owners.replace", _) => json!({ "kind": "user" }),
        ("roles.create", _) => json!({ "name": "reader", "scopes": [] }),
        ("roles.replace", _) => json!({ "scopes": [] }),
        ("templates.create", _) => json!({ "name": "plain" }),
        ("tenants.replace" | "templates.replace", _) | (_, "PATCH") => json!({}),
        _ => Value::Null,
    }
}

fn call(
    world: &mut World,
    key: &str,
    operation: &Operation,
    id: &str,
    tenant: &str,
) -> crate::made::Told {
    let mut target = path(operation, id);
    let asks = operation.query.unwrap_or_default();
    if asks.iter().any(|field| field.name == "tenant") {
        target = format!("{target}?tenant={tenant}");
    }
    let fields = [("x-api-key", key), ("content-type", "application/json"), ("if-match", "*")];
    let body = body(operation);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.ask((operation.method, &target), &fields[usize::from(key.is_empty())..], &body)
}

#[test]
fn no_operation_is_for_whoever_shows_no_key() {
    let mut world = World::new();
    for operation in guarded() {
        let told = call(&mut world, "", operation, "key_1", "acme");
        assert_eq!((told.status, told.code()), (401, "credential_missing"), "{operation:?}");
        let challenge = told.field("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer realm=") && !challenge.contains("error"));
    }
}

#[test]
fn no_operation_is_for_a_key_that_nobody_of_ours_made() {
    let others = Peppers::new(&[Pepper { id: 3, secret: b"another deployment's own pepper!" }], 3);
    let draw = Draw::new(b"0123456789abcdefghi").unwrap();
    for operation in guarded() {
        let mut world = World::new();
        let prefix = world.setup.brand.prefix();
        let forged = mint(prefix, Env::new("live").unwrap(), others.as_ref().unwrap(), &draw);
        for key in [forged.as_str(), "tg_live_x", "tg_live_"] {
            let told = call(&mut world, key, operation, "key_1", "acme");
            assert_eq!((told.status, told.code()), (401, "key_invalid"), "{operation:?}");
        }
    }
}

#[test]
fn no_operation_is_for_a_key_without_its_scope() {
    // Everything but that scope; what origins give their clients opens nothing.
    for operation in guarded() {
        // Where one of two is enough, the one that is for more is named.
        let scope = match operation.door {
            Door::Scope(scope) | Door::Either(_, scope) => scope,
            Door::Own | Door::Open => continue,
        };
        let resource = scope.split(':').next().unwrap();
        let mut world = World::new();
        let (_, theirs) = world.key_of(settings("acme", "dev@acme.example", &[]));
        let other = if scope.ends_with("read") { "write" } else { "read" };
        let mut scopes = vec!["*:*".to_owned(), "*:read".into(), "*:write".into()];
        if matches!(operation.door, Door::Scope(_)) {
            scopes.push(format!("{resource}:{other}"));
        }
        let rest = EVERYTHING.iter().filter(|one| !one.starts_with(resource));
        scopes.extend(rest.map(|&one| one.to_owned()));
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        let key = world.admin("operators", "admin", &scopes);
        let told = call(&mut world, &key, operation, &theirs.id, "acme");
        assert_eq!((told.status, told.code()), (403, "scope_missing"), "{operation:?}");
        let named = format!("scope=\"{scope}\"");
        assert!(told.field("www-authenticate").unwrap().contains(&named), "{operation:?}");
    }
}

#[test]
fn no_operation_tells_or_changes_anything_of_another_tenant() {
    for operation in guarded() {
        let mut world = World::new();
        let (_, theirs) = world.key_of(settings("acme", "dev@acme.example", &[]));
        // Not an operator, whatever its scopes.
        let key = world.admin("globex", "admin", &EVERYTHING);
        let before = world.store.stamp().unwrap();
        let told = call(&mut world, &key, operation, &theirs.id, "acme");
        let unknown = call(&mut world, &key, operation, "key_unknown", "nobody");
        let expected = match operation.name {
            // These say nothing of a key that is not the caller's.
            "keys.validate" | "keys.revoke-self" | "usage.own" | "audit.keys" => continue,
            "usage.key" => (404, "key_unknown"),
            "tenants.list" | "tenants.create" => (403, "forbidden"),
            name if name.starts_with("keys.") || name.starts_with("secrets.") => match name {
                "keys.list" | "keys.create" => (404, "tenant_unknown"),
                _ => (404, "key_unknown"),
            },
            _ => (404, "tenant_unknown"),
        };
        assert_eq!((told.status, told.code()), expected, "{operation:?}");
        assert_eq!(told.text, unknown.text, "it tells what there is: {operation:?}");
        assert_eq!(world.store.stamp().unwrap(), before, "{operation:?}");
    }
}

#[test]
fn what_is_written_wrong_is_refused_and_changes_nothing() {
    for operation in guarded() {
        let mut world = World::new();
        let (_, theirs) = world.key_of(settings("acme", "dev@acme.example", &[]));
        let root = world.root();
        let before = world.store.stamp().unwrap();
        let target = path(operation, &theirs.id);
        let key = ("x-api-key", root.as_str());
        let json = ("content-type", "application/json");
        let unknown = format!("{target}?surprise=1");
        let doubled = format!("{target}?tenant=acme&tenant=acme");
        for (target, fields, body) in [
            (&unknown, vec![key, json], ""),
            (&doubled, vec![key, json], ""),
            (&target, vec![key, json], "{"),
            (&target, vec![key, json], "[]"),
            (&target, vec![key, json], "{\"surprise\":1}"),
            (&target, vec![key, ("content-type", "text/plain")], "{\"code\":\"policy\"}"),
            (&target, vec![key, json, ("if-match", "1.2")], "{}"),
        ] {
            // What takes no body or no version does not look at them.
            let bodyless = operation.body.is_none();
            let versioned = fields.len() < 3 || operation.matches.is_some();
            let looks = target != &path(operation, &theirs.id) || (!bodyless && versioned);
            if !looks {
                continue;
            }
            let told = world.ask((operation.method, target), &fields, body);
            assert!((400..=428).contains(&told.status), "{operation:?} {body}: {told:?}");
            assert_eq!(told.field("content-type"), Some("application/problem+json"));
        }
        assert_eq!(world.store.stamp().unwrap(), before, "{operation:?}");
    }
}

/// What stands against an admin key in the ledger at this moment stands against it here.
#[test]
fn the_ledger_says_at_every_request_whether_a_key_is_good() {
    fn check(name: &str, code: &str, stop: impl FnOnce(&mut World, &str, &str)) {
        let mut world = World::new();
        let (secret, key) = world.key_of(settings("acme", "admin", &EVERYTHING));
        let asked = ("GET", "/api/keys");
        assert_eq!(world.call(&secret, asked, &Value::Null).status, 200, "{name}");
        stop(&mut world, &key.id, &secret);
        let told = world.call(&secret, asked, &Value::Null);
        assert_eq!((told.status / 100, told.code()), (4, code), "{name}");
    }
    let change = |change: Change| {
        move |world: &mut World, id: &str, _: &str| {
            let change = match change {
                Change::Revoke { .. } => Change::Revoke { id: id.to_owned() },
                Change::Disable { .. } => Change::Disable { id: id.to_owned() },
                other => other,
            };
            world.store.change(&change, NOW).unwrap();
        }
    };
    let (tenant, owner) = ("acme".to_owned(), "admin".to_owned());
    check("revoked", "key_revoked", change(Change::Revoke { id: String::new() }));
    check("disabled", "key_disabled", change(Change::Disable { id: String::new() }));
    check("tenant", "tenant_disabled", change(Change::StopTenant { tenant: tenant.clone() }));
    check("owner", "owner_disabled", change(Change::StopOwner { tenant, owner }));
    let update = |edit: fn(&mut Settings)| {
        move |world: &mut World, id: &str, _: &str| {
            let mut settings = settings("acme", "admin", &EVERYTHING);
            edit(&mut settings);
            let change = Change::Update { id: id.to_owned(), settings, expected: None };
            world.store.change(&change, NOW).unwrap();
        }
    };
    check("expired", "key_expired", update(|settings| settings.expires = Some(NOW.0)));
    check("early", "key_not_yet_valid", update(|settings| settings.not_before = Some(NOW.0 + 1)));
    check(
        "elsewhere",
        "ip_denied",
        update(|settings| settings.ips_allowed = vec!["192.0.2.0/24".into()]),
    );
    check(
        "denied",
        "ip_denied",
        update(|settings| settings.ips_denied = vec!["10.0.0.0/8".into()]),
    );
    check(
        "country",
        "country_denied",
        update(|settings| settings.countries_allowed = vec!["NZ".into()]),
    );
    check("scope", "scope_missing", update(|settings| settings.scopes.clear()));
}

#[test]
fn an_address_that_fails_too_often_waits_and_keys_that_are_good_do_not() {
    let mut world = World::new();
    let root = world.root();
    let asked = ("GET", "/api/keys");
    let with = |key| [("x-api-key", key)];
    let (ended, key) = world.key_of(settings(OPERATORS, "gone", &EVERYTHING));
    world.store.change(&Change::Revoke { id: key.id }, NOW).unwrap();
    for _ in 0..FAILURES_MAX {
        assert_eq!(world.ask(asked, &with("tg_live_x"), "").status, 401);
    }
    for key in ["tg_live_x", ended.as_str()] {
        let told = world.ask(asked, &with(key), "");
        assert_eq!((told.status, told.code()), (429, "too_many_attempts"));
        assert_eq!(told.field("retry-after"), Some("6"));
    }
    // Whoever tries keeps nobody out who has a key, also from the same address.
    assert_eq!(world.ask(asked, &with(&root), "").status, 200);
    assert_eq!(world.ask(asked, &with("tg_live_x"), "").status, 429);
    // Another address is nobody's fault, and time heals.
    assert_eq!(world.ask_from(2, asked, &with(&root), "").status, 200);
    world.now = NOW.plus(6_000);
    assert_eq!(world.ask(asked, &with(&root), "").status, 200);
    // Whoever shows nothing tries nothing.
    for _ in 0..=FAILURES_MAX {
        assert_eq!(world.ask_from(3, asked, &[], "").status, 401);
    }
    assert_eq!(world.ask_from(3, asked, &with(&root), "").status, 200);
}

#[test]
fn a_path_that_is_none_and_a_method_that_is_not_known_are_said_so() {
    let mut world = World::new();
    let root = world.root();
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/api/keyz", 404),
        ("GET", "/api/keys/key_1/more", 404),
        ("GET", "/api/keys/", 404),
        ("GET", "/api//keys", 404),
        ("GET", "/api/keys/%2e%2e", 404),
        ("DELETE", "/api/keys", 405),
        ("GET", "/api/keys/validate", 405),
        ("OPTIONS", "/api/keys", 405),
        ("get", "/api/keys", 405),
    ] {
        let told = world.call(&root, (method, path), &Value::Null);
        assert_eq!(told.status, status, "{method} {path}");
        assert_eq!(told.field("allow").is_some(), status == 405, "{method} {path}");
    }
    let told = world.call(&root, ("HEAD", "/api/keys"), &Value::Null);
    assert_eq!((told.status, told.text.as_str()), (200, ""));
}

#[test]
fn what_cannot_be_an_id_is_answered_as_what_there_is_not_and_goes_no_further() {
    let mut world = World::new();
    let key = world.root();
    let before = world.store.stamp().unwrap();
    for operation in guarded().filter(|operation| operation.names().next().is_some()) {
        for id in ["null,null", "%00", "a%20b", "a@b@c", "%F0%9F%98%80", "*"] {
            let path = operation.path.split('/');
            let path: Vec<_> =
                path.map(|part| if part.starts_with('{') { id } else { part }).collect();
            let fields = [
                ("x-api-key", key.as_str()),
                ("content-type", "application/json"),
                ("if-match", "*"),
            ];
            let body = body(operation);
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let told = world.ask((operation.method, &path.join("/")), &fields, &body);
            assert_eq!(told.status, 404, "{} {id}: {}", operation.path, told.text);
        }
    }
    assert_eq!(world.store.stamp().unwrap(), before);
}

#[test]
fn a_condition_that_cannot_be_read_is_not_passed_over() {
    let mut world = World::new();
    let key = world.root();
    let (_, theirs) = world.key_of(settings("acme", "dev@acme.example", &[]));
    let target = format!("/api/keys/{}/disable", theirs.id);
    let version = format!("\"{}.{}\"", theirs.changed.incarnation, theirs.changed.epoch);
    for (name, values) in [
        ("if-match", vec![version.as_str(), "\"1.1\""]),
        ("if-match", vec!["*", "*"]),
        ("if-match", vec![""]),
        ("content-type", vec!["application/json", "text/plain"]),
    ] {
        let mut fields = vec![("x-api-key", key.as_str()), ("content-type", "application/json")];
        fields.retain(|(known, _)| *known != name);
        fields.extend(values.iter().map(|value| (name, *value)));
        let told = world.ask(("POST", &target), &fields, "{\"code\":\"policy\"}");
        assert_eq!((told.status, told.code()), (400, "request_invalid"), "{name} {values:?}");
        assert_eq!(told.body["errors"][0]["header"], name);
    }
    let create = [("x-api-key", key.as_str()), ("content-type", "application/json")];
    let named = [("idempotency-key", "one"), ("idempotency-key", "two")];
    let fields: Vec<_> = create.into_iter().chain(named).collect();
    let told = world.ask(("POST", "/api/keys"), &fields, &said("dev@acme.example").to_string());
    assert_eq!((told.status, told.code()), (400, "request_invalid"));
}
