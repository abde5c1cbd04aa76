//! The management API of the running binary, and what the gate beside it does with what is changed there.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    origin::Origin,
    site::{Gate, Key, Site},
    wire::{Answer, DEADLINE, Wire},
};

/// A gate with its management API, and the first admin key.
pub(crate) fn serving(origin: &Origin) -> (Site, Gate, Key) {
    let site = Site::new(origin.address, "[[routes]]\npath = '/**'\nscopes = ['orders:read']\n")
        .with("control.listen", "127.0.0.1:0");
    // Everything is there already but an admin key.
    let made = site.tell(&["init"]);
    let text = |name: &str| made["admin_key"][name].as_str().unwrap().to_owned();
    let admin = Key { id: text("id"), secret: text("secret") };
    site.keep(&admin);
    let gate = site.start();
    (site, gate, admin)
}

pub(crate) fn call(gate: &Gate, key: &Key, first: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (length, secret) = (body.len(), &key.secret);
    Wire::connect(gate.address("control")).ask(format!(
        "{first} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

pub(crate) fn done(gate: &Gate, key: &Key, first: &str, body: &Value) -> Value {
    let answer = call(gate, key, first, body);
    assert!((200..300).contains(&answer.status()), "{first}: {}", answer.text());
    answer.json()
}

/// Waits until the gate answers so, as it must soon.
fn until(gate: &Gate, key: &Key, status: u16) {
    let begun = Instant::now();
    loop {
        let found = gate.get("/orders", key).status();
        if found == status {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "it is {found} and not {status}");
    }
}

#[test]
fn a_key_lives_and_ends_through_the_management_api() {
    let origin = Origin::start();
    let (_site, gate, admin) = serving(&origin);
    let body = json!({
        "owner": "dev@acme.example", "env": "live", "scopes": ["orders:read"], "limits": [],
    });
    let made = done(&gate, &admin, "POST /api/keys?tenant=acme", &body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let first = Key { id: text(&made["key"]["id"]), secret: text(&made["secret"]) };
    // One that was never tried works at once.
    assert_eq!(gate.get("/orders", &first).status(), 200);
    let one = format!("/api/keys/{}", first.id);
    let turned =
        done(&gate, &admin, &format!("POST {one}/rotate"), &json!({ "grace_ms": 600_000 }));
    let second = Key { secret: text(&turned["secret"]), ..first.clone() };
    assert_eq!(gate.get("/orders", &second).status(), 200);
    assert_eq!(gate.get("/orders", &first).status(), 200);
    let turned =
        done(&gate, &admin, &format!("POST /api/api-keys/{}/regenerate", first.id), &Value::Null);
    let third = Key { secret: text(&turned["secret"]), ..first.clone() };
    until(&gate, &first, 401);
    until(&gate, &second, 401);
    assert_eq!(gate.get("/orders", &third).status(), 200);
    done(&gate, &admin, "POST /api/owners/dev@acme.example/stop?tenant=acme", &Value::Null);
    until(&gate, &third, 401);
    done(&gate, &admin, "POST /api/owners/dev@acme.example/resume?tenant=acme", &Value::Null);
    until(&gate, &third, 200);
    done(&gate, &admin, &format!("PATCH {one}"), &json!({ "scopes": ["users:read"] }));
    until(&gate, &third, 403);
    let ended =
        done(&gate, &third, "POST /api/keys/revoke-self", &json!({ "code": "compromised" }));
    assert_eq!(ended["state"], "revoked");
    until(&gate, &third, 401);
}

#[test]
fn nobody_is_let_in_without_a_key_and_the_wire_is_as_strict_as_the_gates() {
    let origin = Origin::start();
    let (site, gate, admin) = serving(&origin);
    let stranger = site.key(&["--scope", "orders:read"]);
    let ask = |request: &str| Wire::connect(gate.address("control")).ask(request);
    let bare = ask("GET /api/keys HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!((bare.status(), &bare.json()["code"]), (401, &json!("credential_missing")));
    assert!(bare.head.has("www-authenticate"));
    assert_eq!(call(&gate, &stranger, "GET /api/keys", &Value::Null).status(), 403);
    assert_eq!(call(&gate, &admin, "GET /api/keys", &Value::Null).status(), 200);
    // Two lengths, a bare line feed, a body that is longer than is read.
    for request in [
        "POST /api/keys HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        "GET /api/keys HTTP/1.1\nhost: a\n\n",
        "GET /api/keys HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    ] {
        assert_eq!(ask(request).status(), 400, "{request}");
    }
    let long = Value::String("x".repeat(70_000));
    assert_eq!(call(&gate, &admin, "POST /api/keys", &long).status(), 413);
    // Of whoever shows no key, or what cannot be one, nobody reads so much.
    let nobody = Key { id: String::new(), secret: "nonsense".into() };
    let told = call(&gate, &nobody, "POST /api/keys", &long);
    assert_eq!((told.status(), &told.json()["code"]), (401, &json!("key_invalid")));
    let length = 70_000;
    let bare = "x".repeat(length);
    let told = ask(&format!(
        "POST /api/keys HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{bare}"
    ));
    assert_eq!((told.status(), &told.json()["code"]), (401, &json!("credential_missing")));
    // Nothing of it is on the gate's own listeners.
    for door in ["gate", "admin"] {
        let request =
            format!("GET /api/keys HTTP/1.1\r\nhost: a\r\nx-api-key: {}\r\n\r\n", stranger.secret);
        let answer = Wire::connect(gate.address(door)).ask(request);
        assert!(!answer.text().contains("\"keys\""), "{door}: {}", answer.text());
    }
}

#[test]
fn what_was_changed_is_durable_before_it_is_answered() {
    let origin = Origin::start();
    let (site, gate, admin) = serving(&origin);
    let made = done(
        &gate,
        &admin,
        "POST /api/keys",
        &json!({
            "env": "live", "scopes": ["orders:read"], "limits": [],
        }),
    );
    let id = made["key"]["id"].as_str().unwrap().to_owned();
    done(&gate, &admin, &format!("DELETE /api/keys/{id}"), &json!({ "code": "compromised" }));
    // Killed, not stopped.
    drop(gate);
    let gate = site.start();
    let read = done(&gate, &admin, &format!("GET /api/keys/{id}"), &Value::Null);
    assert_eq!(
        (&read["state"], &read["reason"]["code"]),
        (&json!("revoked"), &json!("compromised"))
    );
}
