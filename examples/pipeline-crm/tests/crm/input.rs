//! What callers send is read strictly, and each mistake names its field.

use pipeline_crm::input::{BODY_MAX, PAGE_MAX};
use serde_json::{Value, json};

use crate::site::{ANN, Site, new};

/// Checks that a body for a path is answered so, and that nothing is made of one that is refused.
async fn check(path: &str, good: &Value, cases: &[(&str, Value, u16, &str)]) {
    let (site, _) = Site::with_stages().await;
    for (at, value, status, why) in cases {
        let mut body = good.clone();
        if *value == json!("(none)") {
            body.as_object_mut().unwrap().remove(*at);
        } else {
            body.as_object_mut().unwrap().insert((*at).into(), value.clone());
        }
        let answer = site.post(ANN, path, body).await;
        let found = (answer.status, if answer.status < 300 { "" } else { answer.why() });
        assert_eq!(found, (*status, *why), "{at}: {value} {answer:?}");
    }
}

#[tokio::test]
async fn a_new_opportunity_is_what_it_must_be() {
    let money = |minor: Value, currency: &str| json!({"minor": minor, "currency": currency});
    let long = |len| json!("é".repeat(len));
    let field = "title";
    check(
        "/opportunities",
        &new("A"),
        &[
            (field, json!("A"), 201, ""),
            (field, long(200), 201, ""),
            (field, long(201), 422, field),
            (field, json!(""), 422, field),
            (field, json!(" A"), 422, field),
            (field, json!("A\nB"), 422, field),
            (field, json!("A\u{0}"), 422, field),
            (field, json!(1), 422, field),
            (field, json!(null), 422, field),
            // What is wrong with the body as a whole is at `.`.
            (field, json!("(none)"), 422, "."),
            ("customer", json!("\t"), 422, "customer"),
            ("customer", json!(["A"]), 422, "customer"),
            ("amount", money(json!(0), "JPY"), 201, ""),
            ("amount", money(json!(1_000_000_000_000_i64), "EUR"), 201, ""),
            ("amount", money(json!(1_000_000_000_001_i64), "EUR"), 422, "amount.minor"),
            ("amount", money(json!(-1), "EUR"), 422, "amount.minor"),
            ("amount", money(json!(10.5), "EUR"), 422, "amount.minor"),
            ("amount", money(json!(10.0), "EUR"), 422, "amount.minor"),
            ("amount", money(json!("10"), "EUR"), 422, "amount.minor"),
            ("amount", money(json!(u64::MAX), "EUR"), 422, "amount.minor"),
            ("amount", money(json!(10), "eur"), 422, "amount.currency"),
            ("amount", money(json!(10), "XXX"), 422, "amount.currency"),
            ("amount", json!({"minor": 1, "currency": "EUR", "cents": 1}), 422, "amount.cents"),
            ("amount", json!(10), 422, "amount"),
            ("stage", json!("stg_of_nobody"), 422, "stage"),
            ("stage", json!(null), 422, "stage"),
            ("id", json!("opp_1"), 422, "id"),
            ("created_by", json!("bob"), 422, "created_by"),
            ("version", json!(7), 422, "version"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_new_stage_is_what_it_must_be() {
    check(
        "/stages",
        &json!({"name": "A", "kind": "open"}),
        &[
            ("name", json!("A"), 201, ""),
            ("name", json!("A"), 409, "name_taken"),
            ("name", json!("a"), 201, ""),
            ("name", json!("x".repeat(101)), 422, "name"),
            ("kind", json!("Open"), 422, "kind"),
            ("kind", json!("(none)"), 422, "."),
            ("position", json!(-1), 422, "position"),
            ("position", json!(6), 422, "position"),
            ("position", json!(0.5), 422, "position"),
            ("position", json!(null), 422, "position"),
            ("colour", json!("red"), 422, "colour"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_query_is_what_it_must_be() {
    let (site, [talking, ..]) = Site::with_stages().await;
    let most = format!("limit={PAGE_MAX}");
    let stage = format!("stage={talking}&state=open&currency=EUR&created_by=ann&archived=false");
    for (path, query, status, why) in [
        ("/opportunities", most.as_str(), 200, ""),
        ("/opportunities", &stage, 200, ""),
        ("/opportunities", "limit=101", 422, "limit"),
        ("/opportunities", "limit=0", 422, "limit"),
        ("/opportunities", "limit=-1", 422, "limit"),
        ("/opportunities", "limit=1&limit=2", 422, "."),
        ("/opportunities", "state=OPEN", 422, "state"),
        ("/opportunities", "currency=eur", 422, "currency"),
        ("/opportunities", "archived=maybe", 422, "archived"),
        ("/opportunities", "cursor=opp_of_nobody", 422, "cursor"),
        ("/opportunities", "sort=title", 422, "sort"),
        ("/metrics/performance", "from_ms=1&to_ms=2", 200, ""),
        ("/metrics/performance", "from_ms=2&to_ms=2", 422, "from_ms"),
        ("/metrics/performance", "from_ms=now", 422, "from_ms"),
        ("/metrics/performance", "days=7", 422, "days"),
    ] {
        let answer = site.get(ANN, &format!("{path}?{query}")).await;
        let found = (answer.status, if answer.status == 200 { "" } else { answer.why() });
        assert_eq!(found, (status, why), "{query} {answer:?}");
    }
}

#[tokio::test]
async fn a_body_is_one_json_value_of_a_bounded_size() {
    let (site, _) = Site::with_stages().await;
    let (token, good) = (site.token(ANN), new("A").to_string());
    let json = Some("application/json");
    let padded = |len: usize| format!("{good}{}", " ".repeat(len - good.len()));
    for (kind, body, status, why) in [
        (json, padded(BODY_MAX), 201, ""),
        (json, padded(BODY_MAX + 1), 413, "too_large"),
        (Some("application/json; charset=utf-8"), good.clone(), 201, ""),
        (Some("text/plain"), good.clone(), 415, "not_json"),
        (None, good.clone(), 415, "not_json"),
        (json, String::new(), 400, "malformed"),
        (json, "{".into(), 400, "malformed"),
        (json, format!("{good}{good}"), 400, "malformed"),
        (json, "[]".into(), 422, "."),
        (json, good.replacen('{', r#"{"title": "B", "#, 1), 422, "."),
    ] {
        let mut fields = vec![("tollgate-identity", token.as_str())];
        fields.extend(kind.map(|kind| ("content-type", kind)));
        let answer = site.send("POST", "/opportunities", &fields, body.into_bytes()).await;
        let found = (answer.status, if answer.status == 201 { "" } else { answer.why() });
        assert_eq!(found, (status, why), "{kind:?} {answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_asked_otherwise_are_problems_too() {
    let site = Site::new();
    for (method, path, status, code) in [
        ("GET", "/", 404, "not_found"),
        ("GET", "/opportunities/", 404, "not_found"),
        ("GET", "/opportunities/opp_1", 404, "not_found"),
        ("GET", "/opportunities/%ff", 404, "not_found"),
        ("DELETE", "/opportunities", 405, "method_not_allowed"),
        ("PUT", "/stages", 405, "method_not_allowed"),
    ] {
        let answer = site.ask(ANN, method, path, &[], None).await;
        assert_eq!((answer.status, answer.why()), (status, code), "{method} {path}");
        assert_eq!(answer.fields["content-type"], "application/problem+json");
        assert_eq!(answer.body["status"], status);
    }
}
