//! Each finding, with a configuration that triggers it and the nearest one that does not.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be"
)]

mod configurations;

use std::collections::BTreeSet;

use tollgate_core::time::UnixMillis;
use tollgate_ledger::Key;

use self::configurations::CONFIGURATIONS;
use super::{CHECKS, Facts, Lack, audit::Audited, examine};
use crate::{
    config::{Environment, Source},
    secrets::Exposure,
};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn facts(toml: &str) -> Facts {
    let source =
        Source { file: "tollgate.toml".into(), environment: Environment::default(), store: None };
    let config = source.parse(toml).unwrap_or_else(|error| panic!("{error}"));
    Facts {
        config,
        secrets: Some(Exposure::Owner),
        tls_key: None,
        admin_keys: vec![],
        store_on: Some("ext4".to_owned()),
        lacks: vec![],
        keys: vec![],
        audit: None,
        proxies: vec![],
        now: NOW,
    }
}

fn codes(facts: &Facts) -> BTreeSet<&'static str> {
    examine(facts).iter().map(|finding| finding.check.code).collect()
}

/// A pair: the first shows the finding, the second shows nothing at all.
fn check(code: &'static str, bad: &Facts, good: &Facts) {
    assert_eq!(codes(bad), BTreeSet::from([code]), "{code}: the configuration that triggers it");
    assert_eq!(codes(good), BTreeSet::new(), "{code}: its harmless neighbour");
}

#[test]
fn every_configuration_is_told_from_its_harmless_neighbour() {
    for (code, bad, good) in CONFIGURATIONS {
        check(code, &facts(bad), &facts(good));
    }
}

#[test]
fn files_are_told_from_their_harmless_neighbours() {
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts("");
        change(&mut facts);
        facts
    };
    let good = facts("");
    check("secrets_exposed", &with(&|facts| facts.secrets = Some(Exposure::Group)), &good);
    check("secrets_exposed", &with(&|facts| facts.secrets = Some(Exposure::Others)), &good);
    let owner = with(&|facts| facts.tls_key = Some(Exposure::Owner));
    check("tls_key_exposed", &with(&|facts| facts.tls_key = Some(Exposure::Others)), &owner);
    let local = with(&|facts| facts.store_on = Some("xfs".to_owned()));
    check("store_on_network", &with(&|facts| facts.store_on = Some("nfs4".to_owned())), &local);
}

#[test]
fn what_lacks_is_told_under_its_name() {
    for code in [
        "secrets_missing",
        "secrets_unusable",
        "tls_unusable",
        "store_missing",
        "store_unusable",
        "no_keys",
    ] {
        let mut bad = facts("");
        bad.lacks = vec![Lack { code, field: "a.b", what: "c".to_owned() }];
        check(code, &bad, &facts(""));
        assert_eq!(examine(&bad)[0].what, "a.b: c");
        assert_ne!(bad.lacks[0].advice(), "");
    }
}

#[test]
fn files_of_other_systems_are_told_from_their_harmless_neighbours() {
    let with = |toml: &str, name: &str, text: &str| {
        let mut facts = facts(toml);
        facts.proxies.push((name.to_owned(), text.to_owned()));
        facts
    };
    let envoy = |pattern: &str| {
        format!(
            "ext_authz: {{ http_service: {{ authorization_request: {{ allowed_headers: {{ patterns: [{pattern}] }} }} }} }} # x-api-key\n"
        )
    };
    let code = "decide_without_key_header";
    let whole = envoy("{ exact: X-Api-Key }");
    check(code, &with("", "envoy.yaml", &envoy("")), &with("", "envoy.yaml", &whole));
    let prefix = envoy("{ prefix: x- }");
    check(
        code,
        &with("", "envoy.yaml", &envoy("{ prefix: x-b }")),
        &with("", "envoy.yaml", &prefix),
    );
    let named = "[keys]\nheader = 'x-my-key'\n";
    let both = envoy("{ exact: x-api-key }, { exact: x-my-key }");
    check(code, &with(named, "envoy.yaml", &whole), &with(named, "envoy.yaml", &both));
    let nginx = |sets: &str| {
        format!(
            "location / {{ auth_request /ask; }}\nlocation /ask {{ proxy_set_header X-Original-Method $request_method; {sets} }}"
        )
    };
    let whole = nginx("proxy_set_header X-Original-URI $request_uri;");
    let commented = nginx("# X-Original-URI\n");
    check(code, &with("", "nginx.conf", &commented), &with("", "nginx.conf", &whole));
    // Every other pair is in foreign/tests/files.rs; here is one of each, to see that it is told at all.
    for (code, name, bad, good) in [
        (
            "authorizer_cache",
            "main.tf",
            "resource \"aws_api_gateway_authorizer\" \"a\" {\n}\n",
            "resource \"aws_apigatewayv2_authorizer\" \"a\" {\n}\n",
        ),
        (
            "fail_open_route",
            "envoy.yaml",
            "ext_authz: { failure_mode_allow: true }\n",
            "ext_authz: { failure_mode_allow: false }\n",
        ),
        (
            "worker_side_door",
            "wrangler.toml",
            "workers_dev = true\npreview_urls = false\n",
            "workers_dev = false\npreview_urls = false\n",
        ),
        ("file_not_understood", "a.yaml", "a: 1\n", "ext_authz: {}\n"),
        ("file_leaves_open", "Caddyfile", "import a\n", "respond 503\n"),
    ] {
        check(code, &with("", name, bad), &with("", name, good));
    }
}

