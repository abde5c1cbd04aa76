//! Who is nobody, may not, or is of another workspace: every operation says the same to them, whatever is there.

use pipeline_crm::app::OPERATIONS;
use serde_json::{Value, json};

use crate::site::{ALL, ANN, Answer, EVE, Site, Who, new};

/// A site of acme's with something in it: the ids of two stages and of an opportunity.
async fn furnished() -> (Site, [String; 2], String) {
    let (site, [talking, won, _]) = Site::with_stages().await;
    let id = site.opportunity(ANN, "A").await;
    (site, [talking, won], id)
}

/// A request for each operation that would be right for somebody of acme.
fn right(
    method: &str,
    path: &str,
    [talking, won]: &[String; 2],
    id: &str,
) -> (String, Option<Value>) {
    let (of, last) = path.split_once("{id}").unwrap_or((path, ""));
    let at = match (path.contains("{id}"), of) {
        (true, "/stages/") => format!("{of}{talking}?move_to={won}"),
        (true, _) => format!("{of}{id}{last}"),
        (false, _) => path.to_owned(),
    };
    let body = match (method, path) {
        ("POST", "/opportunities") => Some(new("B")),
        ("PATCH", _) => Some(json!({"title": "C"})),
        ("POST", "/stages") => Some(json!({"name": "New", "kind": "open"})),
        ("PUT", "/stages/order") => Some(json!({"stages": []})),
        _ => None,
    };
    (at, body)
}

async fn put(site: &Site, who: Who, asked: (&str, &str), stages: &[String; 2], id: &str) -> Answer {
    let (at, body) = right(asked.0, asked.1, stages, id);
    site.ask(who, asked.0, &at, &[("if-match", "\"1\"")], body).await
}

#[tokio::test]
async fn no_operation_is_done_without_an_identity() {
    let (site, stages, id) = furnished().await;
    for operation in OPERATIONS {
        let (at, body) = right(operation.method, operation.path, &stages, &id);
        let body = body.unwrap_or_default().to_string().into_bytes();
        for (field, value, code) in [
            ("content-type", "application/json", "credential_missing"),
            ("x-api-key", "tg_live_of_nobody", "credential_missing"),
            ("tollgate-identity", "made.up.token", "key_invalid"),
        ] {
            let answer = site.send(operation.method, &at, &[(field, value)], body.clone()).await;
            assert_eq!((answer.status, answer.why()), (401, code), "{operation:?} {field}");
        }
    }
    // Nor is it told which paths there are.
    assert_eq!(site.send("GET", "/nothing", &[], vec![]).await.status, 401);
}

#[tokio::test]
async fn every_operation_asks_for_its_scope_before_it_reads_the_rest() {
    let (site, stages, id) = furnished().await;
    for operation in OPERATIONS {
        let without: Vec<_> =
            ALL.iter().copied().filter(|scope| *scope != operation.scope).collect();
        let who = Who { scopes: without.leak(), ..ANN };
        let asked = (operation.method, operation.path);
        let answer = put(&site, who, asked, &stages, &id).await;
        assert_eq!((answer.status, answer.why()), (403, "scope_missing"), "{operation:?}");
        let challenge = answer.fields["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains(&format!("scope=\"{}\"", operation.scope)), "{challenge}");
        // What is wrong with the rest is not told.
        let (at, _) = right(operation.method, operation.path, &stages, &id);
        let answer = site.ask(who, operation.method, &format!("{at}#"), &[], Some(json!([]))).await;
        assert_eq!(answer.status, 403, "{operation:?}");
    }
}

#[tokio::test]
async fn its_scope_is_all_that_an_operation_asks_for() {
    for operation in OPERATIONS {
        let (site, stages, id) = furnished().await;
        let who = Who { scopes: vec![operation.scope].leak(), ..ANN };
        let answer = put(&site, who, (operation.method, operation.path), &stages, &id).await;
        let held = if operation.method == "PUT" { 409 } else { 200 };
        assert!([held, 201].contains(&answer.status), "{operation:?} {answer:?}");
    }
}

