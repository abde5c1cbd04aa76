//! What stops the start, and what answers are kept by.

use tollgate_authorizer::{Authorizer, Kind};
use tollgate_lambda::{Environment, Log};

use super::world::{CONFIG, Set, World, effect, environment, event, limit};

fn refused(set: Set<'_>) -> String {
    refused_in(&environment(set))
}

fn refused_in(environment: &Environment) -> String {
    let world = World::new(&[]);
    let stores = super::world::Moody(world.shared);
    let log = Log::new(Box::new(std::io::sink()));
    match Authorizer::new(environment, None, stores, log) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_missing_or_wrong_stops_the_start_and_is_not_shown() {
    let secrets = super::world::secrets();
    let published = secrets.replace(
        &secrets[secrets.find("\"secret\":\"").unwrap() + 10..][..64],
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    );
    for (set, named) in [
        (vec![("TOLLGATE_CONFIG", "")], "TOLLGATE_CONFIG"),
        (vec![("TOLLGATE_CONFIG", "{")], "TOLLGATE_CONFIG"),
        (vec![("TOLLGATE_CONFIG", r#"{"gate":{"reallm":"x"}}"#)], "gate.reallm"),
        (vec![("TOLLGATE_SECRETS", "")], "TOLLGATE_SECRETS"),
        (vec![("TOLLGATE_SECRETS", "{\"peppers\":[]}")], "secrets"),
        (vec![("TOLLGATE_SECRETS", "{\"000102\":\"000102\"}")], "TOLLGATE_SECRETS"),
        (vec![("TOLLGATE_SECRETS", "123")], "secrets"),
        (vec![("TOLLGATE_SECRETS", "{\"peppers\": 000102")], "TOLLGATE_SECRETS"),
        (vec![("TOLLGATE_SECRETS", &*published)], "secrets.peppers"),
        (vec![("TOLLGATE_AUTHORIZER_ANSWER", "yes")], "TOLLGATE_AUTHORIZER_ANSWER"),
        (vec![("TOLLGATE_AUTHORIZER_TTL", "3601")], "TOLLGATE_AUTHORIZER_TTL"),
        (vec![("TOLLGATE_AUTHORIZER_TTL", "-1")], "TOLLGATE_AUTHORIZER_TTL"),
        (vec![("TOLLGATE_AUTHORIZER_TTL", "60")], "TOLLGATE_IDENTITY_SOURCES"),
        (
            vec![("TOLLGATE_AUTHORIZER_TTL", "60"), ("TOLLGATE_IDENTITY_SOURCES", "x")],
            "TOLLGATE_IDENTITY_SOURCES",
        ),
        (vec![("TOLLGATE_USAGE_KEY", "1")], "TOLLGATE_USAGE_KEY"),
        (vec![("TOLLGATE_LIMITS_EPOCH", "0")], "TOLLGATE_LIMITS_EPOCH"),
        (
            vec![("TOLLGATE_CONFIG", r#"{"routes":[{"path":"/a","limits":["b:key=1,1/1s"]}]}"#)],
            "TOLLGATE_LIMITS_EPOCH",
        ),
        (
            vec![(
                "TOLLGATE_CONFIG",
                r#"{"routes":[{"path":"/a","cors":"answer","cors_origins":["https://a.example"],"cors_methods":["GET"]}]}"#,
            )],
            "routes",
        ),
    ] {
        let told = refused(&set);
        assert!(told.contains(named), "{named}: {told}");
        assert!(!told.contains("000102") && !told.contains("reallm\":"), "{told}");
    }
    assert_eq!(refused(&[]), "");
}

#[test]
fn an_allow_that_would_cover_other_routes_stops_the_start() {
    const STAGE: (&str, &str) = ("TOLLGATE_AUTHORIZER_POLICY", "stage");
    for routes in [
        r#"{"path":"/a","scopes":["a:b"]}"#,
        r#"{"path":"/a","cost":2}"#,
        r#"{"path":"/a","cost":0}"#,
        r#"{"path":"/a","public":true}"#,
        r#"{"path":"/a","bind":true}"#,
        r#"{"path":"/a","key_from":"x-api-key"}"#,
        r#"{"path":"/a","limits":["b:key=1,1/1s"]}"#,
    ] {
        let config = format!("{{\"routes\":[{routes}]}}");
        let set = [STAGE, ("TOLLGATE_CONFIG", &config), ("TOLLGATE_LIMITS_EPOCH", "1")];
        assert!(refused(&set).contains("TOLLGATE_AUTHORIZER_POLICY"), "{routes}");
    }
    let plain = r#"{"routes":[{"path":"/a"}]}"#;
    assert_eq!(refused(&[STAGE, ("TOLLGATE_CONFIG", plain)]), "");
    let kept = |config: &str, sources: &str| {
        refused(&[
            ("TOLLGATE_CONFIG", config),
            ("TOLLGATE_AUTHORIZER_ANSWER", "simple"),
            ("TOLLGATE_AUTHORIZER_TTL", "60"),
            ("TOLLGATE_IDENTITY_SOURCES", sources),
        ])
    };
    assert!(!kept(plain, "$request.header.X-API-Key").is_empty());
    assert!(!kept(CONFIG, "$request.header.X-API-Key, $context.routeKey").is_empty());
    assert_eq!(kept(plain, "$request.header.X-API-Key, $context.routeKey"), "");
    assert_eq!(kept(CONFIG, "$request.header.X-API-Key, $context.path"), "");
}

#[tokio::test]
async fn an_answer_that_is_kept_hangs_on_nothing_but_what_it_is_kept_by() {
    let mut world = World::new(&[
        ("TOLLGATE_AUTHORIZER_TTL", "60"),
        ("TOLLGATE_IDENTITY_SOURCES", "method.request.header.X-API-Key"),
    ]);
    let (key, _) = world.key(|_| {});
    let (near, _) = world.key(|settings| settings.ips_allowed = vec!["203.0.113.0/24".into()]);
    let bearer = format!("Bearer {key}");
    for (fields, expected) in [
        (vec![("x-api-key", &*key)], "Allow"),
        // Neither this field nor the address is what the answer is kept by.
        (vec![("authorization", &*bearer)], "401"),
        (vec![("x-api-key", &*near)], "Deny"),
    ] {
        let answer = world.ask(&event(Kind::Request, "GET", "/a", &fields)).await;
        assert_eq!(effect(&answer), expected, "{fields:?}");
    }
    let set = [
        ("TOLLGATE_AUTHORIZER_TTL", "60"),
        ("TOLLGATE_IDENTITY_SOURCES", "$request.header.X-API-Key,$context.identity.sourceIp"),
    ];
    let mut world = World::new(&set);
    let (near, _) = world.key(|settings| settings.ips_allowed = vec!["203.0.113.0/24".into()]);
    assert_eq!(effect(&world.get(Kind::Request, "/a", &near).await), "Allow");
}

#[tokio::test]
async fn limits_of_routes_are_counted_besides_those_of_keys() {
    let config = r#"{"routes":[{"path":"/a","limits":["small:key=2,1/1h"]}]}"#;
    let mut world = World::new(&[("TOLLGATE_CONFIG", config), ("TOLLGATE_LIMITS_EPOCH", "3")]);
    let (key, _) = world.key(|settings| settings.limits = vec![limit("burst", 100)]);
    for expected in ["Allow", "Allow", "Deny"] {
        assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), expected);
    }
    assert_eq!(effect(&world.get(Kind::Request, "/b", &key).await), "Allow");
}

#[tokio::test]
async fn a_token_is_read_as_the_field_that_it_was_taken_from() {
    let mut world = World::new(&[("TOLLGATE_TOKEN_HEADER", "Authorization")]);
    let (key, _) = world.key(|_| {});
    let mut asked = event(Kind::Token, "GET", "/a", &[]);
    asked["authorizationToken"] = format!("Bearer {key}").into();
    assert_eq!(effect(&world.ask(&asked).await), "Allow");
    asked["authorizationToken"] = key.into();
    assert_eq!(effect(&world.ask(&asked).await), "401");
}