/// Every other pair is in foreign/tests/worker.rs.
#[test]
fn a_worker_is_told_from_its_harmless_neighbour() {
    let good = include_str!("../../../../wrangler.toml")
        .replace("# routes = [{", "routes = [{ custom_domain = true,")
        .replace("# admin =", "admin =");
    let with = |part: &str, other: &str| {
        let mut facts = facts("");
        facts.proxies.push(("wrangler.toml".to_owned(), good.replace(part, other)));
        facts
    };
    for (code, part, bad) in [
        ("worker_admin_on_route", "admin = { host", "admin = { other"),
        ("worker_binding_missing", "\"RECORDS\"", "\"OTHER\""),
        (
            "worker_secret_in_file",
            "[vars.TOLLGATE]",
            "[vars]\nTOLLGATE_ADMIN = ''\n[vars.TOLLGATE]",
        ),
        (
            "worker_placed_elsewhere",
            "[observability]",
            "[placement]\nmode = 'smart'\n[observability]",
        ),
        ("worker_not_observed", "enabled = true", "enabled = false"),
        ("worker_without_route", "routes =", "ways ="),
    ] {
        check(code, &with(part, bad), &with("", ""));
    }
}

/// Every other pair is in foreign/tests/authorizer.rs.
#[test]
fn an_authorizer_is_told_from_its_harmless_neighbour() {
    let good = include_str!("../../../../template.yaml");
    let with = |part: &str, other: &str| {
        assert!(good.contains(part), "{part}");
        let mut facts = facts("");
        facts.proxies.push(("template.yaml".to_owned(), good.replace(part, other)));
        facts
    };
    for (code, part, bad) in [
        ("authorizer_cache", "TtlInSeconds: 0", "TtlInSeconds: 300"),
        (
            "authorizer_whole_stage",
            "          TOLLGATE_LIMITS_EPOCH: !Ref LimitsEpoch",
            "          TOLLGATE_AUTHORIZER_POLICY: stage",
        ),
        ("authorizer_secret_in_file", "TOLLGATE_SECRETS_ARN:", "TOLLGATE_SECRETS:"),
        (
            "table_unprotected",
            "DeletionProtectionEnabled: true",
            "DeletionProtectionEnabled: false",
        ),
        (
            "ledger_forgets",
            "{ AttributeName: sk, KeyType: RANGE }",
            "{ AttributeName: sk }\n      TimeToLiveSpecification: { Enabled: true }",
        ),
        ("api_traced", "DataTraceEnabled: false", "DataTraceEnabled: true"),
        (
            "route_without_authorizer",
            "isDefaultRoute: true\n              security:\n                - tollgate: []",
            "isDefaultRoute: true",
        ),
        ("identity_not_written", "overwrite:header.tollgate", "append:header.tollgate"),
    ] {
        check(code, &with(part, bad), &with("", ""));
    }
    let kept = good.replace("TtlInSeconds: 0", "TtlInSeconds: 9");
    let mut facts = facts("");
    facts.proxies.push((
        "template.yaml".to_owned(),
        kept.replace("enableSimpleResponses: false", "enableSimpleResponses: true"),
    ));
    assert_eq!(codes(&facts), BTreeSet::from(["authorizer_cache", "authorizer_yes_kept"]));
}

