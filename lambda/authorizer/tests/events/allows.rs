//! What passes, and what the integration is told of it.

use serde_json::{Value, json};
use tollgate_authorizer::Kind;
use tollgate_ledger::Change;

use super::world::{World, effect, event, limit, said};

const SIMPLE: &[(&str, &str)] = &[("TOLLGATE_AUTHORIZER_ANSWER", "simple")];

/// The documented shape: nothing nested in the context, one statement, one action, one resource.
fn check_policy(answer: &Value, effect: &str, resource: &str) {
    let document = &answer["policyDocument"];
    let statement =
        json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource });
    assert_eq!(document, &json!({ "Version": "2012-10-17", "Statement": [statement] }));
    assert!(answer["principalId"].is_string());
    for (name, value) in answer["context"].as_object().unwrap() {
        assert!(value.is_string() || value.is_number() || value.is_boolean(), "{name}");
    }
}

#[tokio::test]
async fn a_good_key_passes_for_exactly_what_was_asked_and_the_integration_learns_whose_it_is() {
    for kind in Kind::ALL {
        let mut world = World::new(&[]);
        let (key, id) = world.key(|settings| settings.limits = vec![limit("burst", 100)]);
        let answer = said(world.get(kind, "/a/b", &key).await);
        let arn = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/a/b";
        check_policy(&answer, "Allow", arn);
        assert_eq!(answer["principalId"], json!(id));
        let context = &answer["context"];
        for (name, expected) in [
            ("keyId", &*id),
            ("owner", "owner_1"),
            ("tenant", "acme"),
            ("scopes", "data:read"),
            ("plan", "gold"),
            ("rateLimitPolicy", "\"burst\";q=100;w=6000"),
        ] {
            assert_eq!(context[name], json!(expected), "{kind:?} {name}");
        }
        assert!(context["rateLimit"].as_str().unwrap().starts_with("\"burst\";r="));
        assert_eq!(context["identity"].as_str().unwrap().split('.').count(), 3);
        assert!(answer.get("usageIdentifierKey").is_none());
        assert!(!world.log.text().contains(&key));
    }
}

#[tokio::test]
async fn a_simple_answer_says_yes_and_no_and_the_same_beside_it() {
    let mut world = World::new(SIMPLE);
    let (key, id) = world.key(|_| {});
    let answer = said(world.get(Kind::Http2, "/a", &key).await);
    assert_eq!((&answer["isAuthorized"], &answer["context"]["keyId"]), (&json!(true), &json!(id)));
    assert!(answer.get("policyDocument").is_none());
    let answer = said(world.get(Kind::Http2, "/write", &key).await);
    assert_eq!(answer["isAuthorized"], json!(false));
    assert_eq!(answer["context"]["status"], json!(403));
    let answer = said(world.get(Kind::Http2, "/a", "nothing").await);
    assert_eq!(answer["isAuthorized"], json!(false));
    assert_eq!(answer["context"]["code"], json!("key_invalid"));
    // The other kinds know no such answer.
    let answer = said(world.get(Kind::Http1, "/a", &key).await);
    check_policy(
        &answer,
        "Allow",
        answer["policyDocument"]["Statement"][0]["Resource"].as_str().unwrap(),
    );
}

#[tokio::test]
async fn a_warm_key_asks_nobody_and_a_cold_one_asks_once_for_record_and_head() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|_| {});
    let (limited, _) = world.key(|settings| settings.limits = vec![limit("burst", 1_000)]);
    assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
    assert_eq!(world.calls(), 1);
    for _ in 0..20 {
        assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
    }
    // One renewal at most: a machine that is slow may take half a second for these.
    let after = world.calls();
    assert_eq!(effect(&world.get(Kind::Request, "/a", &limited).await), "Allow");
    assert!(world.shared.leases.load(std::sync::atomic::Ordering::Relaxed) >= 1);
    assert!(world.calls() > after);
}

#[tokio::test]
async fn a_public_route_passes_without_a_key_and_without_an_identity() {
    for kind in Kind::ALL {
        let mut world = World::new(&[]);
        let answer = said(world.ask(&event(kind, "GET", "/public", &[])).await);
        assert_eq!(answer["principalId"], json!("anonymous"), "{kind:?}");
        assert_eq!(answer["context"], json!({}));
        assert_eq!(world.calls(), 0);
    }
}

#[tokio::test]
async fn a_limit_of_n_admits_n_and_then_says_when_to_come_back() {
    let mut world = World::new(&[]);
    let (key, _) = world.key(|settings| settings.limits = vec![limit("burst", 3)]);
    for _ in 0..3 {
        assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
    }
    let answer = said(world.get(Kind::Request, "/a", &key).await);
    check_policy(
        &answer,
        "Deny",
        "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/a",
    );
    let context = &answer["context"];
    assert_eq!((&context["status"], &context["code"]), (&json!(429), &json!("rate_limited")));
    let body: Value = serde_json::from_str(context["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["status"], &body["code"]), (&json!(429), &json!("rate_limited")));
    assert!(context["retryAfter"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(context["rateLimit"].is_string() && context["rateLimitPolicy"].is_string());
}

#[tokio::test]
async fn a_revoked_key_is_refused_also_when_it_is_held_and_after_the_head_is_old() {
    let mut world = World::new(&[]);
    let (key, id) = world.key(|_| {});
    assert_eq!(effect(&world.get(Kind::Request, "/a", &key).await), "Allow");
    world.change(&Change::Revoke { id });
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while effect(&world.get(Kind::Request, "/a", &key).await) != "401" {
        assert!(std::time::Instant::now() < deadline, "still admitted");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_usage_plan_is_told_the_key_if_that_is_set() {
    let mut world = World::new(&[("TOLLGATE_USAGE_KEY", "true")]);
    let (key, id) = world.key(|_| {});
    let answer = said(world.get(Kind::Request, "/a", &key).await);
    assert_eq!(answer["usageIdentifierKey"], json!(id));
    let answer = said(world.get(Kind::Request, "/write", &key).await);
    assert!(answer.get("usageIdentifierKey").is_none());
}

#[tokio::test]
async fn a_whole_stage_is_named_where_that_is_set_and_no_route_differs() {
    let set = [
        ("TOLLGATE_AUTHORIZER_POLICY", "stage"),
        ("TOLLGATE_CONFIG", r#"{"gate":{"realm":"api"}}"#),
    ];
    let mut world = World::new(&set);
    let (key, _) = world.key(|_| {});
    let answer = said(world.get(Kind::Request, "/a", &key).await);
    check_policy(&answer, "Allow", "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/*/*");
}
