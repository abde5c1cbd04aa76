//! The decision endpoint, asked as nginx, Traefik, Caddy and Envoy ask.

use crate::{
    asking::{Asked, TOLD, site},
    identity::published,
    origin::Origin,
    site::{Gate, Key},
    wire::{Answer, Wire},
};

fn ask(gate: &Gate, request: &str) -> Answer {
    Wire::connect(gate.address("decide")).ask(request)
}

fn nginx(gate: &Gate, target: &str, fields: &str) -> Answer {
    let told = format!("x-original-method: GET\r\nx-original-uri: {target}\r\n{fields}");
    ask(gate, &format!("GET /nginx HTTP/1.1\r\nhost: a\r\n{told}\r\n"))
}

fn forward(gate: &Gate, target: &str, fields: &str) -> Answer {
    let told = format!(
        "x-forwarded-method: GET\r\nx-forwarded-uri: {target}\r\nx-forwarded-for: 203.0.113.7\r\n\
         x-forwarded-host: app.example\r\nx-forwarded-proto: https\r\n{fields}"
    );
    ask(gate, &format!("GET /forward HTTP/1.1\r\nhost: a\r\n{told}\r\n"))
}

fn envoy(gate: &Gate, target: &str, fields: &str) -> Answer {
    ask(gate, &format!("GET /envoy{target} HTTP/1.1\r\nhost: app.example\r\n{fields}\r\n"))
}

fn of(key: &Key) -> String {
    format!("x-api-key: {}\r\n", key.secret)
}

#[test]
fn every_proxy_is_told_the_same_in_the_way_it_understands() {
    let asked = Asked::start();
    let gate = &asked.gate;
    assert_eq!(forward(gate, "/", &of(&asked.once)).status(), 200);
    for (target, shows, status) in TOLD {
        let fields = asked.secret(shows).map(|secret| format!("x-api-key: {secret}\r\n"));
        let fields = fields.unwrap_or_default();
        let (passed_on, blunt) = (forward(gate, target, &fields), nginx(gate, target, &fields));
        assert_eq!(passed_on.status(), status, "forward {target}");
        assert_eq!(envoy(gate, target, &fields).status(), status, "envoy {target}");
        let understood = if matches!(status, 200 | 401 | 403) { status } else { 403 };
        assert_eq!(blunt.status(), understood, "nginx {target}");
        let meant = (status != 200).then(|| status.to_string());
        assert_eq!(blunt.head.field("x-auth-status"), meant.as_deref(), "{target}");
        let keyed = status == 200 && !target.starts_with("/public");
        for answer in [&passed_on, &blunt] {
            assert_eq!(answer.head.has("tollgate-identity"), keyed, "{target}");
            assert_eq!(answer.head.field("cache-control"), Some("no-store"));
        }
    }
    assert!(asked.origin.arrived().is_empty());
    let jwks = ask(gate, "GET /.well-known/tollgate/jwks.json HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(jwks.json(), published(gate));
}

#[test]
fn a_question_that_does_not_say_what_it_is_about_is_a_failure_and_no_allow() {
    let asked = Asked::start();
    let (gate, key) = (&asked.gate, &asked.key);
    let about = |path: &str, told: &str| {
        let key = of(key);
        ask(gate, &format!("GET {path} HTTP/1.1\r\nhost: a\r\n{told}{key}\r\n")).status()
    };
    let method = "x-original-method: GET\r\n";
    let target = "x-original-uri: /public/x\r\n";
    assert_eq!(about("/nginx", &format!("{method}{target}")), 200);
    for told in [
        String::new(),
        method.into(),
        target.into(),
        format!("{method}{target}{target}"),
        format!("{method}{target}x-original-method: POST\r\n"),
        format!("{method}x-original-uri:\r\n"),
        "x-forwarded-method: GET\r\nx-forwarded-uri: /public/x\r\n".into(),
    ] {
        assert_eq!(about("/nginx", &told), 500, "{told}");
    }
    assert_eq!(about("/forward", &format!("{method}{target}")), 500);
    for path in ["/", "/envoy", "/envoys/public/x", "/nginx/", "/Nginx"] {
        assert_eq!(about(path, &format!("{method}{target}")), 404, "{path}");
    }
}

#[test]
fn only_listed_peers_are_answered_and_theirs_is_never_the_clients_address() {
    let origin = Origin::start();
    let site = site(&origin);
    let near = site.key(&["--allow-ip", "203.0.113.0/24"]);
    let local = site.key(&["--allow-ip", "127.0.0.0/8"]);
    let gate = site.start();
    assert_eq!(forward(&gate, "/", &of(&near)).status(), 200);
    assert_eq!(forward(&gate, "/", &of(&local)).status(), 403);
    // Nothing is told of the client: it is nowhere, and not where the proxy is.
    for key in [&near, &local] {
        assert_eq!(envoy(&gate, "/", &of(key)).status(), 403);
    }
    drop(gate);
    let site = site.with("decide.trusted", "10.0.0.0/8");
    let gate = site.start();
    assert_eq!(forward(&gate, "/public/x", &of(&near)).status(), 403);
    assert_eq!(nginx(&gate, "/public/x", &of(&near)).status(), 403);
}

#[test]
fn a_proxy_is_told_what_the_origin_must_not_see() {
    let asked = Asked::start();
    let (gate, key) = (&asked.gate, &asked.key);
    let fields = format!(
        "authorization: Bearer {0}\r\nx-api-key: {0}\r\nTollgate_Identity: forged\r\n",
        key.secret
    );
    let answer = envoy(gate, "/orders", &fields);
    let removed = answer.head.field("x-envoy-auth-headers-to-remove").unwrap();
    let mut removed: Vec<_> = removed.split(',').collect();
    removed.sort_unstable();
    assert_eq!(removed, ["authorization", "tollgate_identity", "x-api-key"]);
    // An end user's own token stays.
    let fields = format!("authorization: Bearer other\r\n{}", of(key));
    let answer = envoy(gate, "/orders", &fields);
    assert_eq!(answer.head.field("x-envoy-auth-headers-to-remove"), Some("x-api-key"));
}

#[test]
fn another_spelling_of_the_identity_is_refused_where_the_proxy_would_let_it_through() {
    let asked = Asked::start();
    let (gate, key) = (&asked.gate, &asked.key);
    for (name, status) in [
        ("Tollgate-Identity", 200),
        ("TOLLGATE-IDENTITY", 200),
        ("Tollgate-Identities", 200),
        ("Tollgate_Identity", 400),
        ("Tollgate.Identity", 400),
        ("tollgate~identity", 400),
    ] {
        for target in ["/orders", "/public/x"] {
            let fields = format!("{name}: forged\r\n{}", of(key));
            assert_eq!(forward(gate, target, &fields).status(), status, "{name} {target}");
            let told = nginx(gate, target, &fields);
            let meant = (status != 200).then_some("400");
            assert_eq!(told.head.field("x-auth-status"), meant, "{name} {target}");
            assert_eq!(envoy(gate, target, &fields).status(), 200, "{name} {target}");
        }
    }
}

#[test]
fn what_is_bound_is_what_the_origin_will_see() {
    let asked = Asked::start();
    let (gate, key) = (&asked.gate, &asked.key);
    assert_eq!(forward(gate, "/bound/a?x=1", &of(key)).status(), 200);
    assert_eq!(forward(gate, "/bound/%61", &of(key)).status(), 400);
    assert_eq!(forward(gate, "/free/%61", &of(key)).status(), 200);
}
