//! What does not pass, and what API Gateway makes of it.

use serde_json::{Value, json};
use tollgate_authorizer::Kind;
use tollgate_ledger::Change;

use super::world::{World, effect, event, said};

/// The kinds that see fields.
const SEEING: [Kind; 3] = [Kind::Request, Kind::Http1, Kind::Http2];

fn status_and_code(answer: &Value) -> (u64, String) {
    let context = &answer["context"];
    assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], json!("Deny"));
    assert_eq!(answer["principalId"], json!("anonymous"));
    (context["status"].as_u64().unwrap(), context["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn who_proves_nothing_gets_exactly_the_message_that_becomes_a_401_and_reads_nothing() {
    for kind in Kind::ALL {
        let mut world = World::new(&[]);
        let (key, _) = world.key(|_| {});
        let forged = format!("{}{}", &key[..20], "0".repeat(38));
        for presented in ["", "x", "tg_live_", &forged, &key[..57]] {
            assert_eq!(effect(&world.get(kind, "/a", presented).await), "401", "{kind:?}");
        }
        let missing = event(kind, "GET", "/a", &[]);
        assert_eq!(effect(&world.ask(&missing).await), "401", "{kind:?}");
        assert_eq!(world.calls(), 0);
        assert!(!world.log.text().contains(&forged));
    }
}

#[tokio::test]
async fn a_401_can_be_told_as_a_deny_that_says_why() {
    let mut world = World::new(&[("TOLLGATE_AUTHORIZER_UNAUTHORIZED", "deny")]);
    let (key, id) = world.key(|_| {});
    world.change(&Change::Revoke { id });
    let (expired, _) = world.key(|settings| settings.expires = Some(1));
    for (presented, code) in [
        (None, "credential_missing"),
        (Some("nothing"), "key_invalid"),
        (Some(&*key), "key_revoked"),
        (Some(&*expired), "key_expired"),
    ] {
        let fields: Vec<(&str, &str)> =
            presented.map(|key| ("x-api-key", key)).into_iter().collect();
        let answer = said(world.ask(&event(Kind::Request, "GET", "/a", &fields)).await);
        assert_eq!(status_and_code(&answer), (401, code.to_owned()));
        assert!(
            answer["context"]["challenge"].as_str().unwrap().starts_with("Bearer realm=\"api\"")
        );
    }
}

#[tokio::test]
async fn what_a_key_may_not_do_is_denied_with_what_a_gateway_response_needs() {
    for kind in Kind::ALL {
        let mut world = World::new(&[]);
        let (key, _) = world.key(|_| {});
        assert_eq!(effect(&world.get(kind, "/read", &key).await), "Allow");
        let answer = said(world.get(kind, "/write", &key).await);
        assert_eq!(status_and_code(&answer), (403, "scope_missing".into()), "{kind:?}");
        let challenge = answer["context"]["challenge"].as_str().unwrap();
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_known_is_not_one_that_is_allowed() {
    for (kind, expected) in [
        (Kind::Token, "Deny"),
        (Kind::Request, "Allow"),
        (Kind::Http1, "Allow"),
        (Kind::Http2, "Allow"),
    ] {
        let mut world = World::new(&[]);
        let (key, _) = world.key(|settings| settings.ips_allowed = vec!["203.0.113.0/24".into()]);
        assert_eq!(effect(&world.get(kind, "/a", &key).await), expected, "{kind:?}");
        let fields = [("X-API-Key", &*key), ("X-Forwarded-For", "203.0.113.9")];
        let mut elsewhere = event(kind, "GET", "/a", &fields);
        for place in ["identity", "http"] {
            if let Some(place) = elsewhere["requestContext"].get_mut(place) {
                place["sourceIp"] = json!("198.51.100.1");
            }
        }
        assert_eq!(effect(&world.ask(&elsewhere).await), "Deny", "{kind:?}");
    }
}

#[tokio::test]
async fn a_request_that_carries_the_identity_in_any_spelling_is_refused() {
    for kind in SEEING {
        for name in
            ["Tollgate-Identity", "tollgate_identity", "TOLLGATE.IDENTITY", "Tollgate-identity"]
        {
            let mut world = World::new(&[]);
            let (key, _) = world.key(|_| {});
            for path in ["/a", "/public"] {
                let fields = [("X-API-Key", &*key), (name, "x")];
                let answer = said(world.ask(&event(kind, "GET", path, &fields)).await);
                assert_eq!(status_and_code(&answer), (400, "request_invalid".into()), "{name}");
            }
            assert_eq!(world.calls(), 0);
        }
    }
}

#[tokio::test]
async fn two_keys_and_lists_of_keys_are_refused_and_another_token_beside_a_key_is_left_alone() {
    for kind in SEEING {
        let mut world = World::new(&[]);
        let (key, _) = world.key(|_| {});
        let (other, _) = world.key(|_| {});
        let (bearer, list) = (format!("Bearer {other}"), format!("{key}, {other}"));
        let same = format!("Bearer {key}");
        for (fields, expected) in [
            (vec![("X-API-Key", &*key), ("Authorization", &*bearer)], "400"),
            (vec![("X-API-Key", &*list)], "400"),
            (vec![("X-API-Key", &*key), ("Authorization", &*same)], "Allow"),
            (vec![("X-API-Key", &*key), ("Authorization", "Bearer eyJ.a.b")], "Allow"),
            (vec![("Authorization", &*same)], "Allow"),
            (vec![("Authorization", "Bearer eyJ.a.b")], "401"),
            (vec![("Authorization", "Basic dGc6eA==")], "401"),
        ] {
            let answer = world.ask(&event(kind, "GET", "/a", &fields)).await;
            let got = match effect(&answer).as_str() {
                "Deny" => status_and_code(&said(answer)).0.to_string(),
                other => other.to_owned(),
            };
            assert_eq!(got, expected, "{kind:?}");
        }
    }
    let mut world = World::new(&[]);
    let (key, _) = world.key(|_| {});
    let mut twice = event(Kind::Request, "GET", "/a", &[]);
    twice["multiValueHeaders"] = json!({ "X-API-Key": [key, "tg_live_x"] });
    assert_eq!(effect(&world.ask(&twice).await), "Deny");
}

#[tokio::test]
async fn a_path_that_can_be_read_in_two_ways_or_that_a_policy_cannot_name_is_refused() {
    for kind in Kind::ALL {
        let mut world = World::new(&[]);
        let (key, _) = world.key(|_| {});
        for path in ["/a/../b", "/a//b", "/a%2fb", "/a;b", "/a/*", "/a%", "/a\\b"] {
            let answer = said(world.get(kind, path, &key).await);
            assert_eq!(
                status_and_code(&answer),
                (400, "request_invalid".into()),
                "{kind:?} {path}"
            );
            assert!(!answer["policyDocument"].to_string().contains("Allow"));
        }
        let long = format!("/{}", "a".repeat(600));
        assert_eq!(effect(&world.get(kind, &long, &key).await), "Deny", "{kind:?}");
        assert_eq!(effect(&world.get(kind, "/.well-known/tollgate/jwks.json", &key).await), "Deny");
        assert_eq!(world.calls(), 0);
    }
}

#[tokio::test]
async fn a_bound_route_takes_only_the_spelling_that_the_origin_sees() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|_| {});
    assert_eq!(effect(&world.get(Kind::Request, "/bound", &key).await), "Allow");
    assert_eq!(effect(&world.get(Kind::Request, "/b%6Fund", &key).await), "Deny");
}

#[tokio::test]
async fn nobody_learns_of_a_head_that_is_too_large_but_that_it_is() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|_| {});
    let many: Vec<String> = (0..200).map(|at| format!("x-{at}")).collect();
    let mut fields: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    fields.push(("X-API-Key", &key));
    let answer = said(world.ask(&event(Kind::Http2, "GET", "/a", &fields)).await);
    assert_eq!(status_and_code(&answer).0, 431);
}
