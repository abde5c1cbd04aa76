//! Files of other systems: what is told of each, and of its nearest neighbour.

#![expect(clippy::panic, reason = "a test stops at what should not be")]

use std::{fs, path::Path};

use super::{
    CACHE, FAIL_OPEN, FORGETTING, LEAVES_OPEN, NOT_UNDERSTOOD, OPEN_SECRET, OPEN_VARIABLE, PLACED,
    SHARED_DOOR, SIDE_DOOR, TRACED, UNBOUND, UNGUARDED, UNPROTECTED, UNREACHED, UNSEEN, UNWRITTEN,
    WHOLE_STAGE, YES_OR_NO, remarks,
};
use crate::config::{Config, Environment, Source};

mod authorizer;
mod files;
mod reading;
mod worker;

use files::FILES;

/// The gate is at 8080, its decision endpoint at 8081.
fn config() -> Config {
    let source =
        Source { file: "tollgate.toml".into(), environment: Environment::default(), store: None };
    source.parse("[decide]\n").unwrap_or_else(|error| panic!("{error}"))
}

fn codes(name: &str, text: &str) -> Vec<&'static str> {
    remarks(name, text, &config()).into_iter().map(|remark| remark.code).collect()
}

#[test]
fn every_file_is_told_from_its_harmless_neighbour() {
    for (code, name, bad, good) in FILES {
        assert_eq!(codes(name, bad), [*code], "{name}: the file that triggers it: {bad}");
        assert_eq!(codes(name, good), [""; 0], "{name}: its harmless neighbour: {good}");
    }
    for code in [CACHE, FAIL_OPEN, SIDE_DOOR, LEAVES_OPEN] {
        assert!(FILES.iter().any(|(known, ..)| *known == code), "{code} has no pair");
    }
}

#[test]
fn the_examples_are_understood_and_nothing_is_told_of_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for name in [
        "nginx/tollgate.conf",
        "nginx-front/tollgate.conf",
        "caddy/Caddyfile",
        "haproxy/haproxy.cfg",
        "envoy/envoy.yaml",
        "envoy/envoy-grpc.yaml",
        "traefik/dynamic.yaml",
    ] {
        let text = fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(remarks(name, &text, &config()), [], "{name}");
    }
}

#[test]
fn a_file_that_is_not_understood_is_named() {
    for (name, text) in [
        ("a.conf", ""),
        ("a.conf", "A letter, with a comma; and more."),
        ("a.yaml", "a: 1\n"),
        ("a.yaml", "http:\n  routers: {a: [}\n"),
        ("a.yaml", "static_resources:\n    listeners: []\n  clusters: []\n"),
        ("a.yaml", "? [static_resources]\n: 1\n"),
        ("a.json", "{\"a\": 1}"),
        ("a.json", "{\"static_resources\": "),
        ("a.toml", "[http\n"),
        ("a.tf", "resource \"aws_api_gateway_authorizer\" \"a\" {\n"),
        ("nginx.conf", "location / {\n auth_request /a;\n"),
        ("nginx.conf", "location / {\n auth_request \"/a;\n}\n"),
        ("Caddyfile", ":80 {\n reverse_proxy a\n"),
        ("haproxy.cfg", "server a b\nbackend a\n"),
        // What is in a text of another file is no configuration of its own.
        (
            "a.yaml",
            "kind: ConfigMap\ndata:\n  nginx.conf: |\n    location / { auth_request /a; }\n",
        ),
    ] {
        assert_eq!(codes(name, text), [NOT_UNDERSTOOD], "{name}: {text}");
    }
    let deep = format!("static_resources: {}{}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(codes("a.yaml", &deep), [NOT_UNDERSTOOD]);
    let deep = "location / {".repeat(1_000) + &"}".repeat(1_000) + ";";
    assert_eq!(codes("nginx.conf", &deep), [NOT_UNDERSTOOD]);
}
