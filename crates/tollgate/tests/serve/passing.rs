//! What passes, what does not, and what crosses.

use crate::{
    identity::{Caller, verified},
    origin::Origin,
    site::{Key, Site, get},
};

const ORDERS: &str = "
[[routes]]
path = \"/public/**\"
public = true

[[routes]]
path = \"/bound/**\"
bind = true

[[routes]]
path = \"/kept/**\"
cache = true

[[routes]]
path = \"/pages/**\"
cors = \"answer\"
cors_origins = [\"https://app.example\"]
cors_headers = [\"x-api-key\"]

[[routes]]
path = \"/elsewhere/**\"
cors = \"forward\"

[[routes]]
path = \"/orders/**\"
scopes = [\"orders:read\"]
";

#[test]
fn an_allowed_request_reaches_the_origin_with_an_identity_and_without_the_key() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ORDERS);
    let key = site.key(&["--scope", "orders:read"]);
    let gate = site.start();
    let answer = gate.ask(format!(
        "GET /orders/7?a=1&b={0} HTTP/1.1\r\nhost: gate.example\r\nx-api-key: {0}\r\n\
         x-note: kept\r\nreferer: https://app.example/?api_key={0}\r\nx-request-id: mine\r\n\
         tollgate-identity: forged\r\nTollgate_Identity: forged\r\ntollgate.identity: forged\r\n\
         x-forwarded-for: 203.0.113.9\r\nx-real-ip: 203.0.113.9\r\n\
         connection: tollgate-identity, x-hop\r\nx-hop: gone\r\nkeep-alive: timeout=1\r\n\r\n",
        key.secret
    ));
    assert_eq!((answer.status(), answer.text()), (200, "origin"));

    let seen = origin.only().head;
    assert_eq!(seen.first, "GET /orders/7?a=1 HTTP/1.1");
    let scopes = vec!["orders:read".to_owned()];
    let (owner, tenant) = ("owner_1".to_owned(), "acme".to_owned());
    let caller = Caller { key: key.id, owner, tenant, scopes, is_bound: false };
    assert_eq!(verified(&gate, &seen), caller);
    assert!(!String::from_utf8_lossy(&seen.raw).contains(&key.secret[8..]));
    let mut names: Vec<_> = seen.fields.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort_unstable();
    assert_eq!(names, ["host", "tollgate-identity", "x-forwarded-for", "x-note", "x-request-id"]);
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));

    let id = answer.head.field("x-request-id").unwrap();
    assert!(id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    assert_eq!(seen.field("x-request-id"), Some(id));
    assert!(!answer.head.has("tollgate-identity") && !answer.head.has("keep-alive"));
    assert_eq!(answer.head.field("cache-control"), Some("private, max-age=60"));
    assert_eq!(answer.head.field("x-origin"), Some("yes"));
}

#[test]
fn what_is_refused_reaches_no_origin_and_says_why() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ORDERS);
    let (key, poor) = (site.key(&["--scope", "orders:read"]), site.key(&[]));
    let gone = site.key(&["--scope", "orders:read"]);
    site.tell(&["keys", "revoke", &gone.id]);
    let gate = site.start();
    let mut forged = key.secret.clone();
    let last = if forged.ends_with('0') { "1" } else { "0" };
    forged.replace_range(forged.len() - 1.., last);
    let plain = |fields: &str| format!("GET /orders/7 HTTP/1.1\r\nhost: a\r\n{fields}\r\n");
    let with = |key: &str| plain(&format!("x-api-key: {key}\r\n"));
    for (request, status, code) in [
        (plain(""), 401, "credential_missing"),
        (with(&forged), 401, "key_invalid"),
        (with("tg_live_short"), 401, "key_invalid"),
        (plain("authorization: Bearer \r\n"), 401, "key_invalid"),
        (with(&format!("{}, {}", key.secret, poor.secret)), 400, "request_invalid"),
        (with(&gone.secret), 401, "key_revoked"),
        (with(&poor.secret), 403, "scope_missing"),
        (get("/orders/../admin", &key), 400, "request_invalid"),
        (get("/orders//7", &key), 400, "request_invalid"),
        (get("/orders/%2e%2e/admin", &key), 400, "request_invalid"),
        (get("http://other.example/orders/7", &key), 400, "request_invalid"),
        (get("/orders/7", &key).replace("GET", "TRACE"), 400, "request_invalid"),
        (get("gate.example:443", &key).replace("GET", "CONNECT"), 400, "request_invalid"),
        (get("/.well-known/tollgate/other", &key), 404, "not_found"),
        (
            get("/.well-known/tollgate/jwks.json", &key).replace("GET", "DELETE"),
            405,
            "method_not_allowed",
        ),
    ] {
        let answer = gate.ask(&request);
        assert_eq!(answer.status(), status, "{request}{answer:?}");
        let body = answer.json();
        assert_eq!(body["code"], code, "{request}");
        let instance = body["instance"].as_str().unwrap();
        assert!(instance.starts_with("urn:tollgate:request:"), "{instance}");
        if matches!(status, 401 | 403) {
            assert!(answer.head.has("www-authenticate"), "{request}");
        }
    }
    assert!(origin.arrived().is_empty());
}