#[tokio::test]
async fn another_workspace_sees_nothing_and_changes_nothing() {
    let (site, stages, id) = furnished().await;
    let before = seen(&site, &id).await;
    for operation in OPERATIONS {
        let asked = (operation.method, operation.path);
        let answer = put(&site, EVE, asked, &stages, &id).await;
        let expected = match asked {
            (_, path) if path.contains("{id}") => 404,
            // There is no stage to begin in, there, and then one that is not named.
            ("POST", "/opportunities") | ("PUT", _) => 409,
            ("POST", "/stages") => 201,
            _ => 200,
        };
        assert_eq!(answer.status, expected, "{operation:?} {answer:?}");
        let text = answer.body.to_string();
        for secret in [&id, &stages[0], &stages[1], "Talking", "Globex", "ann"] {
            assert!(!text.contains(secret), "{operation:?} tells of {secret}: {text}");
        }
    }
    assert_eq!(seen(&site, &id).await, before);
    // Nor can it name what is not its own where ids are given.
    let own = site.get(EVE, "/stages").await.body["stages"][0]["id"].as_str().unwrap().to_owned();
    for (method, path, body, status) in [
        ("GET", format!("/opportunities?cursor={id}"), None, 422),
        ("GET", format!("/opportunities?stage={}", stages[0]), None, 200),
        ("DELETE", format!("/stages/{own}?move_to={}", stages[0]), None, 422),
        ("PUT", "/stages/order".into(), Some(json!({"stages": [stages[0]]})), 409),
        ("POST", "/opportunities".into(), Some(with(new("D"), "stage", &stages[0])), 422),
    ] {
        let answer = site.ask(EVE, method, &path, &[], body).await;
        assert_eq!(answer.status, status, "{method} {path} {answer:?}");
        assert!(answer.body.get("opportunities").is_none_or(|found| *found == json!([])));
    }
    assert_eq!(seen(&site, &id).await, before);
}

#[tokio::test]
async fn a_workspace_that_is_claimed_changes_nothing() {
    let (site, _, id) = furnished().await;
    let before = seen(&site, &id).await;
    for name in ["tenant", "workspace", "tenant_id", "workspace_id"] {
        // Where every field is known, one more is a mistake.
        let listed = site.get(EVE, &format!("/opportunities?{name}=acme")).await;
        assert_eq!((listed.status, listed.why()), (422, name));
        let made =
            site.post(EVE, "/stages", with(json!({"name": "E", "kind": "open"}), name, "acme"));
        let made = made.await;
        assert_eq!((made.status, made.why()), (422, name));
        // Elsewhere it is nothing.
        for field in [name, "x-tenant", "x-workspace", "x-tollgate-tenant"] {
            let listed = site.ask(EVE, "GET", "/opportunities", &[(field, "acme")], None).await;
            assert_eq!(listed.body, json!({"opportunities": [], "next": null}), "{field}");
        }
        let shown = site.get(EVE, &format!("/opportunities/{id}?{name}=acme")).await;
        assert_eq!(shown.status, 404);
    }
    assert_eq!(seen(&site, &id).await, before);
}

#[tokio::test]
async fn two_workspaces_can_call_things_the_same() {
    let (site, _, _) = furnished().await;
    for who in [EVE, Who { tenant: "third", ..EVE }] {
        site.stage(who, "Talking", "open").await;
        site.opportunity(who, "A").await;
        let listed = site.get(who, "/opportunities").await;
        assert_eq!(listed.body["opportunities"].as_array().unwrap().len(), 1);
        assert_eq!(site.get(who, "/metrics/overview").await.body["stages"][0]["count"], 1);
    }
}

/// Everything that acme can see.
async fn seen(site: &Site, id: &str) -> Vec<Value> {
    let mut all = vec![site.get(ANN, &format!("/opportunities/{id}")).await.body];
    for operation in OPERATIONS.iter().filter(|one| one.method == "GET" && !one.path.contains('{'))
    {
        all.push(site.get(ANN, operation.path).await.body);
    }
    all
}

fn with(mut body: Value, name: &str, value: &str) -> Value {
    body[name] = value.into();
    body
}
