//! Stages: an order without gaps, and opportunities that go on when theirs is removed.

use pipeline_crm::stages::STAGES_MAX;
use serde_json::{Value, json};

use crate::site::{ANN, BEGIN_MS, Site};

/// Names in order; the positions are 0, 1, 2 and so on.
fn names(stages: &Value) -> Vec<&str> {
    let stages = stages["stages"].as_array().unwrap();
    for (at, stage) in stages.iter().enumerate() {
        assert_eq!(stage["position"], at, "{stages:?}");
    }
    stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect()
}

async fn listed(site: &Site) -> Value {
    site.get(ANN, "/stages").await.body
}

#[tokio::test]
async fn a_new_stage_takes_its_place_and_the_others_move_up() {
    let site = Site::new();
    for (name, position, order) in [
        ("A", Value::Null, vec!["A"]),
        ("B", Value::Null, vec!["A", "B"]),
        ("C", json!(0), vec!["C", "A", "B"]),
        ("D", json!(2), vec!["C", "A", "D", "B"]),
        ("E", json!(4), vec!["C", "A", "D", "B", "E"]),
    ] {
        let mut body = json!({"name": name, "kind": "open"});
        if !position.is_null() {
            body["position"] = position;
        }
        assert_eq!(site.post(ANN, "/stages", body).await.status, 201);
        assert_eq!(names(&listed(&site).await), order);
    }
}

#[tokio::test]
async fn an_order_names_every_stage_once() {
    let (site, [a, b, c]) = Site::with_stages().await;
    for (order, status, why) in [
        (json!([c, a, b]), 200, ""),
        (json!([a, b]), 409, "stages_changed"),
        (json!([a, b, c, "stg_of_nobody"]), 409, "stages_changed"),
        (json!([a, b, "stg_of_nobody"]), 409, "stages_changed"),
        (json!([a, b, b]), 422, "stages"),
        (json!([a, b, c, c]), 422, "stages"),
        (json!([a, b, 3]), 422, "stages[2]"),
        (json!("a"), 422, "stages"),
    ] {
        let asked =
            site.ask(ANN, "PUT", "/stages/order", &[], Some(json!({"stages": order}))).await;
        let found = (asked.status, if asked.status == 200 { "" } else { asked.why() });
        assert_eq!(found, (status, why), "{order}");
        assert_eq!(names(&listed(&site).await), ["Lost", "Talking", "Won"], "{order}");
    }
}

#[tokio::test]
async fn the_opportunities_of_a_removed_stage_go_where_it_is_said() {
    let (site, [talking, won, lost]) = Site::with_stages().await;
    let a = site.opportunity(ANN, "A").await;
    let b = site.opportunity(ANN, "B").await;
    let archived = site.opportunity(ANN, "C").await;
    site.ask(ANN, "POST", &format!("/opportunities/{archived}/archive"), &[], None).await;
    site.move_to(ANN, &b, &lost).await;
    site.later(1000);
    for (query, status, why) in [
        (String::new(), 409, "stage_in_use"),
        (format!("?move_to={talking}"), 422, "move_to"),
        ("?move_to=stg_of_nobody".into(), 422, "move_to"),
        ("?to=x".into(), 422, "to"),
    ] {
        let answer = site.ask(ANN, "DELETE", &format!("/stages/{talking}{query}"), &[], None).await;
        assert_eq!((answer.status, answer.why()), (status, why), "{query}");
    }
    assert_eq!(names(&listed(&site).await), ["Talking", "Won", "Lost"]);

    let path = format!("/stages/{talking}?move_to={won}");
    let removed = site.ask(ANN, "DELETE", &path, &[], None).await;
    assert_eq!((removed.status, &removed.body["moved"]), (200, &json!(2)));
    assert_eq!(names(&removed.body), ["Won", "Lost"]);
    for (id, stage, version, closed_ms) in [
        (&a, &won, 2, BEGIN_MS + 1000),
        (&archived, &won, 3, BEGIN_MS + 1000),
        // What was elsewhere is as it was.
        (&b, &lost, 2, BEGIN_MS),
    ] {
        let held = site.get(ANN, &format!("/opportunities/{id}")).await.body;
        assert_eq!(held["stage"], **stage, "{held}");
        assert_eq!((&held["version"], &held["closed_ms"]), (&json!(version), &json!(closed_ms)));
    }
    // It is gone, and a second time there is nothing to remove.
    assert_eq!(site.ask(ANN, "DELETE", &path, &[], None).await.status, 404);
    // Between two stages of one kind nothing was won again.
    site.later(1000);
    let paid = site.stage(ANN, "Paid", "won").await;
    site.ask(ANN, "DELETE", &format!("/stages/{won}?move_to={paid}"), &[], None).await;
    let held = site.get(ANN, &format!("/opportunities/{a}")).await.body;
    assert_eq!((&held["stage"], &held["closed_ms"]), (&json!(paid), &json!(BEGIN_MS + 1000)));
}

#[tokio::test]
async fn an_empty_stage_is_removed_and_the_others_close_up() {
    let (site, [talking, won, lost]) = Site::with_stages().await;
    for (id, left) in [(won, vec!["Talking", "Lost"]), (lost, vec!["Talking"]), (talking, vec![])] {
        let removed = site.ask(ANN, "DELETE", &format!("/stages/{id}"), &[], None).await;
        assert_eq!((removed.status, &removed.body["moved"]), (200, &json!(0)));
        assert_eq!(names(&removed.body), left);
    }
}

#[tokio::test]
async fn there_are_no_more_stages_than_there_may_be() {
    let site = Site::new();
    for at in 0..STAGES_MAX {
        site.stage(ANN, &format!("S{at}"), "open").await;
    }
    let answer = site.post(ANN, "/stages", json!({"name": "more", "kind": "open"})).await;
    assert_eq!((answer.status, answer.why()), (409, "too_many_stages"));
    assert_eq!(names(&listed(&site).await).len(), STAGES_MAX);
}