#[test]
fn a_limit_of_n_admits_n_and_says_when_to_come_back() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&["--limit", "burst:key=5,1/1h"]);
    let gate = site.start();
    let answers: Vec<_> = (0..8).map(|_| gate.get("/", &key)).collect();
    let passed = answers.iter().filter(|answer| answer.status() == 200).count();
    assert_eq!(passed, 5);
    let told: Vec<_> =
        answers.iter().take(5).map(|answer| answer.head.field("ratelimit").unwrap()).collect();
    assert!(told.iter().all(|told| told.starts_with("\"burst\";r=")), "{told:?}");
    let last = answers.last().unwrap();
    assert_eq!((last.status(), &last.json()["code"]), (429, &"rate_limited".into()));
    let wait: u64 = last.head.field("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_602).contains(&wait), "{wait}");
    assert_eq!(origin.arrived().len(), 5);
}

#[test]
fn a_public_route_needs_no_key_and_carries_no_identity() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ORDERS);
    let key = site.key(&[]);
    let gate = site.start();
    let answer = gate.ask(format!(
        "GET /public/a HTTP/1.1\r\nhost: a\r\ntollgate-identity: forged\r\nx-api-key: {}\r\n\r\n",
        key.secret
    ));
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.head.field("cache-control"), Some("public, max-age=60"));
    let seen = origin.only().head;
    assert!(!seen.has("tollgate-identity") && !seen.has("x-api-key"), "{seen:?}");
}

#[test]
fn an_answer_is_private_unless_the_route_says_otherwise() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ORDERS);
    let key = site.key(&[]);
    let gate = site.start();
    let kept = gate.get("/kept/a", &key);
    assert_eq!(kept.head.field("cache-control"), Some("public, max-age=60"));
    assert_eq!(kept.head.field("vary"), Some("Authorization, X-API-Key"));
    let other = gate.get("/other", &key);
    assert_eq!(other.head.field("cache-control"), Some("private, max-age=60"));
}

#[test]
fn a_bound_identity_is_good_for_its_own_method_and_path() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ORDERS);
    let key = site.key(&[]);
    let gate = site.start();
    for path in ["/bound/a", "/bound/%7ea%20?x=%7e"] {
        assert_eq!(gate.get(path, &key).status(), 200);
        let seen = origin.arrived().last().unwrap().head.clone();
        assert!(verified(&gate, &seen).is_bound);
    }
    let tokens: Vec<_> = origin.arrived();
    let token = |at: usize| tokens[at].head.field("tollgate-identity").unwrap().to_owned();
    assert_ne!(token(0), token(1));
    assert_eq!(tokens[1].head.first, "GET /bound/~a%20?x=%7e HTTP/1.1");
}

#[test]
fn a_preflight_is_answered_forwarded_or_refused_as_its_route_says() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ORDERS);
    let key = site.key(&[]);
    let gate = site.start();
    let preflight = |path: &str| {
        format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: a\r\norigin: https://app.example\r\n\
             access-control-request-method: GET\r\nx-api-key: {}\r\n\r\n",
            if path == "/orders" { "" } else { &key.secret }
        )
    };
    let answered = gate.ask(preflight("/pages/a"));
    assert_eq!(answered.status(), 204);
    assert_eq!(answered.head.field("access-control-allow-origin"), Some("https://app.example"));
    assert!(origin.arrived().is_empty());
    assert_eq!(gate.ask(preflight("/orders")).status(), 401);
    assert!(origin.arrived().is_empty());
    assert_eq!(gate.ask(preflight("/elsewhere/a")).status(), 200);
    let seen = origin.only().head;
    assert!(!seen.has("tollgate-identity") && !seen.has("x-api-key"), "{seen:?}");
    let read =
        gate.ask(get("/pages/a", &key).replace("host", "origin: https://app.example\r\nhost"));
    assert_eq!(read.head.field("access-control-allow-origin"), Some("https://app.example"));
}

#[test]
fn head_and_options_of_the_server_are_what_they_are() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    wire.send(get("/", &key).replace("GET", "HEAD"));
    let head = wire.head();
    assert_eq!((head.status(), head.field("content-length")), (200, Some("6")));
    let server = wire.ask("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(server.status(), 204);
    assert_eq!(wire.ask(get("http://gate.example/x", &key)).status(), 200);
    let seen: Vec<_> = origin.arrived().into_iter().map(|arrived| arrived.head.first).collect();
    assert_eq!(seen, ["HEAD / HTTP/1.1", "GET /x HTTP/1.1"]);
}

#[test]
fn a_gate_that_does_not_check_lets_everything_pass_and_only_on_loopback() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("gate.checking", "false");
    let gate = site.start();
    let answer = gate.ask("GET /x HTTP/1.1\r\nhost: a\r\nTollgate-Identity: forged\r\n\r\n");
    assert_eq!(answer.status(), 200);
    assert!(!origin.only().head.has("tollgate-identity"));
    drop(gate);
    let site = site.with("gate.listen", "0.0.0.0:0");
    let said = site.refuses();
    assert!(said.contains("loopback"), "{said}");
}

#[test]
fn a_revoked_key_is_refused_by_a_gate_that_has_just_used_it() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key: Key = site.key(&[]);
    let gate = site.start();
    assert_eq!(gate.get("/", &key).status(), 200);
    site.tell(&["keys", "revoke", &key.id]);
    let begun = std::time::Instant::now();
    while gate.get("/", &key).status() == 200 {
        assert!(begun.elapsed().as_millis() < 2_000, "it is still admitted");
    }
    assert_eq!(gate.get("/", &key).json()["code"], "key_revoked");
}