fn key(change: impl FnOnce(&mut serde_json::Value)) -> Key {
    let mut document = serde_json::json!({
        "id": "key_0000000000000001", "name": null, "created_ms": NOW.0, "state": "active",
        "settings": {
            "tenant": "acme", "owner": "dev", "env": "live", "scopes": [],
            "limits": [{ "name": "burst", "scope": "key", "burst": 50, "rate": 50, "period_ms": 1000 }],
        },
        "secrets": [
            { "lookup": "0".repeat(32), "pepper": 0, "created_ms": NOW.0, "ends_ms": null, "revoked": false },
        ],
    });
    change(&mut document);
    serde_json::from_value(document).unwrap()
}

#[test]
fn keys_are_told_from_their_harmless_neighbours() {
    let of = |toml: &str, key: Key| {
        let mut facts = facts(toml);
        facts.keys.push(key);
        facts
    };
    let with = |pointer: &'static str, value: serde_json::Value| {
        key(move |document| *document.pointer_mut(pointer).unwrap() = value)
    };
    let good = of("", key(|_| ()));
    check("burst_below_a_second", &of("", with("/settings/limits/0/burst", 49.into())), &good);
    // The same rate said in another way.
    let slow = |burst: u64| {
        key(move |document| {
            document["settings"]["limits"][0] = serde_json::json!({
                "name": "slow", "scope": "key", "burst": burst, "rate": 100, "period_ms": 60_000
            });
        })
    };
    check("burst_below_a_second", &of("", slow(1)), &of("", slow(2)));
    let ruled =
        || key(|document| document["settings"]["countries_denied"] = serde_json::json!(["NZ"]));
    let header = "[gate]\ncountry_header = 'CF-IPCountry'\n";
    check("country_unknown", &of("", ruled()), &of(header, ruled()));
    let aged = |days: u64| with("/secrets/0/created_ms", (NOW.0 - days * 86_400_000).into());
    check("pepper_old", &of("", aged(367)), &of("", aged(366)));
}

#[test]
fn the_management_api_is_told_from_its_harmless_neighbours() {
    let admin = |toml: &str| {
        let mut facts = facts(toml);
        facts.keys.push(key(|document| document["settings"]["tenant"] = "operators".into()));
        facts
    };
    let open = "[control]\nlisten = '0.0.0.0:9091'\n";
    let tls = "[tls]\ncertificate = 'a.pem'\nkey = 'b.pem'\n";
    check("control_plain", &admin(open), &admin(&format!("{open}{tls}")));
    check("control_plain", &admin(open), &admin("[control]\nlisten = '127.0.0.1:9091'\n"));
    check("no_admin_key", &facts("[control]\n"), &admin("[control]\n"));
    check("no_admin_key", &facts("[control]\n"), &facts(""));
    let other = "[control]\noperators = 'staff'\n";
    check("no_admin_key", &admin(other), &admin("[control]\noperators = 'operators'\n"));
    let pages = |from: &str| admin(&format!("[control]\ncors_origins = [{from}]\n"));
    let loopback = pages("'https://a.example', 'http://localhost:5173', 'http://[::1]:80'");
    check("control_cors_plain", &pages("'http://a.example'"), &loopback);
    let loopback = pages("'http://127.0.0.1'");
    check("control_cors_plain", &pages("'http://localhost.example'"), &loopback);
    let with = |exposure| {
        let mut facts = facts("");
        facts.admin_keys.push(("targets.prod.admin_key".to_owned(), exposure));
        facts
    };
    for bad in [Exposure::Group, Exposure::Others] {
        check("admin_key_exposed", &with(bad), &with(Exposure::Owner));
    }
    let audit = |wrong: &[&str]| {
        let wrong = wrong.iter().map(|&wrong| wrong.to_owned()).collect();
        let audit = Some(Audited { chains: 1, entries: 3, wrong, ..Audited::default() });
        Facts { audit, ..facts("") }
    };
    check("audit_damaged", &audit(&["a"]), &audit(&[]));
}

#[test]
fn every_finding_has_a_pair() {
    let source = concat!(include_str!("tests.rs"), include_str!("tests/configurations.rs"));
    for check in &CHECKS {
        let pairs = source.matches(&format!("\"{}\"", check.code)).count();
        assert!(pairs > 0, "{} is in no test", check.code);
    }
    let codes: BTreeSet<_> = CHECKS.iter().map(|check| check.code).collect();
    assert_eq!(codes.len(), CHECKS.len(), "two findings have the same name");
}
